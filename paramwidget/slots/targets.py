"""From a target that the user names to the slots that it selects.

A target is a slot, a module (the parameters of all below it) or a glob. In a glob ``*`` matches any
characters, including dots, ``?`` one character, and ``[...]`` one of those listed; it is matched
against the whole dotted name of slots and of modules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from paramwidget.compat import MemoryMap
from paramwidget.slots.names import held_at, one_way_reason
from paramwidget.slots.narrowing import (
    Called,
    OfTypes,
    Parameters,
    Types,
    glob_pattern,
    is_glob,
    sources_of,
)
from paramwidget.slots.node import file_warnings
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Node, Path, Tree
from paramwidget.tensors import writable_reason

_MEANT = ("parameter", "computed")
_NAMED_ONLY = ("buffer", "constant", "computed")


@dataclass(frozen=True)
class Selection:
    """What a target selects; ``names`` in the order of ``slots()``, all slots of a tied tensor.

    ``skipped`` has the reason for each selected slot that cannot be used, and for each that is
    passed over since its class is a subclass of a class named, or a container in a module that is
    meant. ``nodes`` are the rows of ``names``, in the same order. ``unmatched`` says which types
    and parameters match nothing in the target, ``warnings`` what an edit of the others would do
    besides: write a file.
    """

    names: list[Name]
    skipped: dict[Name, str]
    nodes: list[Node] = field(default_factory=list, repr=False)
    unmatched: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def select(
    tree: Tree,
    target: str | Path,
    types: Types = None,
    parameters: Parameters = None,
    net: Any = None,
) -> Selection:
    """The slots that a target selects.

    A module, a glob or ``""`` selects parameters, including frozen ones; a buffer, a constant or a
    computed tensor is selected only if it is named itself. ``types`` narrows by the class of the
    module that holds the slot: a class includes its subclasses, a string is an exact class name.
    ``parameters`` narrows by the slot's own name, or a glob of it. If the model is passed as
    ``net``, tensors that cannot be written to in place are skipped too.

    Raises UnknownName if the target is neither a slot nor a module, or a glob matches nothing.
    """
    of_types = None if types is None else OfTypes(types)
    called = None if parameters is None else Called(parameters)
    memory = None if net is None else MemoryMap.now()
    itself = tree.find(target)
    nodes, computed = [], []
    skipped: dict[Name, str] = {}
    meant = _meant(tree, target)
    for node in meant:
        named = node == itself
        if node.kind == "computed" and called is None and not named:
            computed.append(node)  # taken as its originals, or said below
            continue
        if called is not None and not called.take(node):
            continue
        if of_types is not None and not of_types.take(node):
            passed = of_types.passed_over(node)
            if passed is not None:
                skipped[node.label] = passed
            continue
        reason = _reason(node, named)
        if reason is None and memory is not None:
            reason = _unwritable(net, node, memory)
        if reason is None:
            nodes.append(node)
        else:
            skipped[node.label] = reason
    skipped.update(_left_out(computed, meant, of_types))
    unmatched = [
        *(() if of_types is None else of_types.unmatched(meant)),
        *(() if called is None else called.unmatched(meant)),
    ]
    warnings = [] if net is None else file_warnings(nodes)
    return Selection([node.label for node in nodes], skipped, nodes, unmatched, warnings)


def _left_out(computed: list[Node], meant: list[Node], of_types: OfTypes | None) -> dict[Name, str]:
    """The computed slots none of whose originals is meant, with the reason."""
    taken = (node for node in meant if of_types is None or of_types.take(node))
    there = {node.path for node in taken} if computed else set()
    found: dict[Name, str] = {}
    for node in computed:
        if there.isdisjoint(node.sources):
            passed = _reason if of_types is None else of_types.passed_over_computed
            reason = passed(node)
            if reason is not None:
                found[node.label] = reason
    return found


def _unwritable(net: Any, node: Node, memory: MemoryMap) -> str | None:
    """Why the tensor of a slot cannot be written to, None if it can."""
    if node.kind == "computed":
        reason = one_way_reason(net, node.path)
        return reason and f"{reason} Edit {sources_of(node)} instead."
    tensor = held_at(net, node.path)
    return None if tensor is None else writable_reason(tensor, memory)


def _meant(tree: Tree, target: str | Path) -> list[Node]:
    """The parameters of a target and what is computed from them; or the slot that is named."""
    found = tree.find(target)
    if found is None and isinstance(target, str) and is_glob(target):
        return _matching(tree, target)
    node = tree.node(target) if found is None else found
    if node.kind != "module":
        return [node]
    return [slot for slot in tree.slots_below(node) if slot.kind in _MEANT]


def _matching(tree: Tree, glob: str) -> list[Node]:
    pattern = glob_pattern(glob)
    below = tree.modules_matching(lambda name: pattern.match(name) is not None)
    matched = [slot for slot in tree.slots if slot.place in below or pattern.match(slot.name)]
    if not matched and not below:
        tree.node(glob)  # raises, with similar names
    if any(slot.kind == "parameter" for slot in matched):
        return [slot for slot in matched if slot.kind in _MEANT]
    return [slot for slot in matched if slot.kind in _NAMED_ONLY]


def _reason(node: Node, named: bool = False) -> str | None:
    if node.kind == "computed" and not named:
        return f"It is computed from {sources_of(node)}; name that, or this slot itself."
    if node.kind in _NAMED_ONLY and not named:
        return f"It is a {node.kind}, and a glob selects parameters only; name this slot itself."
    if node.kind != "computed" and node.sources:
        return node.note
    if node.kind == "none":
        return "It is None: nothing is registered here."
    if node.kind == "module":
        return "It is a module."
    if node.state != "ready":
        return node.reason
    if node.codes and not named:
        return (
            f"It stands beside {node.codes}, which is packed, and may be what its codes are read "
            "with; name this slot itself to edit it."
        )
    return None
