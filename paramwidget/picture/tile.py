"""One tile of a sweep: a rectangle of cells, read piece by piece by one thread.

Two ways to sum. In float64 (``fine``), deviations are taken from each piece's own mean. With
float32 sums (``coarse``), a third of the time: the sums are of at most some thousand elements each,
those are added in float64, and if float32 is not enough, the answer is None.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from paramwidget.picture.matrix import ROW, Matrix, as_float64
from paramwidget.picture.moments import (
    Moments,
    Squares,
    coarse_moments,
    complex_moments,
    count_zeros,
    highest,
    lowest,
    merged,
    moments,
    sum_all,
)
from paramwidget.picture.passes import NARROW, Cuts, across, down, sums_across
from paramwidget.picture.scratch import Array, Scratch

#: Elements of a piece: 2 MiB of float32. One that fits into the second-level cache is read faster;
#: one that takes longer loses less time to the GIL.
PIECE = 1 << 19


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
        self.is_long = not self.rows_are_cells and all(
            cuts.count == 1 for _, _, cuts, _ in self.pieces
        )
        self.runs = Cuts.of(np.cumsum([0, *parts]))
        self.highest = max(stop - start for start, stop, _, _ in self.pieces)


class Tile:
    """Whole cells of the matrix, or a part of one."""

    def __init__(
        self, matrix: Matrix, plan: Plan, cols: Cuts, tall: Span, wide: Span, coarse: bool
    ) -> None:
        self._matrix = matrix
        self._is_coarse = coarse
        self._plan = plan
        self._tall, self._wide = tall, wide
        self._cols = wide.cuts(cols)
        self.whole = tall.whole and wide.whole
        self.place = np.s_[tall.first : tall.last, wide.first : wide.last]

    def sweep(self, scratch: Scratch, scale: float, counted: bool) -> tuple[Cells, Moments | None]:
        """The tile's cells, and moments if ``counted``; sums are of elements times ``scale``."""
        if self._is_coarse:
            result = self._coarse(scratch, counted)
            if result is not None:
                return result
        return self._fine(scratch, scale, counted)

    def _coarse(self, scratch: Scratch, counted: bool) -> tuple[Cells, Moments | None] | None:
        """With float32 sums over each piece; None if those are not precise enough.

        Between two calls of numpy another thread may take the GIL and has to be waited for, so they
        are few and each is long. ``fmin`` and ``fmax`` are faster because they skip NaN, which the
        sum still shows.
        """
        columns = _Columns(self._plan, self._cols, scratch, np.float32, np.float32)
        width = self._wide.stop - self._wide.start
        count = width * (self._tall.stop - self._tall.start)
        squares = Squares(count, np.float32, scratch)
        mask = scratch.array("zeros", (self._plan.highest, width), np.bool_)
        zeros = 0
        add = columns.add_long if self._plan.is_long and width * NARROW > ROW else columns.add
        for piece, cuts, place in self._pieces(scratch):
            if counted:
                squares.add(piece)  # first: BLAS is the fastest at fetching it from memory
                zeros += count_zeros(piece, mask[: len(piece)])
            add(piece, piece, cuts, place, np.fmin, np.fmax)
        cells = columns.cells()
        total = float(sum_all(cells.total))
        if not counted:
            return (cells, None) if math.isfinite(total) else None
        low, high = lowest(cells.low), highest(cells.high)
        found = coarse_moments(count, low, high, total, squares.total(), zeros)
        return None if found is None else (cells, found)

    def _fine(self, scratch: Scratch, scale: float, counted: bool) -> tuple[Cells, Moments | None]:
        """In float64."""
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
            if counted and not is_complex:
                found.append(moments(piece, wide, *reduced))
        return columns.cells(), merged(found) if counted else None

    def _pieces(self, scratch: Scratch) -> Iterator[tuple[Array, Cuts, slice]]:
        block, top, bottom = self._matrix.block, self._tall.start, self._tall.stop
        left, right = self._wide.start, self._wide.stop
        tile = self._matrix.view(top, bottom, left, right)
        for start, stop, cuts, place in self._plan.pieces:
            if tile is None:
                yield block(top + start, top + stop, left, right, scratch), cuts, place
            else:
                yield tile[start:stop], cuts, place


class _Columns:
    """The pieces of a tile, reduced down their rows: one row for each row of cells, or part of one.

    Across the columns they are reduced at the end, many rows at once.
    """

    def __init__(self, plan: Plan, cols: Cuts, scratch: Scratch, own: Any, wide: Any) -> None:
        self._plan, self._cols, self._scratch = plan, cols, scratch
        self._done: list[tuple[Array, Array, Array]] = []
        if not plan.rows_are_cells:
            shape = (int(plan.runs.at[-1]), int(cols.at[-1]))
            self._low = scratch.array("low", shape, own)
            self._high = scratch.array("high", shape, own)
            self._total = scratch.array("total", shape, wide)

    def add(
        self,
        piece: Array,
        wide: Array,
        cuts: Cuts,
        place: slice,
        least: np.ufunc = np.minimum,
        greatest: np.ufunc = np.maximum,
    ) -> tuple[Array, Array, Array]:
        """Adds the next piece, also given in the type to sum in.

        Returns what it was reduced to: minima, maxima and sums.
        """
        if self._plan.rows_are_cells:
            self._done.append(self._across(piece, piece, wide))
            return piece, piece, wide
        low, high, total = self._low[place], self._high[place], self._total[place]
        down(np.add, wide, cuts, total)
        down(least, piece, cuts, low)
        down(greatest, piece, cuts, high)
        return low, high, total

    def add_long(
        self,
        piece: Array,
        wide: Array,
        _cuts: Cuts,
        place: slice,
        least: np.ufunc,
        greatest: np.ufunc,
    ) -> None:
        """``add`` for one row of cells, or a part of it, without any checks."""
        at = place.start
        np.add.reduce(wide, 0, None, self._total[at])
        least.reduce(piece, 0, None, self._low[at])
        greatest.reduce(piece, 0, None, self._high[at])

    def cells(self) -> Cells:
        """The results of the whole tile."""
        if self._plan.rows_are_cells:
            return Cells(*(np.concatenate(part) for part in zip(*self._done, strict=True)))
        runs = self._plan.runs
        if runs.step == 1:
            return Cells(*self._across(self._low, self._high, self._total))
        shape, own = (runs.count, self._low.shape[1]), self._low.dtype
        low = self._scratch.array("joined low", shape, own)
        high = self._scratch.array("joined high", shape, own)
        down(np.minimum, self._low, runs, low)
        down(np.maximum, self._high, runs, high)
        low, high, total = self._across(low, high, self._total)
        return Cells(low, high, np.add.reduceat(total, runs.at[:-1], axis=0))

    def _across(self, low: Array, high: Array, total: Array) -> tuple[Array, Array, Array]:
        cols, scratch = self._cols, self._scratch
        return (
            across(np.minimum, low, cols, scratch),
            across(np.maximum, high, cols, scratch),
            sums_across(total, cols),
        )
