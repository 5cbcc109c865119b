"""What a formula gives for a part of a tensor, and the line of Python that gives the same bits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch

from paramwidget.edit.errors import EditError, no_memory
from paramwidget.edit.formula.functions import FUNCTIONS, Function
from paramwidget.edit.formula.operators import OPERATORS, Operator, Sign
from paramwidget.edit.formula.parse import Formula, Step, error_at
from paramwidget.edit.formula.term import Term, number_term
from paramwidget.edit.values.numbers import is_integer
from paramwidget.tensors import dtype_name

_EXACT_FLOAT = 2**53  # integers up to here are exact in float64
_ROWS: dict[str, Mapping[str, Function | Operator]] = {"call": FUNCTIONS, "binary": OPERATORS}
_SIGN = Sign()
_EXACT = " ".join(symbol for symbol, row in OPERATORS.items() if row.keeps_integers(2))


def working_dtype(formula: Formula, dtype: torch.dtype) -> torch.dtype:
    """In which dtype a formula is worked out for a tensor of ``dtype``.

    Its own where torch computes in it, float32 for the halves and 8-bit floats; integers in
    int64 as long as every step gives integers, else in float64.
    """
    if is_integer(dtype) or dtype == torch.bool:
        return torch.int64 if _stays_whole(formula) else torch.float64
    if dtype.is_complex:
        return torch.complex128 if dtype == torch.complex128 else torch.complex64
    return torch.float64 if dtype == torch.float64 else torch.float32


def _stays_whole(formula: Formula) -> bool:
    return all(_step_stays_whole(formula, place) for place in range(len(formula.steps)))


def _step_stays_whole(formula: Formula, place: int) -> bool:
    step = formula.steps[place]
    if step.kind == "number":
        return isinstance(step.value, int)
    if step.kind == "call":
        return FUNCTIONS[step.name].on_integers is not None
    if step.kind == "binary":
        right = formula.steps[place - 1]
        return OPERATORS[step.name].keeps_integers(right.value if right.kind == "number" else None)
    return True


def working_part(part: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The part in the dtype it is worked out in, contiguous, since vectorised code may differ."""
    if dtype == torch.float64 and is_integer(part.dtype) and _beyond(part):
        raise EditError(
            "this expression is computed in float64, which does not hold every integer beyond 2⁵³; "
            f"with integers and {_EXACT} it is exact",
            "expression",
        )
    if part.dtype == torch.uint64 and bool((part.view(torch.int64) < 0).any()):
        raise EditError(
            "uint64 values of 2⁶³ and more are not supported in an expression; "
            "assign them one by one",
            "expression",
        )
    return part.detach().resolve_conj().resolve_neg().contiguous().to(dtype)


def _beyond(part: torch.Tensor) -> bool:
    if part.dtype not in (torch.int64, torch.uint64) or not part.numel():
        return False
    low, high = torch.aminmax(part.to(torch.int64))
    return max(abs(int(low)), abs(int(high))) > _EXACT_FLOAT


def evaluate(formula: Formula, part: torch.Tensor, reduced: Sequence[Term] = ()) -> Term:
    """The formula's value for ``w`` = part: a tensor of the part's shape or 0-d, or a number.

    Runs on exactly the operators its text shows, so that the text gives the same bits. ``reduced``
    holds what steps of the kind "reduced" stand for. Raises EditError where int64 would overflow
    or torch has no such operation.
    """
    stack: list[Term] = []
    for step in formula.steps:
        arguments = stack[len(stack) - step.arity :]
        del stack[len(stack) - step.arity :]
        with refusals_at(step, part.dtype):
            stack.append(_step(step, arguments, part, reduced))
    (result,) = stack
    return result


@contextmanager
def refusals_at(step: Step, dtype: torch.dtype) -> Iterator[None]:
    """What torch or Python refuses inside, as an EditError that says at which character."""
    try:
        yield
    except EditError:  # of a step inside
        raise
    except (ArithmeticError, ValueError) as error:
        raise _failed(step, str(error)) from None
    except (RuntimeError, TypeError) as error:  # torch has no such operation
        if no_memory(error):
            raise
        about = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _failed(step, f"{about} (w is {dtype_name(dtype)})") from None


def _failed(step: Step, message: str) -> EditError:
    what = f"{step.name} cannot be computed" if step.name else "this number cannot be used"
    return error_at(step.position, f"{what}: {message}")


def _step(step: Step, arguments: list[Term], part: torch.Tensor, reduced: Sequence[Term]) -> Term:
    if step.kind == "number":
        return number_term(step.value, part.dtype)
    if step.kind == "w":
        return Term(part, "w")
    if step.kind == "reduced":
        return reduced[step.place]
    row = _SIGN if step.kind == "negate" else _ROWS[step.kind][step.name]
    numbers = [a.value for a in arguments if not isinstance(a.value, torch.Tensor)]
    if len(numbers) == len(arguments):
        return number_term(row.folded(numbers), part.dtype)
    return row.term(arguments)
