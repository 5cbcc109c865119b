"""A tensor's elements as one matrix without gaps, or several, read in pieces as numpy arrays.

No piece is larger than the caller asks for, so that a tensor of any size, expanded ones too, is
read without a copy of the whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch

from paramwidget.picture.layout import Layout, slider_index
from paramwidget.picture.scratch import Array, Scratch
from paramwidget.tensors import host_array

Place = tuple[int, int, int, int]

#: Columns of a flat tensor read as a matrix: long enough for SIMD, a row of float32 in 16 KiB.
ROW = 4096

#: Elements that may be copied at once, and up to which statistics are computed in float64.
SMALL = 1 << 20

#: Device types that compute in float64; tensors on others are read by the host in pieces.
WITH_FLOAT64 = frozenset({"cuda", "xpu"})

#: Elements that torch converts without starting its own threads, which it does from 32768 on.
SERIAL = (1 << 15) - 1

#: The dtypes that numpy has, bool as bytes; all others are read through float32, which holds them.
_NATIVE = {
    torch.bool: "uint8",
    **{
        getattr(torch, name): name
        for name in (
            "float32", "float64", "int8", "int16", "int32", "int64",
            "uint8", "uint16", "uint32", "uint64", "complex64", "complex128",
        )
    },
}  # fmt: skip


class Matrix:
    """Rows and columns of numbers, of which ``block`` reads any rectangle.

    Made from a view of four axes (A, a, B, b), row ``A * a`` by column ``B * b``: the kernels of
    a plane without its gaps. A plain matrix has a = b = 1.
    """

    def __init__(self, view: torch.Tensor) -> None:
        outer_rows, rows, outer_cols, cols = view.shape
        self.shape = (outer_rows * rows, outer_cols * cols)
        self._kernel = (rows, cols)
        self._view = view
        self._flat = _as_view(view, self.shape)
        self._array = _as_array(self._flat) if self._flat is not None else None
        self.dtype = np.dtype(_NATIVE.get(view.dtype, "float32"))

    @property
    def size(self) -> int:
        return self.shape[0] * self.shape[1]

    @property
    def is_tall(self) -> bool:
        """Whether neighbours in memory are in one column: the transpose is faster to read."""
        if self._flat is None or min(self.shape) <= 1:
            return self.shape[1] > 1 and self._repeats(1)
        down, right = self._flat.stride()
        return 0 < down < right or self._repeats(1)

    @property
    def is_one_row(self) -> bool:
        """Whether all rows are the same memory, as in an expanded tensor."""
        return self.shape[0] > 1 and self._repeats(0)

    def _repeats(self, axis: int) -> bool:
        return self._flat is not None and self._flat.stride(axis) == 0

    def first_row(self) -> Matrix:
        return Matrix(self._view[:1, :1])

    def transposed(self) -> Matrix:
        return Matrix(self._view.permute(2, 3, 0, 1))

    @property
    def computes(self) -> bool:
        """Whether the elements are on an accelerator that can reduce them in float64."""
        # torch has neither a minimum of uint64 nor a wider type to compute it in.
        return self._view.device.type in WITH_FLOAT64 and self._view.dtype != torch.uint64

    def rows(self, row0: int, row1: int) -> torch.Tensor:
        """Whole rows, as a tensor on the elements' device."""
        if self._flat is not None:
            return self._flat[row0:row1]
        kernel = self._kernel[0]
        top = row0 // kernel
        whole = self._view[top : -(-row1 // kernel)].reshape(-1, self.shape[1])
        return whole[row0 - top * kernel : row1 - top * kernel]

    def block(
        self, row0: int, row1: int, col0: int, col1: int, scratch: Scratch | None = None
    ) -> Array:
        """The rectangle, neighbours along a row next to each other in memory; read-only use.

        It is in the tensor's own memory if possible, else in the scratch's, and valid until the
        next one is read.
        """
        piece = self.view(row0, row1, col0, col1)
        if piece is not None:
            return piece
        scratch = scratch or Scratch()
        if self._array is not None:
            piece = self._array[row0:row1, col0:col1]
            copy = scratch.array("piece", piece.shape, piece.dtype)
            np.copyto(copy, piece)
            return copy
        if self._flat is not None:
            return self._copied(self._flat[row0:row1, col0:col1], scratch)
        return self._kernels(row0, row1, col0, col1, scratch)

    def places(self, most: int) -> list[Place]:
        """Rectangles for ``block``, of at most ``most`` elements each, that make up the matrix."""
        rows, cols = self.shape
        width = min(cols, most)
        height = max(1, most // width)
        return [
            (row, min(row + height, rows), col, min(col + width, cols))
            for row in range(0, rows, height)
            for col in range(0, cols, width)
        ]

    def view(self, row0: int, row1: int, col0: int, col1: int) -> Array | None:
        """The rectangle in the tensor's own memory, None if it is not laid out there as needed."""
        if self._array is None:
            return None
        piece = self._array[row0:row1, col0:col1]
        return piece if piece.shape[1] <= 1 or piece.strides[1] == piece.itemsize else None

    def _kernels(self, row0: int, row1: int, col0: int, col1: int, scratch: Scratch) -> Array:
        rows, cols = self._kernel
        top, left = row0 // rows, col0 // cols
        part = self._view[top : -(-row1 // rows), :, left : -(-col1 // cols), :]
        piece = self._copied(part, scratch).reshape(part.shape[0] * rows, part.shape[2] * cols)
        return piece[row0 - top * rows : row1 - top * rows, col0 - left * cols : col1 - left * cols]

    def _copied(self, part: torch.Tensor, scratch: Scratch) -> Array:
        """In row-major order, in a type that numpy computes with and that holds each value."""
        copy = scratch.array("piece", tuple(part.shape), self.dtype)
        if part.dtype == torch.bfloat16 and part.dim() == 2 and part.device.type == "cpu":
            # The upper half of a float32. torch would have to be called for each SERIAL elements.
            bits = copy.view(np.uint32)
            np.copyto(bits, host_array(part, "uint16"))
            np.left_shift(bits, 16, out=bits)
        elif part.numel():
            _fill(torch.from_numpy(copy), part)
        return copy


def _as_view(view: torch.Tensor, shape: tuple[int, int]) -> torch.Tensor | None:
    """The same elements with this shape, if that needs no copy."""
    if view.shape[1] == view.shape[3] == 1:
        return view[:, 0, :, 0]
    try:
        return view.view(shape)
    except RuntimeError:
        return None


def _as_array(tensor: torch.Tensor) -> Array | None:
    """The tensor's memory, if the host and numpy can read it."""
    dtype = _NATIVE.get(tensor.dtype)
    return None if dtype is None or tensor.device.type != "cpu" else host_array(tensor, dtype)


def _fill(into: torch.Tensor, tensor: torch.Tensor) -> None:
    """Copies in parts too small for torch to use its own threads."""
    if tensor.numel() <= SERIAL:
        into.copy_(tensor)
    elif tensor.shape[0] == 1:
        _fill(into[0], tensor[0])
    else:
        step = max(1, SERIAL * tensor.shape[0] // tensor.numel())
        for target, part in zip(_split(into, step), _split(tensor, step), strict=True):
            _fill(target, part)


def _split(tensor: torch.Tensor, step: int) -> Iterator[torch.Tensor]:
    for start in range(0, tensor.shape[0], step):
        yield tensor.narrow(0, start, min(step, tensor.shape[0] - start))


def as_float64(numbers: Array) -> Array:
    """In float64, complex numbers by magnitude: NaN if either part is (unlike hypot)."""
    with np.errstate(all="ignore"):  # a signalling NaN, as float8 conversions make, is "invalid"
        if numbers.dtype.kind != "c":
            return numbers.astype(np.float64, copy=False)
        size: Array = np.abs(numbers.astype(np.complex128))
        size[np.isnan(numbers.real) | np.isnan(numbers.imag)] = np.nan
        return size


def plane_matrix(tensor: torch.Tensor, layout: Layout, sliders: tuple[int, ...] = ()) -> Matrix:
    """The elements on the plane, without gaps."""
    rank = tensor.dim()
    if rank == 0:
        return Matrix(tensor.view(1, 1, 1, 1))
    if rank == 1:
        return Matrix(tensor[None, None, :, None])
    if rank == 2:
        return Matrix(tensor[:, None, :, None])
    if rank == 3 and layout.stacked:
        return Matrix(tensor[:, :, None, :])
    if rank == 3:
        return Matrix(tensor[:, None, :, :])
    for at in slider_index(layout, sliders):
        tensor = tensor.select(2, at)
    return Matrix(tensor.permute(0, 2, 1, 3))


def elements_before(positions: Array, kernel: int, gap: int) -> Array:
    """How many rows (or columns) of a plane before each position are not gaps."""
    whole, rest = np.divmod(positions, max(1, kernel + gap))
    return whole * kernel + np.minimum(rest, kernel)


def gapless(window: tuple[int, int], kernel: int, gap: int, step: int) -> tuple[Array, Array]:
    """Cuts between the cells of one side, counted in elements, and which cells hold any element.

    The window's positions ``step`` at a time are one cell each; the cuts are those of the cells
    that do not lie in a gap entirely.
    """
    positions = np.append(np.arange(window[0], window[1], step), window[1])
    cuts = elements_before(positions, kernel, gap) if gap else positions
    filled = cuts[1:] > cuts[:-1]
    return np.append(cuts[:1], cuts[1:][filled]), filled


def all_elements(tensor: torch.Tensor) -> Iterator[tuple[Matrix, int]]:
    """Matrices that together hold every element, each with how often its elements count.

    In memory order if the tensor is dense; an expanded axis is read once and counted.
    """
    repeats = 1
    for axis in range(tensor.dim()):
        if tensor.stride(axis) == 0 and tensor.shape[axis] > 1:
            repeats *= tensor.shape[axis]
            tensor = tensor.narrow(axis, 0, 1)
    for matrix in _in_memory_order(tensor.squeeze()):
        yield matrix, repeats


def _in_memory_order(tensor: torch.Tensor) -> Iterator[Matrix]:
    order = sorted(range(tensor.dim()), key=tensor.stride, reverse=True)
    tensor = tensor.permute(order)
    if tensor.is_contiguous():
        yield from _rows_of(tensor.view(-1))
        return
    if tensor.dim() == 2:
        yield Matrix(tensor[:, None, :, None])
        return
    if tensor.dim() == 1:
        yield Matrix(tensor[None, None, :, None])
        return
    if tensor.numel() <= SMALL:
        yield from _rows_of(tensor.reshape(-1))
        return
    if tensor.shape[0] == 1:
        yield from _in_memory_order(tensor[0])
        return
    row = math.prod(tensor.shape[1:])
    for part in _split(tensor, max(1, SMALL // row)):
        yield from _in_memory_order(part)


def _rows_of(flat: torch.Tensor) -> Iterator[Matrix]:
    whole = flat.numel() // ROW
    if whole > 1:
        yield Matrix(flat[: whole * ROW].view(whole, 1, ROW, 1))
        flat = flat[whole * ROW :]
    if flat.numel():
        yield Matrix(flat.view(1, 1, -1, 1))
