"""Computes a parametrized tensor without side effects on the model.

``module.weight`` of a spectral norm in training mode advances its vectors; a parametrization may
draw random numbers or count its calls. So it runs on a shadow: objects with the same attributes,
whose tensors are copies.
"""

from __future__ import annotations

import copy
import random
from collections import deque
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrize

from paramwidget import compat
from paramwidget.slots.reading.randomness import kept_generators
from paramwidget.tensors import Unreadable, class_name, error_text, is_tensor, readable

_CHANGING = (list, dict, set, deque, random.Random, np.random.Generator, np.random.RandomState)
_HOOKS = ("_forward_hooks", "_forward_pre_hooks")


def compute(module: Any, key: str) -> torch.Tensor | None:
    """The parametrized tensor ``key`` of a module; None if it has none of that name."""
    fields = compat.module_fields(module)
    lists = (fields.get("_modules") or {}).get("parametrizations")
    if type(lists) is not nn.ModuleDict:
        return None
    held = compat.raw_dict(lists)["_modules"].get(key)
    if not issubclass(type(held), parametrize.ParametrizationList):
        return None
    try:
        with torch.no_grad(), kept_generators():
            value = type(held).forward(_shadow(held, {}))
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(f"Computing it failed: {error_text(error)}") from error
    if not isinstance(value, torch.Tensor):
        raise Unreadable(f"Its parametrization returned a {class_name(type(value))}, not a tensor.")
    return value


def _shadow(module: Any, made: dict[int, Any]) -> Any:
    """A module like this one, whose tensors, registries and containers are copies."""
    if id(module) in made:
        return made[id(module)]
    cls = type(module)
    shadow: Any = object.__new__(cls)
    made[id(module)] = shadow
    fields = compat.raw_dict(module)
    if any(fields.get(hooks) for hooks in _HOOKS):
        raise Unreadable(f"Computing it would run a hook of its {class_name(cls)}.")
    copied = compat.raw_dict(shadow)
    for name, value in fields.items():
        if name == "_modules":
            copied[name] = {key: child and _shadow(child, made) for key, child in value.items()}
        elif name in ("_parameters", "_buffers"):
            copied[name] = {key: _copy_tensor(held, made) for key, held in value.items()}
        elif is_tensor(value):
            copied[name] = _copy_tensor(value, made)
        elif issubclass(type(value), nn.Module):
            copied[name] = _shadow(value, made)
        else:
            copied[name] = _copy_state(value)
    return shadow


def _copy_tensor(tensor: Any, made: dict[int, Any]) -> Any:
    if tensor is None or not is_tensor(tensor):
        return tensor
    if id(tensor) not in made:
        made[id(tensor)] = readable(tensor).clone()
    return made[id(tensor)]


def _copy_state(value: Any) -> Any:
    """A copy of what a computation may change: containers and generators of random numbers."""
    if isinstance(value, torch.Generator):
        return value.clone_state() if hasattr(value, "clone_state") else value
    return copy.deepcopy(value) if isinstance(value, _CHANGING) else value
