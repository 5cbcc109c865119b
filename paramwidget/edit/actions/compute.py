"""Compute: set a part to a formula of itself."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.actions import parametrized
from paramwidget.edit.actions.action import Action
from paramwidget.edit.actions.fields import Expression, IndexText, Target
from paramwidget.edit.actions.outcome import Outcome, display_name
from paramwidget.edit.actions.part import (
    element_text,
    part_outcome,
    stored_warnings,
    through_property,
    write_part,
    write_target_at,
)
from paramwidget.edit.actions.remarks import rewritten
from paramwidget.edit.actions.write_target import WriteTarget
from paramwidget.edit.errors import EditError
from paramwidget.edit.formula.evaluate import evaluate, working_dtype, working_part
from paramwidget.edit.formula.parse import Formula, parse
from paramwidget.edit.formula.term import Term
from paramwidget.edit.memory.write import copied, part_of
from paramwidget.edit.values.convert import all_finite, converted
from paramwidget.edit.values.index import Index, covers_all, index_text, part_index
from paramwidget.edit.values.numbers import as_stored, literal
from paramwidget.slots.tree import Tree
from paramwidget.tensors import dtype_name


@dataclass(frozen=True)
class Compute(Action):
    """``bench.compute``: a part becomes a formula of itself."""

    target: Target
    expression: Expression
    index: IndexText = ...

    def run(self, net: nn.Module, tree: Tree) -> Outcome:
        """Raises EditError if it is not a formula, or if the dtype cannot hold the result."""
        formula = parse(self.expression)
        write_target = write_target_at(net, tree, self.target)
        shape, dtype = tuple(write_target.tensor.shape), write_target.tensor.dtype
        index = part_index(self.index, shape)
        part = copied(write_target.tensor, index)
        if not part.numel():
            raise EditError(f"the part has no elements (shape {tuple(part.shape)})", "index")
        working = working_dtype(formula, dtype)
        term = evaluate(formula, working_part(part, working))
        values, warnings = _result(term, part, working, formula)
        changed, work = write_part(net, tree, write_target, index, values)
        warnings = (*warnings, *rewritten(net, write_target.nodes, index))
        place = "" if covers_all(index, shape) else f"[{index_text(index, shape)}]"
        title = f"{display_name(write_target.node)}{place} = {formula.text}"
        lines = _formula_lines(write_target, index, place, term, working, formula)
        return part_outcome(title, changed, warnings, work, write_target, lines)


def _result(
    term: Term, part: torch.Tensor, working: torch.dtype, formula: Formula
) -> tuple[torch.Tensor, tuple[str, ...]]:
    """The result in the part's dtype, and warnings about what became NaN or infinite."""
    if not isinstance(term.value, torch.Tensor):
        stored = as_stored(term.value, part.dtype, "expression")
        return stored, stored_warnings(term.value, stored)
    if all_finite(term.value):  # then converted() refuses what would not stay finite
        return converted(term.value, part.dtype, "expression"), ()
    _refuse_overflow(term.value, part, working, formula)
    values = converted(term.value, part.dtype, "expression")
    wide = values.float() if values.dtype in compat.FLOAT8_DTYPES else values
    then = part.float() if part.dtype in compat.FLOAT8_DTYPES else part
    nan = int((wide.isnan() & ~then.isnan()).sum())
    inf = int((wide.isinf() & ~then.isinf()).sum())
    warnings = [
        f"{count} became {what}" for count, what in ((nan, "NaN"), (inf, "infinite")) if count
    ]
    return values, tuple(warnings)


def _refuse_overflow(
    result: torch.Tensor, part: torch.Tensor, working: torch.dtype, formula: Formula
) -> None:
    """A result that is infinite because the dtype is too narrow is an error."""
    wider = {torch.float32: torch.float64, torch.complex64: torch.complex128}.get(working)
    if wider is None:
        return
    exact = evaluate(formula, working_part(part, wider)).value
    assert isinstance(exact, torch.Tensor)
    lost = int((exact.isfinite() & ~result.isfinite()).sum())
    if lost:
        raise EditError(
            f"{lost} of {result.numel()} results are too large for {dtype_name(part.dtype)}",
            "expression",
        )


def _formula_lines(
    write_target: WriteTarget,
    index: Index,
    place: str,
    term: Term,
    working: torch.dtype,
    formula: Formula,
) -> list[str]:
    """Plain Python on the same operators, so that it gives the same bits."""
    tensor = write_target.tensor
    part = part_of(tensor, index)
    cast = "" if part.is_contiguous() else ".contiguous()"
    cast += "" if working == tensor.dtype else f".to(torch.{dtype_name(working)})"
    if write_target.computed:
        place_ = place or "[...]"
        return _computed_lines(write_target, place_, cast, term.text, formula)
    if not formula.uses_w:
        element = element_text(_constant_text(term, tensor.dtype), tensor.dtype)
        return [f"{write_target.access}.data{place or '[...]'} = {element}"]
    if not cast:
        return [f"w = {write_target.access}.data{place}", f"w.copy_({term.text})"]
    return [
        f"part = {write_target.access}.data{place}",
        f"w = part{cast}",
        f"part.copy_({term.text})",
    ]


def _constant_text(term: Term, dtype: torch.dtype) -> str:
    """The number as a tensor of this dtype takes it: no fraction or imaginary part that is 0."""
    value = term.value
    if isinstance(value, complex) and not dtype.is_complex:
        value = value.real
    elif not isinstance(value, float) or dtype.is_floating_point or dtype.is_complex:
        return term.text
    return literal(value if dtype.is_floating_point else int(value))


def _computed_lines(
    write_target: WriteTarget, place: str, cast: str, text: str, formula: Formula
) -> list[str]:
    if not formula.uses_w:
        return through_property(write_target, [f"    w{place} = {text}"])
    return [
        "with torch.no_grad():",
        *parametrized.reading(
            write_target,
            f"whole = {write_target.access}.clone(memory_format=torch.contiguous_format)",
        ),
        f"    w = whole{place}{cast}",
        f"    whole{place} = {text}",
        f"    {parametrized.assigning(write_target, 'whole')}",
    ]
