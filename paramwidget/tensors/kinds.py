"""Kinds of tensors that keep their data elsewhere, and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch

from paramwidget import compat
from paramwidget.tensors.classes import class_lookup, is_tensor

T = TypeVar("T")

#: A sparse tensor is made dense to be read unless the result is larger than this, and larger than
#: what is stored by ``SPARSE_GROWTH``.
DENSE_LIMIT_BYTES = 1 << 30
SPARSE_GROWTH = 64

#: The descriptors of torch's own class: a subclass may have put its own over them.
_TENSOR: Any = torch.Tensor
_PLAIN_DISPATCH = class_lookup(torch.Tensor, "__torch_dispatch__")


def dtype_name(dtype: torch.dtype) -> str:
    """``float32`` for ``torch.float32``."""
    return str(dtype).removeprefix("torch.")


def attempt(read: Callable[[], T]) -> T | None:
    """What ``read`` returns, or None if the tensor raises, which tensors do in many ways."""
    try:
        return read()
    except Exception:
        return None


def shape_of(tensor: torch.Tensor) -> tuple[int, ...] | None:
    """The shape in plain numbers, None if it is unknown."""
    sizes = attempt(lambda: tuple(_TENSOR.shape.__get__(tensor)))
    # A jagged tensor returns a symbol if its rows differ in length.
    if sizes is None or any(type(size) is not int for size in sizes):
        return None
    return sizes


def layout_of(tensor: torch.Tensor) -> torch.layout:
    layout: torch.layout = _TENSOR.layout.__get__(tensor)
    return layout


def element_span(shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
    """How many places in memory there are from the first element to the last, both included."""
    if 0 in shape:
        return 0
    return 1 + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))


def needed_bytes(tensor: torch.Tensor) -> int:
    """The bytes that the storage of a strided tensor must have for every element to exist."""
    with compat.without_torch_function():
        span = element_span(tuple(_TENSOR.size(tensor)), tuple(_TENSOR.stride(tensor)))
        if span == 0:
            return 0
        places = int(_TENSOR.storage_offset(tensor)) + span
        packed = compat.PACKED_PER_BYTE.get(_TENSOR.dtype.__get__(tensor))
        return -(-places // packed) if packed else places * int(_TENSOR.element_size(tensor))


def missing_memory(tensor: torch.Tensor) -> str | None:
    """Why a strided tensor's elements are not in memory, None if they are.

    Reading them nevertheless crashes the process, or gives arbitrary values.
    """
    held = attempt(lambda: compat.storage_of(tensor).nbytes())
    if held is None:
        return "torch does not give access to its storage."
    needed = needed_bytes(tensor)
    if held >= needed:
        return None
    what = "was freed" if held == 0 else "is too small"
    return f"Its storage {what}: {needed} bytes are needed, {held} are available."


def lacks_memory(tensor: torch.Tensor) -> bool:
    """Whether it is strided, and its storage was freed or is too small for its elements."""
    with compat.without_torch_function():
        if layout_of(tensor) is not torch.strided:
            return False
        held = attempt(lambda: compat.storage_of(tensor).nbytes())
        return held is not None and held < needed_bytes(tensor) and not _is_wrapper(tensor)


def vast_when_dense(tensor: torch.Tensor) -> str | None:
    """Why a sparse tensor is not made dense to be read: a million by a million takes terabytes."""
    dense = numel_of(tensor) * int(_TENSOR.element_size(tensor))
    stored = sum(part.numel() * part.element_size() for part in parts(tensor)) or dense
    if dense <= DENSE_LIMIT_BYTES or dense <= SPARSE_GROWTH * stored:
        return None
    return f"It is sparse, and would take {dense} bytes as a dense tensor."


def is_wrapper(tensor: torch.Tensor) -> bool:
    """True for a subclass with its own ``__torch_dispatch__`` but without its own memory."""
    with compat.without_torch_function():
        return _is_wrapper(tensor)


def _is_wrapper(tensor: torch.Tensor) -> bool:
    if class_lookup(type(tensor), "__torch_dispatch__") is _PLAIN_DISPATCH:
        return False
    if layout_of(tensor) is not torch.strided:
        return False
    address = attempt(lambda: compat.data_address(tensor))
    return address is None or (
        address == 0 and shape_of(tensor) is not None and numel_of(tensor) > 0
    )


def numel_of(tensor: torch.Tensor) -> int:
    return int(_TENSOR.numel(tensor))


def is_distributed(tensor: torch.Tensor) -> bool:
    """True for a DTensor, as FSDP2 and tensor parallelism make them."""
    cls = compat.dtensor_class()
    return cls is not None and issubclass(type(tensor), cls)


def local_part(tensor: Any) -> torch.Tensor | None:
    """This rank's tensor of a DTensor, if it is complete; else None."""
    if not attempt(lambda: _is_whole(tensor)):
        return None
    part: torch.Tensor | None = attempt(lambda: tensor._local_tensor)
    return part


def _is_whole(tensor: Any) -> bool:
    alone: bool = tensor.device_mesh.size() == 1
    return alone or all(place.is_replicate() for place in tensor.placements)


def parts(tensor: torch.Tensor) -> list[torch.Tensor]:
    """The plain tensors that hold the memory of this one; itself if it is plain.

    Components of a sparse tensor, what a wrapper subclass keeps in its ``__dict__``, the buffer of
    a nested one; empty if torch does not expose them.
    """
    with compat.without_torch_function():
        found = attempt(lambda: _parts(tensor))
        return [] if found is None else found


def _parts(tensor: Any) -> list[torch.Tensor]:
    if issubclass(type(tensor), compat.LAZY_TENSOR):
        return []
    if is_distributed(tensor):
        return [tensor._local_tensor]
    if is_wrapper(tensor):
        held = object.__getattribute__(tensor, "__dict__").values()
        return [part for value in held if is_tensor(value) for part in parts(value)]
    layout = layout_of(tensor)
    if layout is torch.strided:
        return [tensor]
    if layout is torch.sparse_coo:
        return [_TENSOR._indices(tensor), _TENSOR._values(tensor)]
    if layout in (torch.sparse_csr, torch.sparse_bsr):
        return [tensor.crow_indices(), tensor.col_indices(), tensor.values()]
    if layout in (torch.sparse_csc, torch.sparse_bsc):
        return [tensor.ccol_indices(), tensor.row_indices(), tensor.values()]
    return []
