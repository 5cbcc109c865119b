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
    estimate = function(_in_float64(left), _in_float64(right))
    if not estimate.numel() or float(estimate.abs().max()) < _ROOM:
        return
    if function in (operator.add, operator.sub) and not _wraps(function, left, right):
        return
    raise OverflowError("the result does not fit in int64 (±9.2e18)")


def _in_float64(value: Value) -> torch.Tensor | float:
    if isinstance(value, torch.Tensor):
        return value.to(torch.float64)
    return float(value)  # type: ignore[arg-type] # a formula worked out in int64 has only integers


def _wraps(function: Callable[[Any, Any], Any], left: Value, right: Value) -> bool:
    """Whether a sum or difference wraps: its sign then contradicts both operands."""
    left, right = (
        value
        if isinstance(value, torch.Tensor)
        else torch.as_tensor(value, dtype=torch.int64, device="cpu")
        for value in (left, right)
    )
    result = function(left, right)
    other = right if function is operator.add else ~right
    return bool((((left ^ result) & (other ^ result)) < 0).any())
