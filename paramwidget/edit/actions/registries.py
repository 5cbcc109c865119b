"""What modules share beside tensors: whole modules, registries, a ``__dict__``; and one's own."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from paramwidget import compat
from paramwidget.edit.actions.modules import children_of, existing_module, unique_modules
from paramwidget.edit.actions.outcome import Notes
from paramwidget.edit.script import ROOT
from paramwidget.slots.tree import Node, Path, Tree

_REGISTRY_OF = {"parameter": "_parameters", "buffer": "_buffers", "module": "_modules"}


def own_registries(
    net: nn.Module, tree: Tree, notes: Notes, held: Iterable[tuple[Path, nn.Module, str]]
) -> None:
    """Give modules a copy of their own of a registry that they share with others.

    ``held``: the path of each module, the module, and the kind of what it holds.
    """
    for path, module, kind in held:
        name, fields = _REGISTRY_OF.get(kind, ""), compat.module_fields(module)
        shared = fields.get(name)
        others = (compat.module_fields(one) for one in unique_modules(net))
        if shared is None or not any(
            other is not fields and other.get(name) is shared for other in others
        ):
            continue
        fields.update({name: shared.copy()})
        access = tree.node(path).expression(ROOT)
        notes.lines.append(f"{access}.{name} = {access}.{name}.copy()")


def shared_from(net: nn.Module, tree: Tree, node: Node) -> list[Path]:
    """The modules on the path to the slot that are also used elsewhere, outermost first."""
    places: dict[int, int] = {}
    for module in unique_modules(net):
        for _, child in children_of(module):
            fields = id(compat.raw_dict(child))  # which two objects may share
            places[fields] = places.get(fields, 0) + 1
    holder = node.path[:-1]
    ways = [holder[:depth] for depth in range(1, len(holder) + 1)]
    shared = [places.get(id(compat.raw_dict(existing_module(net, way))), 0) > 1 for way in ways]
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
