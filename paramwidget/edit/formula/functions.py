"""The functions and constants of the expression language: each is one row.

A row is all there is to a function: parsing, evaluation, the script and the list in the browser
follow from it. A row that is wrong fails at import.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch

from paramwidget.edit.formula.overflow import fits_int64
from paramwidget.edit.formula.term import Term, number_term
from paramwidget.edit.pieces import average, deviation, largest, smallest, total, variance
from paramwidget.edit.values.numbers import Number, literal
from paramwidget.tensors import dtype_name

_CALL = re.compile(r"(\w+)\((\w+(?:, \w+)*)\)")


@dataclass(frozen=True)
class Function:
    """One row: how a function is called, what it means, and the torch function that it is.

    ``call`` is what the list shows, and gives the name and the numbers of arguments: "min(w)", or
    "min(w), min(a, b)" for one that takes one or two. ``script`` is the torch function as Python
    that imports torch alone; evaluation calls that very function. ``on_integers`` computes Python
    integers exactly: a function that has it is exact on int64 too, and one that has none is worked
    out in float64. ``check`` gets the values of the arguments and raises ValueError or
    ArithmeticError where torch would give nonsense without a word. ``of`` makes the term, for a
    function that torch does not take as it is written here. A function of one argument that is
    not elementwise has ``of_pieces``, one of ``edit/pieces.py``, which gives the same from the
    pieces of a large tensor.
    """

    call: str
    means: str
    script: str = ""  # torch.<name> if empty
    on_integers: Callable[..., int] | None = None
    check: Callable[..., None] | None = None
    of: Callable[[Function, Sequence[Term]], Term] | None = None
    of_pieces: Callable[[Iterable[torch.Tensor]], torch.Tensor] | None = None

    def __post_init__(self) -> None:
        if re.sub(_CALL, "", self.call).strip(", ") or len({n for n, _ in self._calls()}) != 1:
            raise ValueError(f"a call is written as 'name(w)' or 'name(a, b)', not {self.call!r}")
        if not self.script:
            object.__setattr__(self, "script", f"torch.{self.name}")
        if not self.script.startswith("torch.") or not callable(self.function):
            raise TypeError(f"{self.script} is not a function of torch")

    def _calls(self) -> list[tuple[str, str]]:
        return _CALL.findall(self.call)

    @property
    def name(self) -> str:
        """What an expression calls it."""
        return self._calls()[0][0]

    @property
    def arity(self) -> tuple[int, ...]:
        """The numbers of arguments it takes."""
        return tuple(len(arguments.split(",")) for _, arguments in self._calls())

    @property
    def function(self) -> Callable[..., Any]:
        """The function that ``script`` names."""
        found: Callable[..., Any] = operator.attrgetter(self.script.removeprefix("torch."))(torch)
        return found

    @property
    def elementwise(self) -> bool:
        """Whether each element of the value follows from that element alone; found by trying."""
        whole = torch.tensor([0.25, 0.5, 0.75, 1.0], device="cpu")
        try:
            values = [self._tried(part) for part in (whole, whole[:2], whole[2:])]
            same = torch.allclose(values[0], torch.cat(values[1:]), equal_nan=True)
        except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError):
            return False
        return same and values[0].shape == whole.shape

    def _tried(self, part: torch.Tensor) -> Any:
        return self.term([Term(part, "")] * max(self.arity)).value

    def term(self, arguments: Sequence[Term]) -> Term:
        """The function of terms, at least one of them a tensor."""
        if self.check is not None:
            self.check(*(argument.value for argument in arguments))
        return self.of(self, arguments) if self.of is not None else self.applied(arguments)

    def applied(self, arguments: Sequence[Term]) -> Term:
        """The torch function on the arguments as they are."""
        texts = ", ".join(argument.text for argument in arguments)
        value = self.function(*(argument.value for argument in arguments))
        return Term(value, f"{self.script}({texts})")

    def folded(self, values: Sequence[Any]) -> Number:
        """The function of plain numbers: exact on integers, else in float64 or complex128."""
        if self.on_integers is not None and all(isinstance(value, int) for value in values):
            return self.on_integers(*values)
        dtype = torch.complex128 if any(isinstance(v, complex) for v in values) else torch.float64
        terms = [Term(torch.tensor(value, dtype=dtype, device="cpu"), "") for value in values]
        result = self.term(terms).value
        assert isinstance(result, torch.Tensor)
        number: Number = result.item()
        return number


def on_tensors(function: Function, arguments: Sequence[Term]) -> Term:
    """For a torch function that takes tensors only: numbers become tensors without axes."""
    dtype = next(a.value.dtype for a in arguments if isinstance(a.value, torch.Tensor))
    return function.applied([_as_tensor(argument, dtype) for argument in arguments])


def _as_tensor(argument: Term, dtype: torch.dtype) -> Term:
    if isinstance(argument.value, torch.Tensor):
        return argument
    value = torch.tensor(argument.value, dtype=dtype, device="cpu")
    text = f"torch.tensor({literal(argument.value)}, dtype=torch.{dtype_name(dtype)})"
    return Term(value, text)


def _one_or_two(two: Callable[[Function, Sequence[Term]], Term]) -> Any:
    """min(w) is torch's own; min(a, b) is ``two``."""

    def of(function: Function, arguments: Sequence[Term]) -> Term:
        return two(function, arguments) if len(arguments) == 2 else function.applied(arguments)

    return of


