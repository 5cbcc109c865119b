"""Count, mean, deviation and extremes of a piece, and of many pieces together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paramwidget.picture.scratch import Array, Scratch

#: Numbers squared and added by one call of BLAS: far fewer than would make it start threads, and so
#: few that numpy makes more than 500 calls for a piece, since otherwise it would keep the GIL.
DOT = 256

#: A variance this small beside the squared mean is affected by how the mean is rounded.
NEARLY = 1e-20

#: The largest share of a mean square that may be due to the mean: 32 times the rounding is left.
SPREAD = 31 / 32

#: A mean square below which float32 squares underflow (the smallest normal number is 1.2e-38).
TINY = 1e-30


@dataclass(frozen=True)
class Moments:
    """Of the finite elements: count, mean, sum of squared deviations, smallest and largest.

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
    """Of a piece, also given as float64, and partly reduced to minima, maxima and sums.

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
    """Elements equal to 0, including -0 (numpy's own count of float32 takes seven times as long).

    Most weights have none, and checking for any takes half the time of counting them.
    """
    found = np.equal(piece, 0, out=scratch)
    return int(np.count_nonzero(found)) if np.logical_or.reduce(found, axis=None) else 0


def coarse_moments(
    count: int, low: float, high: float, total: float, squares: float, zeros: int
) -> Moments | None:
    """Those of ``count`` elements whose float32 squares were added; None if that will not do.

    It will not if there is a NaN or Inf, if squares overflow or underflow, or if the mean is so
    large compared with the deviation that the rounding of the squares matters.
    """
    if not (math.isfinite(low) and math.isfinite(high) and math.isfinite(total)):
        return None
    if low == high:
        return Moments(count, float(low), 0.0, low, high, zeros)
    mean = total / count
    offset = total * mean
    if not (math.isfinite(squares) and offset <= SPREAD * squares and squares >= TINY * count):
        return None
    return Moments(count, mean, squares - offset, low, high, zeros)


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
    """The sum, rounded once; NaN if it is beyond float64 (it is then computed again, scaled)."""
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):
        return math.nan


class Squares:
    """The sum of the squares of pieces of ``count`` elements in all.

    DOT at a time are added in their own precision, those sums in float64.
    """

    def __init__(self, count: int, dtype: Any, scratch: Scratch) -> None:
        self._sums = scratch.array("squares", (count // DOT,), dtype)
        self._end = 0
        self._rest = 0.0

    def add(self, piece: Array) -> None:
        rows = piece
        count, columns = piece.shape
        whole, rest = divmod(columns, DOT)
        if rest and piece.flags.c_contiguous:
            rows = piece.reshape(1, -1)
            count, columns = rows.shape
            whole, rest = divmod(columns, DOT)
        if whole:
            runs = (rows[:, :-rest] if rest else rows).reshape(count, whole, 1, DOT)
            start, self._end = self._end, self._end + count * whole
            out = self._sums[start : self._end].reshape(count, whole, 1, 1)
            np.matmul(runs, runs.transpose(0, 1, 3, 2), out=out)
        if rest:
            ends = rows[:, whole * DOT :]
            self._rest += float(sum_all(np.matmul(ends[:, None, :], ends[:, :, None])))

    def total(self) -> float:
        return self._rest + float(sum_all(self._sums[: self._end]))


def sum_of_squares(piece: Array) -> float:
    """Of all elements of one piece."""
    squares = Squares(piece.size, piece.dtype, Scratch())
    squares.add(piece if piece.ndim == 2 else piece[None])
    return squares.total()


def lowest(numbers: Array) -> Any:
    return np.minimum.reduce(numbers, axis=None)


def highest(numbers: Array) -> Any:
    return np.maximum.reduce(numbers, axis=None)


def sum_all(numbers: Array) -> Any:
    return np.add.reduce(numbers, axis=None, dtype=np.float64)
