"""The content of each slot at the last look, so that any change is found, whoever made it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from math import prod
from typing import Any

import torch

from paramwidget import compat
from paramwidget.slots.content.baseline import Baseline
from paramwidget.slots.content.fingerprint import fingerprint, sample, was_read
from paramwidget.slots.names import held_at
from paramwidget.slots.tree import Node, Path, Tree
from paramwidget.tensors import condition

#: Larger tensors are only sampled in a quick look.
SAMPLED_BYTES = 1 << 24

#: What a tensor counts for at least in a quick look: a call takes as long as reading so much.
CALL_BYTES = 1 << 14

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

    @property
    def start(self) -> Baseline | None:
        """The model when this was made; None after the first look."""
        return self._baseline

    def refresh(self, tree: Tree, net: Any) -> tuple[list[Node], list[Node]]:
        """The slots whose content has changed; the present content becomes the known one.

        Also those of them that ``outside`` has not told of yet. Slots that were not there count as
        changed; computed ones are not computed for this.
        """
        held = _held(net, (node.path for node in tree.slots))
        now = _read(held, fingerprint)
        unseen = {path for path in now if self._differs(path, held, now)}
        changed = unseen | self._unreported
        before = self._prints
        self._baseline, self._prints, self._samples = None, {}, {}
        self._unreported = set()
        self._keep(held, now)
        for path in now.keys() - self._prints.keys():  # which could not be read
            self._prints[path] = before.get(path, _UNKNOWN)
        there = [node for node in tree.slots if node.path in held]
        return (
            [node for node in there if node.path in changed],
            [node for node in there if node.path in unseen],
        )

    def outside(self, net: Any, paths: Iterable[Path], most: int) -> list[Path]:
        """Those of the slots that have changed since anybody looked.

        About ``most`` bytes are read, of the smaller tensors first; large tensors are sampled, and
        one that is too large to be read at first is watched from then on.
        """
        held = _held(net, paths)
        sizes = _sizes(held)
        samples = _read({path: held[path] for path in held if path in self._samples}, sample)
        changed = {path for path, now in samples.items() if now != self._samples[path]}
        unsampled = {path: tensor for path, tensor in held.items() if path not in samples}
        read = _within(unsampled, sizes, most)
        now = _read(read, fingerprint)
        changed |= {path for path in now if self._differs(path, held, now)}
        self._unreported |= changed
        self._samples.update(samples)
        self._keep(read, now)
        self._watch({path: held[path] for path in unsampled if path not in read}, sizes)
        return [path for path in held if path in changed]

    def _differs(self, path: Path, held: Held, now: Prints) -> bool:
        if not was_read(now[path]):
            return False  # no memory to read it: the next look may
        if self._baseline is not None and path not in self._prints:
            return self._baseline.changed(path, held[path])
        return self._prints.get(path) not in (now[path], _UNKNOWN)

    def learn(self, net: Any, paths: Iterable[Path]) -> Prints:
        """The present content of these slots, which no later look reports."""
        held = _held(net, paths)
        now = _read(held, fingerprint)
        now = {path: one if was_read(one) else _UNKNOWN for path, one in now.items()}
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
        now = {path: one for path, one in now.items() if was_read(one)}
        self._prints.update(now)
        for path in now:
            self._samples.pop(path, None)
        read = {path: held[path] for path in now}
        self._watch(read, _sizes(read))

    def _watch(self, held: Held, sizes: Mapping[Path, int]) -> None:
        """The large ones are sampled from now on."""
        large = {path: tensor for path, tensor in held.items() if sizes[path] > SAMPLED_BYTES}
        for path, seen in _read(large, sample).items():
            if was_read(seen):
                self._samples[path] = seen
            else:
                self._samples.pop(path, None)


def _held(net: Any, paths: Iterable[Path]) -> Held:
    """The slots that hold a tensor, each with its tensor."""
    found = ((path, held_at(net, path)) for path in paths)
    return {path: tensor for path, tensor in found if tensor is not None}


def _within(held: Held, sizes: Mapping[Path, int], most: int) -> Held:
    """The smallest of the slots, as many as have ``most`` bytes together."""
    kept: Held = {}
    for path in sorted(held, key=sizes.__getitem__):
        most -= max(sizes[path], CALL_BYTES)
        if most < 0:
            break
        kept[path] = held[path]
    return kept


def _sizes(held: Held) -> dict[Path, int]:
    """The bytes of each as far as they are known: an uninitialized one has none."""
    with compat.without_torch_function():
        return {path: _size(tensor) for path, tensor in held.items()}


def _size(tensor: torch.Tensor) -> int:
    if type(tensor) in compat.PLAIN_TENSORS and tensor.layout is torch.strided:
        return int(tensor.nbytes)
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
