"""Reductions of one cache-sized piece: down its rows, across its columns, and its moments.

Which numpy call is used for what was measured: down the rows numpy is SIMD at every width; across
short runs it is not (20 to 50 ns a run), so there minimum and maximum double a sliding window, and
sums go through einsum. Squares are summed by BLAS, row by row, below the lengths at which it would
start threads of its own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paramwidget.picture.matrix import ROW
from paramwidget.picture.scratch import Array

NEARLY = 1e-20
"""A variance this small beside the squared mean is affected by how the mean is rounded."""

NARROW = 8
"""How many rows must fit into ROW for them to be read as one."""

RUN = 64
"""Numbers added one after the other in float32."""

WINDOWED = 64
"""The longest run whose minimum is found by doubling a window rather than run by run."""


class Cuts:
    """``count`` cells along one side: cell k is ``at[k]:at[k + 1]``; none is empty.

    ``step`` is the length of every cell (the last may be shorter), 0 where they differ.
    """

    def __init__(self, at: Array, step: int) -> None:
        self.at = at
        self.step = step
        self.count = len(at) - 1

    @classmethod
    def of(cls, at: Array) -> Cuts:
        lengths = np.diff(at)
        alike = len(lengths) > 0 and bool(
            (lengths[:-1] == lengths[0]).all() and lengths[-1] <= lengths[0]
        )
        return cls(at, int(lengths[0]) if alike else 0)

    @classmethod
    def one(cls, length: int) -> Cuts:
        """A single cell."""
        return cls(np.array([0, length]), length)

    def part(self, first: int, last: int) -> Cuts:
        """The cells first:last, counted from the first one's start."""
        at = self.at[first : last + 1]
        return Cuts(at - at[0], self.step)


