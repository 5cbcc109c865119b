"""The state of a tensor, from its metadata alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import torch

from paramwidget import compat
from paramwidget.tensors.classes import class_name
from paramwidget.tensors.kinds import (
    attempt,
    dtype_name,
    is_distributed,
    is_wrapper,
    layout_of,
    local_part,
    missing_memory,
    shape_of,
    vast_when_dense,
)
from paramwidget.tensors.packed import (
    held_beside,
    offers_dequantize,
    packing_of,
    raw_attributes,
)

State = Literal["ready", "uninitialized", "meta", "unreadable"]

_TENSOR: Any = torch.Tensor


@dataclass(frozen=True)
class Condition:
    """What is known about a tensor without reading an element.

    ``shape``, ``dtype`` (without ``torch.``) and ``device`` are None if they are unknown.
    ``reason`` is a sentence if ``state`` is not "ready", else None. ``packed`` is a fragment that
    marks a tensor whose bytes are not its values, "" for any other.
    """

    state: State
    reason: str | None
    shape: tuple[int, ...] | None
    dtype: str | None
    device: str | None
    requires_grad: bool
    type_name: str = "Tensor"
    packed: str = ""

    @cached_property
    def numel(self) -> int:
        """The number of elements, 0 if the shape is unknown."""
        if self.shape is None:
            return 0
        return math.prod(self.shape)


def opaque_reason(dtype: torch.dtype) -> str | None:
    """Why numbers of a dtype cannot be read, None if they can."""
    if dtype not in compat.OPAQUE_DTYPES:
        return None
    return f"torch stores {dtype_name(dtype)} but cannot read it as numbers."


def condition(tensor: torch.Tensor) -> Condition:
    """The state of a tensor, from its metadata alone.

    Never raises, never touches an element, runs no ``__torch_function__`` and no attribute that a
    subclass defined.
    """
    with compat.without_torch_function():
        return _condition(tensor)


def _condition(tensor: torch.Tensor) -> Condition:
    state, reason = _state(tensor)
    packing = packing_of(tensor) if state == "ready" else None
    if packing is not None and packing.reason is not None:
        state, reason = "unreadable", packing.reason
    shape = shape_of(tensor)
    dtype = attempt(lambda: _TENSOR.dtype.__get__(tensor))
    device = attempt(lambda: str(_TENSOR.device.__get__(tensor)))
    return Condition(
        state=state,
        reason=reason,
        shape=None if state == "uninitialized" else shape,
        dtype=None if dtype is None else dtype_name(dtype),
        device=device,
        requires_grad=bool(attempt(lambda: _TENSOR.requires_grad.__get__(tensor))),
        type_name=class_name(type(tensor)),
        packed="" if packing is None else packing.note,
    )


def _state(tensor: torch.Tensor) -> tuple[State, str | None]:
    cls = type(tensor)
    if issubclass(cls, compat.LAZY_TENSOR):
        return "uninitialized", "It has no shape yet: it gets one at the first forward pass."
    dtype = attempt(lambda: _TENSOR.dtype.__get__(tensor))
    if dtype is None:
        return "unreadable", "Its dtype cannot be determined."
    fake = compat.fake_tensor_class()
    if fake is not None and issubclass(cls, fake):
        return "meta", "It is a fake tensor: it has a shape and no data."
    if attempt(lambda: _TENSOR.is_nested.__get__(tensor)) is not False:
        return "unreadable", "It is a nested tensor: its rows differ in shape, so it has no plane."
    if attempt(lambda: _TENSOR.is_meta.__get__(tensor)) is not False:
        return "meta", "It is on the meta device: it has a shape and no data."
    if compat.is_functorch_wrapped(tensor) or compat.is_functional(tensor):
        return "unreadable", "It stands in for another tensor inside a torch.func transform."
    opaque = opaque_reason(dtype)
    if opaque is not None:
        return "unreadable", opaque
    if shape_of(tensor) is None:
        return "unreadable", "Its shape cannot be determined."
    reason = _missing_data(tensor)
    return ("ready", None) if reason is None else ("unreadable", reason)


def _missing_data(tensor: torch.Tensor) -> str | None:
    """Why the elements do not exist, None if they do."""
    if is_distributed(tensor):
        if local_part(tensor) is not None:
            return None
        return "It is one shard of a distributed tensor: reading all of it needs every rank."
    if is_wrapper(tensor):
        if not offers_dequantize(type(tensor)):
            name = class_name(type(tensor))
            return f"It is of class {name}, which keeps its data in other tensors."
        return next((gone for part in held_beside(tensor) if (gone := _gone(part))), None)
    if layout_of(tensor) is not torch.strided:
        return vast_when_dense(tensor)
    return missing_memory(tensor) or _partitioned(tensor)


def _partitioned(tensor: torch.Tensor) -> str | None:
    """Why a parameter of DeepSpeed's ZeRO-3 has no elements here, None for any other."""
    if shape_of(tensor) != (0,) or "ds_id" not in raw_attributes(tensor):
        return None
    whole = raw_attributes(tensor).get("ds_shape")
    sizes = f" {tuple(whole)}" if isinstance(whole, torch.Size) else ""
    return (
        f"DeepSpeed has partitioned it (ZeRO-3): its{sizes} elements lie on the ranks, "
        "to be gathered by deepspeed.zero.GatheredParameters."
    )


def _gone(part: torch.Tensor) -> str | None:
    """Why the memory of a tensor that a packed one keeps cannot be read, None if it can."""
    wrapped = is_wrapper(part) or layout_of(part) is not torch.strided
    return None if wrapped or _TENSOR.is_meta.__get__(part) else missing_memory(part)
