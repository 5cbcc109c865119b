"""Narrows what a target selects: by the class of the module, and by the slot's own name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import translate
from itertools import islice
from re import Pattern
from re import compile as compile_pattern
from typing import Any

from torch import nn
from torch.nn.utils.parametrize import ParametrizationList

from paramwidget.namespace import is_name
from paramwidget.slots.node import Node
from paramwidget.tensors import class_name

Types = type | str | Iterable[type | str] | None
Parameters = str | Iterable[str] | None

_GLOB_CHARACTERS = frozenset("*?[")
_LONGEST_GLOB = 1000  # characters
_MOST = 100  # classes, or names
_TOLD = 6  # of what matches nothing, and of what there is

#: Modules that hold parameters for the module they belong to.
_CONTAINERS = (ParametrizationList, nn.ParameterList, nn.ParameterDict)


class OfTypes:
    """The slots of modules of some classes: a class has its subclasses, a name is exact."""

    def __init__(self, types: Any) -> None:
        self._wanted = _several(types, (type, str), "types", "a class, a class name")
        self._names = {one for one in self._wanted if isinstance(one, str)}
        self._classes = {id(one) for one in self._wanted if isinstance(one, type)}
        self._known: dict[int, bool] = {}

    def take(self, node: Node | None) -> bool:
        """Whether the class of the slot's module is one of them."""
        cls = None if node is None else node.module_class
        if cls is None:
            return False
        if id(cls) not in self._known:
            named = class_name(cls) in self._names
            self._known[id(cls)] = named or any(id(one) in self._classes for one in _mro(cls))
        return self._known[id(cls)]

    def passed_over(self, node: Node) -> str | None:
        """Why a slot that could be meant is not, and what takes it; None if it could not be."""
        if node.kind == "computed":
            return self._subclass(node)
        if node.kind != "parameter" or node.sources:
            return None
        return self._subclass(node) or self._contained(node)

    def passed_over_computed(self, node: Node) -> str | None:
        """The same for a computed slot whose originals are not taken."""
        if not self.take(node):
            return self._subclass(node)
        return (
            f"It is computed from {sources_of(node)}, held by a ParametrizationList: add "
            "'ParametrizationList' to types, or name this slot itself."
        )

    def _subclass(self, node: Node) -> str | None:
        cls, base = node.module_class, self._named_base(node)
        if cls is None or base is None:
            return None
        name = class_name(base)
        itself = f"types=nn.{name}" if getattr(nn, name, None) is base else "the class itself"
        return (
            f"Its module is of class {class_name(cls)}, a subclass of {name}: a class name selects "
            f"that class alone, {itself} its subclasses too."
        )

    def _named_base(self, node: Node | None) -> type | None:
        """A class that the slot's module inherits from, and that is meant by its name."""
        cls = None if node is None else node.module_class
        bases = () if cls is None else _mro(cls)[1:]
        return next((base for base in bases if class_name(base) in self._names), None)

    def _contained(self, node: Node) -> str | None:
        """The reason for a parameter in a container of a module that is meant."""
        holder = node.module_class
        if holder is None or not _holds_for_another(holder):
            return None
        owner = node.above
        while owner is not None and _holds_for_another(owner.module_class, nn.ModuleDict):
            owner = owner.above
        if owner is None or not (self.take(owner) or self._named_base(owner)):
            return None
        held = class_name(holder)
        return (
            f"It is held by a module of class {held} in its {owner.type_name}: add {held!r} to "
            "types, or name this slot itself."
        )

    def unmatched(self, meant: Iterable[Node]) -> Iterator[str]:
        """What is asked for and not there, a sentence each."""
        nodes = list({id(node.module_class): node for node in meant}.values())
        classes = [node.module_class for node in nodes if node.module_class is not None]
        names = {class_name(base) for cls in classes for base in _mro(cls)}
        ids = {id(base) for cls in classes for base in _mro(cls)}
        missing = [
            class_name(one) if isinstance(one, type) else one
            for one in self._wanted
            if (id(one) not in ids if isinstance(one, type) else one not in names)
        ]
        there = _listed(map(class_name, classes))
        for name in missing[:_TOLD]:
            shown = name if is_name(name) and len(name) <= 60 else _short(name)
            yield f"types: no {shown} here holds a parameter; there are {there}"
        if len(missing) > _TOLD:
            yield f"types: {len(missing) - _TOLD} more match nothing here"


class Called:
    """The slots with some names, or that some globs match."""

    def __init__(self, parameters: Any) -> None:
        self._wanted = _several(parameters, (str,), "parameters", "a name, a glob")
        self._globs = [(one, glob_pattern(one)) for one in self._wanted if is_glob(one)]
        self._names = set(self._wanted)
        self._known: dict[str, bool] = {}

    def take(self, node: Node) -> bool:
        """Whether the slot's own name is one of them."""
        key = node.path[-1]
        if key not in self._known:
            named = key in self._names and not is_glob(key)
            self._known[key] = named or any(pattern.match(key) for _, pattern in self._globs)
        return self._known[key]

    def unmatched(self, meant: Iterable[Node]) -> Iterator[str]:
        """What is asked for and not there, a sentence each."""
        keys = dict.fromkeys(node.path[-1] for node in meant)
        patterns = dict(self._globs)
        missing = [
            one
            for one in self._wanted
            if (not any(map(patterns[one].match, keys)) if one in patterns else one not in keys)
        ]
        for name in missing[:_TOLD]:
            yield f"parameters: none here is called {_short(name)}; there are {_listed(keys)}"
        if len(missing) > _TOLD:
            yield f"parameters: {len(missing) - _TOLD} more match nothing here"


def is_glob(text: str) -> bool:
    """Whether a text has one of the characters of a glob."""
    return not _GLOB_CHARACTERS.isdisjoint(text)


def glob_pattern(glob: str) -> Pattern[str]:
    """What a glob matches."""
    if len(glob) > _LONGEST_GLOB:
        raise ValueError(f"a glob has at most {_LONGEST_GLOB} characters, got {len(glob)}")
    return compile_pattern(translate(glob))


def sources_of(node: Node) -> str:
    """What a computed slot is computed from, in words."""
    return " and ".join(".".join(source) for source in node.sources)


def _several(given: Any, kinds: tuple[type, ...], field: str, what: str) -> tuple[Any, ...]:
    """One of these kinds or several, checked; raises TypeError, and ValueError for too many."""
    one = isinstance(given, kinds) or not isinstance(given, Iterable)
    wanted = tuple(islice([given] if one else given, _MOST + 1))
    if len(wanted) > _MOST:
        raise ValueError(f"{field} has at most {_MOST} entries, got more; use a glob or a class")
    for item in wanted:
        if not isinstance(item, kinds):
            got = class_name(type(item))
            raise TypeError(f"{field} must be {what}, or several of them, got {got}")
    return wanted


def _mro(cls: type) -> tuple[type, ...]:
    found: tuple[type, ...] = vars(type)["__mro__"].__get__(cls)
    return found


def _holds_for_another(cls: type | None, *others: type) -> bool:
    holders = (*_CONTAINERS, *others)
    return cls is not None and any(base is one for base in _mro(cls) for one in holders)


def _short(text: str, most: int = 60) -> str:
    return repr(text) if len(text) <= most else f"{repr(text[:most])[:-1]}…'"


def _listed(words: Iterable[str]) -> str:
    found = list(dict.fromkeys(words))
    rest = f" and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
    shown = (one if len(one) <= 60 else f"{one[:60]}…" for one in found[:_TOLD])
    return (", ".join(shown) or "none") + rest
