"""One number for one tensor: what was typed or passed, and whether the dtype can hold it."""

from __future__ import annotations

import math
import operator
import re
from typing import Any

import numpy as np
import torch

from paramwidget.edit.errors import EditError, quoted
from paramwidget.tensors import dtype_name

Real = int | float | bool
Number = Real | complex

# each text is read in one way only, so that a long one that is no number is refused at once
_SIZE = r"(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|nan|inf(?:inity)?)"
_WHOLE = re.compile(r"[+-]?\d+")
_REAL_TEXT = re.compile(rf"[+-]?{_SIZE}", re.IGNORECASE)
_COMPLEX_TEXT = re.compile(
    rf"(?:(?P<real>[+-]?{_SIZE})(?=[+-]))?(?P<imag>[+-]?{_SIZE}?)[ij]", re.IGNORECASE
)
_DECIMAL = 10_000  # bits of an integer that is written in decimal; Python refuses 4,300 digits
_LONGEST = 400  # characters of a typed number; int() of a longer text is slow or refused by Python


def is_integer(dtype: torch.dtype) -> bool:
    """Whether a dtype is of signed or unsigned integers; bool is not."""
    return not (dtype.is_floating_point or dtype.is_complex or dtype == torch.bool)


def parse_number(text: str, dtype: torch.dtype, where: str = "value") -> Number:
    """What a person typed, as a number for a tensor of this dtype.

    Integers stay exact, ``nan``, ``inf`` and ``-inf`` are numbers of the float dtypes,
    ``1+2j`` of the complex ones, ``true`` and ``false`` of bool. Raises EditError for the rest.
    """
    typed = text.strip().replace("\N{MINUS SIGN}", "-")
    if not typed:
        raise EditError(f"no number was typed{_meant(where)}", where)
    if len(typed) > _LONGEST:
        raise EditError(f"a number has at most {_LONGEST} characters, got {len(typed)}", where)
    if dtype == torch.bool and typed.lower() in ("true", "false"):
        return typed.lower() == "true"
    if _WHOLE.fullmatch(typed):
        return int(typed)
    if _REAL_TEXT.fullmatch(typed):
        return _real(typed, text, where)
    parts = _COMPLEX_TEXT.fullmatch(typed.replace(" ", ""))
    if dtype.is_complex and parts is not None:
        imag = parts["imag"] if parts["imag"] not in ("", "+", "-") else parts["imag"] + "1"
        return complex(_real(parts["real"] or "0", text, where), _real(imag, text, where))
    raise EditError(f"{quoted(text)}{_meant(where)} is not a number{_expected(dtype)}", where)


def _real(typed: str, text: str, where: str) -> float:
    value = float(typed)
    if math.isinf(value) and "inf" not in typed.lower():
        raise EditError(
            f"{quoted(text)} is too large for float64 (at most 1.8e308); write inf for infinity",
            where,
        )
    return value


def _expected(dtype: torch.dtype) -> str:
    if dtype == torch.bool:
        return "; expected true or false"
    if is_integer(dtype):
        return f"; expected an integer, as the tensor is {dtype_name(dtype)}"
    if dtype.is_complex:
        return "; expected one such as 1+2j"
    return "; expected one such as 0.5, -1e-3, nan or inf"


def number_of(value: Any, dtype: torch.dtype, where: str = "value") -> Number:
    """A Python, numpy or 0-d tensor number, or a typed one, as a plain Python number."""
    if isinstance(value, str):
        return parse_number(value, dtype, where)
    if isinstance(value, torch.Tensor):
        if value.dim() or value.is_meta:
            raise EditError(
                f"expected one number{_meant(where)}, got a tensor of shape {tuple(value.shape)}",
                where,
            )
        return value.detach().item()
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim):
        value = value.item()
    for base in (bool, int, float, complex):
        if isinstance(value, base):
            return value if type(value) is base else plain_number(value)
    raise EditError(f"expected a number{_meant(where)}, got {quoted(value)}", where)


def plain_number(value: Number) -> Number:
    """The number that a subclass of int, float or complex holds, such as an IntEnum."""
    if isinstance(value, int):
        return value if isinstance(value, bool) else int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    return complex(value.real, value.imag)


def _meant(where: str) -> str:
    """For which argument a value is meant, where there is more than one."""
    return "" if where in ("", "value") else f" for {where}"


def as_stored(value: Number, dtype: torch.dtype, where: str = "value") -> torch.Tensor:
    """The 0-d CPU tensor of ``dtype`` that holds ``value``, rounded as the dtype rounds.

    Raises EditError where rounding is not all that would happen: overflow (1e6 in float16),
    wrapping (300 in uint8), truncation (0.7 in int64), a lost imaginary part or sign.
    """
    if dtype == torch.bool:
        if value not in (0, 1):
            raise EditError(f"{_plain(value)} is neither 0 nor 1, and the tensor is bool", where)
        return torch.tensor(bool(value), device="cpu")
    if is_integer(dtype):
        return _integer(value, dtype, where)
    if dtype.is_complex:
        return _complex(value, dtype, where)
    if isinstance(value, complex):
        if value.imag:
            raise EditError(
                f"{_plain(value)} is complex, and the tensor is real ({dtype_name(dtype)})", where
            )
        value = value.real
    return _float(value, dtype, where)


