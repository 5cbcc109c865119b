"""The range of a picture's colours, and the summary of a tensor in a row of the tree."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch

from paramwidget.picture.bins import counts_between, rising_edges
from paramwidget.picture.matrix import SMALL, Matrix, as_float64
from paramwidget.picture.sample import evenly_spread
from paramwidget.picture.scratch import Array
from paramwidget.picture.statistics import Stats, stats
from paramwidget.picture.values import Values, values_of

#: Elements sampled for a spark.
GLANCE = 4096

SIGMAS = 3

#: Root mean squares beyond which a magnitude is an outlier: one in two million of a normal tensor.
OUTLIER = 5

#: Two root mean squares that differ by less give the same picture.
ALIKE = 1.25


class Limits(NamedTuple):
    """A zero-centred range of values for the colours, and its description."""

    low: float
    high: float
    text: str


class Brief(NamedTuple):
    """A tensor's summary: mean and deviation as in ``Stats``, counts of NaN and Inf, a histogram.

    ``bars`` has a height of 0 to 255 for each bin.
    """

    mean: float | None
    std: float | None
    nan: int
    inf: int
    bars: bytes


#: The range of angles.
CYCLE = Limits(-math.pi, math.pi, "±π")


def limits(known: Stats, seen: Array | None = None, cells: bool = False) -> Limits:
    """A robust range: three root mean squares, or the largest magnitude where that is less.

    Of the finite elements, whose statistics are ``known``; ``seen`` are some of them, by which
    outliers and zeros are left aside where they would decide alone: one 42 among small weights, a
    gradient of a few rows. Where ``seen`` are ``cells``, which are means and far smaller than
    elements, or magnitudes of complex ones, it is their range. ±1 where nothing but zero is finite.
    """
    numbers = np.empty(0) if seen is None else np.abs(seen[np.isfinite(seen)].astype(np.float64))
    typical = _typical(numbers)
    if cells or known.mean is None or known.min is None or known.max is None:
        words = " of cells" if cells else ""
        return _within(typical, float(numbers.max(initial=0.0)), words)
    count = known.numel - known.nan - known.inf
    spread = known.std or 0.0
    square_mean = math.hypot(known.mean, spread * math.sqrt((count - 1) / count))
    largest = max(abs(float(known.min)), abs(float(known.max)))
    if typical and typical * ALIKE < square_mean:
        return _within(typical, largest, ", outliers aside")
    if typical > square_mean * ALIKE:
        return _within(typical, largest, " of nonzeros")
    return _within(square_mean, largest, "")


def _typical(magnitudes: Array) -> float:
    """The root mean square of the nonzero elements, without the few outliers."""
    counted = magnitudes[magnitudes > 0]
    fewest = counted.size - max(1, counted.size // 100)
    found = _root_mean_square(counted)
    while True:
        kept = counted[counted <= OUTLIER * found]
        if kept.size == counted.size or kept.size < fewest:
            return found
        counted, found = kept, _root_mean_square(kept)


def _root_mean_square(magnitudes: Array) -> float:
    largest = float(magnitudes.max(initial=0.0))
    return largest * math.sqrt(float(np.mean((magnitudes / largest) ** 2))) if largest else 0.0


def _within(square_mean: float, largest: float, words: str) -> Limits:
    high = min(SIGMAS * square_mean, largest)
    if not high > 0.0:
        return Limits(-1.0, 1.0, "±1")
    if high < largest:
        return Limits(-high, high, f"±{SIGMAS}σ{words}")
    return Limits(-high, high, "±max of cells" if words == " of cells" else "±max |w|")


def sample(tensor: torch.Tensor | Values, whole: int = SMALL, count: int = GLANCE) -> Values:
    """The tensor's values, or about ``count`` evenly spread ones where it has more than ``whole``.

    Raises Unreadable if the tensor has no values.
    """
    values = values_of(tensor)
    if values.elements.numel() <= whole:
        return values
    return values.part(evenly_spread(values.elements, count))


def elements(tensor: torch.Tensor | Values, count: int = 4 * GLANCE) -> Array:
    """About ``count`` evenly spread elements in float64, complex ones by magnitude."""
    return _numbers(evenly_spread(values_of(tensor).elements, count))


def spark(tensor: torch.Tensor | Values, bins: int = 24) -> bytes:
    """A histogram of the finite ones of at most about 4096 evenly spread elements.

    One height per bin: the fullest bin has 255, a bin that is not empty at least 1, all are 0
    without a finite element. Raises Unreadable if the tensor has no values.
    """
    numbers = elements(tensor, GLANCE)
    numbers = numbers[np.isfinite(numbers)]
    if not numbers.size:
        return bytes(bins)
    edges = rising_edges(float(numbers.min()), float(numbers.max()), bins)
    counts = counts_between(numbers, edges)
    return bytes(-(counts * -255 // counts.max()).astype(np.uint8))


def _numbers(values: torch.Tensor) -> Array:
    """A few elements in float64, complex ones by magnitude."""
    return as_float64(Matrix(values[None, None, :, None]).block(0, 1, 0, len(values))[0])


def brief(tensor: torch.Tensor | Values, bins: int = 24) -> Brief:
    """A row's figures, exact but for the bars: those are of a sample (see ``spark``).

    Raises Unreadable if the tensor has no values.
    """
    values = values_of(tensor)
    known = stats(values)
    return Brief(known.mean, known.std, known.nan, known.inf, spark(values, bins))
