"""Whether an int64 step would wrap around, which torch does silently."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch

from paramwidget.edit.formula.term import Value

_ROOM = 2**63 - 2**11  # a float64 estimate below this belongs to a number that int64 holds


def fits_int64(function: Callable[[Any, Any], Any], left: Value, right: Value) -> None:
    """Raises OverflowError if ``function(left, right)`` on int64 tensors leaves int64."""
    tensors = [value for value in (left, right) if isinstance(value, torch.Tensor)]
    if any(tensor.dtype != torch.int64 for tensor in tensors):
        return
    estimate = function(_tensor(left, torch.float64), _tensor(right, torch.float64))
    if not estimate.numel() or float(estimate.abs().max()) < _ROOM:
        return
    if function in (operator.add, operator.sub) and not _wraps(function, left, right):
        return
    raise OverflowError("the result does not fit in int64 (±9.2e18)")


def _tensor(value: Value, dtype: torch.dtype) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value.to(dtype)
    return torch.tensor(value, dtype=dtype, device="cpu")


def _wraps(function: Callable[[Any, Any], Any], left: Value, right: Value) -> bool:
    """Whether a sum or difference wraps: its sign then contradicts both operands."""
    first, second = _tensor(left, torch.int64), _tensor(right, torch.int64)
    result = function(first, second)
    other = second if function is operator.add else ~second
    return bool((((first ^ result) & (other ^ result)) < 0).any())
