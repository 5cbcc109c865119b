"""Tensors that are computed from others at each use: parametrized, weight-normed, pruned.

A write to such a tensor seems to work but is lost at the next forward pass. So each is marked with
the tensors that it is computed from; nothing is computed to find them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.nn.utils import parametrize, prune

from paramwidget import compat
from paramwidget.slots.reading.columns import Columns
from paramwidget.tensors import Condition, class_lookup, condition, is_tensor

Sources = tuple[tuple[str, ...], ...]

# ``torch.nn.utils`` puts the functions weight_norm and spectral_norm over the modules of that name
_WEIGHT_NORM = compat.loaded_class("torch.nn.utils.weight_norm", "WeightNorm")
_SPECTRAL_NORM = compat.loaded_class("torch.nn.utils.spectral_norm", "SpectralNorm")


@dataclass(frozen=True)
class Computed:
    """A slot that a property computes. ``sources`` are paths from the module that has the slot."""

    key: str
    condition: Condition
    note: str
    sources: Sources


def computed_slots(module: Any, modules: Any) -> list[Computed]:
    """The parametrized tensors of a module that ``torch.nn.utils.parametrize`` has changed."""
    lists = modules.get("parametrizations")
    if type(lists) is not nn.ModuleDict:
        return []
    found = []
    for key, held in compat.module_fields(lists).get("_modules", {}).items():
        if not issubclass(type(held), parametrize.ParametrizationList):
            continue
        if type(class_lookup(type(module), key)) is not property:
            continue
        originals = _originals(held)
        sources = tuple(("parametrizations", key, name) for name, _ in originals)
        found.append(
            Computed(key, _computed_condition(held, originals), _computed_note(sources), sources)
        )
    return found


def _originals(held: Any) -> list[tuple[str, Any]]:
    fields = compat.module_fields(held)
    registered = {**(fields.get("_parameters") or {}), **(fields.get("_buffers") or {})}
    return [(name, value) for name, value in registered.items() if name.startswith("original")]


def _computed_note(sources: Sources) -> str:
    names = " and ".join(".".join(source) for source in sources)
    return f"computed from {names or 'its parametrization'} at each use; edit that instead"


def _computed_condition(held: Any, originals: list[tuple[str, Any]]) -> Condition:
    """What is known about the result without computing it.

    torch keeps shape and dtype fixed unless the parametrization was registered as unsafe; the shape
    is then that of the one original, unless a user's ``right_inverse`` may have stored another.
    torch's own parametrizations keep both, and have the tensor's shape in the last original.
    """
    known = [condition(value) for _, value in originals if is_tensor(value)]
    fields = compat.module_fields(held)
    first = known[-1] if known else None
    waiting = next((one for one in known if one.state != "ready"), None)
    steps = list((fields.get("_modules") or {}).values())
    known_steps = all(_is_torchs(step) for step in steps)
    same_dtype = known_steps or not fields.get("unsafe", True)
    same_shape = known_steps or (same_dtype and len(known) == 1 and not any(map(_turns, steps)))
    return Condition(
        state="ready" if waiting is None else waiting.state,
        reason=None
        if waiting is None
        else f"What it is computed from is not ready. {waiting.reason}",
        shape=first.shape if first is not None and same_shape else None,
        dtype=first.dtype if first is not None and same_dtype else None,
        device=None if first is None else first.device,
        requires_grad=any(one.requires_grad for one in known),
        type_name="Tensor",
    )


def _is_torchs(step: object) -> bool:
    return str(class_lookup(type(step), "__module__")) == "torch.nn.utils.parametrizations"


def _turns(step: object) -> bool:
    """True if a step may store its original in another shape."""
    return not _is_torchs(step) and class_lookup(type(step), "right_inverse") is not None


def mark_hooked(columns: Columns, module: int, fields: dict[str, Any]) -> None:
    """Note the tensors that forward pre-hooks (weight norm, pruning) compute."""
    hooks = fields.get("_forward_pre_hooks")
    if not isinstance(hooks, dict):
        return
    for hook in dict.values(hooks):
        made = _made_by(hook)
        if made is None:
            continue
        key, sources = made
        for slot in range(columns.first_slot[module], len(columns.slot_keys)):
            if columns.slot_keys[slot] == key:
                columns.slot_notes[slot] = (
                    f"derived: recomputed from {' and '.join(sources)} at each forward pass; "
                    f"edit {sources[0]} instead"
                )
                columns.slot_sources[slot] = tuple((name,) for name in sources)


def _made_by(hook: object) -> tuple[str, tuple[str, ...]] | None:
    cls = type(hook)
    if _WEIGHT_NORM is not None and issubclass(cls, _WEIGHT_NORM):
        name = vars(hook).get("name")
        return (name, (f"{name}_v", f"{name}_g")) if isinstance(name, str) else None
    if _SPECTRAL_NORM is not None and issubclass(cls, _SPECTRAL_NORM):
        name = vars(hook).get("name")
        return (name, (f"{name}_orig",)) if isinstance(name, str) else None
    if issubclass(cls, prune.BasePruningMethod):
        name = vars(hook).get("_tensor_name")
        return (name, (f"{name}_orig", f"{name}_mask")) if isinstance(name, str) else None
    return None


def only_torch_hooks(fields: dict[str, Any]) -> bool:
    """True if the hooks on ``state_dict`` are known not to change its keys."""
    if fields.get("_state_dict_pre_hooks"):
        return False
    hooks = fields.get("_state_dict_hooks")
    known = compat.loaded_class("torch.nn.utils.spectral_norm", "SpectralNormStateDictHook")
    return isinstance(hooks, dict) and all(type(hook) is known for hook in dict.values(hooks))
