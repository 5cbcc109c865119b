"""The elements of an exact raster in their own type: more digits than the picture's float32."""

from __future__ import annotations

import numpy as np
import torch

from paramwidget.picture.matrix import as_float64, plane_matrix
from paramwidget.picture.raster import Raster, cell_cuts, cell_elements
from paramwidget.picture.scratch import Array
from paramwidget.picture.values import Values, values_of

#: Beyond this, float64 does not hold every integer.
SAFE = 2**53

_WIDE = frozenset(
    {
        torch.float64, torch.complex64, torch.complex128,
        torch.int32, torch.int64, torch.uint32, torch.uint64,
    }
)  # fmt: skip


def needs_double(tensor: torch.Tensor | Values) -> bool:
    """Whether float32 would lose digits of this tensor's elements."""
    return values_of(tensor).dtype in _WIDE


def doubles(tensor: torch.Tensor | Values, seen: Raster) -> tuple[Array, dict[int, str]]:
    """An exact raster's cells in float64, NaN for gaps; values that it cannot hold as text.

    The texts are keyed by the cell's index in row-major order. Raises ValueError if a cell is more
    than one element, Unreadable if the tensor has no values.
    """
    if not seen.exact:
        raise ValueError(f"a cell is {seen.block} elements, so it has no value of its own")
    (full_rows, full_cols), (rows, cols) = cell_cuts(seen.layout, seen.window, seen.block)
    matrix = plane_matrix(values_of(tensor).elements, seen.layout, seen.sliders)
    found = cell_elements(matrix, rows, cols)
    plane = np.full(seen.values.shape, np.nan)
    plane[np.ix_(full_rows, full_cols)] = as_float64(found)
    if found.dtype.kind not in "iu":
        return plane, {}
    places = np.arange(plane.size).reshape(plane.shape)[np.ix_(full_rows, full_cols)]
    vast = (found > SAFE) | (found < -SAFE)
    cells = zip(places[vast].tolist(), found[vast].tolist(), strict=True)
    return plane, {cell: str(number) for cell, number in cells}
