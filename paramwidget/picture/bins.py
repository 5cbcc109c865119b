"""Bins: rising edges from one number to another, and how many numbers lie between neighbours."""

from __future__ import annotations

import math

import numpy as np

from paramwidget.picture.scratch import Array, Scratch

#: A fraction of a bin, well above the rounding error of a number's position in it.
NEAR = 1e-5


def rising_edges(low: float, high: float, bins: int) -> Array:
    """``bins`` + 1 strictly rising float64 edges from ``low`` to ``high``, evenly spaced.

    If float64 has too few numbers between them (as with ``low`` = ``high``), they are whole units
    in the last place apart, from ``low`` upwards as far as the type reaches.
    """
    share = np.arange(bins + 1) / bins
    edges = low * (1 - share) + high * share  # high - low may be beyond float64
    edges[0], edges[-1] = low, high
    if (edges[1:] > edges[:-1]).all():
        return edges
    unit = max(math.ulp(low), math.ulp(high))
    unit *= 1 + (high - low) // (bins * unit)
    largest = float(np.finfo(np.float64).max)
    start = min(low, largest - bins * unit)
    return start + unit * np.arange(bins + 1)


def counts_between(numbers: Array, edges: Array, scratch: Scratch | None = None) -> Array:
    """How many of the numbers lie in each bin, the last one closed on both sides.

    Numbers outside the edges are not counted. A number on an edge is in the bin above it.
    """
    bins, low, high = len(edges) - 1, float(edges[0]), float(edges[-1])
    numbers = numbers.reshape(-1)
    if numbers.size and not (numbers.min() >= low and numbers.max() <= high):
        numbers = numbers[(numbers >= low) & (numbers <= high)]
    width = high - low
    if math.isfinite(width) and width > bins * max(math.ulp(low), math.ulp(high)) / NEAR**2:
        place = _divided(numbers, edges, bins / width, scratch or Scratch())
    else:  # the edges are too close or too far apart to divide by their distance
        place = np.searchsorted(edges, numbers, side="right") - 1
        np.minimum(place, bins - 1, out=place)
    return np.bincount(place, minlength=bins)


def _divided(numbers: Array, edges: Array, scale: float, scratch: Scratch) -> Array:
    """The bin of each number, by division; next to an edge, the edge itself decides."""
    last = len(edges) - 2
    share = scratch.array("share", numbers.shape, np.float64)
    place = scratch.array("place", numbers.shape, np.intp)
    mask = scratch.array("mask", numbers.shape, np.bool_)
    np.subtract(numbers, edges[0], out=share, dtype=np.float64)
    share *= scale
    np.copyto(place, share, casting="unsafe")
    np.minimum(place, last, out=place)
    share -= place
    share -= 0.5
    np.abs(share, out=share)
    close = np.flatnonzero(np.greater(share, 0.5 - NEAR, out=mask))
    doubtful, number = place[close], numbers[close]
    doubtful -= number < edges[doubtful]
    doubtful += (number >= edges[doubtful + 1]) & (doubtful < last)
    place[close] = doubtful
    return place
