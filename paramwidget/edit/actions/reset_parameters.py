"""A module's own ``reset_parameters``, with a private seed, limited to the chosen tensors."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.actions.draws import Draws, own_reset
from paramwidget.edit.actions.modules import (
    existing_module,
    tensors_of,
    unique_modules,
    visits,
)
from paramwidget.edit.actions.outcome import Failed, Notes, Outcome, display_name
from paramwidget.edit.actions.padding import Padding, note_zeroed
from paramwidget.edit.actions.remarks import rewritten
from paramwidget.edit.actions.write_target import Partners, Ties, WriteTarget, packed_tensors
from paramwidget.edit.errors import EditError
from paramwidget.edit.initializers.seeds import private_generators
from paramwidget.edit.memory.rollback import restored_on_error
from paramwidget.edit.memory.write import put
from paramwidget.edit.script import ROOT, indented
from paramwidget.slots.names import held_at, resolve
from paramwidget.slots.node import file_warnings
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Node, Path, Tree
from paramwidget.tensors import crash_reason, is_tensor


@dataclass(frozen=True)
class Reach:
    """Which modules' methods are called, children first, and what of the chosen is below them.

    ``left_out`` has the reason for each slot of the tensors that none of them reaches.
    """

    modules: dict[Path, nn.Module]
    write_targets: list[WriteTarget]
    left_out: dict[Name, str]


def reach(
    net: nn.Module,
    tree: Tree,
    chosen: Iterable[Node],
    write_targets: list[WriteTarget],
    target: Any,
) -> Reach:
    """What the methods of the modules that hold a ``chosen`` slot may reach; runs none."""
    ties, harm = Ties(tree), _Harm(net, tree)
    modules = _modules(net, tree, chosen, target, harm)
    below = {key for module in modules.values() for key in _tensors_below(module)}
    found = Reach(modules, [], {})
    for one in write_targets:
        if below.isdisjoint(_alike(net, ties, one)):
            found.left_out.update((node.label, _untouched(net, node, harm)) for node in one.nodes)
        else:
            found.write_targets.append(one)
    return found


def _alike(net: nn.Module, ties: Ties, write_target: WriteTarget) -> set[int]:
    """The tensors through which a method changes this one: it, and those in its memory."""
    others = {id(resolve(net, one.path)) for one in ties.memory(write_target.node)}
    return {id(write_target.tensor)} | others


def reset(
    net: nn.Module,
    tree: Tree,
    resets: dict[Path, nn.Module],
    write_targets: list[WriteTarget],
    skipped: dict[Name, str],
    unmatched: list[str],
    target: Any,
    seed: int,
) -> Outcome:
    """Runs the method of each of these modules.

    A method may change more than was chosen; that is restored, except the running statistics of a
    layer all of whose parameters were chosen, and tensors in a chosen tensor's memory. What
    another module has drawn before is restored too. Raises EditError if no chosen tensor is
    reached.
    """
    ties, draws = Ties(tree), Draws(net, tree)
    allowed = _statistics(resets, write_targets).union(
        *(_alike(net, ties, write_target) for write_target in write_targets)
    )
    below = {id(m): m for module in resets.values() for m in unique_modules(module)}
    nodes = _nodes_by_tensor(net, tree, below)
    notes = Notes(f"reset_parameters on {_display_name(resets)}", seed, skipped=skipped)
    notes.lines.append(f"seed_all({seed})")
    notes.helpers.add("seed_all")
    notes.ran_code = True
    with restored_on_error(below.values()) as point:
        partners = Partners(net, ties, write_targets)
        padding = Padding(net, ties, write_targets)
        with private_generators(seed):
            for path, module in resets.items():
                below_it = _tensors_below(module)
                turn = draws.begin(module, below_it)
                left = allowed.intersection(below_it)
                if left and left <= turn.drawn.keys():
                    continue  # others have drawn all of it
                _call(module, display_name(path, tree.called))
                back = [key for key in point.written(below_it) if key not in allowed]
                for key in back:
                    point.put_back(point.tensors[key].tensor)
                back += draws.end(path, module, turn)
                kept = [nodes[key].expression(ROOT) for key in back if key in nodes]
                _note_call(notes, f"{tree.node(path).expression(ROOT)}.{own_reset(module)}()", kept)
        for node, tensor, row in padding.filled():
            put(tensor, torch.zeros((), dtype=tensor.dtype), (row,))
            note_zeroed(notes, WriteTarget(tensor, (node,)), row)
        touched = point.written() & allowed
        notes.warnings += file_warnings(nodes[key] for key in touched & nodes.keys())
        for key in touched & nodes.keys():
            notes.changes(ties.same(nodes[key]))
        harm = _Harm(net, tree)
        for write_target in write_targets:
            if id(write_target.tensor) not in touched:
                skipped.update(
                    (node.label, _untouched(net, node, harm)) for node in write_target.nodes
                )
        if not notes.changed:
            reasons = " ".join(dict.fromkeys(skipped.values())) or "It has no modules."
            asked = display_name(target, tree.called)
            about = f"reset_parameters cannot initialize {asked!r}: {reasons}"
            raise EditError(about, "target")
        paths = {key: tuple(n.path for n in ties.same(node)) for key, node in nodes.items()}
        inverses = point.changes(paths)
        point.keep_versions()
        notes.changes(partners.changed())
        notes.warnings[:0] = [*unmatched, *draws.warnings(touched)]
        notes.warnings += rewritten(net, (nodes[key] for key in nodes if key in touched))
        order = {node.label: place for place, node in enumerate(tree.slots)}
        notes.changed.sort(key=lambda name: order.get(name, 0))
        return notes.outcome(inverses)


def _tensors_below(module: nn.Module) -> list[int]:
    return [
        id(value)
        for one in unique_modules(module)
        for value in [*tensors_of(one, "_parameters", "_buffers"), *_attributes(one).values()]
    ]


def _attributes(module: nn.Module) -> dict[str, torch.Tensor]:
    """The tensors that a module holds as plain attributes."""
    fields = compat.module_fields(module)
    return {name: value for name, value in fields.items() if is_tensor(value)}


def _note_call(notes: Notes, call: str, kept: list[str]) -> None:
    if kept:
        notes.lines += [f"with keeping({', '.join(kept)}):", *indented([call])]
        notes.helpers.add("keeping")
    else:
        notes.lines.append(call)


def _modules(
    net: nn.Module, tree: Tree, chosen: Iterable[Node], target: Any, harm: _Harm
) -> dict[Path, nn.Module]:
    """The modules to reset, children first, each once."""
    wanted: dict[int, Path] = {}
    found = tree.find(target) if isinstance(target, (str, tuple)) else None
    top = found.path if found is not None and found.kind == "module" else None
    for node in chosen:
        holder = node.path[:-1]
        least = len(holder) if top is None else len(top)
        for depth in range(least, len(holder) + 1):
            wanted.setdefault(id(existing_module(net, holder[:depth])), holder[:depth])
    modules: dict[Path, nn.Module] = {}
    for module in visits(net):
        path_ = wanted.pop(id(module), None)
        if path_ is not None and own_reset(module) and not harm.below(module):
            modules[path_] = module
    return modules


class _Harm:
    """What a method, which may write to everything below its module, would do there.

    It would crash the process, or write values where packed codes are.
    """

    def __init__(self, net: nn.Module, tree: Tree) -> None:
        self._memory, self._packed = compat.MemoryMap.now(), packed_tensors(net, tree)

    def below(self, module: nn.Module) -> str | None:
        """Why the method must not be called, None if it may be."""
        for one in unique_modules(module):
            for tensor in tensors_of(one, "_parameters", "_buffers"):
                reason = crash_reason(tensor, self._memory)
                if reason is None and id(tensor) in self._packed:
                    reason = f"{display_name(self._packed[id(tensor)])} is packed."
                if reason is not None:
                    return reason
        return None


def _statistics(resets: dict[Path, nn.Module], write_targets: list[WriteTarget]) -> set[int]:
    """The buffers of the modules all of whose own parameters were chosen."""
    chosen = {id(write_target.tensor) for write_target in write_targets}
    found: set[int] = set()
    for module in resets.values():
        own = tensors_of(module, "_parameters")
        if own and all(id(value) in chosen for value in own):
            found |= {id(value) for value in tensors_of(module, "_buffers")}
    return found


def _nodes_by_tensor(net: nn.Module, tree: Tree, below: Container[int]) -> dict[int, Node]:
    """The first slot of every tensor that a reset of the modules ``below`` may change."""
    found: dict[int, Node] = {}
    modules: dict[Path, nn.Module] = {}
    for node in tree.slots:
        holder = node.path[:-1]
        if holder not in modules:
            modules[holder] = existing_module(net, holder)
        module = modules[holder]
        if id(module) in below:
            value = held_at(net, node.path)
            if is_tensor(value):
                found.setdefault(id(value), node)
    return found


def _call(module: nn.Module, name: str) -> None:
    method: Callable[[], Any] = getattr(module, own_reset(module) or "")
    try:
        with torch.inference_mode(False):
            method()
    except Exception as error:
        raise Failed.of(f"reset_parameters of {name} failed", error) from error


def _untouched(net: nn.Module, node: Node, harm: _Harm) -> str:
    module = existing_module(net, node.path[:-1])
    if own_reset(module) is None:
        return f"Its {type(module).__name__} has no reset_parameters."
    reason = harm.below(module)
    if reason is not None:
        return f"The reset_parameters of its {type(module).__name__} is not called: {reason}"
    return f"The reset_parameters of its {type(module).__name__} does not change it."


def _display_name(resets: dict[Path, nn.Module]) -> str:
    if len(resets) == 1:
        return display_name(next(iter(resets)), ROOT)
    return f"{len(resets)} modules"
