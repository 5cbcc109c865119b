"""Many numbers into another dtype: rounding aside, they arrive as they were or not at all."""

from __future__ import annotations

import sys

import torch

from paramwidget import compat
from paramwidget.edit.errors import EditError
from paramwidget.edit.values.numbers import is_integer
from paramwidget.tensors import dtype_name


def converted(values: torch.Tensor, dtype: torch.dtype, where: str = "") -> torch.Tensor:
    """``values`` in ``dtype``; raises EditError where one would overflow, wrap or be cut off.

    NaN and the infinities that are among the values already are not errors where the dtype has
    them.
    """
    if values.dtype == dtype:
        return values
    if values.is_complex() and not dtype.is_complex:
        _refuse(torch.view_as_real(values)[..., 1] != 0, values, dtype, "complex", where)
        values = torch.view_as_real(values)[..., 0]
    if dtype == torch.bool:
        _refuse((values != 0) & (values != 1), values, dtype, "neither 0 nor 1", where)
    elif is_integer(dtype):
        _check_whole(values, dtype, where)
    elif not (values.dtype == torch.bool or is_integer(values.dtype)):
        _check_range(values, dtype, where)
    return values.to(dtype)


def all_finite(values: torch.Tensor) -> bool:
    """Whether no element is NaN or infinite, in the one fast pass that torch has for it."""
    if values.is_complex():
        values = torch.view_as_real(values.resolve_conj())
    if not values.is_floating_point():
        return True
    if values.dtype in compat.FLOAT8_DTYPES:
        values = values.float()
    return _all_within(values, sys.float_info.max)


def _all_within(values: torch.Tensor, largest: float) -> bool:
    """Whether no real number is NaN or of a larger magnitude, in one fast pass."""
    if not values.numel():
        return True
    low, high = torch.aminmax(values)
    return -largest <= float(low) and float(high) <= largest


def _check_whole(values: torch.Tensor, dtype: torch.dtype, where: str) -> None:
    if values.is_floating_point():
        _refuse(values != values.trunc(), values, dtype, "not an integer", where)  # NaN too
        # float64 has no 2**63 - 1: what is not below 2**63 has to be caught as such
        bound = 2.0 ** (torch.iinfo(dtype).bits - (1 if dtype.is_signed else 0))
        low = -bound if dtype.is_signed else 0.0
        wrong = (values < low) | (values >= bound)
    elif dtype == torch.uint64:
        wrong = values < 0
    else:
        limits = torch.iinfo(dtype)
        wrong = (values < limits.min) | (values > limits.max)
    _refuse(wrong, values, dtype, "out of range", where)


def _check_range(values: torch.Tensor, dtype: torch.dtype, where: str) -> None:
    if torch.finfo(dtype).max >= torch.finfo(values.dtype).max:
        return
    if values.is_complex():
        held = torch.view_as_real(values.to(dtype).to(values.dtype))
        finite = torch.view_as_real(values).isfinite()
        wrong = ((finite != held.isfinite()) & ~torch.view_as_real(values).isnan()).any(-1)
        _refuse(wrong, values, dtype, "out of range", where)
        return
    if dtype not in compat.FLOAT8_DTYPES and _all_within(values, torch.finfo(dtype).max):
        return
    held = values.to(dtype).to(values.dtype)
    wrong = values.isfinite() != held.isfinite()
    if dtype in compat.FLOAT8_DTYPES:  # some of them saturate, and one has no sign and no zero
        wrong |= values.isfinite() & (values.abs() > torch.finfo(dtype).max)
        wrong |= (held != 0) & (values.sign() != held.sign())
    wrong &= ~values.isnan()
    _refuse(wrong, values, dtype, "out of range", where)


def _refuse(
    wrong: torch.Tensor, values: torch.Tensor, dtype: torch.dtype, what: str, where: str
) -> None:
    count = int(wrong.count_nonzero())
    if not count:
        return
    first = values[wrong].reshape(-1)[0].item()
    raise EditError(
        f"{count} of {values.numel()} values cannot be stored as {dtype_name(dtype)}: "
        f"the first is {first:.6g}, which is {what}",
        where,
    )
