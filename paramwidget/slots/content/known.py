"""The content of each slot at the last look, so that any change is found, whoever made it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from math import prod
from typing import Any

import torch

from paramwidget.slots.content.baseline import Baseline
from paramwidget.slots.content.fingerprint import fingerprint, sample
from paramwidget.slots.names import held_at
from paramwidget.slots.ties import TieGroup
from paramwidget.slots.tree import Node, Path, Tree
from paramwidget.tensors import condition

#: Larger tensors are only sampled in a quick look.
SAMPLED_BYTES = 1 << 24

_UNKNOWN: Hashable = ("unknown",)

Held = dict[Path, torch.Tensor]
Prints = dict[Path, Hashable]


class KnownContent:
    """The fingerprints of a model's slots at the last look; the first is at creation.

    ``refresh`` reports what has changed since it was last asked, ``outside`` what has changed since
    anybody looked. What an edit has written counts as seen by both.
    """

    def __init__(self, net: Any) -> None:
        self._baseline: Baseline | None = Baseline(net)
        self._prints: Prints = {}
        self._samples: Prints = {}
        self._unreported: set[Path] = set()

    def ties_at_start(self) -> list[TieGroup]:
        """The slots that held one tensor when this was made; none after the first look."""
        return [] if self._baseline is None else self._baseline.ties()

    def refresh(self, tree: Tree, net: Any) -> list[Node]:
        """The slots whose content has changed; the present content becomes the known one.

        Slots that were not there count as changed; computed ones are not computed for this.
        """
        held = _held(net, (node.path for node in tree.slots))
        now = _read(held, fingerprint)
        changed = {path for path in now if self._differs(path, held, now)} | self._unreported
        self._baseline, self._prints, self._samples = None, {}, {}
        self._unreported = set()
        self._keep(held, now)
        return [node for node in tree.slots if node.path in changed and node.path in held]

    def outside(self, net: Any, paths: Iterable[Path], most: int) -> list[Path]:
        """Those of the slots that have changed since anybody looked.

        Large tensors are sampled, and about ``most`` bytes are read.
        """
        held = _within(_held(net, paths), most)
        sampled = {path: tensor for path, tensor in held.items() if path in self._samples}
        same = {path for path, now in _read(sampled, sample).items() if now == self._samples[path]}
        held = {path: tensor for path, tensor in held.items() if path not in same}
        now = _read(held, fingerprint)
        changed = [path for path in now if self._differs(path, held, now)]
        self._unreported.update(changed)
        self._keep(held, now)
        return changed

    def _differs(self, path: Path, held: Held, now: Prints) -> bool:
        if self._baseline is not None and path not in self._prints:
            return self._baseline.changed(path, held[path])
        return self._prints.get(path) not in (now[path], _UNKNOWN)

    def learn(self, net: Any, paths: Iterable[Path]) -> Prints:
        """The present content of these slots, which no later look reports."""
        held = _held(net, paths)
        now = _read(held, fingerprint)
        self._keep(held, now)
        self._unreported.difference_update(now)
        return now

    def forget(self, paths: Iterable[Path]) -> Prints:
        """The content of these slots is unknown: the next look takes it as it is."""
        unknown: Prints = dict.fromkeys(paths, _UNKNOWN)
        self._prints.update(unknown)
        for path in unknown:
            self._samples.pop(path, None)
        return unknown

    def _keep(self, held: Held, now: Prints) -> None:
        self._prints.update(now)
        large = {path: held[path] for path in now if _size(held[path]) > SAMPLED_BYTES}
        self._samples.update(_read(large, sample))


def _held(net: Any, paths: Iterable[Path]) -> Held:
    """The slots that hold a tensor, each with its tensor."""
    found = ((path, held_at(net, path)) for path in paths)
    return {path: tensor for path, tensor in found if tensor is not None}


def _within(held: Held, most: int) -> Held:
    """The first of the slots, as many as have ``most`` bytes to be read together."""
    kept: Held = {}
    for path, tensor in held.items():
        most -= min(_size(tensor), SAMPLED_BYTES)
        if most < 0:
            break
        kept[path] = tensor
    return kept


def _size(tensor: torch.Tensor) -> int:
    """Its bytes as far as they are known: an uninitialized one has none."""
    known = condition(tensor)
    if known.shape is None or known.dtype is None:
        return 0
    itemsize: int = getattr(torch, known.dtype).itemsize  # a class may override those of a tensor
    return prod(known.shape) * itemsize


def _read(held: Mapping[Path, torch.Tensor], look: Callable[[torch.Tensor], Hashable]) -> Prints:
    """What a look finds in each slot, a shared tensor read once."""
    known: dict[int, Hashable] = {}
    found: Prints = {}
    for path, tensor in held.items():
        if id(tensor) not in known:
            known[id(tensor)] = look(tensor)
        found[path] = known[id(tensor)]
    return found
