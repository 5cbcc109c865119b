"""Many numbers into another dtype: rounding aside, they arrive as they were or not at all."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final

import torch

from paramwidget import compat
from paramwidget.edit.errors import EditError
from paramwidget.edit.values.numbers import Number, is_integer
from paramwidget.tensors import dtype_name


@dataclass(frozen=True)
class Misfits:
    """How many values a dtype cannot hold, which is the first of them, and why."""

    count: int
    first: Number
    what: str


#: Why values do not fit, in the order in which it is looked for.
WHATS: Final = ("complex", "neither 0 nor 1", "not an integer", "out of range")


def converted(values: torch.Tensor, dtype: torch.dtype, where: str = "") -> torch.Tensor:
    """``values`` in ``dtype``; raises EditError where one would overflow, wrap or be cut off.

    NaN and the infinities that are among the values already are not errors where the dtype has
    them.
    """
    wrong = misfits(values, dtype)
    if wrong is not None:
        raise refusal(wrong, values.numel(), dtype, where)
    return within(values, dtype)


def within(values: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """``values``, all of which fit, in ``dtype``."""
    return _real(values, dtype).to(dtype)


def refusal(wrong: Misfits, of: int, dtype: torch.dtype, where: str = "") -> EditError:
    """The error for values that do not fit, ``of`` so many."""
    return EditError(
        f"{wrong.count} of {of} values cannot be stored as {dtype_name(dtype)}: "
        f"the first is {_rounded(wrong.first)}, which is {wrong.what}",
        where,
    )


def _rounded(number: Number) -> str:
    """Six digits, or all of them if six would show an integer that the number is not."""
    text = f"{number:.6g}"
    misleads = isinstance(number, float) and text.lstrip("-").isdigit() and float(text) != number
    return repr(number) if misleads else text


def misfits(values: torch.Tensor, dtype: torch.dtype) -> Misfits | None:
    """The values that would overflow, wrap or be cut off in ``dtype``; None if all of them fit."""
    if values.dtype == dtype:
        return None
    if values.is_complex() and not dtype.is_complex:
        found = _found(torch.view_as_real(values)[..., 1] != 0, values, "complex")
        if found is not None:
            return found
    values = _real(values, dtype)
    if dtype == torch.bool:
        return _found((values != 0) & (values != 1), values, "neither 0 nor 1")
    if is_integer(dtype):
        return _beside_whole(values, dtype)
    if values.dtype == torch.bool or is_integer(values.dtype):
        return None
    return _beyond_range(values, dtype)


def _real(values: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    if values.is_complex() and not dtype.is_complex:
        return torch.view_as_real(values)[..., 0]
    return values


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


def _beside_whole(values: torch.Tensor, dtype: torch.dtype) -> Misfits | None:
    if values.is_floating_point():
        found = _found(values != values.trunc(), values, "not an integer")  # NaN too
        if found is not None:
            return found
        # float64 has no 2**63 - 1: what is not below 2**63 has to be caught as such
        bound = 2.0 ** (torch.iinfo(dtype).bits - (1 if dtype.is_signed else 0))
        low = -bound if dtype.is_signed else 0.0
        wrong = (values < low) | (values >= bound)
    elif dtype == torch.uint64:
        wrong = values < 0
    else:
        limits = torch.iinfo(dtype)
        wrong = (values < limits.min) | (values > limits.max)
    return _found(wrong, values, "out of range")


def _beyond_range(values: torch.Tensor, dtype: torch.dtype) -> Misfits | None:
    if torch.finfo(dtype).max >= torch.finfo(values.dtype).max:
        return None
    if values.is_complex():
        held = torch.view_as_real(values.to(dtype).to(values.dtype))
        finite = torch.view_as_real(values).isfinite()
        wrong = ((finite != held.isfinite()) & ~torch.view_as_real(values).isnan()).any(-1)
        return _found(wrong, values, "out of range")
    if dtype not in compat.FLOAT8_DTYPES and _all_within(values, torch.finfo(dtype).max):
        return None
    held = values.to(dtype).to(values.dtype)
    wrong = values.isfinite() != held.isfinite()
    if dtype in compat.FLOAT8_DTYPES:  # some of them saturate, and one has no sign and no zero
        wrong |= values.isfinite() & (values.abs() > torch.finfo(dtype).max)
        wrong |= (held != 0) & (values.sign() != held.sign())
    wrong &= ~values.isnan()
    return _found(wrong, values, "out of range")


def _found(wrong: torch.Tensor, values: torch.Tensor, what: str) -> Misfits | None:
    count = int(wrong.count_nonzero())
    return Misfits(count, values[wrong].reshape(-1)[0].item(), what) if count else None