def _integer(value: Number, dtype: torch.dtype, where: str) -> torch.Tensor:
    try:
        whole = None if isinstance(value, complex) else int(value)
    except (ValueError, OverflowError):
        whole = None
    if whole is None or whole != value:
        raise EditError(
            f"{_plain(value)} is not an integer, and the tensor is {dtype_name(dtype)}", where
        )
    limits = torch.iinfo(dtype)
    if not limits.min <= whole <= limits.max:
        raise EditError(
            f"{_plain(value)} is out of range for {dtype_name(dtype)} "
            f"({limits.min} to {limits.max})",
            where,
        )
    return torch.tensor(whole, dtype=dtype, device="cpu")


def _float(value: Real, dtype: torch.dtype, where: str) -> torch.Tensor:
    try:
        exact = float(value)
    except OverflowError:
        exact = math.inf
    asked_finite = isinstance(value, int) or math.isfinite(exact)
    stored = torch.tensor(exact, dtype=torch.float64, device="cpu").to(dtype)
    held = float(stored.to(torch.float64))
    if asked_finite and not (math.isfinite(exact) and _rounded(exact, held, dtype)):
        raise EditError(
            f"{_plain(value)} cannot be represented in {dtype_name(dtype)} "
            f"({_lowest(dtype):.6g} to {torch.finfo(dtype).max:.6g})",
            where,
        )
    if not asked_finite and not (held == exact or (math.isnan(held) and math.isnan(exact))):
        raise EditError(f"{dtype_name(dtype)} has no value for {_plain(value)}", where)
    return stored


def _lowest(dtype: torch.dtype) -> float:
    return float(torch.finfo(dtype).min)


def _rounded(exact: float, held: float, dtype: torch.dtype) -> bool:
    """Whether ``held`` is ``exact`` rounded; 8-bit floats may saturate, or lose a sign."""
    limits = torch.finfo(dtype)
    if not math.isfinite(held) or (dtype.itemsize == 1 and abs(exact) > limits.max):
        return False
    if held and (not exact or math.copysign(1, exact) != math.copysign(1, held)):
        return False
    return abs(held - exact) <= max(abs(exact) * limits.eps, limits.tiny)


def _complex(value: Number, dtype: torch.dtype, where: str) -> torch.Tensor:
    part = {torch.complex128: torch.float64, torch.complex64: torch.float32}.get(
        dtype, torch.float16
    )
    real = _float(value.real if isinstance(value, complex) else value, part, where)
    imag = _float(value.imag if isinstance(value, complex) else 0.0, part, where)
    return torch.view_as_complex(torch.stack((real, imag))).to(dtype)


def _plain(value: Number) -> str:
    if not isinstance(value, int):
        return f"{value:.10g}"
    bits = value.bit_length()
    return str(value) if bits < 70 else f"an integer of {bits} bits"


def taken(value: Number, dtype: torch.dtype) -> Number:
    """The same number as torch takes it: it has no Python integer beyond int64, but for uint64."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63 and not is_integer(dtype):
        return float(value)
    return value


def literal(value: Number) -> str:
    """The Python expression of a number, that gives the same bits back.

    A subclass of int or float, such as an IntEnum, is written as the number that it is.
    """
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int):
        whole = int.__int__(value)
        return repr(whole) if whole.bit_length() <= _DECIMAL else hex(whole)
    if isinstance(value, complex):
        return f"complex({literal(value.real)}, {literal(value.imag)})"
    real = float.__float__(value)
    if math.isfinite(real):
        return repr(real)
    return f'float("{"-" if math.copysign(1, real) < 0 else ""}{repr(real).lstrip("-")}")'


def parse_seed(seed: Any) -> int | None:
    """A seed as it was given or typed; None and the empty text ask for a new one."""
    if seed is None or seed == "":
        return None
    try:
        if isinstance(seed, bool):
            raise TypeError
        if isinstance(seed, str) and len(seed) > _LONGEST:
            raise ValueError
        number = int(seed) if isinstance(seed, str) else operator.index(seed)
    except (TypeError, ValueError):
        raise EditError(f"the seed {quoted(seed)} is not an integer", "seed") from None
    if not 0 <= number < 2**32:
        raise EditError(f"the seed must be between 0 and 2³²−1, got {quoted(seed)}", "seed")
    return number


def number_text(value: Any) -> str:
    """What a person would type for a value, so that parsing gives it back; else its repr."""
    if isinstance(value, str):
        return value
    if isinstance(value, torch.Tensor) and not value.dim() and not value.is_meta:
        value = value.detach().item()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).strip("()") if isinstance(value, complex) else repr(value)
