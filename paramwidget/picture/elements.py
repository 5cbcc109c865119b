"""The elements of an exact raster in their own type: more digits than the picture's float32."""

from __future__ import annotations

import numpy as np
import torch

from paramwidget.picture.matrix import Array, gapless, plane_matrix
from paramwidget.picture.raster import Raster
from paramwidget.picture.sweep import magnitude
from paramwidget.tensors import readable

SAFE = 2**53  # beyond it float64 does not hold every integer


def needs_double(tensor: torch.Tensor) -> bool:
    """Whether float32 would lose digits of this tensor's elements."""
    wide = (torch.float64, torch.complex128, torch.int32, torch.int64)
    return tensor.dtype in wide or str(tensor.dtype) in ("torch.uint32", "torch.uint64")


def doubles(tensor: torch.Tensor, seen: Raster) -> tuple[Array, dict[int, str]]:
    """An exact raster's cells in float64, NaN for gaps, and those it cannot hold as text.

    The texts are keyed by the cell's index in row-major order. Raises Unreadable.
    """
    values = readable(tensor)
    (row0, row1, col0, col1), layout = seen.window, seen.layout
    rows, full_rows = gapless((row0, row1), layout.kernel[0], layout.gap[0], 1)
    cols, full_cols = gapless((col0, col1), layout.kernel[1], layout.gap[1], 1)
    matrix = plane_matrix(values, layout, seen.sliders)
    found = matrix.block(int(rows[0]), int(rows[-1]), int(cols[0]), int(cols[-1]))
    found = magnitude(found) if found.dtype.kind == "c" else found
    plane = np.full(seen.values.shape, np.nan, np.float64)
    plane[np.ix_(full_rows, full_cols)] = found.astype(np.float64)
    texts: dict[int, str] = {}
    if found.dtype.kind in "iu":
        for i, j in np.argwhere((found > SAFE) | (found < -SAFE)).tolist():
            cell = int(full_rows[i]) * len(plane[0]) + int(full_cols[j])
            texts[cell] = str(int(found[i, j]))
    return plane, texts
