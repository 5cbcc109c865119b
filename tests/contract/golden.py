"""Frames as Python writes them, for the TypeScript tests to read.

``PYTHONPATH=tests python tests/contract/golden.py`` writes them anew. Beside each frame stands, as
text, what its cells are, worked out from the tensor without our encoder: torch makes the doubles
and the bfloat16.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from paramwidget import protocol
from paramwidget.conversation.facts import Seen
from paramwidget.conversation.frames import SENT, Budget, frame_of
from paramwidget.picture.lenses import USUAL
from paramwidget.picture.values import Values
from paramwidget.protocol import PanelState

FILE = Path(__file__).with_name("frames.json")

SPECIAL = [float("nan"), float("inf"), -float("inf"), -0.0, 1e-45, 3.4028234663852886e38]

DOUBLES = [[0.1, 1e300], [float("nan"), 5e-324]]
SMALL = Budget(12, extremes=True, counted=2**20)


@dataclass
class Case:
    name: str
    tensor: torch.Tensor | None
    encoding: str = "f4"
    cells: tuple[int, int] = (256, 256)
    budget: Budget = SENT


CASES = [
    Case("special values", torch.tensor([SPECIAL, [0.1, -2.5, 42.0, 1e-8, 7.0, -7.0]])),
    Case("doubles", torch.tensor(DOUBLES, dtype=torch.float64), "f8"),
    Case("large integers", torch.tensor([2**53 + 1, -(2**63), 3], dtype=torch.int64), "f8"),
    Case("a scalar", torch.tensor(42.0)),
    Case("no rows", torch.zeros(0, 3)),
    Case("no elements at all", torch.zeros(0)),
    Case("kernels with gaps", torch.arange(16, dtype=torch.float32).reshape(2, 2, 2, 2)),
    Case("half the bytes", torch.tensor([[0.1, 3.0], SPECIAL[:2]]), "bf16", budget=SMALL),
    Case("nothing to show", None),
]


def golden() -> list[dict[str, Any]]:
    """One entry a case: the frame, its buffers, the cells of its value plane as text."""
    return [entry(case) for case in CASES]


def entry(case: Case) -> dict[str, Any]:
    state = PanelState("p", ["weight"], "value", 3, None, list(case.cells), [])
    seen = Seen(USUAL, "No gradient yet" if case.tensor is None else Values(case.tensor))
    frame, buffers = frame_of(seen, state, 7, "edit", case.budget)
    frame = replace(frame, statistics=None, bars=None)
    return {
        "name": case.name,
        "content": protocol.encode(frame),
        "buffers": [base64.b64encode(buffer).decode() for buffer in buffers],
        "encoding": case.encoding,
        "cells": None if case.tensor is None else cells_of(case.tensor, case.encoding),
    }


def cells_of(tensor: torch.Tensor, encoding: str) -> list[str]:
    """The cells in row-major order, as JavaScript's ``Number`` reads them; gaps are NaN."""
    if encoding == "bf16":
        tensor = tensor.bfloat16()
    if tensor.ndim == 4:
        tensor = with_gaps(tensor)
    return [as_script(float(value)) for value in tensor.reshape(-1).tolist()]


def with_gaps(tensor: torch.Tensor) -> torch.Tensor:
    outs, ins, height, width = tensor.shape
    plane = torch.full((outs * (height + 1) - 1, ins * (width + 1) - 1), float("nan"))
    for o in range(outs):
        for i in range(ins):
            row, col = o * (height + 1), i * (width + 1)
            plane[row : row + height, col : col + width] = tensor[o, i]
    return plane


def as_script(value: float) -> str:
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(repr(value), repr(value))


def text() -> str:
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in golden())
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
