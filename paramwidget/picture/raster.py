"""A window of a tensor's plane, reduced to at most H x W cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from paramwidget.picture.layout import Layout, layout_of, slider_index
from paramwidget.picture.matrix import Matrix, as_float64, gapless, plane_matrix
from paramwidget.picture.moments import Moments
from paramwidget.picture.passes import Cuts
from paramwidget.picture.scratch import Array
from paramwidget.picture.statistics import Stats, bounds, stats, stats_of
from paramwidget.picture.sweep import sweep
from paramwidget.picture.tile import Cells
from paramwidget.picture.totals import fitting_scale
from paramwidget.picture.values import Values, values_of

Window = tuple[int, int, int, int]
Float32 = np.ndarray[Any, np.dtype[np.float32]]

CELLS = (256, 256)
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Raster:
    """Cells of a window ``(row0, row1, col0, col1)`` of the plane, half-open.

    ``values`` is float32, 2-D. Where ``exact``, each cell is one element. Else a cell is the plain
    mean of ``block`` (rows, columns) of the plane, the last ones less, and ``low`` and ``high`` are
    the least and greatest element of each; NaN and Inf propagate. Gaps between kernels do not count
    in a mean; a cell of gaps alone is NaN. A finite number beyond float32 is shown as the largest
    float32, so that an infinite cell has an infinite element. Complex numbers: the magnitude.
    """

    values: Float32
    window: Window
    exact: bool
    low: Float32 | None
    high: Float32 | None
    block: tuple[int, int]
    layout: Layout
    sliders: tuple[int, ...]


def raster(
    tensor: torch.Tensor | Values,
    window: Window | None = None,
    cells: tuple[int, int] = CELLS,
    sliders: tuple[int, ...] = (),
) -> Raster:
    """The window (None: the whole plane) in at most ``cells`` = (rows, columns) cells.

    A window that reaches beyond the plane is cut to it. ``sliders`` chooses one index of each axis
    beyond the plane's. Raises ValueError if ``cells`` or ``window`` is not valid, IndexError if a
    slider position is out of range, Unreadable if the tensor has no values.
    """
    values = values_of(tensor).elements
    layout = layout_of(tuple(values.shape))
    return _raster(values, layout, _clipped(layout, window), cells, sliders, False)[0]


def raster_with_stats(
    tensor: torch.Tensor | Values,
    window: Window | None = None,
    cells: tuple[int, int] = CELLS,
    sliders: tuple[int, ...] = (),
) -> tuple[Raster, Stats]:
    """``raster`` of the window and ``stats`` of the whole tensor, in one sweep if possible."""
    read = values_of(tensor)
    values = read.elements
    layout = layout_of(tuple(values.shape))
    wanted = _clipped(layout, window)
    whole = wanted == (0, layout.rows, 0, layout.cols) and not layout.sliders
    picture, found = _raster(values, layout, wanted, cells, sliders, whole)
    if found is None:
        return picture, stats(read)
    return picture, stats_of(found, values.numel())


def _clipped(layout: Layout, window: Window | None) -> Window:
    if window is None:
        return (0, layout.rows, 0, layout.cols)
    if len(window) != 4:
        raise ValueError(f"window must be (row0, row1, col0, col1), got {window!r}")
    row0, row1, col0, col1 = (int(edge) for edge in window)
    row0, col0 = max(0, min(row0, layout.rows)), max(0, min(col0, layout.cols))
    row1, col1 = max(row0, min(row1, layout.rows)), max(col0, min(col1, layout.cols))
    return row0, row1, col0, col1


def _raster(
    values: torch.Tensor,
    layout: Layout,
    window: Window,
    cells: tuple[int, int],
    sliders: tuple[int, ...],
    counted: bool,
) -> tuple[Raster, Moments | None]:
    """The raster, and the moments of its elements if ``counted`` and if it is reduced."""
    height, width = (int(limit) for limit in cells)
    if height < 1 or width < 1:
        raise ValueError(f"cells must be (rows, columns), each at least 1, got {cells!r}")
    row0, row1, col0, col1 = window
    block = (max(1, -(-(row1 - row0) // height)), max(1, -(-(col1 - col0) // width)))
    filled, (rows, cols) = cell_cuts(layout, window, block)
    chosen = slider_index(layout, sliders)
    matrix = plane_matrix(values, layout, chosen)
    if block == (1, 1):
        plane = _on_plane(cell_elements(matrix, rows, cols).copy(), filled)
        return Raster(plane, window, True, None, None, block, layout, chosen), None
    if not (len(rows) > 1 and len(cols) > 1):
        gaps = _on_plane(np.empty((len(rows) - 1, len(cols) - 1)), filled)
        return Raster(gaps, window, False, gaps, gaps, block, layout, chosen), None
    reduced, found = _means(matrix, Cuts.of(rows), Cuts.of(cols), counted)
    low, high = _on_plane(reduced.low, filled), _on_plane(reduced.high, filled)
    mean = _on_plane(reduced.total, filled)
    return Raster(mean, window, False, low, high, block, layout, chosen), found


def cell_cuts(
    layout: Layout, window: Window, block: tuple[int, int]
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Which rows and columns of cells hold elements, and the cuts between those cells."""
    row0, row1, col0, col1 = window
    rows, filled_rows = gapless((row0, row1), layout.kernel[0], layout.gap[0], block[0])
    cols, filled_cols = gapless((col0, col1), layout.kernel[1], layout.gap[1], block[1])
    return (filled_rows, filled_cols), (rows, cols)


