"""The layouts that TypeScript has to agree with: ``tests/contract/layout.json``, made here.

Run as a script, this file writes it anew.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from paramwidget.picture.layout import layout_of, plane_to_index

GOLDEN = Path(__file__).parents[1] / "contract" / "layout.json"

SHAPES: list[tuple[int, ...]] = [
    (), (0,), (1,), (7,), (0, 5), (1, 1), (3, 5), (2, 3, 1), (2, 3, 4), (2, 3, 16), (2, 3, 17),
    (1, 5, 20), (2, 3, 1, 1), (2, 3, 3, 1), (2, 3, 1, 3), (2, 3, 3, 3), (0, 3, 3, 3), (2, 0, 3, 3),
    (2, 3, 2, 3, 3), (2, 1, 3, 2, 2, 2),
]  # fmt: skip


def golden() -> list[dict[str, Any]]:
    """Each shape with its layout, and the index of every cell at the first and last sliders.

    A cell is [row, column, slider positions, index or null for a gap].
    """
    rows = []
    for shape in SHAPES:
        layout = layout_of(shape)
        positions = {tuple(0 for _ in layout.sliders), tuple(n - 1 for n in layout.sliders)}
        cells = [
            [row, col, sliders, plane_to_index(layout, row, col, sliders)]
            for sliders in sorted(positions)
            for row, col in itertools.product(range(layout.rows), range(layout.cols))
        ]
        rows.append({**asdict(layout), "cells": cells})
    return rows


def text_of(rows: list[dict[str, Any]]) -> str:
    return "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n"


def test_the_golden_layouts_are_those_of_the_code() -> None:
    assert GOLDEN.read_text(encoding="utf-8") == text_of(golden())


if __name__ == "__main__":
    GOLDEN.write_text(text_of(golden()), encoding="utf-8")
