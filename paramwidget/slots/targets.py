"""From a target that the user names to the slots that it selects.

A target is a slot, a module (the parameters of all below it) or a glob. In a glob ``*`` matches any
characters, including dots, ``?`` one character, and ``[...]`` one of those listed; it is matched
against the whole dotted name of slots and of modules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import translate
from re import Pattern, escape
from re import compile as compile_pattern
from typing import Any

from torch import nn

from paramwidget.compat import MemoryMap
from paramwidget.namespace import is_name
from paramwidget.slots.names import held_at, one_way_reason
from paramwidget.slots.node import file_warnings
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Node, Path, Tree
from paramwidget.tensors import class_name, writable_reason

Types = type | str | Iterable[type | str] | None
Parameters = str | Iterable[str] | None

_NAMED_ONLY = ("buffer", "constant", "computed")
_GLOB_CHARACTERS = frozenset("*?[")
_LONGEST_GLOB = 1000  # characters


@dataclass(frozen=True)
class Selection:
    """What a target selects; ``names`` in the order of ``slots()``, all slots of a tied tensor.

    ``skipped`` has the reason for each selected slot that cannot be used, and for each that is
    passed over since its class is a subclass of a class named. ``nodes`` are the rows of ``names``,
    in the same order. ``unmatched`` says which types and parameters match nothing in the target,
    ``warnings`` what an edit of the others would do besides: write a file.
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
    wanted_types = _types(types)
    wanted_names = _patterns(parameters)
    memory = None if net is None else MemoryMap.now()
    itself = tree.find(target)
    nodes = []
    skipped: dict[Name, str] = {}
    meant = _meant(tree, target, wanted_names)
    for node in meant:
        if wanted_names is not None and not _is_named(node, wanted_names):
            continue
        named = node == itself
        if wanted_types is not None and not _of_type(node, wanted_types):
            passed = _subclass_reason(node, wanted_types)
            one_of_them = node.kind == "computed" or (node.kind == "parameter" and not node.sources)
            if passed is not None and one_of_them:
                skipped[node.label] = passed
            continue
        reason = _reason(node, named)
        if reason is None and memory is not None:
            reason = _unwritable(net, node, memory)
        if reason is None:
            nodes.append(node)
        else:
            skipped[node.label] = reason
    unmatched = [
        *_unmatched_types(meant, wanted_types or ()),
        *_unmatched_names(meant, parameters if wanted_names else (), wanted_names or []),
    ]
    warnings = [] if net is None else file_warnings(nodes)
    return Selection([node.label for node in nodes], skipped, nodes, unmatched, warnings)


def _unwritable(net: Any, node: Node, memory: MemoryMap) -> str | None:
    """Why the tensor of a slot cannot be written to, None if it can."""
    if node.kind == "computed":
        reason = one_way_reason(net, node.path)
        return reason and f"{reason} Edit {_sources(node)} instead."
    tensor = held_at(net, node.path)
    return None if tensor is None else writable_reason(tensor, memory)


def _sources(node: Node) -> str:
    return " and ".join(".".join(source) for source in node.sources)


def _meant(tree: Tree, target: str | Path, wanted_names: list[Pattern[str]] | None) -> list[Node]:
    found = tree.find(target)
    if found is None and isinstance(target, str) and _GLOB_CHARACTERS & set(target):
        return _matching(tree, target)
    node = tree.node(target) if found is None else found
    if node.kind != "module":
        return [node]
    # Narrowing by name selects that very tensor, even a parametrized one; otherwise its originals.
    kinds = ("parameter", "computed") if wanted_names is not None else ("parameter",)
    return [slot for slot in tree.slots_below(node) if slot.kind in kinds]


def _matching(tree: Tree, glob: str) -> list[Node]:
    pattern = _pattern(glob)
    below = tree.modules_matching(lambda name: pattern.match(name) is not None)
    matched = [slot for slot in tree.slots if slot.place in below or pattern.match(slot.name)]
    if not matched and not below:
        tree.node(glob)  # raises, with similar names
    slots = [slot for slot in matched if slot.kind == "parameter"]
    return slots or [slot for slot in matched if slot.kind in _NAMED_ONLY]


