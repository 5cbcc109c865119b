"""What a formula gives for a part of a tensor, and the line of Python that gives the same bits."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from paramwidget.edit.errors import EditError
from paramwidget.edit.formula.parse import Formula, Step
from paramwidget.edit.values.numbers import Number, dtype_name, is_integer, literal

Value = torch.Tensor | Number

_EXACT_FLOAT = 2**53  # whole numbers up to here are exact in float64
_ROOM = 2**63 - 2**11  # a float64 estimate below this belongs to a number that int64 holds
_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(5)
_BINARY: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "+": (_SUM, operator.add),
    "-": (_SUM, operator.sub),
    "*": (_PRODUCT, operator.mul),
    "/": (_PRODUCT, operator.truediv),
    "%": (_PRODUCT, operator.mod),
    "**": (_POWER, operator.pow),
}


@dataclass(frozen=True)
class Term:
    """A value and the Python that gives it; ``binds`` how tightly, for parentheses."""

    value: Value
    text: str
    binds: int = _ATOM

    def inside(self, weakest: int) -> str:
        """The text, in parentheses where it binds weaker than needed."""
        return self.text if self.binds >= weakest else f"({self.text})"


def working_dtype(formula: Formula, dtype: torch.dtype) -> torch.dtype:
    """In which dtype a formula is worked out for a tensor of ``dtype``.

    Its own where torch computes in it, float32 for the halves and 8-bit floats; whole numbers in
    int64 as long as every step keeps them whole, else in float64.
    """
    if is_integer(dtype) or dtype == torch.bool:
        return torch.int64 if _stays_whole(formula) else torch.float64
    if dtype.is_complex:
        return torch.complex128 if dtype == torch.complex128 else torch.complex64
    return torch.float64 if dtype == torch.float64 else torch.float32


def _stays_whole(formula: Formula) -> bool:
    return all(
        (
            (step.kind != "number" or isinstance(step.value, int))
            and (step.kind != "call" or step.name in _OF_WHOLE)
            and not (step.kind == "binary" and step.name in ("/", "**"))
        )
        or _whole_power(formula, place)
        for place, step in enumerate(formula.steps)
    )


def _whole_power(formula: Formula, place: int) -> bool:
    """Whether this step is a power with a plain exponent that is no less than zero."""
    step, before = formula.steps[place], formula.steps[place - 1]
    return step.kind == "binary" and step.name == "**" and (
        before.kind == "number" and isinstance(before.value, int)
    )  # fmt: skip


def working_part(part: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The part in the dtype it is worked out in, contiguous, since vectorised code may differ."""
    if dtype == torch.float64 and is_integer(part.dtype) and _beyond(part):
        raise EditError(
            "whole numbers beyond 2⁵³ can be computed with + - * % ** and whole numbers only",
            "expression",
        )
    if part.dtype == torch.uint64 and bool((part.view(torch.int64) < 0).any()):
        raise EditError(
            "uint64 numbers beyond 2⁶³ cannot be computed with; assign them one by one",
            "expression",
        )
    return part.detach().contiguous().to(dtype)


def _beyond(part: torch.Tensor) -> bool:
    if part.dtype not in (torch.int64, torch.uint64) or not part.numel():
        return False
    low, high = torch.aminmax(part.to(torch.int64))
    return max(abs(int(low)), abs(int(high))) > _EXACT_FLOAT


def evaluate(formula: Formula, part: torch.Tensor) -> Term:
    """The formula's value for ``w`` = part: a tensor of the part's shape or 0-d, or a number.

    Runs on exactly the operators its text shows, so that the text gives the same bits. Raises
    EditError where int64 would overflow or torch has no such operation.
    """
    stack: list[Term] = []
    for step in formula.steps:
        arguments = stack[len(stack) - step.arity :]
        del stack[len(stack) - step.arity :]
        try:
            stack.append(_step(step, arguments, part))
        except EditError:
            raise
        except (ArithmeticError, ValueError) as error:
            raise _failed(step, str(error)) from None
        except (RuntimeError, TypeError, NotImplementedError) as error:
            about = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise _failed(step, f"{about} (w is {dtype_name(part.dtype)})") from None
    (result,) = stack
    return result


def _failed(step: Step, message: str) -> EditError:
    return EditError(f"at character {step.position}: {step.name} cannot be done: {message}",
                     "expression")  # fmt: skip


def _step(step: Step, arguments: list[Term], part: torch.Tensor) -> Term:
    if step.kind == "number":
        return constant(step.value, part.dtype)
    if step.kind == "w":
        return Term(part, "w")
    if not any(isinstance(argument.value, torch.Tensor) for argument in arguments):
        return constant(_folded(step, [argument.value for argument in arguments]), part.dtype)
    if step.kind == "negate":
        _no_overflow(step, [0, arguments[0].value], operator.sub)
        return Term(-arguments[0].value, f"-{arguments[0].inside(_SIGN)}", _SIGN)
    if step.kind == "binary":
        return _binary(step, *arguments)
    return _call(step.name, arguments, step)


