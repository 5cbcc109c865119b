"""Modules and parameters that a module keeps where torch does not look: in lists, in dicts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Iterator
from typing import Any

from torch import nn

from paramwidget import compat

CONTAINERS = (list, tuple, dict, set, frozenset, OrderedDict)

#: Of larger containers, only this many items are searched.
SEARCHED_ITEMS = 10_000


def hidden_note(key: str, value: object, known: Container[int]) -> str | None:
    """What the attribute ``key`` holds without registering it; nested containers are searched too.

    ``known`` has the ids of all registered modules and tensors. None if there is nothing to warn
    about.
    """
    modules = parameters = 0
    for held in items_in(value):
        cls = type(held)
        if issubclass(cls, nn.Module):
            modules += id(held) not in known and _holds_anything(held)
        elif cls is nn.Parameter:
            parameters += id(held) not in known
    counts = ((modules, "module"), (parameters, "parameter"))
    what = [f"{count} {noun}{'s' * (count > 1)}" for count, noun in counts if count]
    if not what:
        return None
    return (
        f"attribute {key!r} holds {' and '.join(what)} that torch does not see: "
        "not registered, so not trained and not saved (use nn.ModuleList or nn.ParameterList)"
    )


def items_in(value: object) -> Iterator[Any]:
    """What a value holds: itself, or the items of a container and of those in it."""
    queue: list[tuple[Any, int]] = [(value, 0)]
    for held, depth in queue:
        cls = type(held)
        if is_container(cls) and depth < 3 and len(queue) < SEARCHED_ITEMS:
            inner = held.values() if issubclass(cls, dict) else held
            queue.extend((item, depth + 1) for item in inner)
        else:
            yield held


def may_hide(value: Any) -> bool:
    """True for a module, and for a container of Python's own that is not empty."""
    cls = type(value)
    return len(value) > 0 if is_container(cls) else issubclass(cls, nn.Module)


def is_container(cls: type) -> bool:
    return any(cls is one for one in CONTAINERS)


def _holds_anything(module: Any) -> bool:
    fields = compat.module_fields(module)
    return any(
        type(held) is not dict or len(held) > 0
        for held in (fields.get("_parameters"), fields.get("_modules"))
        if held is not None
    )
