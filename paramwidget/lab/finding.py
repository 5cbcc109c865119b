"""Finds the live modules that a namespace holds, and those held in containers and attributes.

Runs none of the user's code: no property, ``__getattr__``, ``__iter__``, ``__repr__``, ``__hash__``
or ``__class__`` of an object, and no method of a metaclass. Containers are read with the methods of
the builtin type that they are or inherit from.
"""

from __future__ import annotations

import types
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import torch
from torch import nn

from paramwidget import compat
from paramwidget.namespace import is_name, is_shown
from paramwidget.protocol import LabStep
from paramwidget.slots.reading.reader import entries
from paramwidget.tensors import class_lookup, class_name

SEARCHED = 2_000  # items of one container that are searched for a module
PATIENCE = 100_000  # items of all containers together
DEPTH = 2  # containers within a container or an object that are searched

#: Types that cannot hold a module; by id, since a metaclass may refuse to be hashed.
_INERT = {
    id(cls)
    for cls in (
        *(bool, int, float, complex, str, bytes, bytearray, type(None), range, slice, type),
        *(types.FunctionType, types.BuiltinFunctionType, types.ModuleType, types.MethodType),
        *(torch.Tensor, nn.Parameter, torch.dtype, torch.device, torch.Size),
    )
}
_MODULE_FIELDS = frozenset(compat.MODULE_FIELDS)
_ORDERED = (nn.Sequential, nn.ModuleList)
_mro = vars(type)["__mro__"].__get__
_class_dict = vars(type)["__dict__"].__get__


@dataclass(frozen=True, eq=False)
class Found:
    """A module, or something that holds modules, and the step that leads to it."""

    step: LabStep
    value: Any
    suffix: str  # what follows the holder's expression: ".encoder", "[0]"; "" for a variable

    @property
    def is_module(self) -> bool:
        """Whether the widget can show it."""
        return is_module(self.value)


class Search:
    """How much may still be searched for one answer."""

    def __init__(self) -> None:
        self.left = PATIENCE

    def holds_modules(self, value: Any, depth: int = DEPTH) -> bool:
        """Whether something that is not a module holds one, as far as the search may go."""
        if id(type(value)) in _INERT or self.left <= 0:
            return False
        values = list(islice(_values_in(value), SEARCHED))
        self.left -= len(values)
        values = [held for held in values if id(type(held)) not in _INERT]
        if any(issubclass(type(held), nn.Module) for held in values):
            return True
        return depth > 1 and any(self.holds_modules(held, depth - 1) for held in values)


def is_module(value: Any) -> bool:
    """Whether this is an ``nn.Module``, ignoring ``__class__`` and every metaclass."""
    return issubclass(type(value), nn.Module)


def variables(namespace: Mapping[str, Any], hidden: Mapping[str, Any]) -> Iterator[Found]:
    """The variables that are or hold modules, without IPython's own and ``_private`` ones.

    ``namespace`` must be a copy, since a cell on another thread may be changing the original.
    """
    search, nothing = Search(), object()
    for name, value in namespace.items():
        if id(type(value)) in _INERT or not is_shown(name):
            continue
        if hidden.get(name, nothing) is value:
            continue
        if is_module(value) or (search.holds_modules(value) and not _is_ours(type(value))):
            yield Found(LabStep("name", name), value, "")


def _is_ours(cls: type) -> bool:
    """A widget or a bench, which also holds its model, but need not be listed for that."""
    return str(class_lookup(cls, "__module__")).startswith("paramwidget.")


def held_in(value: Any) -> Iterator[Found]:
    """The modules and their holders inside a module, a container or an object, in its order."""
    search = Search()
    for step, held, suffix in _parts(value):
        if is_module(held) or search.holds_modules(held, DEPTH - 1):
            yield Found(step, held, suffix)


def opens(value: Any) -> bool:
    """Whether ``held_in`` would find anything, cheaply."""
    if is_module(value):
        fields = compat.module_fields(value)
        children = (child for _, child in entries(fields.get("_modules")) or ())
        return any(is_module(child) for child in children) or any(
            is_module(held) or Search().holds_modules(held, 1) for _, held in _attributes(value)
        )
    return Search().holds_modules(value)


