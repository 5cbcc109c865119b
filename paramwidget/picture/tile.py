"""One tile of a sweep: a rectangle of cells, read piece by piece by one thread.

Two ways to sum. In float64 (`fine`), deviations are taken from each piece's own mean. With float32
sums (`coarse`), a third of the time: the sums are of at most some thousand elements each, those
are added in float64, and where float32 would not do, the answer is None.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from paramwidget.picture.matrix import Matrix, as_float64
from paramwidget.picture.passes import (
    Cuts,
    Moments,
    across,
    complex_moments,
    count_zeros,
    down,
    highest,
    lowest,
    merged,
    moments,
    sum_all,
    sum_of_squares,
    sums_across,
)
from paramwidget.picture.scratch import Array, Scratch

PIECE = 1 << 18
"""Elements of a piece: 1 MiB of float32, about a core's second-level cache."""

SPREAD = 31 / 32
"""The largest part of a mean square that may be due to the mean: 32 times the rounding is left."""

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
    while first < cuts.count:
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


class Plan:
    """How the rows of a tile are read: in pieces of at most ``most`` rows.

    Each piece is (first row, last row, its cuts, its place among the reduced rows), and ``runs``
    says how many reduced rows make each row of cells.
    """

    def __init__(self, rows: Cuts, most: int) -> None:
        self.rows_are_cells = rows.step == 1
        self.pieces: list[tuple[int, int, Cuts, slice]] = []
        parts = [0] * rows.count
        end = 0
        for span in grouped(rows, most):
            cuts = span.cuts(rows)
            self.pieces.append((span.start, span.stop, cuts, slice(end, end + cuts.count)))
            end += cuts.count
            for cell in range(span.first, span.last):
                parts[cell] += 1
        self.runs = Cuts.of(np.cumsum([0, *parts]))
        self.highest = max(stop - start for start, stop, _, _ in self.pieces)


class Tile:
    """Whole cells of the matrix, or a part of one."""

    def __init__(self, matrix: Matrix, plan: Plan, cols: Cuts, tall: Span, wide: Span) -> None:
        self._matrix = matrix
        self._plan = plan
        self._tall, self._wide = tall, wide
        self._cols = wide.cuts(cols)
        self.whole = tall.whole and wide.whole
        self.place = np.s_[tall.first : tall.last, wide.first : wide.last]

    def coarse(self, scratch: Scratch) -> tuple[Cells, Moments] | None:
        """With float32 sums over each piece; None where those would not do."""
        columns = _Columns(self._plan, self._cols, scratch, np.float32, np.float32)
        width = self._wide.stop - self._wide.start
        mask = scratch.array("zeros", (self._plan.highest, width), np.bool_)
        squares, zeros = 0.0, 0
        for piece, cuts, place in self._pieces(scratch):
            squares += sum_of_squares(piece)  # first: BLAS is the fastest to fetch it from memory
            columns.add(piece, piece, cuts, place)
            zeros += count_zeros(piece, mask[: len(piece)])
        cells = columns.cells()
        count = width * (self._tall.stop - self._tall.start)
        low, high, total = lowest(cells.low), highest(cells.high), float(sum_all(cells.total))
        if not (math.isfinite(low) and math.isfinite(high) and math.isfinite(total)):
            return None
        if low == high:
            return cells, Moments(count, float(low), 0.0, low, high, zeros)
        mean = total / count
        offset = total * mean
        if not (math.isfinite(squares) and offset <= SPREAD * squares and squares >= TINY * count):
            return None
        return cells, Moments(count, mean, squares - offset, low, high, zeros)

    def fine(self, scratch: Scratch, scale: float) -> tuple[Cells, Moments]:
        """In float64, every element times ``scale``."""
        is_complex = self._matrix.dtype.kind == "c"
        own = np.dtype(np.float64) if is_complex else self._matrix.dtype
        columns = _Columns(self._plan, self._cols, scratch, own, np.float64)
        found: list[Moments] = []
        for piece, cuts, place in self._pieces(scratch):
            if is_complex:
                found.append(complex_moments(piece))
                piece = as_float64(piece)
            wide = scratch.array("wide", piece.shape, np.float64)
            np.copyto(wide, piece)
            if scale != 1.0:
                wide *= scale
            reduced = columns.add(piece, wide, cuts, place)
            if not is_complex:
                found.append(moments(piece, wide, *reduced))
        return columns.cells(), merged(found)

    def _pieces(self, scratch: Scratch) -> Iterator[tuple[Array, Cuts, slice]]:
        block, top = self._matrix.block, self._tall.start
        left, right = self._wide.start, self._wide.stop
        for start, stop, cuts, place in self._plan.pieces:
            yield block(top + start, top + stop, left, right, scratch), cuts, place


class _Columns:
    """The pieces of a tile, reduced down their rows: one row for each row of cells, or part of one.

    Across the columns they are reduced at the end, many rows at once.
    """

    def __init__(self, plan: Plan, cols: Cuts, scratch: Scratch, own: Any, wide: Any) -> None:
        self._plan, self._cols = plan, cols
        self._done: list[tuple[Array, Array, Array]] = []
        if not plan.rows_are_cells:
            shape = (int(plan.runs.at[-1]), int(cols.at[-1]))
            self._low = scratch.array("low", shape, own)
            self._high = scratch.array("high", shape, own)
            self._total = scratch.array("total", shape, wide)

    def add(
        self, piece: Array, wide: Array, cuts: Cuts, place: slice
    ) -> tuple[Array, Array, Array]:
        """Takes the next piece, also in the type to sum in; its minimum, maximum and sum."""
        if self._plan.rows_are_cells:
            self._done.append(self._across(piece, piece, wide))
            return piece, piece, wide
        low, high, total = self._low[place], self._high[place], self._total[place]
        down(np.minimum, piece, cuts, low)
        down(np.maximum, piece, cuts, high)
        down(np.add, wide, cuts, total)
        return low, high, total

    def cells(self) -> Cells:
        """Those of the whole tile."""
        if self._plan.rows_are_cells:
            return Cells(*(np.concatenate(part) for part in zip(*self._done, strict=True)))
        runs = self._plan.runs
        if runs.step == 1:
            return Cells(*self._across(self._low, self._high, self._total))
        low = np.empty((runs.count, self._low.shape[1]), self._low.dtype)
        high = np.empty_like(low)
        down(np.minimum, self._low, runs, low)
        down(np.maximum, self._high, runs, high)
        low, high, total = self._across(low, high, self._total)
        return Cells(low, high, np.add.reduceat(total, runs.at[:-1], axis=0))

    def _across(self, low: Array, high: Array, total: Array) -> tuple[Array, Array, Array]:
        cols = self._cols
        return (
            across(np.minimum, low, cols),
            across(np.maximum, high, cols),
            sums_across(total, cols),
        )