def _types(types: Any) -> tuple[type | str, ...] | None:
    if types is None:
        return None
    if isinstance(types, (type, str)):
        return (types,)
    wanted = tuple(types) if isinstance(types, Iterable) else (types,)
    for one in wanted:
        if not isinstance(one, (type, str)):
            given = class_name(type(one))
            raise TypeError(f"types must be a class, a class name, or several of them, got {given}")
    return wanted


def _of_type(node: Node, wanted: tuple[type | str, ...]) -> bool:
    cls = node.module_class
    return cls is not None and any(
        class_name(cls) == one if isinstance(one, str) else any(base is one for base in _bases(cls))
        for one in wanted
    )


def _bases(cls: type) -> tuple[type, ...]:
    bases: tuple[type, ...] = vars(type)["__mro__"].__get__(cls)
    return bases


def _named_base(node: Node, wanted: Iterable[type | str]) -> type | None:
    """A class that the slot's module inherits from, and that is meant by its name."""
    bases = () if node.module_class is None else _bases(node.module_class)[1:]
    return next((base for base in bases if class_name(base) in wanted), None)


def _subclass_reason(node: Node, wanted: Iterable[type | str]) -> str | None:
    """Why a slot of a subclass is passed over, and what takes it."""
    cls, base = node.module_class, _named_base(node, wanted)
    if cls is None or base is None:
        return None
    name = class_name(base)
    itself = f"types=nn.{name}" if getattr(nn, name, None) is base else "the class itself"
    return (
        f"Its module is of class {class_name(cls)}, a subclass of {name}: a class name selects "
        f"that class alone, {itself} its subclasses too."
    )


def _unmatched_types(meant: Iterable[Node], wanted: Iterable[type | str]) -> Iterator[str]:
    of_class = {id(node.module_class): node for node in meant}
    nodes = list(of_class.values())
    for one in wanted:
        if not any(_of_type(node, (one,)) or _named_base(node, (one,)) for node in nodes):
            name = class_name(one) if isinstance(one, type) else one
            name = name if is_name(name) else repr(name)
            there = _listed(class_name(node.module_class) for node in nodes if node.module_class)
            yield f"types: no {name} here holds a parameter; there are {there}"


def _unmatched_names(
    meant: Iterable[Node], given: Any, wanted: Iterable[Pattern[str]]
) -> Iterator[str]:
    keys = dict.fromkeys(node.path[-1] for node in meant)
    for text, pattern in zip([given] if isinstance(given, str) else given, wanted, strict=True):
        if not any(pattern.match(key) for key in keys):
            yield f"parameters: none here is called {text!r}; there are {_listed(keys)}"


def _listed(words: Iterable[str], most: int = 6) -> str:
    found = list(dict.fromkeys(words))
    rest = f" and {len(found) - most} more" if len(found) > most else ""
    return (", ".join(found[:most]) or "none") + rest


def _patterns(parameters: Parameters) -> list[Pattern[str]] | None:
    if parameters is None:
        return None
    is_one = isinstance(parameters, str) or not isinstance(parameters, Iterable)
    patterns = []
    for text in [parameters] if is_one else parameters:
        if not isinstance(text, str):
            given = class_name(type(text))
            raise TypeError(f"parameters must be a name, a glob, or several of them, got {given}")
        patterns.append(_pattern(text))
    return patterns


def _pattern(glob: str) -> Pattern[str]:
    """What a glob matches; a name without its characters is itself, however long."""
    if not _GLOB_CHARACTERS & set(glob):
        return compile_pattern(escape(glob) + r"\Z")
    if len(glob) > _LONGEST_GLOB:
        raise ValueError(f"a glob has at most {_LONGEST_GLOB} characters, got {len(glob)}")
    return compile_pattern(translate(glob))


def _is_named(node: Node, wanted: list[Pattern[str]]) -> bool:
    key = node.path[-1]
    return any(pattern.match(key) for pattern in wanted)


def _reason(node: Node, named: bool) -> str | None:
    if node.kind == "computed" and not named:
        return f"It is computed from {_sources(node)}; name that, or this slot itself."
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
    return None
