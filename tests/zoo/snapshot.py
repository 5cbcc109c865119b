"""All that reading a model could change: bytes, versions, hooks, attributes, random states.

Written without the package's own walk, so that a mistake there cannot hide itself here.
"""

from __future__ import annotations

import ctypes
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

FIELDS = vars(nn.Module)["__dict__"].__get__
CONTAINERS = (dict, list, tuple, set)


def snapshot(net: Any) -> dict[str, Any]:
    """Equal before and after exactly if nothing was touched."""
    state: dict[str, Any] = {
        "torch": torch.get_rng_state().tolist(),
        "numpy": repr(np.random.get_state()),
        "python": random.getstate(),
        "grad mode": torch.is_grad_enabled(),
        "default dtype": torch.get_default_dtype(),
    }
    for number, module in enumerate(modules(net)):
        fields = FIELDS(module)
        state[f"module {number}"] = (id(type(module)), described(fields))
        for name, value in held(fields):
            if issubclass(type(value), torch.Tensor):
                state[f"tensor {number} {name!r}"] = tensor_state(value)
    return state


def modules(net: Any) -> Iterator[Any]:
    queue, seen = [net], {id(net)}
    for module in queue:
        yield module
        children = FIELDS(module).get("_modules")
        for _, child in items(children):
            if issubclass(type(child), nn.Module) and id(child) not in seen:
                seen.add(id(child))
                queue.append(child)


def items(registry: Any) -> list[tuple[Any, Any]]:
    if issubclass(type(registry), dict):
        return list(dict.items(registry))
    wrapped = getattr(torch.jit._script, "OrderedDictWrapper", ())
    return list(registry.items()) if isinstance(registry, wrapped) else []


def held(fields: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for registry in ("_parameters", "_buffers"):
        for name, value in items(fields.get(registry)):
            yield f"{registry}.{name!s}" if type(name) is str else registry, value
    yield from fields.items()


def described(value: Any, depth: int = 0) -> Any:
    """Identities, and those of what containers hold: a hook added or an attribute set shows."""
    if depth < 3 and issubclass(type(value), dict):
        return [(id(key), described(inner, depth + 1)) for key, inner in dict.items(value)]
    if depth < 3 and type(value) in CONTAINERS:
        return [id(inner) for inner in value]
    return value if type(value) in (bool, int, str) else id(value)


def tensor_state(tensor: Any) -> Any:
    """Everything of one tensor that can be asked for without running a subclass's code."""
    with torch._C.DisableTorchFunctionSubclass():
        base = torch.Tensor
        asked = (
            lambda: base._version.__get__(tensor),
            lambda: base.requires_grad.__get__(tensor),
            lambda: id(base.grad.__get__(tensor)),
            lambda: base.stride(tensor),
            lambda: base.storage_offset(tensor),
            lambda: torch._C._is_cow_tensor(tensor),
            lambda: content(tensor),
        )
        return (id(tensor), id(type(tensor)), *map(answer, asked))


def answer(ask: Any) -> Any:
    try:
        return ask()
    except Exception as error:
        return type(error).__name__


def content(tensor: Any) -> Any:
    if torch._C._is_cow_tensor(tensor):
        return "shared until written"
    layout = torch.Tensor.layout.__get__(tensor)
    if layout is torch.sparse_coo:
        return content(tensor._indices()), content(tensor._values())
    if layout in (torch.sparse_csr, torch.sparse_bsr):
        return content(tensor.crow_indices()), content(tensor.values())
    storage = torch.Tensor.untyped_storage(tensor)
    if storage.device.type != "cpu":
        return storage.nbytes()
    return ctypes.string_at(storage.data_ptr(), storage.nbytes())
