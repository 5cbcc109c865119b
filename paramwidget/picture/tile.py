"""One tile of a sweep: a rectangle of cells, read piece by piece by one thread.

Two ways to sum. In float64 (`fine`), deviations are taken from each piece's own mean. With float32
sums (`coarse`), a third of the time: the sums are of at most some thousand elements each, those
are added in float64, and where float32 would not do, the answer is None.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from paramwidget.picture.matrix import Array, Matrix, as_float64
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

PIECE = 1 << 17
"""Elements of a piece: 512 KiB of float32, which a common second-level cache holds."""

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
class Span:
    """Whole cells first:last of one side, or a part of one; elements start:stop."""

    first: int
    last: int
    start: int
    stop: int
    whole: bool = True

    def cuts(self, cuts: Cuts) -> Cuts:
        """The span's cells, or the part of one, counted from its start."""
        if self.last > self.first + 1:
            return cuts.part(self.first, self.last)
        return Cuts.one(self.stop - self.start)


def grouped(cuts: Cuts, most: int) -> list[Span]:
    """Neighbouring cells with up to ``most`` elements; one with more is divided evenly."""
    spans: list[Span] = []
    first = 0
    while first < len(cuts):
        start = int(cuts.at[first])
        last = int(np.searchsorted(cuts.at, start + most, side="right")) - 1
        if last > first:
            spans.append(Span(first, last, start, int(cuts.at[last])))
        else:
            last = first + 1
            stop = int(cuts.at[last])
            step = -(-(stop - start) // -(-(stop - start) // most))
            edges = [*range(start, stop, step), stop]
            spans += [Span(first, last, a, b, False) for a, b in itertools.pairwise(edges)]
        first = last
    return spans


class Scratch(threading.local):
    """Memory that each thread uses again for tile after tile.

    What is freed at the end of a tile goes back to the system, and is paid for again, page by
    page, in the next one: that would be a third of the time, and more with several threads.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[str, Any], Array] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> Array:
        """An array with any content; the one of the same name and dtype is no longer used."""
        size = math.prod(shape)
        held = self._held.get((name, dtype))
        if held is None or held.size < size:
            held = self._held[name, dtype] = np.empty(size, dtype)
        return held[:size].reshape(shape)


class Tile:
    """Whole cells of the matrix, or a part of one."""

    def __init__(self, matrix: Matrix, rows: Cuts, cols: Cuts, tall: Span, wide: Span) -> None:
        self._matrix = matrix
        self._tall, self._wide = tall, wide
        self._rows, self._cols = tall.cuts(rows), wide.cuts(cols)
        self.whole = tall.whole and wide.whole
        self.place = np.s_[tall.first : tall.last, wide.first : wide.last]

    def coarse(self, scratch: Scratch) -> tuple[Cells, Moments] | None:
        """With float32 sums over each piece; None where those would not do."""
        spans = self._spans(PIECE)
        columns = _Columns(self._rows, self._cols, spans, scratch, np.float32, np.float32)
        squares, zeros, count = 0.0, 0, 0
        for piece, cuts in self._pieces(spans):
            squares += sum_of_squares(piece)  # first: BLAS is the fastest to fetch it from memory
            columns.add(piece, piece, cuts)
            zeros += count_zeros(piece, scratch.array("zeros", piece.shape, np.bool_))
            count += piece.size
        cells = columns.cells()
        low, high = cells.low.min(), cells.high.max()
        total = float(cells.total.sum())
        if not (math.isfinite(low) and math.isfinite(high) and math.isfinite(total)):
            return None
        if low == high:
            return cells, Moments(count, float(low), 0.0, low, high, zeros)
        mean = total / count
        offset = total * mean
        if not (math.isfinite(squares) and offset <= squares / 2 and squares >= TINY * count):
            return None
        return cells, Moments(count, mean, squares - offset, low, high, zeros)

    def fine(self, scratch: Scratch, scale: float) -> tuple[Cells, Moments]:
        """In float64, every element times ``scale``."""
        spans = self._spans(PIECE // 2)
        is_complex = self._matrix.dtype.kind == "c"
        own = np.dtype(np.float64) if is_complex else self._matrix.dtype
        columns = _Columns(self._rows, self._cols, spans, scratch, own, np.float64)
        found: list[Moments] = []
        for piece, cuts in self._pieces(spans):
            wide = scratch.array("wide", piece.shape, np.float64)
            if is_complex:
                found.append(complex_moments(piece))
                piece = as_float64(piece)
                columns.add(piece, np.multiply(piece, scale, out=wide), cuts)
            else:
                np.multiply(piece, scale, out=wide)
                found.append(moments(piece, wide, *columns.add(piece, wide, cuts)))
        return columns.cells(), merged(found)

    def _spans(self, most: int) -> list[Span]:
        """The rows of pieces of up to ``most`` elements."""
        return grouped(self._rows, max(1, most // (self._wide.stop - self._wide.start)))

    def _pieces(self, spans: list[Span]) -> Iterator[tuple[Array, Cuts]]:
        top, left, right = self._tall.start, self._wide.start, self._wide.stop
        for span in spans:
            piece = self._matrix.block(top + span.start, top + span.stop, left, right)
            yield piece, span.cuts(self._rows)


class _Columns:
    """The pieces of a tile, reduced down their rows: one row for each row of cells, or part of one.

    Across the columns they are reduced at the end, many rows at once.
    """

    def __init__(
        self, rows: Cuts, cols: Cuts, spans: list[Span], scratch: Scratch, own: Any, wide: Any
    ) -> None:
        self._cols = cols
        parts = np.zeros(len(rows), np.int64)
        for span in spans:
            parts[span.first : span.last] += 1
        self._runs = Cuts.of(np.concatenate([[0], np.cumsum(parts)]))
        self._rows_are_cells = rows.step == 1
        self._done: list[Cells] = []
        if not self._rows_are_cells:
            shape = (int(self._runs.at[-1]), int(cols.at[-1]))
            self._low = scratch.array("low", shape, own)
            self._high = scratch.array("high", shape, own)
            self._total = scratch.array("total", shape, wide)
        self._end = 0

    def add(self, piece: Array, wide: Array, cuts: Cuts) -> tuple[Array, Array, Array]:
        """Takes the next piece, also in the type to sum in; its minimum, maximum and sum."""
        if self._rows_are_cells:
            self._done.append(self._across(piece, piece, wide))
            return piece, piece, wide
        at = slice(self._end, self._end + len(cuts))
        self._end = at.stop
        low, high, total = self._low[at], self._high[at], self._total[at]
        down(np.minimum, piece, cuts, low)
        down(np.maximum, piece, cuts, high)
        down(np.add, wide, cuts, total)
        return low, high, total

    def cells(self) -> Cells:
        """Those of the whole tile."""
        if self._rows_are_cells:
            parts = [(cells.low, cells.high, cells.total) for cells in self._done]
            low, high, total = (np.concatenate(part) for part in zip(*parts, strict=True))
            return Cells(low, high, total)
        runs = self._runs
        if runs.step == 1:
            return self._across(self._low, self._high, self._total)
        low, high = (np.empty((len(runs), part.shape[1]), part.dtype) for part in (self._low,) * 2)
        down(np.minimum, self._low, runs, low)
        down(np.maximum, self._high, runs, high)
        cells = self._across(low, high, self._total)
        return Cells(cells.low, cells.high, np.add.reduceat(cells.total, runs.at[:-1], axis=0))

    def _across(self, low: Array, high: Array, total: Array) -> Cells:
        return Cells(
            across(np.minimum, low, self._cols),
            across(np.maximum, high, self._cols),
            sums_across(total, self._cols),
        )
