"""The operators of the expression language: each is one row."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import torch

from paramwidget.edit.formula.overflow import fits_int64
from paramwidget.edit.formula.term import ATOM, POWER, PRODUCT, SIGN, SUM, Term, Value
from paramwidget.edit.values.numbers import Number, is_integer


@dataclass(frozen=True)
class Operator:
    """One row: how an operator is written, what it does, and what stays exact.

    ``keeps_integers`` gets the right operand where that is a plain number, else None, and says
    whether integers give integers. ``check`` raises ArithmeticError for operands that torch would
    take without a word; ``on_numbers`` computes two plain numbers.
    """

    symbol: str
    means: str
    function: Callable[[Any, Any], Any]
    binds: int
    keeps_integers: Callable[[Number | None], bool]
    check: Callable[[Value, Value], None] | None = None
    on_numbers: Callable[[Any, Any], Number] | None = None
    operands: tuple[int, int] | None = None  # how tightly each must bind; left to right if None

    @property
    def call(self) -> str:
        """How it is written, for the list of functions."""
        return f"a {self.symbol} b"

    def folded(self, values: Sequence[Number]) -> Number:
        """The operator on two plain numbers."""
        return (self.on_numbers or self.function)(*values)

    def term(self, arguments: Sequence[Term]) -> Term:
        """The operator on two terms, at least one of them a tensor."""
        left, right = arguments
        if self.check is not None:
            self.check(left.value, right.value)
        weakest = self.operands or (self.binds, self.binds + 1)
        text = f"{left.inside(weakest[0])} {self.symbol} {right.inside(weakest[1])}"
        return Term(self.function(left.value, right.value), text, self.binds)


class Sign:
    """The sign: -w."""

    def folded(self, values: Sequence[Number]) -> Number:
        """The sign before a plain number."""
        return -values[0]

    def term(self, arguments: Sequence[Term]) -> Term:
        """The sign before a tensor."""
        (operand,) = arguments
        fits_int64(operator.sub, 0, operand.value)
        return Term(-operand.value, f"-{operand.inside(SIGN)}", SIGN)


def _always(_right: Number | None) -> bool:
    return True


def _never(_right: Number | None) -> bool:
    return False


def _is_integer(right: Number | None) -> bool:
    return isinstance(right, int)


def _divisor_is_not_zero(_left: Value, right: Value) -> None:
    """Raises if the right operand is, or holds, an integer zero."""
    if isinstance(right, torch.Tensor):
        zero = is_integer(right.dtype) and bool((right == 0).any())
    else:
        zero = isinstance(right, int) and right == 0
    if zero:
        raise ZeroDivisionError("division by zero")


def _power(base: Any, exponent: Any) -> Number:
    """A power of plain numbers; not exact where it would have more than a thousand bits."""
    whole = isinstance(base, int) and isinstance(exponent, int)
    if whole and abs(exponent) * max(base.bit_length(), 1) > 1000:
        base, exponent = float(base), float(exponent)
    try:
        power: Number = base**exponent
    except OverflowError:
        raise OverflowError("the result is too large for float64") from None
    return power


def _fits(function: Callable[[Any, Any], Any]) -> Callable[[Value, Value], None]:
    return partial(fits_int64, function)


_ROWS = (
    Operator("+", "sum", operator.add, SUM, _always, _fits(operator.add)),
    Operator("-", "difference", operator.sub, SUM, _always, _fits(operator.sub)),
    Operator("*", "product", operator.mul, PRODUCT, _always, _fits(operator.mul)),
    Operator("/", "quotient", operator.truediv, PRODUCT, _never),
    Operator(
        "%", "remainder, with the sign of b", operator.mod, PRODUCT, _always, _divisor_is_not_zero
    ),
    Operator(
        "**", "power", operator.pow, POWER, _is_integer, _fits(operator.pow), _power, (ATOM, SIGN)
    ),
)  # fmt: skip

OPERATORS: Final[dict[str, Operator]] = {row.symbol: row for row in _ROWS}
