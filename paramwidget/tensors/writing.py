"""Can a tensor be written to in place, with effect? Answered without writing anything."""

from __future__ import annotations

import math
from typing import Any

import torch

from paramwidget import compat
from paramwidget.compat import MemoryMap
from paramwidget.tensors.condition import Condition, condition
from paramwidget.tensors.kinds import (
    element_span,
    is_distributed,
    is_wrapper,
    layout_of,
    local_part,
    missing_memory,
    numel_of,
    parts,
)

#: A tensor whose strides interleave is searched for repeated places up to this many elements;
#: a larger one counts as overlapping itself, so an edit of it is refused rather than risked.
COUNTED_PLACES = 1 << 26

_TENSOR: Any = torch.Tensor


def writable_reason(
    tensor: torch.Tensor, memory: MemoryMap | None = None, known: Condition | None = None
) -> str | None:
    """Why an edit in place is impossible or would have no effect; None if it is possible.

    ``memory`` is the process's memory map; pass it when checking many tensors, so that it is read
    once. ``known`` is the tensor's condition, where the caller has it.
    """
    known = known or condition(tensor)
    if known.state != "ready":
        return known.reason
    with compat.without_torch_function():
        if is_distributed(tensor):
            return _distributed_reason(tensor, memory)
        if is_wrapper(tensor):
            return (
                f"It is of class {known.type_name}: a write to one of its elements "
                "may be lost, so it is shown but cannot be edited."
            )
        if known.packed:
            return (
                f"It is packed, as class {known.type_name}: its bytes are not the values that "
                "are shown, so it cannot be edited."
            )
        if layout_of(tensor) is not torch.strided:
            layout = str(layout_of(tensor)).removeprefix("torch.").lstrip("_")
            return f"Its layout is {layout}, which torch cannot write element by element."
        if _TENSOR.is_quantized.__get__(tensor):
            return "It is quantized: its integers cannot be edited without its scale."
        if overlaps_itself(tensor):
            return "It is expanded: one number in memory stands for several of its elements."
        return _read_only(tensor, memory)


def crash_reason(tensor: torch.Tensor, memory: MemoryMap | None = None) -> str | None:
    """Why code that writes to this tensor would crash the process; None if it is safe."""
    for part in parts(tensor):
        reason = missing_memory(part) or _read_only(part, memory)
        if reason is not None:
            return reason
    return None


def _distributed_reason(tensor: Any, memory: MemoryMap | None) -> str | None:
    part = local_part(tensor)
    if part is None or tensor.device_mesh.size() > 1:
        return "It is distributed: an edit here would not reach the other ranks."
    return writable_reason(part, memory)


def _read_only(tensor: torch.Tensor, memory: MemoryMap | None) -> str | None:
    if _TENSOR.device.__get__(tensor).type != "cpu" or numel_of(tensor) == 0:
        return None
    memory = memory or MemoryMap.now()
    if not memory.may_be_closed(tensor):
        return None
    low = compat.data_address(tensor)
    span = element_span(tuple(_TENSOR.size(tensor)), tuple(_TENSOR.stride(tensor)))
    high = low + span * int(_TENSOR.element_size(tensor))
    if memory.writable(low, high):
        return None
    return "Its memory is mapped read-only: writing to it would end the process."


def overlaps_itself(tensor: torch.Tensor) -> bool:
    """True if two indices of a strided tensor are the same place in memory."""
    axes = sorted(
        (stride, size)
        for stride, size in zip(_TENSOR.stride(tensor), _TENSOR.size(tensor), strict=True)
        if size > 1
    )
    if numel_of(tensor) == 0:
        return False
    reach = 0
    for stride, size in axes:
        if stride <= reach:
            return _repeats_a_place(axes)
        reach += stride * (size - 1)
    return False


def _repeats_a_place(axes: list[tuple[int, int]]) -> bool:
    """Count the distinct places; more elements than that means an overlap."""
    elements = math.prod(size for _, size in axes)
    if elements > 1 + sum(stride * (size - 1) for stride, size in axes):
        return True
    if elements > COUNTED_PLACES:
        return True
    places = torch.zeros(1, dtype=torch.int64)
    for stride, size in axes:
        steps = torch.arange(size, dtype=torch.int64) * stride
        places = (places[:, None] + steps).reshape(-1)
    return int(torch.unique(places).numel()) < places.numel()
