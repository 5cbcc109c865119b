"""The numbers beside a picture: exact statistics and the histogram of one tensor."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from paramwidget.picture.bins import counts_between, rising_edges
from paramwidget.picture.matrix import SMALL, Place, all_elements, as_float64
from paramwidget.picture.moments import Moments, merged
from paramwidget.picture.sample import evenly_spread
from paramwidget.picture.scratch import Array, Scratch
from paramwidget.picture.threads import in_threads
from paramwidget.picture.totals import fitting_scale, moments_of
from paramwidget.picture.values import Values, values_of

#: The most elements that are all counted (some tens of milliseconds).
AFFORDABLE = 1 << 24

#: The most elements of the sample beyond that.
SAMPLE = 1 << 20

#: Elements counted at once; their temporaries stay in cache.
PIECE = 1 << 16


@dataclass(frozen=True)
class Stats:
    """Exact statistics of a tensor's ``numel`` elements.

    ``min``, ``max``, ``mean`` and ``std`` (as ``torch.std``, n - 1) are over the finite elements,
    in float64 (the minimum and maximum of integers are ints); None if there is none (``std`` needs
    two elements), and for complex tensors. ``zeros`` counts -0 too; a complex number counts in
    ``nan`` where either part is NaN, else in ``inf`` where either part is infinite.
    """

    numel: int
    min: float | int | None
    max: float | int | None
    mean: float | None
    std: float | None
    zeros: int
    nan: int
    inf: int


def stats(tensor: torch.Tensor | Values) -> Stats:
    """Statistics of all elements; ``paramwidget.picture.sweep`` documents their precision.

    Raises Unreadable if the tensor has no values.
    """
    values = values_of(tensor).elements
    found = _moments(values, 1.0)
    scale = fitting_scale(*bounds(found))
    return stats_of(found if scale == 1.0 else _moments(values, scale), values.numel())


def bounds(found: Moments) -> tuple[float | int, ...]:
    """Smallest and largest finite element, empty if there is none."""
    return () if found.low is None else (found.low.item(), found.high.item())


def stats_of(found: Moments, numel: int) -> Stats:
    """The statistics given by these moments of ``numel`` elements."""
    low, high = bounds(found) or (None, None)
    mean = found.mean / found.scale if found.count else None
    std = math.sqrt(found.deviation / (found.count - 1)) if found.count > 1 else None
    if std is not None:
        std /= found.scale
    return Stats(numel, low, high, mean, std, found.zeros, found.nan, found.inf)


def _moments(values: torch.Tensor, scale: float) -> Moments:
    parts = [
        moments_of(matrix, scale).repeated(repeats) for matrix, repeats in all_elements(values)
    ]
    return merged(parts)


@dataclass(frozen=True)
class Histogram:
    """``counts`` (int64) of the finite elements between rising ``edges`` (float64, one more).

    The edges go from the smallest to the largest finite element, evenly spaced; slightly beyond the
    largest if float64 has too few numbers between (as when all elements are equal). A bin includes
    its lower edge, the last bin both. Unless ``sampled``, the counts sum to the finite elements; if
    it is, they are those of evenly spread elements, the outer edges being exact all the same.
    Without any finite element: zero counts between 0 and 1. Complex numbers: the magnitude.
    """

    counts: Array
    edges: Array
    sampled: bool


def histogram(
    tensor: torch.Tensor | Values,
    bins: int = 64,
    affordable: int = AFFORDABLE,
    *,
    known: Stats | None = None,
) -> Histogram:
    """The histogram of all elements in ``bins`` bins.

    For more than ``affordable`` elements it is that of a sample of at most that many. ``known`` are
    the tensor's statistics, if the caller has them. Raises ValueError if ``bins`` is less than 1,
    TypeError if it is not an integer, Unreadable if the tensor has no values.
    """
    bins = operator.index(bins)
    if bins < 1:
        raise ValueError(f"a histogram needs at least one bin, got {bins}")
    read = values_of(tensor)
    values = read.elements
    sampled = values.numel() > affordable
    seen = evenly_spread(values, min(SAMPLE, max(1, affordable))) if sampled else values
    if values.is_complex():
        limits: tuple[float, float] | None = _limits(seen)
    else:
        known = known or stats(read)
        limits = None if known.min is None or known.max is None else (known.min, known.max)
    if limits is None:
        return Histogram(np.zeros(bins, np.int64), rising_edges(0.0, 1.0, bins), sampled)
    edges = rising_edges(float(limits[0]), float(limits[1]), bins)
    return Histogram(_counts(seen, edges), edges, sampled)


def _limits(values: torch.Tensor) -> tuple[float, float] | None:
    """Least and greatest finite magnitude."""
    low, high = math.inf, -math.inf
    for matrix, _ in all_elements(values):
        for place in matrix.places(PIECE):
            numbers = as_float64(matrix.block(*place))
            finite = numbers[np.isfinite(numbers)]
            if finite.size:
                low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return (low, high) if low <= high else None


def _counts(values: torch.Tensor, edges: Array) -> Array:
    counts = np.zeros(len(edges) - 1, np.int64)
    workers = torch.get_num_threads() if values.numel() > SMALL else 1
    for matrix, repeats in all_elements(values):
        block = matrix.block

        def count(place: Place, scratch: Scratch, block: Callable[..., Array] = block) -> Array:
            piece = block(*place, scratch)
            return counts_between(_real(piece), edges, scratch)

        for found in in_threads(count, matrix.places(PIECE), workers):
            counts += found * repeats
    return counts


def _real(piece: Array) -> Array:
    """Complex numbers by magnitude; 64-bit integers as float64, which the edges are."""
    wide = piece.dtype.kind == "c" or (piece.dtype.kind in "iu" and piece.dtype.itemsize == 8)
    return as_float64(piece) if wide else piece
