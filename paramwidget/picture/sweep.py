"""One sweep over a matrix: the minimum, maximum and sum of each cell, and the moments of all.

The matrix is cut into tiles of whole cells (or of a part of one large cell), a tile into pieces
that stay in a core's cache while every pass reads them. Each tile gives its own small result, and
those are merged in a fixed order, so that the figures do not depend on how threads took turns.

Precision. Up to `SMALL` elements, and for all but float32 and narrower floats, everything is
float64: errors are some units of 1e-16. Above, sums are partly float32: the mean is within about
1e-6 of its own standard error (std / sqrt(n)) or of 1e-7 of itself, std within 1e-7 of itself. A
tile where float32 would not do (overflow, underflow, a mean larger than the spread, NaN, Inf) is
swept again in float64.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from paramwidget.picture.matrix import ROW, SMALL, Matrix
from paramwidget.picture.passes import Cuts, Moments, merged
from paramwidget.picture.threads import in_threads
from paramwidget.picture.tile import PIECE, Cells, Scratch, Tile, grouped

TILE = 1 << 21
"""Elements of a tile: long enough to make up for its Python, short enough to share among cores."""

SLAB = 2 * ROW
"""Columns of a tile, where there are rows enough to fill its pieces."""


def sweep(matrix: Matrix, rows: Cuts, cols: Cuts, scale: float = 1.0) -> tuple[Cells, Moments]:
    """Cells between the cuts and the moments of all elements, read once.

    Elements are multiplied by ``scale``, a power of two, before anything is summed.
    """
    if matrix.is_tall:
        cells, found = sweep(matrix.transposed(), cols, rows, scale)
        return Cells(cells.low.T, cells.high.T, cells.total.T), found
    tiles = _tiles(matrix, rows, cols)
    coarse = matrix.size > SMALL and matrix.dtype == np.float32
    scratch = Scratch()

    def work(tile: Tile) -> tuple[Cells, Moments]:
        with np.errstate(all="ignore"):
            return (coarse and tile.coarse(scratch)) or tile.fine(scratch, scale)

    results = in_threads(work, tiles, torch.get_num_threads() if matrix.size >= SMALL else 1)
    with np.errstate(all="ignore"):
        cells = _joined(tiles, [cells for cells, _ in results], (len(rows), len(cols)))
        return cells, replace(merged([found for _, found in results]), scale=scale)


def fitting_scale(*bounds: Any) -> float:
    """What elements within these finite bounds are to be multiplied by before they are squared.

    1 for all but float64 beyond 1e±100, whose squares (or, less far out, the sums of them) would
    overflow or vanish.
    """
    magnitude = max((abs(float(bound)) for bound in bounds), default=0.0)
    if magnitude == 0.0 or 1e-100 < magnitude < 1e100:
        return 1.0
    return 2.0 ** -max(-1000, min(1000, math.frexp(magnitude)[1]))


def _tiles(matrix: Matrix, rows: Cuts, cols: Cuts) -> list[Tile]:
    wide = grouped(cols, max(SLAB, PIECE // matrix.shape[0]))
    width = max(span.stop - span.start for span in wide)
    tall = grouped(rows, max(1, max(PIECE, min(TILE, matrix.size // 8)) // width))
    return [Tile(matrix, rows, cols, *spans) for spans in itertools.product(tall, wide)]


def _joined(tiles: Sequence[Tile], parts: Sequence[Cells], shape: tuple[int, int]) -> Cells:
    """The cells of all tiles; those of one cell's parts are reduced together."""
    dtype = parts[0].low.dtype
    integral = dtype.kind in "iu"
    low = np.full(shape, np.iinfo(dtype).max if integral else np.inf, dtype)
    high = np.full(shape, np.iinfo(dtype).min if integral else -np.inf, dtype)
    total = np.zeros(shape)
    for tile, part in zip(tiles, parts, strict=True):
        here = tile.place
        if tile.whole:
            low[here], high[here], total[here] = part.low, part.high, part.total
        else:
            low[here] = np.minimum(low[here], part.low)
            high[here] = np.maximum(high[here], part.high)
            total[here] += part.total
    return Cells(low, high, total)
