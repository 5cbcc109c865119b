"""One sweep over a matrix: the minimum, maximum and sum of each cell, and the moments of all.

The matrix is cut into tiles of whole cells (or of a part of one large cell), a tile into pieces
that stay in a core's cache while every pass reads them. Each tile gives its own small result, and
those are merged in a fixed order, so that the figures do not depend on how threads took turns.

Precision. Up to `SMALL` elements, and for all but float32 and narrower floats, everything is
float64 and deviations are taken from the piece's own mean: errors are some units of 1e-16. Above,
sums of at most some thousand elements are float32 and those are added in float64: the mean is
within about 1e-6 of its own standard error (std / sqrt(n)) or of 1e-7 of itself, std within 1e-7
of itself. A tile where float32 would not do (overflow, underflow, a mean larger than the spread,
NaN, Inf) is swept again in float64.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from paramwidget.picture.matrix import ROW, SMALL, Array, Matrix, as_float64
from paramwidget.picture.passes import (
    Cuts,
    Moments,
    across,
    complex_moments,
    count_zeros,
    down,
    merged,
    moments,
    sum_of_squares,
    sums_across,
)
from paramwidget.picture.threads import in_threads

PIECE = 1 << 17
"""Elements of a piece: 512 KiB of float32, half of a common second-level cache."""

TILE = 1 << 19
"""Elements of a tile: long enough to make up for its Python, short enough to share among cores."""

SLAB = 2 * ROW
"""Columns of a tile, where there are rows enough to fill its pieces."""

TINY = 1e-30
"""A mean square below which float32 squares underflow (their least normal number is 1.2e-38)."""


@dataclass(frozen=True)
class Cells:
    """Per cell the least and greatest element and the sum, as plain reductions: NaN stays NaN.

    Complex numbers are taken by magnitude. The sum is that of the elements times the sweep's scale.
    """

    low: Array
    high: Array
    total: Array


@dataclass(frozen=True)
class _Span:
    """Whole cells first:last of one side, or a part of one; elements start:stop."""

    first: int
    last: int
    start: int
    stop: int
    whole: bool = True

    def cuts(self, cuts: Cuts) -> Cuts:
        if self.last == self.first + 1:
            return Cuts(np.array([0, self.stop - self.start]), self.stop - self.start)
        return cuts.part(self.first, self.last)


def sweep(matrix: Matrix, rows: Cuts, cols: Cuts, scale: float = 1.0) -> tuple[Cells, Moments]:
    """Cells between the cuts and the moments of all elements, read once.

    Elements are multiplied by ``scale``, a power of two, before anything is summed.
    """
    if matrix.is_tall:
        cells, found = sweep(matrix.transposed(), cols, rows, scale)
        return Cells(cells.low.T, cells.high.T, cells.total.T), found
    tiles = [_Tile(matrix, rows, cols, tall, wide, scale) for tall, wide in _spans(rows, cols)]
    coarse = matrix.size > SMALL and scale == 1.0
    workers = torch.get_num_threads() if matrix.size > SMALL else 1
    results = in_threads(lambda tile: tile.sweep(coarse), tiles, workers)
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


def _spans(rows: Cuts, cols: Cuts) -> Iterable[tuple[_Span, _Span]]:
    slab = max(SLAB, PIECE // int(rows.at[-1] - rows.at[0]))
    wide = _grouped(cols, slab, slab)
    width = max(span.stop - span.start for span in wide)
    return itertools.product(_grouped(rows, PIECE // width, max(1, TILE // width)), wide)


def _grouped(cuts: Cuts, together: int, alone: int) -> list[_Span]:
    """Neighbouring cells, up to ``together`` elements; one longer than ``alone`` is divided."""
    spans: list[_Span] = []
    first = 0
    while first < len(cuts):
        start = int(cuts.at[first])
        last = int(np.searchsorted(cuts.at, start + together, side="right")) - 1
        if last > first:
            spans.append(_Span(first, last, start, int(cuts.at[last])))
        else:
            last = first + 1
            edges = [*range(start, int(cuts.at[last]), alone), int(cuts.at[last])]
            whole = len(edges) == 2
            spans += [_Span(first, last, a, b, whole) for a, b in itertools.pairwise(edges)]
        first = last
    return spans


def _joined(tiles: Sequence[_Tile], parts: Sequence[Cells], shape: tuple[int, int]) -> Cells:
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


class _Tile:
    """A rectangle of cells, or a part of one, that one thread sweeps."""

    def __init__(
        self, matrix: Matrix, rows: Cuts, cols: Cuts, tall: _Span, wide: _Span, scale: float
    ) -> None:
        self._matrix = matrix
        self._scale = scale
        self._tall, self._wide = tall, wide
        self._rows, self._cols = tall.cuts(rows), wide.cuts(cols)
        self.whole = tall.whole and wide.whole
        self.place = np.s_[tall.first : tall.last, wide.first : wide.last]

    def sweep(self, coarse: bool) -> tuple[Cells, Moments]:
        with np.errstate(all="ignore"):
            return (coarse and self._coarse()) or self._fine()

    def _pieces(self) -> Iterator[tuple[Array, Cuts]]:
        """The tile's rows, as many as make a piece, with the cells that they are cut into."""
        tall, wide = self._tall, self._wide
        if len(self._rows) > 1:
            yield self._matrix.block(tall.start, tall.stop, wide.start, wide.stop), self._rows
            return
        step = max(1, PIECE // (wide.stop - wide.start))
        for row in range(tall.start, tall.stop, step):
            stop = min(row + step, tall.stop)
            piece = self._matrix.block(row, stop, wide.start, wide.stop)
            yield piece, Cuts(np.array([0, stop - row]), stop - row)

    def _coarse(self) -> tuple[Cells, Moments] | None:
        """With float32 sums over each piece; None where those would not do."""
        parts: list[Cells] = []
        squares, zeros, count = 0.0, 0, 0
        for piece, cuts in self._pieces():
            if piece.dtype != np.float32:
                return None
            parts.append(_columns(piece, piece, cuts))
            squares += sum_of_squares(piece)
            zeros += count_zeros(piece)
            count += piece.size
        cells = self._cells(parts)
        low, high = cells.low.min(), cells.high.max()
        total = float(cells.total.sum())
        if not (np.isfinite(low) and np.isfinite(high) and np.isfinite(total)):
            return None
        if low == high:
            return cells, Moments(count, float(low), 0.0, low, high, zeros)
        mean = total / count
        offset = total * mean
        if not (np.isfinite(squares) and offset <= squares / 2 and squares >= TINY * count):
            return None
        return cells, Moments(count, mean, squares - offset, low, high, zeros)

    def _fine(self) -> tuple[Cells, Moments]:
        """In float64."""
        parts: list[Cells] = []
        found: list[Moments] = []
        for piece, cuts in self._pieces():
            if piece.dtype.kind == "c":
                found.append(complex_moments(piece))
                piece = as_float64(piece)
                parts.append(_columns(piece, piece * self._scale, cuts))
                continue
            wide = as_float64(piece)
            if self._scale != 1.0:
                wide = wide * self._scale
            part = _columns(piece, wide, cuts)
            parts.append(part)
            total = float(part.total.sum())
            found.append(moments(piece, wide, part.low.min(), part.high.max(), total))
        return self._cells(parts), merged(found)

    def _cells(self, parts: Sequence[Cells]) -> Cells:
        """The tile's cells, from its pieces reduced down their rows."""
        low, high, total = parts[0].low, parts[0].high, parts[0].total
        if len(parts) > 1:
            low = np.minimum.reduce([part.low for part in parts])
            high = np.maximum.reduce([part.high for part in parts])
            total = np.concatenate([part.total for part in parts])
        sums = sums_across(total, self._cols)
        if len(parts) > 1:
            sums = sums.sum(axis=0, keepdims=True)
        return Cells(
            across(np.minimum, low, self._cols), across(np.maximum, high, self._cols), sums
        )


def _columns(piece: Array, wide: Array, cuts: Cuts) -> Cells:
    """A piece reduced down its rows only: one row for each row of cells."""
    low, high = down(np.minimum, piece, cuts), down(np.maximum, piece, cuts)
    return Cells(low, high, down(np.add, wide, cuts))