def cell_elements(matrix: Matrix, rows: Array, cols: Array) -> Array:
    """The elements between the outer cuts in their own type; complex numbers by magnitude."""
    elements = matrix.block(int(rows[0]), int(rows[-1]), int(cols[0]), int(cols[-1]))
    return as_float64(elements) if elements.dtype.kind == "c" else elements


def _means(matrix: Matrix, rows: Cuts, cols: Cuts, counted: bool) -> tuple[Cells, Moments | None]:
    """The cells, with their mean instead of their sum."""
    reduced, found = sweep(matrix, rows, cols, 1.0, counted)
    scale = 1.0
    if matrix.dtype.itemsize >= 8 and matrix.dtype.kind in "fc":
        scale = fitting_scale(*_ends(reduced), *(bounds(found) if found else ()))
    if scale != 1.0:
        reduced, found = sweep(matrix, rows, cols, scale, counted)
    counts = np.multiply.outer(np.diff(rows.at), np.diff(cols.at))
    with np.errstate(all="ignore"):
        means = np.divide(reduced.total, counts, out=reduced.total)
        if scale != 1.0:
            means /= scale
        return reduced, found


def _ends(cells: Cells) -> list[float]:
    """The smallest and the largest bound of a cell that is finite."""
    finite = (part[np.isfinite(part)] for part in (cells.low, cells.high))
    return [float(end) for part in finite if part.size for end in (part.min(), part.max())]


def _on_plane(numbers: Array, filled: tuple[Array, Array]) -> Float32:
    """The filled rows and columns as float32, with NaN between; reuses their memory."""
    rows, cols = filled
    if rows.all() and cols.all():
        return _float32(numbers)
    plane: Float32 = np.full((len(rows), len(cols)), np.nan, np.float32)
    plane[np.ix_(rows, cols)] = _float32(numbers)
    return plane


def _float32(numbers: Array) -> Float32:
    """Rounded to float32; finite numbers stay finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        rounded: Float32 = numbers.astype(np.float32, order="C", copy=False)
    if numbers.dtype != np.float32 and not np.isfinite(rounded).all():
        lost = np.isinf(rounded) & np.isfinite(numbers)
        rounded[lost] = np.copysign(np.float32(_LARGEST), numbers[lost])
    return rounded
