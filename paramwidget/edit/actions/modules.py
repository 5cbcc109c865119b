"""Modules by path and in torch's order, without recursion and whatever their classes override."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.errors import EditError, quoted
from paramwidget.slots.names import module_at
from paramwidget.slots.reading.reader import entries, key_text
from paramwidget.slots.tree import Path
from paramwidget.tensors import class_lookup, is_tensor

_SAFE_DEPTH = 200  # depth up to which torch's recursion stays below Python's limit


def registered(module: nn.Module, registry: str) -> list[tuple[str, Any]]:
    """What ``_parameters``, ``_buffers`` or ``_modules`` holds, whatever that is."""
    found = entries(compat.module_fields(module).get(registry) or {}) or []
    return [(key_text(key), value) for key, value in found]


def tensors_of(module: nn.Module, *registries: str) -> list[torch.Tensor]:
    """The tensors that the module itself holds in these registries."""
    return [
        value for name in registries for _, value in registered(module, name) if is_tensor(value)
    ]


def children_of(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """The child modules as registered, without None; a repeated child is listed again."""
    found = registered(module, "_modules")
    return [(key, child) for key, child in found if issubclass(type(child), nn.Module)]


def existing_module(net: nn.Module, path: Path) -> nn.Module:
    """The module at a path; raises EditError if there is none."""
    module = module_at(net, path)
    if not issubclass(type(module), nn.Module):
        raise EditError(f"the model has no module {quoted('.'.join(path))}", "target")
    found: nn.Module = module
    return found


def unique_modules(module: nn.Module) -> list[nn.Module]:
    """The module and all below it, each object once, parents first."""
    found: dict[int, nn.Module] = {id(module): module}
    stack = [module]
    while stack:
        for _, child in reversed(children_of(stack.pop())):
            if id(child) not in found:
                found[id(child)] = child
                stack.append(child)
    return list(found.values())


def visits(module: nn.Module) -> Iterator[nn.Module]:
    """The modules in the order in which ``module.apply`` calls its function on them.

    Children first; a module registered twice in one parent is visited there once, one registered
    in two parents at each. Raises EditError for a module that contains itself, where
    ``module.apply`` would never end.
    """
    open_ids = {id(module)}
    stack: list[tuple[nn.Module, Iterator[nn.Module]]] = [(module, _once(module))]
    while stack:
        here, children = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
            open_ids.discard(id(here))
            yield here
        elif id(child) in open_ids:
            raise EditError(
                f"a {type(child).__name__} contains itself, so apply would never return", "target"
            )
        else:
            open_ids.add(id(child))
            stack.append((child, _once(child)))


def _once(module: nn.Module) -> Iterator[nn.Module]:
    children: dict[int, Any] = {id(child): child for _, child in children_of(module)}
    return iter(children.values())


def applies_plainly(visited: Sequence[nn.Module]) -> bool:
    """Whether torch's own ``apply`` reaches these modules, in the order of ``visits``.

    It recurses, so depth limits it; it puts children into a set, so they must be hashable; and a
    class may override ``apply`` or ``children``.
    """
    heights: dict[int, int] = {}
    for module in visited:
        children = [child for _, child in registered(module, "_modules") if child is not None]
        if any(id(child) not in heights for child in children) or not _is_usual(type(module)):
            return False
        if "_modules" not in compat.module_fields(module):  # its class never called __init__
            return False
        heights[id(module)] = 1 + max((heights[id(child)] for child in children), default=0)
    return max(heights.values(), default=0) < _SAFE_DEPTH


def _is_usual(cls: type) -> bool:
    methods = [class_lookup(cls, name) for name in ("apply", "children", "named_children")]
    home = [str(getattr(method, "__module__", "")) for method in methods]
    return class_lookup(cls, "__hash__") is not None and all(
        name.startswith("torch.") for name in home
    )
