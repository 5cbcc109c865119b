"""Which slots an edit or its way back reaches, and what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeGuard

from paramwidget.edit.actions.action import Action
from paramwidget.slots.names import path_of
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Node, Path, Tree

#: The fields of actions that name a slot or a module.
_NAMES = ("target", "first", "second")


def reached_by(action: Action, tree: Tree) -> dict[Path, Name]:
    """The slots that an action may write to; all of them where it does not say."""
    nodes: list[Node] = []
    for field in (field for field in _NAMES if field in action.fields):
        name = getattr(action, field)
        node = tree.find(name if isinstance(name, str) else tuple(name)) if _names(name) else None
        if node is None:  # a glob, or what is refused in a moment
            return {node.path: node.label for node in tree.slots}
        nodes += tree.slots_below(node) if node.kind == "module" else [node]
    tied = tree.tied_with["same"]
    names = [name for node in nodes for name in (node.label, *tied.get(node.label, ()))]
    return {node.path: node.label for node in map(tree.find, names) if node is not None}


def with_tied(names: Iterable[Name], tree: Tree | None) -> dict[Path, Name]:
    """The slots of these names, and those that are tied with them now."""
    found = {path_of(name): name for name in names}
    if tree is None:
        return found
    for kind in ("same", "memory"):
        tied = tree.tied_with[kind]
        for name in list(found.values()):
            found.update((tree.node(one).path, one) for one in tied.get(name, ()))
    return found


def in_order(paths: list[Path], slots: Mapping[Path, Name]) -> list[Name]:
    """The names of these paths, in the order of the slots."""
    others = [".".join(path) for path in paths if path not in slots]
    return [*(name for path, name in slots.items() if path in paths), *dict.fromkeys(others)]


def _names(given: object) -> TypeGuard[str | list[str] | tuple[str, ...]]:
    parts = given if isinstance(given, (list, tuple)) else [given]
    return all(isinstance(part, str) for part in parts)
