"""The moments of all elements, without a picture: pass after pass over pieces in cache."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from paramwidget.picture.device import device_moments
from paramwidget.picture.matrix import SMALL, Matrix, Place
from paramwidget.picture.moments import (
    Moments,
    Squares,
    coarse_moments,
    complex_moments,
    count_zeros,
    merged,
    moments,
    sum_all,
)
from paramwidget.picture.scratch import Array, Scratch
from paramwidget.picture.threads import in_threads

#: Elements of a piece of float32.
PIECE = 1 << 19

#: Elements of a piece that is swept in float64 by one thread: several lose time to the GIL.
FINE_PIECE = 1 << 16


def moments_of(matrix: Matrix, scale: float = 1.0) -> Moments:
    """Those of every element times ``scale``, a power of two, as precise as those of a sweep."""
    if matrix.computes:
        return replace(device_moments(matrix, scale), scale=scale)
    coarse = matrix.size > SMALL and matrix.dtype == np.float32

    def work(place: Place, scratch: Scratch) -> Moments:
        with np.errstate(all="ignore"):
            piece = matrix.block(*place, scratch)
            return (coarse and _coarse(piece, scratch)) or _fine(piece, scratch, scale)

    workers = torch.get_num_threads() if matrix.size > SMALL else 1
    places = matrix.places(PIECE if coarse else fine_piece(workers))
    return replace(merged(in_threads(work, places, workers)), scale=scale)


def fine_piece(workers: int) -> int:
    """Elements of a piece that is swept in float64, by so many threads."""
    return FINE_PIECE if workers == 1 else PIECE // 2


def _coarse(piece: Array, scratch: Scratch) -> Moments | None:
    """With float32 sums; None if those are not precise enough."""
    total = float(sum_all(np.einsum("ij->i", piece)))
    squares = Squares(piece.size, np.float32, scratch)
    squares.add(piece)
    low, high = np.fmin.reduce(piece, axis=None), np.fmax.reduce(piece, axis=None)
    zeros = count_zeros(piece, scratch.array("zeros", piece.shape, np.bool_))
    return coarse_moments(piece.size, low, high, total, squares.total(), zeros)


def _fine(piece: Array, scratch: Scratch, scale: float) -> Moments:
    """In float64."""
    if piece.dtype.kind == "c":
        return complex_moments(piece)
    wide = scratch.array("wide", piece.shape, np.float64)
    np.copyto(wide, piece)
    if scale != 1.0:
        wide *= scale
    return moments(piece, wide, piece, piece, wide)


def fitting_scale(*bounds: Any) -> float:
    """What elements within these finite bounds are to be multiplied by before they are squared.

    1 for all but float64 beyond 1e±100, whose squares (or, less far out, the sums of them) would
    overflow or vanish.
    """
    magnitude = max((abs(float(bound)) for bound in bounds), default=0.0)
    if magnitude == 0.0 or 1e-100 < magnitude < 1e100:
        return 1.0
    return 2.0 ** -max(-1000, min(1000, math.frexp(magnitude)[1]))
