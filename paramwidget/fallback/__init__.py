"""A static picture of a model, which needs neither kernel nor script to be shown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from paramwidget.fallback.image import png_of
from paramwidget.fallback.page import html_of
from paramwidget.fallback.png import base64_of
from paramwidget.fallback.sheet import LINES, Sheet, read_sheet
from paramwidget.fallback.table import text_of
from paramwidget.tensors import neutral
from paramwidget.workbench import Workbench

BYTES = 40 * 1024

_CELLS = (56, 36, 30, 26)  # the most rows and columns of a picture, by the number of pictures
_log = logging.getLogger("paramwidget")


@neutral()
def bundle(
    bench: Workbench, slots: Iterable[str | tuple[str, ...]] | None = None, note: str = ""
) -> dict[str, str]:
    """What a notebook saves of a model, by MIME type, in at most BYTES together; never raises.

    ``slots`` names the tensors to show as heatmaps (at most 4), None the first two; ``note`` stands
    in place of the advice to run the cell. Keys are "text/plain", "text/html" and "image/png"
    (base64); one that cannot be created is left out.
    """
    chosen = None if slots is None else list(slots)
    cells = _CELLS[min(len(chosen), len(_CELLS)) - 1] if chosen else _CELLS[1]
    for size, lines in (
        (cells, LINES),
        (cells, LINES // 2),
        (cells // 2, LINES // 2),
        (0, LINES // 4),
    ):
        made = _bundle(bench, chosen, size, lines, note)
        if sum(len(part.encode()) for part in made.values()) <= BYTES:
            return made
    return {"text/plain": made["text/plain"][: BYTES // 4]} if "text/plain" in made else {}


def _bundle(
    bench: Workbench, slots: list[str | tuple[str, ...]] | None, cells: int, lines: int, note: str
) -> dict[str, str]:
    made: dict[str, str] = {}
    try:
        seen = replace(read_sheet(bench, slots, cells, lines), note=note)
    except Exception:
        _log.exception("paramwidget: no static picture could be made")
        return made
    ways: dict[str, Callable[[Sheet], str]] = {
        "text/plain": text_of,
        "text/html": html_of,
        "image/png": lambda seen: base64_of(png_of(seen)),
    }
    for kind, way in ways.items():
        try:
            made[kind] = way(seen)
        except Exception:
            _log.exception("paramwidget: no static picture as %s could be made", kind)
    return made
