"""Bins: rising edges between two numbers, and how many numbers lie between each two edges."""

from __future__ import annotations

import math

import numpy as np

from paramwidget.picture.scratch import Array


def rising_edges(low: float, high: float, bins: int) -> Array:
    """``bins`` + 1 strictly rising float64 edges from ``low`` to ``high``, evenly spaced.

    Where float64 has too few numbers between them (``low`` = ``high`` above all), they lie whole
    units in the last place apart, from ``low`` upwards as far as the type reaches.
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


def counts_between(numbers: Array, edges: Array) -> Array:
    """How many of the float64 numbers lie in each bin, the last one closed on both sides.

    Numbers outside of the edges are not counted. A number on an edge is in the bin above it.
    """
    bins = len(edges) - 1
    low, high = float(edges[0]), float(edges[-1])
    numbers = numbers[(numbers >= low) & (numbers <= high)]
    place = _guessed(numbers, low, high, bins)
    if place is None:
        place = np.searchsorted(edges, numbers, side="right") - 1
        np.minimum(place, bins - 1, out=place)
    else:  # the guess is rounded, by one bin at most: the edges themselves decide
        place -= numbers < edges[place]
        place += (numbers >= edges[place + 1]) & (place < bins - 1)
    return np.bincount(place, minlength=bins)


def _guessed(numbers: Array, low: float, high: float, bins: int) -> Array | None:
    """The bin of each number by division, None where the edges are too close or far for that."""
    width = high - low
    if not math.isfinite(width) or width < 1e6 * bins * max(math.ulp(low), math.ulp(high)):
        return None
    place = ((numbers - low) * (bins / width)).astype(np.intp)
    np.minimum(place, bins - 1, out=place)
    return place
