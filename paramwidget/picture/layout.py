"""How a tensor of any rank is laid out on a plane of rows and columns, and the inverse.

The rules, mirrored in TypeScript and held together by ``tests/contract/layout.json``:

====  =========================================  ==================================
rank  plane                                      one kernel
====  =========================================  ==================================
0     1 x 1                                      -
1     1 x n, a strip                             -
2     as it stands                               -
3     O x I kernels (k at most LONGEST_KERNEL)   1 x k
3     O matrices below each other (k longer)     I x k
4     O x I kernels                              kh x kw
5+    O x I kernels; the axes between have       the last two axes
      sliders
====  =========================================  ==================================

Kernels are one gap cell apart, along a side on which they are longer than one element.
"""

from __future__ import annotations

from dataclasses import dataclass

Index = tuple[int, ...]

#: The longest last axis of a 3-D tensor that is shown as a kernel (Conv1d) rather than a row.
LONGEST_KERNEL = 16


@dataclass(frozen=True)
class Layout:
    """Where the elements of a tensor of ``shape`` are on a plane of ``rows`` x ``cols``.

    ``outer`` kernels of ``kernel`` elements each, ``gap`` (0 or 1, per direction) cells apart;
    ``sliders`` are the sizes of the axes that the plane shows at one index only.
    """

    shape: tuple[int, ...]
    rows: int
    cols: int
    outer: tuple[int, int]
    kernel: tuple[int, int]
    gap: tuple[int, int]
    sliders: tuple[int, ...]

    @property
    def stacked(self) -> bool:
        """Whether this is a 3-D tensor shown as matrices below each other."""
        return len(self.shape) == 3 and self.shape[2] > LONGEST_KERNEL


def layout_of(shape: tuple[int, ...]) -> Layout:
    """The layout of every tensor of this shape.

    >>> layout_of((8, 3, 5, 5)).rows, layout_of((8, 3, 5, 5)).cols
    (47, 17)
    """
    outer, kernel, sliders = _split(tuple(int(size) for size in shape))
    gap = (int(kernel[0] > 1), int(kernel[1] > 1))
    rows, cols = (
        max(0, count * (size + space) - space)
        for count, size, space in zip(outer, kernel, gap, strict=True)
    )
    return Layout(tuple(shape), rows, cols, outer, kernel, gap, sliders)


def _split(shape: tuple[int, ...]) -> tuple[tuple[int, int], tuple[int, int], tuple[int, ...]]:
    """Outer grid, kernel and slider sizes."""
    if len(shape) == 0:
        return (1, 1), (1, 1), ()
    if len(shape) == 1:
        return (1, shape[0]), (1, 1), ()
    if len(shape) == 2:
        return (shape[0], shape[1]), (1, 1), ()
    if len(shape) == 3 and shape[2] > LONGEST_KERNEL:
        return (shape[0], 1), (shape[1], shape[2]), ()
    if len(shape) == 3:
        return (shape[0], shape[1]), (1, shape[2]), ()
    return (shape[0], shape[1]), (shape[-2], shape[-1]), shape[2:-2]


def plane_to_index(
    layout: Layout, row: int, col: int, sliders: tuple[int, ...] = ()
) -> Index | None:
    """The tensor index of a plane cell, None for a gap.

    ``sliders`` gives the index on each slider axis, 0 by default. Raises IndexError outside the
    plane.
    """
    if not (0 <= row < layout.rows and 0 <= col < layout.cols):
        raise IndexError(
            f"cell ({row}, {col}) is outside the plane of {layout.rows} x {layout.cols} cells"
        )
    chosen = slider_index(layout, sliders)
    o, in_row = divmod(row, layout.kernel[0] + layout.gap[0])
    i, in_col = divmod(col, layout.kernel[1] + layout.gap[1])
    if in_row >= layout.kernel[0] or in_col >= layout.kernel[1]:
        return None
    rank = len(layout.shape)
    if rank >= 4:
        return (o, i, *chosen, in_row, in_col)
    if rank == 3:
        return (o, in_row, in_col) if layout.stacked else (o, i, in_col)
    return ((), (i,), (o, i))[rank]


def index_to_plane(layout: Layout, index: Index) -> tuple[int, int, tuple[int, ...]]:
    """Row, column and slider indices of a tensor element: the inverse of ``plane_to_index``."""
    if len(index) != len(layout.shape) or not all(
        0 <= at < size for at, size in zip(index, layout.shape, strict=False)
    ):
        raise IndexError(f"index {index} is outside the shape {layout.shape}")
    o, i, in_row, in_col = _parts(layout, index)
    row = o * (layout.kernel[0] + layout.gap[0]) + in_row
    col = i * (layout.kernel[1] + layout.gap[1]) + in_col
    return row, col, tuple(index[2:-2])


def _parts(layout: Layout, index: Index) -> tuple[int, int, int, int]:
    """Outer row and column, then row and column within the kernel."""
    rank = len(index)
    if rank == 0:
        return 0, 0, 0, 0
    if rank == 1:
        return 0, index[0], 0, 0
    if rank == 2:
        return index[0], index[1], 0, 0
    if rank == 3:
        first, second, third = index
        return (first, 0, second, third) if layout.stacked else (first, second, 0, third)
    return index[0], index[1], index[-2], index[-1]


def slider_index(layout: Layout, sliders: tuple[int, ...] = ()) -> tuple[int, ...]:
    """One index per slider axis, 0 by default; IndexError if it is out of range."""
    if len(sliders) > len(layout.sliders):
        raise IndexError(
            f"got {len(sliders)} slider positions, expected {len(layout.sliders)} for shape "
            f"{layout.shape}"
        )
    chosen = tuple(sliders) + (0,) * (len(layout.sliders) - len(sliders))
    for at, size in zip(chosen, layout.sliders, strict=True):
        if not 0 <= at < max(size, 1):
            raise IndexError(f"slider position {at} is out of range: 0 to {size - 1}")
    return chosen
