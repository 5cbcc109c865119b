"""Assign one element, compute a part by a formula, switch requires_grad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.actions import parametrized
from paramwidget.edit.actions.outcome import Notes, Outcome, display_name
from paramwidget.edit.actions.write_target import (
    Partners,
    Ties,
    WriteTarget,
    locked,
    node_at,
    what_is,
)
from paramwidget.edit.errors import EditError, quoted
from paramwidget.edit.formula.evaluate import evaluate, working_dtype, working_part
from paramwidget.edit.formula.parse import Formula, parse
from paramwidget.edit.formula.term import Term
from paramwidget.edit.memory.inverses import RequiresGrad, switch
from paramwidget.edit.memory.write import Transaction, copied, part_of, transaction
from paramwidget.edit.values.convert import all_finite, converted
from paramwidget.edit.values.index import Index, covers_all, element_index, index_text, part_index
from paramwidget.edit.values.numbers import Number, as_stored, literal, number_of, taken
from paramwidget.slots.names import resolve
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Tree
from paramwidget.tensors import dtype_name


@dataclass(frozen=True)
class Assign:
    """``bench.assign``: one element becomes a value."""

    target: Any
    index: Any
    value: Any

    kind = "assign"

    def run(self, net: nn.Module, tree: Tree) -> Outcome:
        """Raises EditError where the index is out of range or the dtype cannot hold the value."""
        write_target = write_target_at(net, tree, self.target)
        dtype = write_target.tensor.dtype
        index = element_index(self.index, tuple(write_target.tensor.shape))
        value = number_of(self.value, dtype)
        stored = as_stored(value, dtype)
        changed, work = _write(net, tree, write_target, index, stored)
        value_text_ = f"{value:.6g}" if isinstance(value, float) else str(value)
        where = f"[{', '.join(map(str, index))}]" if index else ""
        title = f"{display_name(write_target.node)}{where} = {value_text_}"
        place = index_text(index, tuple(write_target.tensor.shape))
        text = _element(literal(taken(value, dtype)), dtype)
        lines = [f"{write_target.access}.data[{place}] = {text}"]
        if write_target.computed:
            lines = _through_property(write_target, [f"    w[{place}] = {text}"])
        warnings = _asked_for(value, stored)
        return _outcome(
            title, changed, warnings, work, write_target.guarded(lines), write_target.moving
        )


@dataclass(frozen=True)
class Compute:
    """``bench.compute``: a part becomes a formula of itself."""

    target: Any
    expression: Any
    index: Any = ...

    kind = "compute"

    def run(self, net: nn.Module, tree: Tree) -> Outcome:
        """Raises EditError for what is no formula, and where the dtype cannot hold the result."""
        formula = parse(self.expression)
        write_target = write_target_at(net, tree, self.target)
        shape, dtype = tuple(write_target.tensor.shape), write_target.tensor.dtype
        index = part_index(self.index, shape)
        part = copied(write_target.tensor, index)
        if not part.numel():
            raise EditError(f"the part has no element (shape {tuple(part.shape)})", "index")
        working = working_dtype(formula, dtype)
        term = evaluate(formula, working_part(part, working))
        values, warnings = _result(term, part, working, formula)
        changed, work = _write(net, tree, write_target, index, values)
        whole = covers_all(index, shape)
        where = "" if whole else f"[{index_text(index, shape)}]"
        title = f"{display_name(write_target.node)}{where} = {formula.text}"
        lines = _formula_lines(write_target, index, term, working, formula)
        return _outcome(
            title, changed, warnings, work, write_target.guarded(lines), write_target.moving
        )


@dataclass(frozen=True)
class Require:
    """``bench.require``: freeze a parameter or let it learn."""

    target: Any
    value: Any

    kind = "require"

    def run(self, net: nn.Module, tree: Tree) -> Outcome:
        """Raises EditError where torch has no gradient for such a tensor."""
        if not isinstance(self.value, bool):
            raise EditError(f"requires_grad is True or False, not {quoted(self.value)}", "value")
        node = node_at(tree, self.target)
        tensor = resolve(net, node.path) if node.kind not in ("module", "computed") else None
        if tensor is None:
            raise EditError(
                f"{quoted(node.name)} {what_is(node)}: it has no requires_grad", "target"
            )
        if not tensor.is_leaf:
            raise EditError(
                f"{quoted(node.name)} is computed from other tensors: its gradient is theirs",
                "target",
            )
        if self.value and not (tensor.is_floating_point() or tensor.is_complex()):
            raise EditError(
                f"{quoted(node.name)} is {node.dtype}: only real and complex numbers have "
                "gradients",
                "value",
            )
        before = tensor.requires_grad
        try:
            switch(tensor, self.value)
        except RuntimeError as error:
            raise EditError(f"torch refuses: {error}", "value") from error
        work = Transaction(net)
        work.inverses.append(RequiresGrad(tensor, before))
        nodes = Ties(tree).same(node)
        title = f"{display_name(node)} {'learns' if self.value else 'is frozen'}"
        lines = WriteTarget(tensor, nodes).guarded(
            [f"{node.access[0]}.requires_grad = {self.value}"]
        )
        return _outcome(title, [one.label for one in nodes], (), work, lines)


def write_target_at(net: nn.Module, tree: Tree, name: Any) -> WriteTarget:
    """The tensor of a slot, for one that can be written; raises EditError with the reason."""
    node = node_at(tree, name)
    if node.kind == "computed":
        write_target = parametrized.write_target(net, node)
    else:
        tensor = resolve(net, node.path) if node.kind != "module" else None
        reason = locked(node, tensor, compat.MemoryMap.now())
        if reason is not None or tensor is None:
            write_target = reason or "it is None"
        else:
            write_target = WriteTarget(tensor, Ties(tree).same(node))
    if isinstance(write_target, str):
        raise EditError(f"{quoted(node.name)} cannot be edited: {write_target}", "target")
    return write_target


def _write(
    net: nn.Module, tree: Tree, write_target: WriteTarget, index: Index, values: torch.Tensor
) -> tuple[list[Name], Transaction]:
    """Writes the part; the names of every slot whose content that changes."""
    partners = Partners(net, Ties(tree), [write_target])
    with transaction(net) as work:
        if write_target.computed:
            full = write_target.tensor.clone()
            full[index] = values.to(full.device)
            changed = parametrized.store(work, tree, write_target, full)
        else:
            work.write(
                write_target.paths,
                write_target.tensor,
                values.to(write_target.tensor.device),
                index,
            )
            changed = [node.label for node in write_target.nodes]
    return [*changed, *(node.label for node in partners.changed())], work


def _outcome(
    title: str,
    changed: list[Name],
    warnings: tuple[str, ...],
    work: Transaction,
    lines: list[str],
    moving: str = "",
) -> Outcome:
    notes = Notes(title, changed=changed, warnings=list(warnings), lines=lines)
    if moving:
        notes.helpers.add("keeping")
    return notes.outcome(work.inverses)


def _asked_for(value: Number, stored: torch.Tensor) -> tuple[str, ...]:
    """What a person may want to know of a number that was stored as asked."""
    if value != value or (isinstance(value, float) and abs(value) == float("inf")):
        return (f"{value} was stored, as asked",)
    if stored.is_floating_point() and value and not bool(stored):
        return (f"{value} is too small for {dtype_name(stored.dtype)}: 0 was stored",)
    return ()


def _result(
    term: Term, part: torch.Tensor, working: torch.dtype, formula: Formula
) -> tuple[torch.Tensor, tuple[str, ...]]:
    """The result in the part's dtype, and warnings about what became NaN or infinite."""
    if not isinstance(term.value, torch.Tensor):
        stored = as_stored(term.value, part.dtype, "expression")
        return stored, _asked_for(term.value, stored)
    _refuse_overflow(term.value, part, working, formula)
    values = converted(term.value, part.dtype, "expression")
    if all_finite(values):
        return values, ()
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
    """Infinite because the dtype is too narrow, not because the formula says so, is an error."""
    wider = {torch.float32: torch.float64, torch.complex64: torch.complex128}.get(working)
    if wider is None or all_finite(result):
        return
    exact = evaluate(formula, working_part(part, wider)).value
    assert isinstance(exact, torch.Tensor)
    lost = int((exact.isfinite() & ~result.isfinite()).sum())
    if lost:
        raise EditError(
            f"{lost} of {result.numel()} results are too large for {dtype_name(part.dtype)}",
            "expression",
        )


