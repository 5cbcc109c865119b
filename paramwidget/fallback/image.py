"""The sheet as one PNG, for viewers that show neither widgets nor HTML (such as LaTeX)."""

from __future__ import annotations

import numpy as np

from paramwidget.fallback import colours, font
from paramwidget.fallback.colours import Bytes
from paramwidget.fallback.png import png
from paramwidget.fallback.sheet import Heat, Sheet, printable
from paramwidget.fallback.table import shortened, table

SIDE = 320  # pixels: the longer side of a heatmap, about
MARGIN = 24
TEXT = 2  # pixels of a dot of the font
ABREAST = 2  # heatmaps, so that a page can hold them
LINES = 12  # of the table: a letter costs more bytes here than in text
COLUMN = 34  # characters below a heatmap
PER_METRE = 7559  # 192 to the inch: as large in print as on the screen of a notebook


def png_of(sheet: Sheet) -> bytes:
    """Title, heatmaps side by side, table below."""
    parts = [_text([sheet.model, sheet.totals, *([sheet.note] if sheet.note else [])])]
    heats = [_heat(heat) for heat in sheet.heats]
    parts += [_beside(heats[at : at + ABREAST]) for at in range(0, len(heats), ABREAST)]
    parts.append(_text(table(shortened(sheet, LINES))))
    pixels = np.pad(_below(parts), MARGIN, constant_values=colours.PAPER)
    return png(pixels, colours.palette(), per_metre=PER_METRE)


def enlarged(cells: Bytes, side: int) -> Bytes:
    """Cells as squares of whole pixels, the longer side at most ``side``; a strip is taller."""
    rows, cols = cells.shape
    size = max(1, min(24, side // max(rows, cols)))
    height = max(size, 12 // rows)
    return cells.repeat(height, axis=0).repeat(size, axis=1)


def _heat(heat: Heat) -> Bytes:
    words = [printable(word, COLUMN) for word in (heat.name, *heat.facts)]
    notes = [printable(word, COLUMN) for word in heat.notes]
    parts = [_text(words), _text(notes, colours.DIM)]
    if heat.cells is not None:
        parts.insert(0, _framed(enlarged(heat.cells, SIDE)))
    return _wide(_below(parts, 8), COLUMN * font.WIDTH * TEXT)


def _framed(pixels: Bytes) -> Bytes:
    return np.pad(pixels, 1, constant_values=colours.DIM)


def _text(lines: list[str], ink: int = colours.INK) -> Bytes:
    if not lines:
        return np.zeros((0, 0), np.uint8)
    longest = max(map(len, lines))
    dots = np.concatenate([font.line(line.ljust(longest)) for line in lines])
    return np.where(dots.repeat(TEXT, 0).repeat(TEXT, 1), ink, colours.PAPER).astype(np.uint8)


def _below(parts: list[Bytes], gap: int = MARGIN) -> Bytes:
    """Parts below each other, paper between and beside them."""
    width = max(part.shape[1] for part in parts)
    wide = [np.pad(_wide(part, width), ((0, gap), (0, 0)), constant_values=colours.PAPER)
            for part in parts if part.size]  # fmt: skip
    return np.concatenate(wide)[:-gap]


def _beside(parts: list[Bytes]) -> Bytes:
    height = max(part.shape[0] for part in parts)
    tall = [
        np.pad(part, ((0, height - part.shape[0]), (0, 0)), constant_values=colours.PAPER)
        for part in parts
    ]
    return np.concatenate(tall, axis=1)


def _wide(part: Bytes, width: int) -> Bytes:
    missing = max(0, width - part.shape[1])
    return np.pad(part, ((0, 0), (0, missing)), constant_values=colours.PAPER)
