"""The content of each slot at the last look, so that any change is found, whoever made it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import torch

from paramwidget import compat
from paramwidget.slots.content.baseline import Baseline
from paramwidget.slots.content.fingerprint import fingerprint, sample, was_read
from paramwidget.slots.names import held_at
from paramwidget.slots.tree import Path
from paramwidget.tensors import condition

#: Larger tensors are only sampled in a quick look.
SAMPLED_BYTES = 1 << 24

#: What a tensor counts for at least in a quick look: a call takes as long as reading so much.
CALL_BYTES = 1 << 14

_UNKNOWN: Hashable = ("unknown",)

Held = dict[Path, torch.Tensor]
Prints = dict[Path, Hashable]


@dataclass(frozen=True)
class Look:
    """What a look has found, in the order of the slots; known only once it is taken over."""

    changed: Sequence[Path] = ()
    unseen: Sequence[Path] = ()  # those of them of which no look has told
    prints: Prints = field(default_factory=dict)
    samples: Prints = field(default_factory=dict)  # None: no longer sampled
    everything: bool = False  # nothing else is known from then on


class KnownContent:
    """The fingerprints of a model's slots at the last look; the first is at creation.

    ``refresh`` finds what has changed since it was last asked, ``outside`` what has changed since
    anybody looked. Neither changes anything, so that both can be interrupted: the caller notes what
    they have found, and calls ``take`` then. What an edit has written counts as seen by both.
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

    def refresh(self, net: Any, paths: Iterable[Path]) -> Look:
        """What has changed since this was last asked, every slot read.

        Also what ``outside`` has found since. Slots that were not there count as changed; computed
        ones are not computed for this.
        """
        held = _held(net, paths)
        now = _read(held, fingerprint)
        unseen = {path for path in now if self._differs(path, held, now)}
        found = self._found(held, now)
        unread = {path: self._prints.get(path, _UNKNOWN) for path in now.keys() - found.prints}
        return replace(
            found,
            changed=[path for path in held if path in unseen or path in self._unreported],
            unseen=[path for path in held if path in unseen],
            prints={**found.prints, **unread},
            everything=True,
        )

    def outside(self, net: Any, paths: Iterable[Path], most: int) -> Look:
        """Which of the slots have changed since anybody looked.

        About ``most`` bytes are read, of the smaller tensors first; large tensors are sampled, and
        one that is too large to be read at first is watched from then on.
        """
        held = _held(net, paths)
        sizes = _sizes(held)
        sampled = _read({path: held[path] for path in held if path in self._samples}, sample)
        samples = {path: now for path, now in sampled.items() if was_read(now)}
        changed = {path for path, now in samples.items() if now != self._samples[path]}
        unsampled = {path: tensor for path, tensor in held.items() if path not in sampled}
        read = _within(unsampled, sizes, most)
        now = _read(read, fingerprint)
        changed |= {path for path in now if self._differs(path, held, now)}
        found = self._found(read, now)
        beyond = {path: held[path] for path in unsampled if path not in read}
        names = [path for path in held if path in changed]
        samples = {**samples, **found.samples, **_watched(beyond, sizes)}
        return replace(found, changed=names, unseen=names, samples=samples)

    def take(self, look: Look) -> None:
        """What a look has found is the known content from now on."""
        if look.everything:
            self._baseline = None
            self._prints, self._samples, self._unreported = {}, {}, set()
        else:
            self._unreported.update(look.unseen)
        self._prints.update(look.prints)
        for path, seen in look.samples.items():
            if seen is None:
                self._samples.pop(path, None)
            else:
                self._samples[path] = seen

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
        self.take(self._found(held, now))
        self._unreported.difference_update(now)
        return {path: one if was_read(one) else _UNKNOWN for path, one in now.items()}

    def forget(self, paths: Iterable[Path]) -> Prints:
        """The content of these slots is unknown: the next look takes it as it is."""
        unknown: Prints = dict.fromkeys(paths, _UNKNOWN)
        self._prints.update(unknown)
        for path in unknown:
            self._samples.pop(path, None)
        return unknown

    def _found(self, held: Held, now: Prints) -> Look:
        """What was read of these slots; the large ones are sampled from now on."""
        prints = {path: one for path, one in now.items() if was_read(one)}
        read = {path: held[path] for path in prints}
        samples = {**dict.fromkeys(prints), **_watched(read, _sizes(read))}
        return Look(prints=prints, samples=samples)


def _watched(held: Held, sizes: Mapping[Path, int]) -> dict[Path, Hashable]:
    """Samples of the large ones; None where there is no memory to read one."""
    large = {path: tensor for path, tensor in held.items() if sizes[path] > SAMPLED_BYTES}
    samples = _read(large, sample)
    return {path: seen if was_read(seen) else None for path, seen in samples.items()}


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
