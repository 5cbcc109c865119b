"""The range of a picture's colours, and what a tree's row shows of a tensor at a glance."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch

from paramwidget.picture.bins import counts_between, rising_edges
from paramwidget.picture.matrix import SMALL, Matrix, as_float64, values_of
from paramwidget.picture.sample import evenly_spread
from paramwidget.picture.scratch import Array
from paramwidget.picture.statistics import Stats, stats

GLANCE = 4096
"""Elements looked at for a spark."""

SIGMAS = 3


class Limits(NamedTuple):
    """A zero-centred range of values for the colours, and in words what it is."""

    low: float
    high: float
    text: str


class Brief(NamedTuple):
    """A tensor at a glance: mean and deviation as in `Stats`, NaN and Inf counted, a histogram.

    ``bars`` has a height of 0 to 255 for each bin.
    """

    mean: float | None
    std: float | None
    nan: int
    inf: int
    bars: bytes


def limits(known: Stats, shown: Array | None = None) -> Limits:
    """A robust range: three root mean squares, or the largest magnitude where that is less.

    From the finite elements; ±1 where there is none or all are zero. Complex tensors have no such
    statistics: there the magnitudes ``shown`` in the raster are taken.
    """
    if known.mean is None or known.min is None or known.max is None:
        return _limits_of(shown)
    count = known.numel - known.nan - known.inf
    spread = known.std or 0.0
    square_mean = math.hypot(known.mean, spread * math.sqrt((count - 1) / count))
    return _robust(square_mean, max(abs(float(known.min)), abs(float(known.max))))


def _limits_of(shown: Array | None) -> Limits:
    finite = np.empty(0) if shown is None else shown[np.isfinite(shown)].astype(np.float64)
    if not finite.size:
        return _robust(0.0, 0.0)
    return _robust(math.sqrt(float(np.mean(finite**2))), float(np.abs(finite).max()))


def _robust(square_mean: float, largest: float) -> Limits:
    high = min(SIGMAS * square_mean, largest)
    if not high > 0.0:
        return Limits(-1.0, 1.0, "±1")
    text = f"±{SIGMAS}σ" if high < largest else "±max |w|"
    return Limits(-high, high, text)


def sample(tensor: torch.Tensor, whole: int = SMALL, count: int = GLANCE) -> torch.Tensor:
    """The tensor's values, or about ``count`` evenly spread ones where it has more than ``whole``.

    Raises Unreadable where the tensor has no values.
    """
    values = values_of(tensor)
    return values if values.numel() <= whole else evenly_spread(values, count)


def spark(tensor: torch.Tensor, bins: int = 24) -> bytes:
    """A histogram of the finite ones of at most about 4096 evenly spread elements.

    One height per bin: the fullest bin has 255, a bin that is not empty at least 1, all are 0
    without a finite element. Raises Unreadable where the tensor has no values.
    """
    numbers = _numbers(evenly_spread(values_of(tensor), GLANCE))
    numbers = numbers[np.isfinite(numbers)]
    if not numbers.size:
        return bytes(bins)
    edges = rising_edges(float(numbers.min()), float(numbers.max()), bins)
    counts = counts_between(numbers, edges)
    return bytes(-(counts * -255 // counts.max()).astype(np.uint8))


def _numbers(values: torch.Tensor) -> Array:
    """A few elements in float64, complex ones by magnitude."""
    return as_float64(Matrix(values[None, None, :, None]).block(0, 1, 0, len(values))[0])


def brief(tensor: torch.Tensor, bins: int = 24) -> Brief:
    """A row's figures, exact but for the bars: those are of a sample (see `spark`).

    Raises Unreadable where the tensor has no values.
    """
    values = values_of(tensor)
    known = stats(values)
    return Brief(known.mean, known.std, known.nan, known.inf, spark(values, bins))
