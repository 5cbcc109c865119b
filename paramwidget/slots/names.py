"""From a path to the tensor that stands there now, past everything a class may have overridden."""

from __future__ import annotations

from typing import Any

import torch

from paramwidget import compat
from paramwidget.slots.reading.parametrized import compute
from paramwidget.slots.reading.reader import entries, key_text
from paramwidget.tensors import class_has, class_name, is_tensor

_REGISTRIES = ("_parameters", "_buffers")


def module_at(net: Any, path: tuple[str, ...]) -> Any:
    """The module at a path, None where there is none."""
    module = net
    for key in path:
        fields = compat.module_fields(module)
        module = _entry(fields.get("_modules"), key)
        if not issubclass(type(module), torch.nn.Module):
            return None
    return module


def held_at(net: Any, path: tuple[str, ...]) -> torch.Tensor | None:
    """The tensor held at a path; None where there is none, and for a computed one."""
    if not path:
        return None
    module = module_at(net, path[:-1])
    if module is None:
        return None
    fields = compat.module_fields(module)
    for registry in _REGISTRIES:
        registered: torch.Tensor | None = _entry(fields.get(registry), path[-1])
        if is_tensor(registered):
            return registered
    constant: torch.Tensor | None = fields.get(path[-1])
    return constant if is_tensor(constant) else None


def resolve(net: Any, path: tuple[str, ...]) -> torch.Tensor | None:
    """The tensor at a path as it is now: looked up anew each time, since tensors get replaced.

    A parametrized tensor is computed here, and only here, on a copy of what computes it: buffers,
    random state and mode of the model stay as they are. None where the path leads to no tensor.
    Raises Unreadable where the computation fails.
    """
    held: torch.Tensor | None = held_at(net, path)
    if held is not None or not path:
        return held
    module = module_at(net, path[:-1])
    return None if module is None else compute(module, path[-1])


def one_way_reason(net: Any, path: tuple[str, ...]) -> str | None:
    """Why a parametrized tensor cannot be written to; None where each step has a way back."""
    chain = module_at(net, (*path[:-1], "parametrizations", path[-1]))
    steps = entries(compat.module_fields(chain).get("_modules")) or () if chain is not None else ()
    for _, step in steps:
        own = "right_inverse" in compat.module_fields(step)
        if not own and not class_has(type(step), "right_inverse"):
            return (
                f"it is computed at each use, and its {class_name(type(step))} has no right_inverse"
            )
    return None


def _entry(registry: Any, key: str) -> Any:
    if type(registry) is dict and key in registry:
        return registry[key]
    for name, value in entries(registry) or ():
        if key_text(name) == key:
            return value
    return None
