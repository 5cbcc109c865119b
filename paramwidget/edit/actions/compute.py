"""Compute: set a part to a formula of itself."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

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
from paramwidget.edit.formula.evaluate import evaluate, working_dtype
from paramwidget.edit.formula.parse import parse
from paramwidget.edit.formula.result import computed
from paramwidget.edit.formula.staged import Staged
from paramwidget.edit.formula.term import Term
from paramwidget.edit.memory.write import part_of
from paramwidget.edit.script import indented
from paramwidget.edit.values.index import covers_all, index_text, part_index
from paramwidget.edit.values.numbers import as_stored, literal
from paramwidget.slots.tree import Tree


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
        part = part_of(write_target.tensor, index)
        if not part.numel():
            raise EditError(f"the part has no elements (shape {tuple(part.shape)})", "index")
        working = working_dtype(formula, dtype)
        place = "" if covers_all(index, shape) else f"[{index_text(index, shape)}]"
        helpers: set[str] = set()
        if formula.uses_w:
            staged = Staged(formula, part, working)
            values, text, warnings = computed(staged)
            helpers = staged.helpers
            lines = _formula_lines(write_target, place, staged, text)
        else:
            term = evaluate(formula, part.new_empty(0, dtype=working))
            values, warnings = _constant(term, dtype)
            lines = _constant_lines(write_target, place, _constant_text(term, dtype))
        changed, work = write_part(net, tree, write_target, index, values)
        warnings = (*warnings, *rewritten(net, write_target.nodes, index))
        title = f"{display_name(write_target.node)}{place} = {formula.text}"
        return part_outcome(title, changed, warnings, work, write_target, lines, helpers)


def _constant(term: Term, dtype: torch.dtype) -> tuple[torch.Tensor, tuple[str, ...]]:
    assert not isinstance(term.value, torch.Tensor)
    stored = as_stored(term.value, dtype, "expression")
    return stored, stored_warnings(term.value, stored)


def _constant_lines(write_target: WriteTarget, place: str, text: str) -> list[str]:
    element = element_text(text, write_target.tensor.dtype)
    if write_target.computed:
        return through_property(write_target, [f"    w{place or '[...]'} = {element}"])
    return [f"{write_target.access}.data{place or '[...]'} = {element}"]


def _formula_lines(write_target: WriteTarget, place: str, staged: Staged, text: str) -> list[str]:
    """Plain Python on the same operators, in the same pieces, so that it gives the same bits."""
    if write_target.computed:
        part = f"whole{place or '[...]'}"
        return [
            "with torch.no_grad():",
            *parametrized.reading(
                write_target,
                f"whole = {write_target.access}.clone(memory_format=torch.contiguous_format)",
            ),
            *indented(_part_lines(part, staged, text)),
            f"    {parametrized.assigning(write_target, 'whole')}",
        ]
    return _part_lines(f"{write_target.access}.data{place}", staged, text)


def _part_lines(part: str, staged: Staged, text: str) -> list[str]:
    if staged.in_pieces:
        return [f"part = {part}", *_lines_in_pieces(staged, text)]
    if not staged.cast:
        return [f"w = {part}", f"w.copy_({text})"]
    return [f"part = {part}", f"w = part{staged.cast}", f"part.copy_({text})"]


def _lines_in_pieces(staged: Staged, text: str) -> list[str]:
    """What is reduced beforehand, then each piece."""
    lines = []
    for n, reduced in enumerate(staged.reduced):
        lines.append(f"reduced.append({reduced.text})" if n else f"reduced = [{reduced.text}]")
    each = f"pieces(part, {staged.most})"
    if not staged.cast:
        return [*lines, f"for w in {each}:", f"    w.copy_({text})"]
    return [
        *lines,
        f"for piece in {each}:",
        f"    w = piece{staged.cast}",
        f"    piece.copy_({text})",
    ]


def _constant_text(term: Term, dtype: torch.dtype) -> str:
    """The number as a tensor of this dtype takes it: no fraction or imaginary part that is 0."""
    value = term.value
    if isinstance(value, complex) and not dtype.is_complex:
        value = value.real
    elif not isinstance(value, float) or dtype.is_floating_point or dtype.is_complex:
        return term.text
    return literal(value if dtype.is_floating_point else int(value))
