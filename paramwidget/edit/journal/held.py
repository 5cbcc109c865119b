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
    """One slot: its tensor, where a module registers it, and what that was like.

    Without a registry it may be computed anew at each look, as a pruned weight is. ``look`` is
    empty where the way back brings no values.
    """

    there: bool
    tensor: weakref.ref[torch.Tensor] | None
    look: dict[str, str]


def held_in(net: nn.Module, paths: Iterable[Path], values: bool) -> dict[Path, Held]:
    """What these slots hold; ``values``: the way back brings values, not objects alone."""
    return {path: _held(net, path, values) for path in paths}


def changed_since(net: nn.Module, then: Mapping[Path, Held]) -> list[Problem]:
    """Why the way back leads nowhere for some of these slots."""
    found = []
    for path, was in then.items():
        if not was.there:
            continue  # an empty slot, or one that is computed
        names, now = (".".join(path),), _held(net, path, bool(was.look))
        changed = unlike(names, was.look, now.look) if now.there else gone(names)
        if changed is not None:
            found.append(changed)
        elif was.tensor is not None and (now.tensor is None or was.tensor() is not now.tensor()):
            found.append(Problem(names, "has been replaced since", "have been replaced since"))
    return found


def _held(net: nn.Module, path: Path, values: bool) -> Held:
    tensor = held_at(net, path)
    if tensor is None:
        return Held(False, None, {})
    fields = compat.module_fields(module_at(net, path[:-1]))
    registries = [fields.get(name) for name in ("_parameters", "_buffers")]
    registered = any(
        value is tensor for registry in registries for _, value in entries(registry) or ()
    )
    return Held(True, weakref.ref(tensor) if registered else None, _look(tensor) if values else {})


def _look(tensor: torch.Tensor) -> dict[str, str]:
    now = condition(tensor)
    return {"shape": str(now.shape), "dtype": str(now.dtype), "device": str(now.device)}
