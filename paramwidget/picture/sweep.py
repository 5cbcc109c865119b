"""One sweep over a matrix: the minimum, maximum and sum of each cell, and the moments of all.

The matrix is cut into tiles of whole cells (or of a part of one large cell), a tile into pieces
that stay in a core's cache while every pass reads them. Each tile gives its own small result, and
those are merged in a fixed order, so that the figures do not depend on the scheduling of threads.

Precision. Up to ``SMALL`` elements, and for all but float32 and narrower floats, everything is
float64: errors are some units of 1e-16. Above, sums are partly float32: the mean is within about
1e-6 of its own standard error (std / sqrt(n)) or of 1e-7 of itself, std within 1e-7 of itself. A
tile for which float32 is not enough (overflow, underflow, a mean more than five deviations from
zero, NaN, Inf) is swept again in float64.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from paramwidget.picture.device import BATCH, DeviceTile
from paramwidget.picture.matrix import ROW, SMALL, Matrix
from paramwidget.picture.moments import Moments, merged
from paramwidget.picture.passes import Cuts
from paramwidget.picture.scratch import Scratch
from paramwidget.picture.threads import in_threads
from paramwidget.picture.tile import PIECE, Cells, Plan, Span, Tile, grouped

#: Numbers left of a tile once its pieces are reduced down their rows: they stay in cache, too.
REDUCED = 1 << 16

#: Columns of a tile, where there are rows enough to fill its pieces.
SLAB = 2 * ROW

AnyTile = Tile | DeviceTile


def sweep(
    matrix: Matrix, rows: Cuts, cols: Cuts, scale: float = 1.0, counted: bool = True
) -> tuple[Cells, Moments | None]:
    """Cells between the cuts and, if ``counted``, the moments of all elements, read once.

    Elements are multiplied by ``scale``, a power of two, before anything is summed.
    """
    if matrix.is_one_row:
        return _repeated(rows, sweep(matrix.first_row(), Cuts.one(1), cols, scale, counted))
    if matrix.is_tall:
        cells, found = sweep(matrix.transposed(), cols, rows, scale, counted)
        return Cells(cells.low.T, cells.high.T, cells.total.T), found
    tiles: list[AnyTile] = []
    tiles += _device_tiles(matrix, rows, cols) if matrix.computes else _tiles(matrix, rows, cols)
    alone = matrix.computes or rows.length * cols.length <= SMALL
    cells = _empty(matrix.dtype, (rows.count, cols.count))

    def work(tile: AnyTile, scratch: Scratch) -> tuple[Cells | None, Moments | None]:
        with np.errstate(all="ignore"):
            part, found = tile.sweep(scratch, scale, counted)
            if not tile.whole:
                return part, found
            here = tile.place
            cells.low[here], cells.high[here], cells.total[here] = part.low, part.high, part.total
            return None, found

    results = in_threads(work, tiles, 1 if alone else torch.get_num_threads())
    with np.errstate(all="ignore"):
        for tile, (part, _) in zip(tiles, results, strict=True):
            if part is not None:
                _join(cells, tile.place, part)
        moments = [found for _, found in results if found is not None]
        return cells, replace(merged(moments), scale=scale) if counted else None


def _repeated(rows: Cuts, row: tuple[Cells, Moments | None]) -> tuple[Cells, Moments | None]:
    """The result for all rows, from a sweep of the first."""
    cells, found = row
    lengths = np.diff(rows.at)[:, None]
    low, high = (np.repeat(part, rows.count, axis=0) for part in (cells.low, cells.high))
    repeated = Cells(low, high, cells.total * lengths)
    return repeated, found.repeated(rows.length) if found else None


def _device_tiles(matrix: Matrix, rows: Cuts, cols: Cuts) -> list[DeviceTile]:
    spans = grouped(rows, max(1, BATCH // matrix.shape[1]))
    return [DeviceTile(matrix, rows, cols, span) for span in spans]


def _tiles(matrix: Matrix, rows: Cuts, cols: Cuts) -> list[Tile]:
    size = rows.length * cols.length
    coarse = size > SMALL and matrix.dtype == np.float32
    most = PIECE if coarse else PIECE // 2 if size > SMALL else PIECE // 8
    wide = grouped(cols, max(SLAB, most // rows.length))
    width = max(span.stop - span.start for span in wide)
    high = max(1, most // width)
    step = min(high, rows.length // rows.count)  # rows that become one
    tile = max(high, min(REDUCED, size // (8 * step)) // width * step)
    tall = _shared(rows, tile, high)
    plans: dict[tuple[int, int], Plan] = {}
    tiles = []
    for span in tall:
        # Tiles of as many alike rows of cells are read alike.
        key = (span.last - span.first if rows.step else span.first, span.stop - span.start)
        if key not in plans:
            plans[key] = Plan(span.cuts(rows), high)
        tiles += [Tile(matrix, plans[key], cols, span, side, coarse) for side in wide]
    return tiles


def _shared(rows: Cuts, tile: int, piece: int) -> list[Span]:
    """Rows by the tile of ``tile``, the last quarter in quarters of that: threads end together."""
    past = rows.count * 3 // 4
    first, last = Cuts(rows.at[: past + 1], rows.step), Cuts(rows.at[past:], rows.step)
    ends = grouped(last, max(piece, tile // 4))
    return grouped(first, tile) + [
        replace(span, first=span.first + past, last=span.last + past) for span in ends
    ]


def _empty(dtype: np.dtype[Any], shape: tuple[int, int]) -> Cells:
    """Cells of no elements."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return Cells(
            np.full(shape, limits.max, dtype), np.full(shape, limits.min, dtype), np.zeros(shape)
        )
    own = np.dtype(np.float64) if dtype.kind == "c" else dtype
    return Cells(np.full(shape, np.inf, own), np.full(shape, -np.inf, own), np.zeros(shape))


def _join(cells: Cells, here: tuple[slice, slice], part: Cells) -> None:
    """Adds a part of a cell."""
    cells.low[here] = np.minimum(cells.low[here], part.low)
    cells.high[here] = np.maximum(cells.high[here], part.high)
    cells.total[here] += part.total
