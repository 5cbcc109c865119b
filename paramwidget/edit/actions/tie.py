"""Tie: let two slots hold one tensor. Untie: give a slot a tensor of its own."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from paramwidget import compat
from paramwidget.edit.actions.action import Action
from paramwidget.edit.actions.fields import Target
from paramwidget.edit.actions.modules import (
    existing_module,
    tensors_of,
    unique_modules,
)
from paramwidget.edit.actions.outcome import Notes, Outcome, display_name
from paramwidget.edit.actions.registries import own_registries, shallow_copy, shared_from
from paramwidget.edit.actions.write_target import Ties, node_at, what_is
from paramwidget.edit.errors import EditError, no_memory, quoted
from paramwidget.edit.memory.inverses import MovedMemory
from paramwidget.edit.memory.kept_bytes import Inverse
from paramwidget.edit.memory.rollback import restored_on_error
from paramwidget.edit.memory.transaction import transaction
from paramwidget.edit.memory.write import point_at
from paramwidget.edit.script import ROOT, assigned
from paramwidget.slots.names import resolve
from paramwidget.slots.tree import Node, Path, Tree, read_tree
from paramwidget.tensors import error_text, plain, writable_reason

_KINDS = ("parameter", "buffer", "constant")


@dataclass(frozen=True)
class Tie(Action):
    """``bench.tie(first, second)``: the second slot holds the first one's tensor from now on."""

    first: Target
    second: Target

    def run(self, net: nn.Module, tree: Tree) -> Outcome:
        """Raises EditError if shape, dtype or device differ, or if they are already tied."""
        first, here = _tensor_at(net, tree, self.first)
        second, there = _tensor_at(net, tree, self.second)
        _check_alike(first, here, second, there)
        holder = existing_module(net, second.path[:-1])
        notes = Notes(f"{display_name(second)} tied to {display_name(first)}")
        slots = _slots_of(net, tree, second, holder)
        notes.changes(slots)
        with _as_asked(net, tree, second, "tied") as (inverses, check):
            own_registries(net, tree, notes, [(second.path[:-1], holder, second.kind)])
            setattr(holder, second.path[-1], here)
            check(slots, with_=first)
        notes.lines.append(
            assigned(second.expression(ROOT), second.path[-1], first.expression(ROOT))
        )
        if here.requires_grad != there.requires_grad:
            state = "is trainable" if here.requires_grad else "is frozen"
            notes.warnings.append(f"{display_name(second)} {state} now, like {display_name(first)}")
        notes.warnings += _left_training(net, there, display_name(second))
        return notes.outcome(inverses)


@dataclass(frozen=True)
class Untie(Action):
    """``bench.untie(name)``: the slot gets a copy of its own, the others stay tied."""

    target: Target

    def run(self, net: nn.Module, tree: Tree) -> Outcome:
        """Raises EditError if the slot is not tied."""
        node, tensor = _tensor_at(net, tree, self.target)
        ties = Ties(tree)
        notes = Notes(f"{display_name(node)} untied")
        notes.changes([node])
        shared = len(ties.same(node)) > 1
        if not shared and not ties.memory(node):
            raise EditError(f"{quoted(node.name)} is not tied", "target")
        # ``.data = ...`` frees memory that numpy or DLPack may share, and an optimizer knows a
        # tensor by identity; numpy and DLPack do not share a trainable tensor, so that one keeps
        # its object
        if not shared and node.kind == "parameter" and tensor.requires_grad:
            return _own_memory(net, node, tensor, notes)
        return _apart(net, tree, node, tensor, notes)


def _tensor_at(net: nn.Module, tree: Tree, name: Any) -> tuple[Node, torch.Tensor]:
    node = node_at(tree, name)
    if node.kind not in _KINDS or node.sources:
        why = node.note if node.sources else f"it {what_is(node)}"
        raise EditError(f"{quoted(node.name)} cannot be tied: {why}", "target")
    tensor = resolve(net, node.path)
    if tensor is None or node.state != "ready":
        raise EditError(f"{quoted(node.name)} cannot be tied: {node.reason}", "target")
    if node.packed:
        raise EditError(f"{quoted(node.name)} cannot be tied: {writable_reason(tensor)}", "target")
    return node, tensor


def _check_alike(first: Node, here: torch.Tensor, second: Node, there: torch.Tensor) -> None:
    if here is there:
        raise EditError(f"{quoted(first.name)} and {quoted(second.name)} are already one tensor")
    if first.kind != second.kind:
        raise EditError(f"{quoted(first.name)} is a {first.kind}, and {quoted(second.name)} is a "
                        f"{second.kind}: only slots of one kind can be tied")  # fmt: skip
    for what in ("shape", "dtype", "device"):
        mine, its = getattr(here, what), getattr(there, what)
        if mine != its:
            mine, its = (tuple(mine), tuple(its)) if what == "shape" else (mine, its)
            raise EditError(
                f"{quoted(first.name)} has the {what} {mine}, and {quoted(second.name)} {its}: "
                "tied tensors must agree in shape, dtype and device",
                "second",
            )


def _slots_of(net: nn.Module, tree: Tree, node: Node, holder: nn.Module) -> list[Node]:
    """The places at which one module holds the slot; more than one where the module is shared."""
    same, fields = Ties(tree).same(node), compat.raw_dict(holder)
    return [one for one in same if one.path[-1] == node.path[-1]
            and compat.raw_dict(existing_module(net, one.path[:-1])) is fields]  # fmt: skip