def constant(value: Number, dtype: torch.dtype) -> Term:
    """A plain number; torch takes no Python integer beyond int64, a float does as well there."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        if dtype == torch.int64:
            raise EditError("a number beyond int64 cannot be computed with", "expression")
        value = float(value)
    text = literal(value)
    return Term(value, text, _SIGN if text.startswith("-") else _ATOM)


def _folded(step: Step, values: list[Any]) -> Number:
    """A step on plain numbers alone."""
    if step.kind == "negate":
        return -values[0]  # type: ignore[no-any-return] # a number's negative is a number
    if step.kind == "binary":
        if step.name == "**" and _is_huge(*values):
            values = [float(value) for value in values]
        return _BINARY[step.name][1](*values)  # type: ignore[no-any-return] # two numbers
    return folded_call(step.name, values)


def _is_huge(base: Any, exponent: Any) -> bool:
    """Whether an exact integer power would have more than a thousand bits."""
    whole = isinstance(base, int) and isinstance(exponent, int)
    return whole and abs(exponent) * max(base.bit_length(), 1) > 1000


_OF_WHOLE: dict[str, Callable[..., int]] = {
    "abs": abs,
    "ceil": int,
    "clamp": lambda value, low, high: min(max(value, low), high),
    "floor": int,
    "max": lambda *values: max(values),
    "maximum": max,
    "min": lambda *values: min(values),
    "minimum": min,
    "relu": lambda value: max(value, 0),
    "round": int,
    "sign": lambda value: (value > 0) - (value < 0),
    "square": lambda value: value * value,
    "trunc": int,
}


def folded_call(name: str, values: list[Any]) -> Number:
    """A function of plain numbers: exact on whole ones, else by torch in float64 or complex128."""
    if name in _OF_WHOLE and all(isinstance(value, int) for value in values):
        return _OF_WHOLE[name](*values)
    dtype = torch.complex128 if any(isinstance(v, complex) for v in values) else torch.float64
    tensors = [Term(torch.tensor(value, dtype=dtype, device="cpu"), "") for value in values]
    result = _call(name, tensors, Step("call", name)).value
    assert isinstance(result, torch.Tensor)
    number: Number = result.item()
    return number


def _binary(step: Step, left: Term, right: Term) -> Term:
    binds, function = _BINARY[step.name]
    _no_overflow(step, [left.value, right.value], function)
    if step.name == "%" and _is_whole_zero(right.value):
        raise EditError(f"at character {step.position}: division by zero", "expression")
    if step.name == "**":
        text = f"{left.inside(_ATOM)} ** {right.inside(_SIGN)}"
    else:
        text = f"{left.inside(binds)} {step.name} {right.inside(binds + 1)}"
    return Term(function(left.value, right.value), text, binds)


def _is_whole_zero(value: Value) -> bool:
    if isinstance(value, torch.Tensor):
        return (
            not value.dtype.is_floating_point
            and not value.dtype.is_complex
            and bool((value == 0).any())
        )
    return isinstance(value, int) and value == 0


def _no_overflow(step: Step, values: list[Value], function: Callable[[Any, Any], Any]) -> None:
    """Raises where an int64 step would wrap around; torch says nothing."""
    tensors = [value for value in values if isinstance(value, torch.Tensor)]
    if any(tensor.dtype != torch.int64 for tensor in tensors) or function is operator.mod:
        return
    estimate = function(*(
        value.to(torch.float64) if isinstance(value, torch.Tensor) else float(value)  # type: ignore[arg-type] # a whole number
        for value in values
    ))  # fmt: skip
    if not estimate.numel() or float(estimate.abs().max()) < _ROOM:
        return
    if function in (operator.add, operator.sub) and not _wraps(values, function):
        return
    raise EditError(
        f"at character {step.position}: {step.name} leaves what int64 holds (±9.2e18)", "expression"
    )


def _wraps(values: list[Value], function: Callable[[Any, Any], Any]) -> bool:
    """Whether a sum or difference wraps: its sign then contradicts both operands."""
    left, right = (torch.as_tensor(value, dtype=torch.int64, device="cpu") if not isinstance(
        value, torch.Tensor) else value for value in values)  # fmt: skip
    result = function(left, right)
    other = right if function is operator.add else ~right
    return bool((((left ^ result) & (other ^ result)) < 0).any())


def _call(name: str, arguments: list[Term], step: Step) -> Term:
    if name in ("min", "max") and len(arguments) == 2:
        name += "imum"
    if name in ("minimum", "maximum"):
        return _extreme(name, *arguments)
    if name == "clamp":
        return _clamp(*arguments)
    (argument,) = arguments
    if name == "square":
        _no_overflow(step, [argument.value, argument.value], operator.mul)
    if name == "abs":
        _no_overflow(step, [0, argument.value], operator.sub)
    assert isinstance(argument.value, torch.Tensor)
    if name in ("std", "var") and argument.value.numel() < 2:
        raise EditError(
            f"at character {step.position}: {name} needs two elements or more", "expression"
        )
    value: torch.Tensor = getattr(torch, name)(argument.value)
    return Term(value, f"torch.{name}({argument.text})")


def _extreme(name: str, left: Term, right: Term) -> Term:
    """torch.minimum takes tensors only; a number is a bound of torch.clamp."""
    if not isinstance(left.value, torch.Tensor):
        left, right = right, left
    assert isinstance(left.value, torch.Tensor)
    if isinstance(right.value, torch.Tensor):
        function = getattr(torch, name)
        return Term(function(left.value, right.value), f"torch.{name}({left.text}, {right.text})")
    side = "max" if name == "minimum" else "min"
    value = torch.clamp(left.value, **{side: right.value})  # type: ignore[call-overload] # one bound
    return Term(value, f"torch.clamp({left.text}, {side}={right.text})")


def _clamp(value: Term, low: Term, high: Term) -> Term:
    return _extreme("minimum", _extreme("maximum", value, low), high)