def follow(held: Any, step: LabStep) -> Found | None:
    """What a step leads to; None if it no longer leads anywhere."""
    if step.kind == "item":  # without a search, whatever the length of the list
        return next(_items(held, int(step.key) if step.key.isdecimal() else -1), None)
    if step.kind == "dotted":
        return _dotted(held, step.key)
    for found, value, suffix in _parts(held):
        if found == step:
            return Found(found, value, suffix)
    return None


def _dotted(held: Any, name: str) -> Found | None:
    """What ``.name`` means on a module or an object, as far as that is known without calling it."""
    steps = (LabStep("child", name), LabStep("attribute", name))
    return next(filter(None, (follow(held, step) for step in steps)), None)


def _values_in(value: Any) -> Iterable[Any]:
    """What something that is not a module holds, whatever it is; written for speed."""
    if issubclass(type(value), dict):
        inside: Iterable[Any] = (held for _, held in _copied(value))
    else:
        inside = _sequence(value) or ()
    return chain(inside, (held for _, held in _attributes(value)))


def _parts(value: Any) -> Iterator[tuple[LabStep, Any, str]]:
    """(step, value, suffix) of everything directly inside."""
    if is_module(value):
        yield from _children(value)
    elif issubclass(type(value), dict):
        yield from _entries(value)
    else:
        yield from ((held.step, held.value, held.suffix) for held in _items(value))
    for name, held in _attributes(value):
        suffix = f".{name}" if is_name(name) else f".__dict__[{name!r}]"
        yield LabStep("attribute", name), held, suffix


def _children(module: Any) -> Iterator[tuple[LabStep, Any, str]]:
    for key, child in entries(compat.module_fields(module).get("_modules")) or ():
        if type(key) is not str:
            continue
        if is_name(key):
            suffix = f".{key}"
        elif key.isdecimal() and issubclass(type(module), _ORDERED):
            suffix = f"[{key}]"
        else:
            suffix = f"._modules[{key!r}]"
        yield LabStep("child", key), child, suffix


def _entries(mapping: Any) -> Iterator[tuple[LabStep, Any, str]]:
    for place, (key, held) in enumerate(_copied(mapping)):
        if type(key) is str or type(key) is int:
            yield LabStep("key", f"{key!r}"), held, f"[{key!r}]"
        else:  # its own repr would be its own code
            yield LabStep("key", f"#{place}"), held, f"[<{class_name(type(key))}>]"


def _copied(mapping: Any) -> Iterable[tuple[Any, Any]]:
    """The entries of a dict of any class; another thread may be changing it."""
    if len(dict.keys(mapping)) > SEARCHED and not issubclass(type(mapping), OrderedDict):
        return islice(list(dict.items(mapping)), SEARCHED)
    return entries(mapping) or ()


def _items(value: Any, only: int | None = None) -> Iterator[Found]:
    """The items of a sequence or a set, or one of them."""
    items = _sequence(value)
    if items is None:
        return
    if only is not None:
        chosen: Iterable[tuple[int, Any]] = [(only, items[only])] if 0 <= only < len(items) else []
    else:
        chosen = enumerate(items)
    for place, held in chosen:
        yield Found(LabStep("item", str(place)), held, f"[{place}]")


def _sequence(value: Any) -> Any:
    """The items of a sequence or a set as a plain list or tuple; None for anything else."""
    cls = type(value)
    if cls is list or cls is tuple:
        return value
    for base in (list, tuple, set, frozenset, deque):
        if issubclass(cls, base):
            return list(base.__iter__(value))
    return None


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """The instance attributes, without ``__getattribute__``, properties and slots."""
    if is_module(value):
        fields: Any = compat.module_fields(value)
        hidden: frozenset[str] = _MODULE_FIELDS
    else:
        fields, hidden = _instance_dict(value), frozenset()
    if type(fields) is dict:
        for name, held in list(fields.items()):
            if type(name) is str and name.isidentifier() and name not in hidden:
                yield name, held


def _instance_dict(value: Any) -> Any:
    """An object's ``__dict__``, by the descriptor of its class; None without one."""
    for base in _mro(type(value)):
        made = _class_dict(base).get("__dict__")
        if type(made) in (types.GetSetDescriptorType, types.MemberDescriptorType):
            return made.__get__(value)
    return None
