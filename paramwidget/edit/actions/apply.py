"""Apply: a user's function on modules, as net.apply does it, with a way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch import nn

from paramwidget import compat
from paramwidget.edit.actions.action import Action
from paramwidget.edit.actions.called import expression_of
from paramwidget.edit.actions.fields import FunctionName, Seed, Switch, Target
from paramwidget.edit.actions.modules import (
    applies_plainly,
    existing_module,
    tensors_of,
    unique_modules,
    visits,
)
from paramwidget.edit.actions.outcome import Failed, Notes, Outcome, display_name
from paramwidget.edit.actions.remarks import rewritten
from paramwidget.edit.actions.write_target import (
    Ties,
    code_tensors,
    node_at,
    what_is,
)
from paramwidget.edit.errors import EditError, quoted
from paramwidget.edit.initializers.seeds import fresh_seed, private_generators
from paramwidget.edit.memory.rollback import RollbackPoint, restored_on_error
from paramwidget.edit.script import FUNCTION, ROOT, function_name, indented
from paramwidget.edit.values.numbers import parse_seed
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.names import held_at, resolve, tensor_of
from paramwidget.slots.node import file_warnings
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Node, Path, Tree, read_tree
from paramwidget.tensors import crash_reason, writable_reason


@dataclass(frozen=True)
class Apply(Action):
    """``bench.apply``: the function sees every module below the target, children first."""

    function: FunctionName
    target: Target = ""
    recurse: Switch = True
    seed: Seed = None

    def run(self, net: nn.Module, tree: Tree) -> Outcome:
        """If the function raises, every tensor is restored, and EditError is raised from it."""
        if not callable(self.function):
            raise EditError(f"apply expects a function that takes a module, got "
                            f"{quoted(self.function)}",
                            "function")  # fmt: skip
        node = node_at(tree, self.target)
        if node.kind != "module":
            raise EditError(
                f"{quoted(node.name)} {what_is(node)}; apply takes a module, such as "
                f"{quoted('.'.join(node.path[:-1]))}"
                + (", the whole model" if len(node.path) == 1 else ""),
                "target",
            )
        _refuse_crash(net, tree, node)
        module = existing_module(net, node.path)
        packed = _Packed(net, tree, node)
        visited = packed.passed_over(visits(module) if self.recurse else [module])
        given = parse_seed(self.seed)
        seed = given if given is not None else fresh_seed()
        name = function_name(self.function)
        found = expression_of(net, tree, self.function)
        with restored_on_error(unique_modules(net)) as point:
            before = _holdings(net, tree, point)
            with private_generators(seed):
                for here in visited:
                    try:
                        self.function(here)
                    except Exception as error:
                        about = f"{name} failed on a {type(here).__name__}"
                        raise Failed.of(about, error) from error
            packed.put_back(point)
            return self._outcome(net, tree, node, visited, seed, point, before, packed, found)

    def _outcome(
        self,
        net: nn.Module,
        tree: Tree,
        node: Node,
        visited: list[nn.Module],
        seed: int,
        point: RollbackPoint,
        before: dict[Path, Any],
        packed: _Packed,
        found: str,
    ) -> Outcome:
        after_tree = read_tree(net)
        after = _holdings(net, after_tree, point)
        paths = {path for path in {**before, **after} if before.get(path) != after.get(path)}
        touched = point.changed()
        paths |= {path for path, (key, _) in after.items() if key in touched}
        labels = {one.path: one.label for one in (*tree.slots, *after_tree.slots)}
        changed = [label for path, label in labels.items() if path in paths]
        inverses = point.changes(_paths_of(net, tree))
        point.keep_versions()
        name = function_name(self.function)
        title = f"{name} on {display_name(node, ROOT)}" + ("" if self.recurse else " itself")
        access = node.expression(ROOT)
        helpers, function = {"seed_all"}, found or FUNCTION
        if not self.recurse:
            call = f"{function}({access})"
        elif not packed.holders and applies_plainly(visited):
            call = f"{access}.apply({function})"
        else:
            without = f", [{', '.join(packed.holders)}]" if packed.holders else ""
            call = f"visit({access}, {function}{without})"
            helpers.add("visit")
        lines = [call]
        if packed.kept:
            kept = ", ".join(one.expression(ROOT) for one in packed.kept)
            lines = [f"with keeping({kept}):", *indented(lines)]
            helpers.add("keeping")
        lines += [f"{one.expression(ROOT)}.requires_grad = False" for one in packed.frozen]
        skipped = {**_not_ready(tree, node), **packed.skipped}
        written = [one for one in tree.slots if one.path in paths]
        notes = Notes(
            title,
            seed,
            changed,
            skipped,
            [
                *file_warnings(written),
                *_warnings(net, tree, visited, paths, name, skipped, not inverses),
                *packed.warnings(name),
            ],
            [f"seed_all({seed})", *lines],
            helpers,
            None if found else self.function,
            ran_code=True,
        )
        return notes.outcome(inverses)


class _Packed:
    """The packed tensors below a module, and what they are read with.

    A function of the user's must leave them as they are.

    ``skipped`` has the reason for each slot of the modules that hold them; the function is not
    called on these, whose expressions are ``holders``. ``kept`` are the slots that it changed from
    elsewhere, and that were put back; ``frozen`` those that it had made trainable.
    """

    def __init__(self, net: nn.Module, tree: Tree, below: Node) -> None:
        self._net = net
        self._tensors = code_tensors(net, tree)
        self._holders: dict[int, Node] = {}
        self.kept: list[Node] = []
        self.frozen: list[Node] = []
        self.skipped: dict[Name, str] = {}
        for node in tree.slots if self._tensors else ():
            registered = node.kind in ("parameter", "buffer")
            if node.packed and registered and node.path[: len(below.path)] == below.path:
                holder = tree.node(node.path[:-1])
                self._holders[id(existing_module(net, holder.path))] = holder
                self._skip(net, node, holder)

    def _skip(self, net: nn.Module, node: Node, holder: Node) -> None:
        for beside in holder.children:
            if beside.kind == "parameter":
                about = f"whose {display_name(node.path[-1:])} is packed"
                self.skipped.setdefault(
                    beside.label, f"The function is not called on its {holder.type_name}, {about}."
                )
        tensor = tensor_of(net, node)
        if tensor is not None:
            self.skipped[node.label] = node.reason or writable_reason(tensor) or node.state

    def warnings(self, function: str) -> list[str]:
        """What was put back."""
        wrote = f"what {function} wrote to it was taken back"
        unfroze = f"{function} made it trainable, and it was frozen again"
        return [f"{display_name(node)} is {_packed_how(node)}: {what}"
                for nodes, what in ((self.kept, wrote), (self.frozen, unfroze))
                for node in nodes]  # fmt: skip

    @property
    def holders(self) -> list[str]:
        return [holder.expression(ROOT) for holder in self._holders.values()]

    def passed_over(self, modules: Iterable[nn.Module]) -> list[nn.Module]:
        """The modules without those that hold a packed tensor; EditError if none is left."""
        visited = [module for module in modules if id(module) not in self._holders]
        if not visited:
            name, reason = next(iter(self.skipped.items()))
            raise EditError(
                f"cannot call a function here: it might write to {display_name(name)}. {reason}",
                "target",
            )
        return visited

    def put_back(self, point: RollbackPoint) -> None:
        """Restore what was changed nevertheless."""
        for key, node in self._tensors.items():
            held = point.tensors.get(key)
            if held is not None and not held.same_content():
                point.put_back(held.tensor)
                self.kept.append(node)
            tensor = tensor_of(self._net, node)
            if tensor is not None and id(tensor) == key and point.freeze_again(key, tensor):
                self.frozen.append(node)


def _packed_how(node: Node) -> str:
    return "packed" if node.packed else f"beside {node.codes}, which is packed"


def _refuse_crash(net: nn.Module, tree: Tree, node: Node) -> None:
    """A function that is called on such a module may write where a write crashes the process."""
    depth, memory = len(node.path), compat.MemoryMap.now()
    for slot in tree.slots:
        tensor = held_at(net, slot.path) if slot.path[:depth] == node.path else None
        reason = crash_reason(tensor, memory) if tensor is not None else None
        if reason is not None:
            raise EditError(
                f"cannot call a function on {display_name(node, tree.called)}: it might write to "
                f"{display_name(slot)}. {reason} Apply it to another part of the model, or "
                "initialize single tensors.",
                "target",
            )


def _holdings(net: nn.Module, tree: Tree, point: RollbackPoint) -> dict[Path, Any]:
    """Which tensor each slot holds, with its content if the rollback point does not have it."""
    found: dict[Path, Any] = {}
    for node in tree.slots:
        if node.kind != "computed":
            tensor = resolve(net, node.path)
            known = tensor is None or id(tensor) in point.tensors
            found[node.path] = (id(tensor), None if known else fingerprint(tensor))
    return found


def _paths_of(net: nn.Module, tree: Tree) -> dict[int, tuple[Path, ...]]:
    """The slots of each tensor, by its id."""
    found: dict[int, list[Path]] = {}
    for node in tree.slots:
        tensor = (
            resolve(net, node.path) if node.kind in ("parameter", "buffer", "constant") else None
        )
        if tensor is not None:
            found.setdefault(id(tensor), []).append(node.path)
    return {key: tuple(paths) for key, paths in found.items()}


def _not_ready(tree: Tree, node: Node) -> dict[Name, str]:
    depth = len(node.path)
    return {
        one.label: one.reason or one.state
        for one in tree.slots
        if one.state != "ready" and one.path[:depth] == node.path
    }


def _warnings(
    net: nn.Module,
    tree: Tree,
    visited: list[nn.Module],
    changed: set[Path],
    name: str,
    skipped: dict[Name, str],
    as_before: bool,
) -> list[str]:
    warnings = []
    if not changed and as_before:
        warnings.append(f"{name} changed nothing")
        lazy = [node.label for node in tree.slots if node.state == "uninitialized"]
        waiting = [display_name(label) for label in lazy if label in skipped]
        if waiting:
            warnings.append(
                f"{', '.join(waiting[:6])}: no shape yet, so an initializer that checks the type "
                "of the layer skips them; run a forward pass first"
            )
    visits_of = Counter(
        id(value) for module in visited for value in tensors_of(module, "_parameters")
    )
    ties = Ties(tree)
    seen: set[int] = set()
    for node in tree.slots:
        tensor = resolve(net, node.path) if node.kind == "parameter" else None
        if tensor is None or id(tensor) in seen or visits_of[id(tensor)] < 2:
            continue
        seen.add(id(tensor))
        if node.path in changed:
            names = ", ".join(display_name(one) for one in ties.same(node)[:6])
            warnings.append(f"{names}: one shared tensor, visited {visits_of[id(tensor)]} times; "
                        "the last write wins")  # fmt: skip
    there = (
        one for one in tree.slots if one.path in changed and held_at(net, one.path) is not None
    )
    return warnings + rewritten(net, there)