@contextmanager
def _as_asked(
    net: nn.Module, tree: Tree, node: Node, done: str
) -> Iterator[tuple[list[Inverse], Callable[..., None]]]:
    """Collects what is replaced inside; restores it if that raises, or did something else.

    Yields the inverses and a function that checks the result: the ``slots`` that hold another
    tensor now, and the one that they share it with. A class may do something else than it is told.
    """
    inverses: list[Inverse] = []

    def check(slots: Sequence[Node], with_: Node | None = None) -> None:
        if not _holds(tree, read_tree(net), slots, with_):
            holder = type(existing_module(net, node.path[:-1])).__name__
            raise EditError(
                f"{quoted(node.name)} cannot be {done}: its {holder} did something else with the "
                "tensor that it was given; the model was not changed"
            )

    try:
        with restored_on_error(unique_modules(net), contents=False) as point:
            yield inverses, check
            inverses += point.changes({})
    except EditError:
        raise
    except Exception as error:
        raise EditError(
            f"{quoted(node.name)} cannot be {done}: {no_memory(error) or error_text(error)}; "
            "the model was not changed"
        ) from error


def _holds(before: Tree, now: Tree, slots: Sequence[Node], with_: Node | None) -> bool:
    """Whether the slots hold one tensor that was asked for, and all others what they held."""
    changed = {node.path for node in slots}
    there, back = {-1: -1}, {-1: -1}  # the number of each tensor in the other reading
    if len(before.slots) != len(now.slots):
        return False
    numbers = set()
    for old, new in zip(before.slots, now.slots, strict=True):
        if old.path != new.path or old.kind != new.kind:
            return False
        if old.path in changed:
            numbers.add(new.tensor_number)
            continue
        a, b = old.tensor_number, new.tensor_number
        if there.setdefault(a, b) != b or back.setdefault(b, a) != a:
            return False
    if with_ is not None:
        return numbers == {now.node(with_.path).tensor_number}
    own = now.node(slots[0].path)
    return numbers.isdisjoint(back) and own.label not in now.tied_with["memory"]


def _apart(net: nn.Module, tree: Tree, node: Node, tensor: torch.Tensor, notes: Notes) -> Outcome:
    """Give the slot its own tensor, and its own modules where the path is shared."""
    chain = shared_from(net, tree, node)
    copies: dict[Path, nn.Module] = {
        path: shallow_copy(existing_module(net, path)) for path in chain
    }

    def now_at(path: Path) -> nn.Module:
        return copies[path] if path in copies else existing_module(net, path)

    holder, parents = now_at(node.path[:-1]), [now_at(path[:-1]) for path in chain]
    own = tensor.detach().clone()
    if node.kind == "parameter":
        own = nn.Parameter(own, requires_grad=tensor.requires_grad)
    held = [(path[:-1], parent, "module") for path, parent in zip(chain, parents, strict=True)]
    held.append((node.path[:-1], holder, node.kind))
    with _as_asked(net, tree, node, "untied") as (inverses, check):
        own_registries(net, tree, notes, [one for one in held if one[0] not in copies])
        for parent, (path, copy) in zip(parents, copies.items(), strict=True):
            setattr(parent, path[-1], copy)
        setattr(holder, node.path[-1], own)
        check([node])
    for path in chain:
        access = tree.node(path).expression(ROOT)
        notes.lines.append(assigned(access, path[-1], f"shallow_copy({access})"))
        notes.helpers.add("shallow_copy")
    access = node.expression(ROOT)
    value = f"{access}.detach().clone()"
    if node.kind == "parameter":
        frozen = "" if tensor.requires_grad else ", requires_grad=False"
        value = f"torch.nn.Parameter({value}{frozen})"
    notes.lines.append(assigned(access, node.path[-1], value))
    notes.warnings += _not_trained(tensor, display_name(node))
    return notes.outcome(inverses)


def _own_memory(net: nn.Module, node: Node, tensor: torch.Tensor, notes: Notes) -> Outcome:
    """The same tensor object in memory of its own."""
    with transaction(net) as work:
        with work.recorded(MovedMemory(tensor, plain(tensor))):
            point_at(tensor, plain(tensor).clone())
        if node.label in read_tree(net).tied_with["memory"]:
            raise EditError(f"{quoted(node.name)} cannot be untied: it still shares memory")
    access = node.expression(ROOT)
    notes.lines.append(f"{access}.data = {access}.data.clone()")
    return notes.outcome(work.inverses)


def _optimizers() -> list[Optimizer]:
    """Every optimizer of the process; torch does not keep a list of them."""
    return [one for one in gc.get_objects() if issubclass(type(one), Optimizer)]


def _trains(optimizer: Optimizer, tensor: torch.Tensor) -> bool:
    groups = getattr(optimizer, "param_groups", [])
    return any(held is tensor for group in groups for held in group.get("params", ()))


def _left_training(net: nn.Module, tensor: torch.Tensor, name: str) -> list[str]:
    """Warn of optimizers that hold a tensor that is no longer in any slot."""
    for module in unique_modules(net):
        if any(held is tensor for held in tensors_of(module, "_parameters")):
            return []
    return [
        f"{type(one).__name__} still updates the previous tensor of {name}: create a new optimizer"
        for one in _optimizers()
        if _trains(one, tensor)
    ]


def _not_trained(tensor: torch.Tensor, name: str) -> list[str]:
    """Warn of optimizers that hold the others' tensor but not the new one."""
    return [
        f"{type(one).__name__} does not update the new tensor of {name}: create a new optimizer, "
        "or add the tensor with add_param_group"
        for one in _optimizers()
        if _trains(one, tensor)
    ]
