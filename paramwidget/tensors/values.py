"""The values of a tensor, as a plain tensor that every torch function accepts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import torch

from paramwidget import compat
from paramwidget.tensors.classes import class_name, error_text, is_tensor
from paramwidget.tensors.condition import Condition, condition
from paramwidget.tensors.kinds import (
    is_distributed,
    is_wrapper,
    layout_of,
    local_part,
    missing_memory,
)
from paramwidget.tensors.packed import (
    CODES,
    Outcome,
    dequantized,
    look_of,
    remember,
)
from paramwidget.tensors.pieces import pieces

_TENSOR: Any = torch.Tensor

#: The integers of each number of bytes, as which any elements can be compared and picked.
SAME_SIZE = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}

#: The most elements that are compared at a time.
_COMPARED = 2**20


class Unreadable(ValueError):
    """The values of a tensor cannot be read; the text is the reason, a sentence."""


def plain(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor of the plain class over the same memory, with a version counter of its own.

    For strided tensors with memory of their own (``condition(...)`` "ready", not quantized).
    Writing through it changes the tensor and disturbs no graph; it holds no gradient and no hooks.
    """
    if is_distributed(tensor):
        part = local_part(tensor)
        if part is None:
            raise Unreadable("It is one shard of a distributed tensor.")
        return plain(part)
    with compat.without_torch_function(), compat.without_torch_dispatch():
        if type(tensor) in compat.PLAIN_TENSORS:
            return tensor.data
        if missing_memory(tensor) is not None:  # ``set_`` would make its storage larger
            freed: torch.Tensor = _TENSOR.data.__get__(tensor)
            return freed
        dtype, device = _TENSOR.dtype.__get__(tensor), _TENSOR.device.__get__(tensor)
        made = torch.empty(0, dtype=dtype, device=device)
        made.set_(
            _TENSOR.untyped_storage(tensor),
            _TENSOR.storage_offset(tensor),
            _TENSOR.size(tensor),
            _TENSOR.stride(tensor),
        )
        return made


def readable(tensor: torch.Tensor, known: Condition | None = None) -> torch.Tensor:
    """A detached, plain, strided tensor with the same values; copied only if necessary.

    The dtype stays as it is (bfloat16, float8, integers, complex); a quantized tensor is
    dequantized, a packed one by its own class, a sparse one made dense, a lazy conjugate resolved.
    ``known`` is the tensor's condition, where the caller has it.

    Raises Unreadable, with the reason, if there are no values to read.
    """
    known = known or condition(tensor)
    if known.state != "ready":
        raise Unreadable(known.reason)
    try:
        with torch.no_grad():
            return _dequantized(tensor) if known.packed else _readable(tensor)
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(f"torch cannot read it: {error_text(error)}") from error


def _readable(tensor: Any) -> torch.Tensor:
    if is_distributed(tensor):
        return readable(plain(tensor))
    with compat.without_torch_function():
        if layout_of(tensor) is not torch.strided:
            return _plain_result(_TENSOR.to_dense(_TENSOR.detach(tensor)))
        if _TENSOR.is_quantized.__get__(tensor):
            return _plain_result(_TENSOR.dequantize(tensor))
        return plain(tensor).resolve_conj().resolve_neg()


def _dequantized(tensor: Any) -> torch.Tensor:
    """What the tensor's class makes of it; what came of that is remembered for its row."""
    start = time.perf_counter()
    try:
        values = _accepted(tensor, dequantized(tensor))
    except Exception as error:
        about = f"It is packed, and its dequantize failed: {error_text(error).rstrip('.')}."
        failure = str(error) if isinstance(error, Unreadable) else about
        remember(tensor, Outcome(failure=failure))
        raise Unreadable(failure) from error
    remember(tensor, Outcome(look_of(values), seconds=time.perf_counter() - start))
    return values


def _accepted(tensor: Any, given: Any) -> torch.Tensor:
    """The values that a ``dequantize`` gave; raises Unreadable if they are none."""
    if not is_tensor(given):
        raise Unreadable(
            f"It is packed, and its dequantize gave a {class_name(type(given))} instead of a "
            "tensor."
        )
    if given is tensor or condition(given).packed:
        raise Unreadable("It is packed, and its dequantize gave a packed tensor again.")
    values = _plain_result(given)
    if values.dtype in CODES and _shares_storage(values, tensor):
        raise Unreadable("It is packed, and its dequantize gave the packed bytes themselves.")
    return values


def _shares_storage(values: torch.Tensor, tensor: torch.Tensor) -> bool:
    if is_wrapper(tensor):
        return False
    return compat.storage_identity(values) == compat.storage_identity(plain(tensor))


def _plain_result(tensor: torch.Tensor) -> torch.Tensor:
    """The result of a conversion, which must be readable without a further one."""
    known = condition(tensor)
    if known.state != "ready" or is_wrapper(tensor) or layout_of(tensor) is not torch.strided:
        raise Unreadable(known.reason or "Its own conversion did not return a plain tensor.")
    return plain(tensor).resolve_conj().resolve_neg()


def same_bits(left: torch.Tensor, right: torch.Tensor) -> bool:
    """Whether two tensors hold the same bytes: NaN equals itself, 0 differs from −0."""
    if left.shape != right.shape or left.dtype != right.dtype:
        return False
    return all(torch.equal(one, other) for one, other in bits_of(left, right))


def bits_of(*tensors: torch.Tensor) -> Iterator[tuple[torch.Tensor, ...]]:
    """The bits of tensors of one shape, piece by piece: the same elements of each at a time.

    They are integers on the device of the first tensor, two for an element of 16 bytes.
    """
    small, device = tensors[0].numel() <= _COMPARED, tensors[0].device
    split = [tensors] if small else zip(*(pieces(one, _COMPARED) for one in tensors), strict=True)
    for ones in split:
        yield tuple([_bits(one).to(device) for one in ones])


def _bits(tensor: torch.Tensor) -> torch.Tensor:
    tensor = tensor.resolve_conj().resolve_neg()
    if tensor.is_complex() and tensor.itemsize > 8:
        tensor = torch.view_as_real(tensor)
    return tensor.view(SAME_SIZE[tensor.itemsize])
