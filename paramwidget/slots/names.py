"""From a name to what is there now, whatever a class may have overridden.

Names are ambiguous if a key contains a dot: ``Tree.find`` decides, once for reading, writing and
selecting. ``slot_at`` answers without a tree if there is nothing to decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from paramwidget import compat
from paramwidget.slots.node import Node
from paramwidget.slots.reading import beside
from paramwidget.slots.reading.parametrized import compute
from paramwidget.slots.reading.reader import entries, key_text
from paramwidget.tensors import Condition, class_has, class_name, condition, is_tensor

_REGISTRIES = ("_parameters", "_buffers")
_MISSING = object()


def path_of(name: str | Sequence[str]) -> tuple[str, ...]:
    """The path for a name: a dotted name is split at its dots, a path is returned as it is.

    >>> path_of("0.weight"), path_of(("a.b", "weight")), path_of("")
    (('0', 'weight'), ('a.b', 'weight'), ())
    """
    if isinstance(name, str):
        return tuple(name.split(".")) if name else ()
    return tuple(name)


def module_at(net: Any, path: tuple[str, ...]) -> Any:
    """The module at a path, None if there is none."""
    module = net
    for key in path:
        fields = compat.module_fields(module)
        module = _entry(fields.get("_modules"), key)
        if not issubclass(type(module), torch.nn.Module):
            return None
    return module


def modules_with_paths(net: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each module once, parents first, with the first path that leads to it."""
    met = {id(net)}
    todo: list[tuple[tuple[str, ...], Any]] = [((), net)]
    while todo:
        path, module = todo.pop()
        yield path, module
        children = entries(compat.module_fields(module).get("_modules") or {}) or ()
        for key, child in reversed(list(children)):
            if issubclass(type(child), torch.nn.Module) and id(child) not in met:
                met.add(id(child))
                todo.append(((*path, key_text(key)), child))


def slot_at(net: Any, name: str | Sequence[str]) -> tuple[str, ...] | None:
    """The path of the slot that a name leads to and that holds a tensor.

    None if it leads to none, and where it may be read in two ways: a key has a dot in it, or two
    keys read alike.
    """
    if not isinstance(name, (str, tuple, list)):
        return None
    path = path_of(name)
    dotted = name if isinstance(name, str) else ""
    module, start = net, 0
    for key in path:
        if module is None or _is_doubtful(module, key, dotted, start):
            return None
        module, start = module_at(module, (key,)), start + len(key) + 1 if dotted else 0
    return path if held_at(net, path) is not None else None


def _is_doubtful(module: Any, key: str, dotted: str, start: int) -> bool:
    """Whether two entries have the name ``key``, or one with a dot in it may be meant instead."""
    fields = compat.module_fields(module)
    for registry in (fields, *(fields.get(held) for held in (*_REGISTRIES, "_modules"))):
        keys = list(registry) if type(registry) is dict else [k for k, _ in entries(registry) or ()]
        if set(map(id, map(type, keys))) <= {id(str)} and "." not in "\0".join(keys):
            continue
        texts = list(map(key_text, keys))
        if texts.count(key) > 1 or any("." in t and dotted.startswith(t, start) for t in texts):
            return True
    return False


def tensor_of(net: Any, node: Node) -> torch.Tensor | None:
    """The tensor that a slot holds; None if it holds none, and for a computed one.

    Like ``held_at``, except for a plain attribute that hides a registered tensor of the same name.
    """
    if node.kind != "constant":
        return held_at(net, node.path)
    module = module_at(net, node.path[:-1])
    constant = None if module is None else compat.module_fields(module).get(node.path[-1])
    return constant if is_tensor(constant) else None


def held_at(net: Any, path: tuple[str, ...]) -> torch.Tensor | None:
    """The tensor held at a path; None if there is none, and for a computed one.

    Of several with one name, it is the first in the order of ``slots``: a registered one.
    """
    if not path:
        return None
    module = module_at(net, path[:-1])
    if module is None:
        return None
    fields = compat.module_fields(module)
    for registry in _REGISTRIES:
        registered: Any = _entry(fields.get(registry), path[-1])
        if registered is not _MISSING:
            return registered if is_tensor(registered) else None
    constant: torch.Tensor | None = fields.get(path[-1])
    return constant if is_tensor(constant) else None


def resolve(net: Any, path: tuple[str, ...]) -> torch.Tensor | None:
    """The tensor at a path as it is now: looked up each time, since tensors get replaced.

    A parametrized tensor is computed here, and only here, on a copy of what computes it: buffers,
    random state and mode of the model stay as they are. None if the path does not lead to a tensor.
    Raises Unreadable if the computation fails.
    """
    held: torch.Tensor | None = held_at(net, path)
    if held is not None or not path:
        return held
    module = module_at(net, path[:-1])
    return None if module is None else compute(module, path[-1])


def condition_at(net: Any, path: tuple[str, ...], tensor: torch.Tensor) -> Condition:
    """What is known of the tensor at a path, with what the rest of its module says of it."""
    known = condition(tensor)
    module = module_at(net, path[:-1])
    fields = {} if module is None else compat.module_fields(module)
    attributes = beside.attributes_of(fields)
    if not attributes and known.dtype not in beside.DTYPES:
        return known
    names = {key_text(key) for name in _REGISTRIES for key, _ in entries(fields.get(name)) or ()}
    names.update(key for key, value in fields.items() if is_tensor(value))
    return beside.told(path[-1], known, names, attributes, type(module))


def one_way_reason(net: Any, path: tuple[str, ...]) -> str | None:
    """Why a parametrized tensor cannot be written to; None if each step has a right_inverse."""
    chain = module_at(net, (*path[:-1], "parametrizations", path[-1]))
    steps = entries(compat.module_fields(chain).get("_modules")) or () if chain is not None else ()
    for _, step in steps:
        own = "right_inverse" in compat.module_fields(step)
        if not own and not class_has(type(step), "right_inverse"):
            return (
                f"It is computed at each use, and its {class_name(type(step))} has no "
                "right_inverse."
            )
    return None


def _entry(registry: Any, key: str) -> Any:
    if type(registry) is dict:
        if key in registry:
            return registry[key]
        if set(map(id, map(type, registry))) <= {id(str)}:
            return _MISSING  # only a key of another type has a text that differs from it
    for name, value in entries(registry) or ():
        if key_text(name) == key:
            return value
    return _MISSING
