"""From a slot to what is written, and one part of it written: what several actions share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.actions import parametrized
from paramwidget.edit.actions.outcome import Notes, Outcome
from paramwidget.edit.actions.write_target import (
    Partners,
    Ties,
    WriteTarget,
    locked,
    node_at,
)
from paramwidget.edit.errors import EditError, quoted
from paramwidget.edit.memory.transaction import Transaction, transaction
from paramwidget.edit.values.index import Index
from paramwidget.edit.values.numbers import Number
from paramwidget.slots.names import resolve
from paramwidget.slots.node import file_warnings
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Node, Tree
from paramwidget.tensors import dtype_name


def write_target_of(
    net: nn.Module, node: Node, ties: Ties, memory: compat.MemoryMap
) -> WriteTarget | str:
    """The tensor of a slot, or the reason why it cannot be written to."""
    if node.kind == "computed":
        return parametrized.write_target(net, node)
    tensor = resolve(net, node.path) if node.kind != "module" else None
    reason = locked(node, tensor, memory)
    if reason is not None or tensor is None:
        return reason or "It is None."
    return WriteTarget(tensor, ties.same(node))


def write_target_at(net: nn.Module, tree: Tree, name: Any) -> WriteTarget:
    """The tensor of a slot that can be written to; raises EditError with the reason otherwise."""
    node = node_at(tree, name)
    write_target = write_target_of(net, node, Ties(tree), compat.MemoryMap.now())
    if isinstance(write_target, str):
        raise EditError(f"{quoted(node.name)} cannot be edited: {write_target}", "target")
    return write_target


def write_part(
    net: nn.Module, tree: Tree, write_target: WriteTarget, index: Index, values: torch.Tensor
) -> tuple[list[Name], Transaction]:
    """Write the part; returns the names of every slot whose content changes."""
    partners = Partners(net, Ties(tree), [write_target])
    with transaction(net) as work:
        changed = store(work, tree, write_target, values, index)
    return [*changed, *(node.label for node in partners.changed())], work


def store(
    work: Transaction,
    tree: Tree,
    write_target: WriteTarget,
    values: torch.Tensor,
    index: Index | None = None,
) -> list[Name]:
    """Write a part, or all without ``index``; returns the names of what was written to."""
    tensor = write_target.tensor
    values = values.to(tensor.device)
    if not write_target.computed:
        work.write(write_target.paths, tensor, values, index)
        return [node.label for node in write_target.nodes]
    if index is not None:
        whole = tensor.clone()
        whole[index] = values
        values = whole
    return parametrized.store(work, tree, write_target, values)


def part_outcome(
    title: str,
    changed: list[Name],
    warnings: tuple[str, ...],
    work: Transaction,
    write_target: WriteTarget,
    lines: list[str],
    helpers: Iterable[str] = (),
) -> Outcome:
    """The outcome of writing a part; ``lines``, which call ``helpers``, are what does the same."""
    lines = write_target.guarded(lines)
    notes = Notes(
        title,
        changed=changed,
        warnings=[*file_warnings(write_target.nodes[:1]), *warnings, *work.warnings],
        lines=lines,
    )
    notes.helpers.update(helpers)
    if write_target.moving:
        notes.helpers.add("keeping")
    return notes.outcome(work.inverses)


def stored_warnings(value: Number, stored: torch.Tensor) -> tuple[str, ...]:
    """Warnings about a number that was stored as requested."""
    if value != value or (isinstance(value, float) and abs(value) == float("inf")):
        return (f"{value} was stored, as requested",)
    if stored.is_floating_point() and value and not bool(stored):
        return (f"{value} is too small for {dtype_name(stored.dtype)}: 0 was stored",)
    return ()


def element_text(text: str, dtype: torch.dtype) -> str:
    """The right side of an assignment to an element; not every dtype takes a Python number."""
    if dtype == torch.uint64:  # whose numbers may lie beyond int64
        return f"torch.tensor({text}, dtype=torch.uint64)"
    if dtype in compat.FLOAT8_DTYPES:  # which torch 2.4 cannot fill
        return f"torch.tensor({text}, dtype=torch.float64).to(torch.{dtype_name(dtype)})"
    return text


def through_property(write_target: WriteTarget, lines: list[str]) -> list[str]:
    return [
        "with torch.no_grad():",
        *parametrized.reading(
            write_target, f"w = {write_target.access}.clone(memory_format=torch.contiguous_format)"
        ),
        *lines,
        f"    {parametrized.assigning(write_target, 'w')}",
    ]
