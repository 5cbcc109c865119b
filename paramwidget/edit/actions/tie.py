"""Tie: let two slots hold one tensor. Untie: give a slot a tensor of its own."""

from __future__ import annotations

import gc
from collections.abc import Iterator
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
    children_of,
    existing_module,
    tensors_of,
    unique_modules,
)
from paramwidget.edit.actions.outcome import Notes, Outcome, display_name
from paramwidget.edit.actions.write_target import Ties, node_at, what_is
from paramwidget.edit.errors import EditError, quoted
from paramwidget.edit.memory.inverses import MovedMemory
from paramwidget.edit.memory.rollback import RollbackPoint
from paramwidget.edit.memory.write import Inverse, point_at
from paramwidget.edit.script import ROOT, assigned
from paramwidget.slots.names import resolve
from paramwidget.slots.tree import Node, Path, Tree
from paramwidget.tensors import error_text, plain

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
        notes.changes(_slots_of(net, tree, second, holder))
        with _registries_kept([holder]) as inverses:
            setattr(holder, second.path[-1], here)
            if resolve(net, second.path) is not here:
                raise EditError(
                    f"{quoted(second.name)} cannot be replaced: its {type(holder).__name__} does "
                    "not accept another tensor",
                    "second",
                )
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
            return _own_memory(node, tensor, notes)
        return _apart(net, tree, node, tensor, notes)


def _tensor_at(net: nn.Module, tree: Tree, name: Any) -> tuple[Node, torch.Tensor]:
    node = node_at(tree, name)
    if node.kind not in _KINDS or node.sources:
        why = node.note if node.sources else f"it {what_is(node)}"
        raise EditError(f"{quoted(node.name)} cannot be tied: {why}", "target")
    tensor = resolve(net, node.path)
    if tensor is None or node.state != "ready":
        raise EditError(f"{quoted(node.name)} cannot be tied: {node.reason}", "target")
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
    same = Ties(tree).same(node)
    return [one for one in same if one.path[-1] == node.path[-1]
            and existing_module(net, one.path[:-1]) is holder]  # fmt: skip


@contextmanager
def _registries_kept(modules: list[nn.Module]) -> Iterator[list[Inverse]]:
    """Collects what is replaced inside; restores it if that raises."""
    point = RollbackPoint.of(modules, contents=False)
    inverses: list[Inverse] = []
    try:
        yield inverses
        inverses += point.changes({})
    except EditError:
        point.restore(modules[0])
        raise
    except Exception as error:
        point.restore(modules[0])
        raise EditError(f"the tensor cannot be replaced: {error_text(error)}") from error


def _apart(net: nn.Module, tree: Tree, node: Node, tensor: torch.Tensor, notes: Notes) -> Outcome:
    """Give the slot its own tensor, and its own modules where the path is shared."""
    chain = _shared_from(net, tree, node)
    copies: dict[Path, nn.Module] = {
        path: shallow_copy(existing_module(net, path)) for path in chain
    }

    def now_at(path: Path) -> nn.Module:
        return copies[path] if path in copies else existing_module(net, path)

    holder, parents = now_at(node.path[:-1]), [now_at(path[:-1]) for path in chain]
    own = tensor.detach().clone()
    if node.kind == "parameter":
        own = nn.Parameter(own, requires_grad=tensor.requires_grad)
    with _registries_kept([*parents, holder]) as inverses:
        for parent, (path, copy) in zip(parents, copies.items(), strict=True):
            setattr(parent, path[-1], copy)
        setattr(holder, node.path[-1], own)
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


def _shared_from(net: nn.Module, tree: Tree, node: Node) -> list[Path]:
    """The modules on the path to the slot that are also used elsewhere, outermost first."""
    places: dict[int, int] = {}
    for module in unique_modules(net):
        for _, child in children_of(module):
            places[id(child)] = places.get(id(child), 0) + 1
    holder = node.path[:-1]
    ways = [holder[:depth] for depth in range(1, len(holder) + 1)]
    shared = [places.get(id(existing_module(net, way)), 0) > 1 for way in ways]
    return ways[shared.index(True) :] if True in shared else []


def shallow_copy(module: nn.Module) -> nn.Module:
    """A copy of a module, with its own registries that hold the same tensors and children."""
    made: nn.Module = object.__new__(type(module))
    containers = (dict, list, set)
    compat.raw_dict(made).update(
        {
            name: value.copy() if isinstance(value, containers) else value
            for name, value in compat.raw_dict(module).items()
        }
    )
    return made


def _own_memory(node: Node, tensor: torch.Tensor, notes: Notes) -> Outcome:
    """The same tensor object in memory of its own."""
    inverse = MovedMemory(tensor, plain(tensor))
    point_at(tensor, plain(tensor).clone())
    access = node.expression(ROOT)
    notes.lines.append(f"{access}.data = {access}.data.clone()")
    return notes.outcome([inverse])


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
