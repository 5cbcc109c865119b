"""The colours of a static picture: those of the live heatmap on a light page.

Blue below zero, orange above, white at zero, in perceptually equal steps: lightness alone shows the
magnitude. ``js/widget/src/heatmap/colours.ts`` has the same colours in 255 steps; fewer make a
smaller PNG with no visible difference.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Bytes = np.ndarray[Any, np.dtype[np.uint8]]

STEPS = 61
PAPER, GAP, INK, DIM, NAN, PLUS_INF, MINUS_INF, ABOVE, BELOW = range(STEPS, STEPS + 9)

_OFF_SCALE = (
    (255, 255, 255), (255, 255, 255), (24, 24, 27), (110, 110, 118),
    (214, 0, 190), (255, 230, 0), (0, 232, 226), (64, 16, 0), (0, 8, 64),
)  # fmt: skip

_BLUE, _ORANGE = 255.0, 55.0  # hues in degrees


@lru_cache(maxsize=1)
def palette() -> Bytes:
    """Red, green and blue of each index: STEPS of the scale, then the named colours."""
    return np.concatenate([scale(STEPS), np.array(_OFF_SCALE, np.uint8)])


def scale(steps: int) -> Bytes:
    """The colour scale from its low to its high end; an odd number has zero in the middle."""
    distance = np.linspace(-1, 1, steps)
    size = np.abs(distance)
    lightness = 0.99 + (0.37 - 0.99) * size
    return _srgb(lightness, np.minimum(0.14, size / 3), np.where(distance < 0, _BLUE, _ORANGE))


def indices(values: Array, low: float, high: float) -> Bytes:
    """The palette index of each value on the scale from ``low`` to ``high``; NaN has its own."""
    with np.errstate(all="ignore"):
        part = (values.astype(np.float64) - low) / (high - low) if high > low else values * 0 + 0.5
        steps = np.nan_to_num(np.rint(np.clip(part, 0, 1) * (STEPS - 1))).astype(np.uint8)
    steps[values > high] = ABOVE
    steps[values < low] = BELOW
    steps[np.isposinf(values)] = PLUS_INF
    steps[np.isneginf(values)] = MINUS_INF
    steps[np.isnan(values)] = NAN
    return steps


def _srgb(lightness: Array, chroma: Array, hue: Array) -> Bytes:
    """OKLCH to bytes of sRGB (Ottosson, 2020); chroma is reduced until a screen can show it."""
    found = _linear(lightness, chroma * 0, hue)
    missing = np.ones(lightness.shape, bool)
    for percent in range(100, 0, -1):
        linear = _linear(lightness, chroma * percent / 100, hue)
        shown = missing & ((linear >= -1e-4) & (linear <= 1.0001)).all(axis=1)
        found[shown] = linear[shown]
        missing &= ~shown
    linear = np.clip(found, 0, 1)
    curved = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    )
    painted: Bytes = np.rint(curved * 255).astype(np.uint8)
    return painted


def _linear(lightness: Array, chroma: Array, hue: Array) -> Array:
    a, b = chroma * np.cos(np.deg2rad(hue)), chroma * np.sin(np.deg2rad(hue))
    cubes = np.stack(
        [
            (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3,
            (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3,
            (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3,
        ]
    )
    to_rgb = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.707614701],
        ]
    )
    return np.asarray((to_rgb @ cubes).T)