def down(ufunc: np.ufunc, piece: Array, cuts: Cuts, out: Array) -> None:
    """Reduces each run of rows to one row: (rows, columns) into ``out``, (cells, columns)."""
    narrow = piece.shape[1] * NARROW <= ROW
    if cuts.count == 1:
        piece = _folded(ufunc, piece) if narrow else piece
        ufunc.reduce(piece, axis=0, keepdims=True, out=out)
    elif cuts.step and not (narrow and cuts.step > ROW // 16):
        whole = piece.shape[0] // cuts.step
        blocks = piece[: whole * cuts.step].reshape(whole, cuts.step, piece.shape[1])
        ufunc.reduce(blocks, axis=1, out=out[:whole])
        if whole < cuts.count:
            ufunc.reduce(piece[whole * cuts.step :], axis=0, out=out[whole])
    else:
        for cell, (start, stop) in enumerate(itertools.pairwise(cuts.at.tolist())):
            run = _folded(ufunc, piece[start:stop]) if narrow else piece[start:stop]
            ufunc.reduce(run, axis=0, out=out[cell])


def _folded(ufunc: np.ufunc, piece: Array) -> Array:
    """Fewer rows with the same reduction: a narrow piece is reduced as if it were wider."""
    rows, columns = piece.shape
    fold = ROW // columns
    if rows < 2 * fold or not piece.flags.c_contiguous:
        return piece
    whole = rows // fold
    wide: Array = ufunc.reduce(piece[: whole * fold].reshape(whole, fold * columns), axis=0)
    folded: Array = np.concatenate([wide.reshape(fold, columns), piece[whole * fold :]])
    return folded


def across(ufunc: np.ufunc, piece: Array, cuts: Cuts) -> Array:
    """The minimum or maximum of each run of columns: (rows, columns) to (rows, cells)."""
    if cuts.step == 1:
        same: Array = piece.copy()  # the caller uses the piece's memory again
        return same
    if cuts.count == 1:
        only: Array = ufunc.reduce(piece, axis=1, keepdims=True)
        return only
    if not 1 < cuts.step <= WINDOWED:
        runs: Array = ufunc.reduceat(piece, cuts.at[:-1], axis=1)
        return runs
    found, length = piece, 1
    while length < cuts.step:
        shift = min(length, cuts.step - length)
        found = ufunc(found[:, :-shift], found[:, shift:])
        length += shift
    found = found[:, :: cuts.step]
    rest = piece[:, piece.shape[1] // cuts.step * cuts.step :]
    if rest.shape[1]:
        found = np.concatenate([found, ufunc.reduce(rest, axis=1, keepdims=True)], axis=1)
    return found


def sums_across(piece: Array, cuts: Cuts) -> Array:
    """The sum of each run of columns in float64: (rows, columns) to (rows, cells).

    float32 columns are added in float32 in runs of at most RUN, those sums in float64.
    """
    if not cuts.step:
        uneven: Array = np.add.reduceat(piece.astype(np.float64), cuts.at[:-1], axis=1)
        return uneven
    rows, columns = piece.shape
    whole = columns // cuts.step
    sums = _run_sums(piece[:, : whole * cuts.step].reshape(rows, whole, cuts.step))
    rest = piece[:, None, whole * cuts.step :]
    return np.concatenate([sums, _run_sums(rest)], axis=1) if rest.size else sums


def _run_sums(runs: Array) -> Array:
    """(rows, cells, length) to (rows, cells)."""
    rows, cells, length = runs.shape
    whole = length // RUN
    sums: Array = np.einsum("ijk->ij", runs[:, :, whole * RUN :]).astype(np.float64)
    if whole:
        parts = runs[:, :, : whole * RUN].reshape(rows, cells, whole, RUN)
        sums += np.einsum("ijkl->ijk", parts).sum(axis=2, dtype=np.float64)
    return sums


def sum_of_squares(piece: Array) -> float:
    """Of all elements, each row of at most ROW in the piece's own precision, then in float64."""
    columns = piece.shape[-1]
    if piece.ndim == 1 or columns > ROW or (columns < ROW and piece.flags.c_contiguous):
        flat = piece.reshape(-1)
        whole = flat.size // ROW * ROW
        rest = flat[whole:]
        return _squares(flat[:whole].reshape(-1, ROW)) + _squares(rest.reshape(1, -1))
    return _squares(piece)


def _squares(rows: Array) -> float:
    if not rows.size:
        return 0.0
    return float(sum_all(np.matmul(rows[:, None, :], rows[:, :, None])))


def lowest(numbers: Array) -> Any:
    return np.minimum.reduce(numbers, axis=None)


def highest(numbers: Array) -> Any:
    return np.maximum.reduce(numbers, axis=None)


def sum_all(numbers: Array) -> Any:
    return np.add.reduce(numbers, axis=None, dtype=np.float64)


@dataclass(frozen=True)
class Moments:
    """Of finite elements: how many, mean, sum of squared deviations, least and greatest.

    ``low`` and ``high`` keep the piece's own type (an int64 stays exact) and are None with
    ``count`` 0, as for complex numbers, which have no order. ``zeros``, ``nan`` and ``inf``
    count elements. ``mean`` and ``deviation`` are those of the elements times ``scale``, which
    keeps the squares of very large and very small float64 in range.
    """

    count: int = 0
    mean: float = 0.0
    deviation: float = 0.0
    low: Any = None
    high: Any = None
    zeros: int = 0
    nan: int = 0
    inf: int = 0
    scale: float = 1.0

    def repeated(self, times: int) -> Moments:
        """Those of ``times`` copies of the same elements."""
        counts = (self.count, self.zeros, self.nan, self.inf)
        count, zeros, nan, inf = (times * number for number in counts)
        deviation = times * self.deviation
        return replace(self, count=count, deviation=deviation, zeros=zeros, nan=nan, inf=inf)


def moments(piece: Array, wide: Array, lows: Array, highs: Array, totals: Array) -> Moments:
    """Of a piece, given also as float64, and reduced in part to minima, maxima and sums of that.

    The mean is subtracted before anything is squared: ``wide`` holds the deviations afterwards.
    """
    low, high, total = lowest(lows), highest(highs), float(sum_all(totals))
    zeros = count_zeros(piece)
    nan = inf = 0
    if not (np.isfinite(low) and np.isfinite(high)):
        keep = np.isfinite(piece)
        nan = int(np.count_nonzero(np.isnan(piece)))
        inf = piece.size - int(np.count_nonzero(keep)) - nan
        piece, wide = piece[keep], wide[keep]
        if not piece.size:
            return Moments(zeros=zeros, nan=nan, inf=inf)
        low, high, total = piece.min(), piece.max(), float(wide.sum())
    count = piece.size
    if low == high:
        return Moments(count, float(wide.flat[0]), 0.0, low, high, zeros, nan, inf)
    mean = total / count
    centred = np.subtract(wide, mean, out=wide)
    deviation = sum_of_squares(centred)
    if deviation < count * NEARLY * mean * mean:
        # The rounding of the mean counts here: what the deviations still sum to corrects both.
        rest = float(centred.mean())
        mean, deviation = mean + rest, max(deviation - count * rest * rest, 0.0)
    return Moments(count, mean, deviation, low, high, zeros, nan, inf)


def count_zeros(piece: Array, scratch: Array | None = None) -> int:
    """Elements equal to 0, -0 included (numpy's own count of float32 takes seven times as long)."""
    return int(np.count_nonzero(np.equal(piece, 0, out=scratch)))


def complex_moments(piece: Array) -> Moments:
    """The counts of a complex piece: NaN if either part is, else infinite if either part is."""
    missing = np.isnan(piece.real) | np.isnan(piece.imag)
    infinite = (np.isinf(piece.real) | np.isinf(piece.imag)) & ~missing
    nan, inf = int(np.count_nonzero(missing)), int(np.count_nonzero(infinite))
    return Moments(zeros=count_zeros(piece), nan=nan, inf=inf)


def merged(parts: Sequence[Moments]) -> Moments:
    """The moments of all parts together (Chan, Golub, LeVeque 1979), independent of their order."""
    if len(parts) == 1:
        return parts[0]
    filled = [part for part in parts if part.count]
    zeros, nan, inf = (sum(getattr(p, name) for p in parts) for name in ("zeros", "nan", "inf"))
    if not filled:
        return Moments(zeros=zeros, nan=nan, inf=inf)
    count = sum(part.count for part in filled)
    mean = _total(part.mean * part.count for part in filled) / count
    between = _total(part.count * (part.mean - mean) * (part.mean - mean) for part in filled)
    deviation = _total(part.deviation for part in filled) + between
    low = min(part.low for part in filled)
    high = max(part.high for part in filled)
    return Moments(count, mean, deviation, low, high, zeros, nan, inf, filled[0].scale)


def _total(numbers: Iterable[float]) -> float:
    """The sum rounded once; NaN where it is beyond float64 (it is asked for again, scaled)."""
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):
        return math.nan