def _element(text: str, dtype: torch.dtype) -> str:
    """The right side of an assignment to an element; not every dtype takes a Python number."""
    if dtype == torch.uint64:  # whose numbers may lie beyond int64
        return f"torch.tensor({text}, dtype=torch.uint64)"
    if dtype in compat.FLOAT8_DTYPES:  # which torch 2.4 cannot fill
        return f"torch.tensor({text}, dtype=torch.float64).to(torch.{dtype_name(dtype)})"
    return text


def _formula_lines(
    write_target: WriteTarget, index: Index, term: Term, working: torch.dtype, formula: Formula
) -> list[str]:
    """Plain Python on the same operators, so that it gives the same bits."""
    tensor, shape = write_target.tensor, tuple(write_target.tensor.shape)
    place = "" if covers_all(index, shape) else f"[{index_text(index, shape)}]"
    part = part_of(tensor, index)
    cast = "" if part.is_contiguous() else ".contiguous()"
    cast += "" if working == tensor.dtype else f".to(torch.{dtype_name(working)})"
    if write_target.computed:
        place_ = place or "[...]"
        return _computed_lines(write_target, place_, cast, term.text, formula)
    if not formula.uses_w:
        element = _element(term.text, tensor.dtype)
        return [f"{write_target.access}.data{place or '[...]'} = {element}"]
    if not cast:
        return [f"w = {write_target.access}.data{place}", f"w.copy_({term.text})"]
    return [
        f"part = {write_target.access}.data{place}",
        f"w = part{cast}",
        f"part.copy_({term.text})",
    ]


def _through_property(write_target: WriteTarget, lines: list[str]) -> list[str]:
    return [
        "with torch.no_grad():",
        *parametrized.reading(
            write_target, f"w = {write_target.access}.clone(memory_format=torch.contiguous_format)"
        ),
        *lines,
        f"    {parametrized.assigning(write_target, 'w')}",
    ]


def _computed_lines(
    write_target: WriteTarget, place: str, cast: str, text: str, formula: Formula
) -> list[str]:
    if not formula.uses_w:
        return _through_property(write_target, [f"    w{place} = {text}"])
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
