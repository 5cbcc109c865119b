"""Which tensors stood in their slots when an edit left them: whether its way back leads there."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.errors import Problem
from paramwidget.edit.memory.kept_bytes import gone, unlike
from paramwidget.slots.names import held_at, module_at
from paramwidget.slots.reading.reader import entries
from paramwidget.slots.tree import Path
from paramwidget.tensors import condition


@dataclass(frozen=True)
class Held:
    """One slot: what its tensor was like, and the tensor itself where a module registers it.

    Without a registry it may be computed anew at each look, as a pruned weight is. ``look`` is
    empty for a slot that held none.
    """

    look: dict[str, str]
    tensor: weakref.ref[torch.Tensor] | None


def held_in(net: nn.Module, paths: Iterable[Path]) -> dict[Path, Held]:
    """What these slots hold."""
    return {path: _held(net, path) for path in paths}


def changed_since(net: nn.Module, then: Mapping[Path, Held], values: bool) -> list[Problem]:
    """Why the way back leads nowhere for some of these slots; ``values``: if it brings values."""
    found = []
    for path, was in then.items():
        if not was.look:
            continue  # an empty slot, or one that is computed
        names, now = (".".join(path),), _held(net, path)
        changed = unlike(names, was.look, now.look) if values and now.look else None
        if not now.look:
            found.append(gone(names))
        elif changed is not None:
            found.append(changed)
        elif was.tensor is not None and (now.tensor is None or was.tensor() is not now.tensor()):
            found.append(Problem(names, "has been replaced since", "have been replaced since"))
    return found


def _held(net: nn.Module, path: Path) -> Held:
    tensor = held_at(net, path)
    if tensor is None:
        return Held({}, None)
    fields = compat.module_fields(module_at(net, path[:-1]))
    registries = [fields.get(name) for name in ("_parameters", "_buffers")]
    registered = any(
        value is tensor for registry in registries for _, value in entries(registry) or ()
    )
    now = condition(tensor)
    look = {"shape": str(now.shape), "dtype": str(now.dtype), "device": str(now.device)}
    return Held(look, weakref.ref(tensor) if registered else None)