def _smaller(_function: Function, arguments: Sequence[Term]) -> Term:
    return _extreme("minimum", "max", *arguments)


def _larger(_function: Function, arguments: Sequence[Term]) -> Term:
    return _extreme("maximum", "min", *arguments)


def _clamped(_function: Function, arguments: Sequence[Term]) -> Term:
    value, low, high = arguments
    if isinstance(value.value, torch.Tensor) or isinstance(low.value, torch.Tensor):
        value = _extreme("maximum", "min", value, low)
    else:
        assert isinstance(high.value, torch.Tensor)
        larger = FUNCTIONS["maximum"].folded([value.value, low.value])
        value = number_term(larger, high.value.dtype)
    return _extreme("minimum", "max", value, high)


def _extreme(name: str, bound: str, left: Term, right: Term) -> Term:
    """torch.minimum and maximum take tensors only; a number is a bound of torch.clamp."""
    if not isinstance(left.value, torch.Tensor):
        left, right = right, left
    assert isinstance(left.value, torch.Tensor)
    if isinstance(right.value, torch.Tensor):
        return FUNCTIONS[name].applied([left, right])
    clamp = FUNCTIONS["clamp"]
    value = clamp.function(left.value, **{bound: right.value})
    return Term(value, f"{clamp.script}({left.text}, {bound}={right.text})")


def _square_fits(value: Any) -> None:
    fits_int64(operator.mul, value, value)


def _negative_fits(value: Any) -> None:
    fits_int64(operator.sub, 0, value)


def _two_elements(value: Any) -> None:
    if value.numel() < 2:
        raise ValueError("it needs at least two elements")


@dataclass(frozen=True)
class Constant:
    """One row: a name for a number."""

    name: str
    means: str
    value: float


_FUNCTIONS = (
    Function("clamp(w, low, high)", "at least low, at most high", of=_clamped,
             on_integers=lambda value, low, high: min(max(value, low), high)),
    Function("min(w), min(a, b)", "smallest element; of two",
             of=_one_or_two(_smaller), on_integers=lambda *values: min(values), of_pieces=smallest),
    Function("max(w), max(a, b)", "largest element; of two",
             of=_one_or_two(_larger), on_integers=lambda *values: max(values), of_pieces=largest),
    Function("minimum(a, b)", "the smaller of two", of=_smaller, on_integers=min),
    Function("maximum(a, b)", "the larger of two", of=_larger, on_integers=max),
    Function("sum(w)", "sum of all elements", of_pieces=total),
    Function("mean(w)", "mean of all elements", of_pieces=average),
    Function("std(w)", "standard deviation (n − 1)", check=_two_elements, of_pieces=deviation),
    Function("var(w)", "variance (n − 1)", check=_two_elements, of_pieces=variance),
    Function("abs(w)", "absolute value", on_integers=abs, check=_negative_fits),
    Function("sign(w)", "−1, 0 or 1", on_integers=lambda value: (value > 0) - (value < 0)),
    Function("relu(w)", "0 where negative", on_integers=lambda value: max(value, 0)),
    Function("softplus(w)", "log(1 + exp(w))", "torch.nn.functional.softplus"),
    Function("sigmoid(w)", "between 0 and 1"),
    Function("tanh(w)", "between −1 and 1"),
    Function("round(w)", "rounded, halves to even", on_integers=int),
    Function("floor(w)", "rounded down", on_integers=int),
    Function("ceil(w)", "rounded up", on_integers=int),
    Function("trunc(w)", "rounded toward 0", on_integers=int),
    Function("sqrt(w)", "square root"),
    Function("square(w)", "w · w", on_integers=lambda value: value * value, check=_square_fits),
    Function("exp(w)", "power of e"),
    Function("log(w)", "natural logarithm"),
    Function("log2(w)", "logarithm to base 2"),
    Function("log10(w)", "logarithm to base 10"),
    Function("sin(w)", "sine of radians"),
    Function("cos(w)", "cosine of radians"),
    Function("tan(w)", "tangent of radians"),
    Function("atan2(a, b)", "angle of the point (b, a)", of=on_tensors),
)  # fmt: skip

_CONSTANTS = (
    Constant("pi", "3.14159…", math.pi),
    Constant("e", "2.71828…", math.e),
    Constant("inf", "infinity", math.inf),
    Constant("nan", "not a number", math.nan),
)


def _each_once(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the name {name} is declared twice")


_each_once(["w", *(row.name for row in (*_FUNCTIONS, *_CONSTANTS))])

FUNCTIONS: Final[dict[str, Function]] = {row.name: row for row in _FUNCTIONS}
CONSTANTS: Final[dict[str, Constant]] = {row.name: row for row in _CONSTANTS}
EXAMPLES: Final = ("w * 0.5", "w + 1", "clamp(w, -1, 1)", "0")
