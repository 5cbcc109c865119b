"""What lenses remember of tensors: plain copies, few bytes, as long as someone is looking.

A lens names the moment at which its slot's values are copied. It is given the present values beside
those of the moment before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple
from weakref import WeakKeyDictionary

import torch

from paramwidget.picture.values import Values
from paramwidget.tensors import Unreadable, same_bits

#: Each look at an open panel; each step of an optimizer.
Moment = Literal["look", "step"]

#: A lens by name, and a slot by its path.
Key = tuple[str, tuple[str, ...]]

#: The most bytes of all copies for one model; a slot that does not fit is not remembered.
MOST_BYTES = 64 * 2**20


class Copies(NamedTuple):
    """What a slot held at the last moment, and at the one before."""

    newest: torch.Tensor
    before: torch.Tensor | None = None


class Remembered:
    """The copies for all viewers of one model; none of them refers to it."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._wanted: WeakKeyDictionary[object, Mapping[Key, Moment]] = WeakKeyDictionary()
        self._due: Mapping[Moment, list[Key]] = {}  # replaced as a whole: a step reads it unlocked
        self._copies: dict[Key, Copies] = {}

    def want(self, viewer: object, keys: Mapping[Key, Moment]) -> None:
        """Set what this viewer needs, and when to copy it; what nobody needs is dropped."""
        if keys:
            self._wanted[viewer] = dict(keys)
        else:
            self._wanted.pop(viewer, None)
        due: dict[Moment, list[Key]] = {}
        needed = {key: at for wanted in self._wanted.values() for key, at in wanted.items()}
        for key, at in needed.items():
            due.setdefault(at, []).append(key)
        self._due = due
        self._copies = {key: held for key, held in self._copies.items() if key in needed}

    def due(self, moment: Moment) -> list[Key]:
        """What has to be copied at such a moment."""
        return self._due.get(moment, [])

    def keep(self, key: Key, tensor: torch.Tensor | None) -> None:
        """Copy what the slot holds at this moment.

        If it still holds the same, there is nothing new: several widgets look at one model, and all
        are to show the same.
        """
        known = self._copies.pop(key, None)
        try:
            now = None if tensor is None else Values(tensor).elements
        except Unreadable:
            now = None
        if now is None or self.bytes + 2 * _bytes_of(now) > self._most:
            return
        if known is None or not _are_alike(known.newest, now):
            self._copies[key] = Copies(now.clone())
        elif same_bits(known.newest, now):
            self._copies[key] = known
        else:
            self._copies[key] = Copies(now.clone(), known.newest)

    def before(self, key: Key) -> torch.Tensor | None:
        """What the slot held at the moment before the last one; None if that is unknown."""
        held = self._copies.get(key)
        return None if held is None else held.before

    @property
    def bytes(self) -> int:
        """The memory in use: two copies of each slot, once there are two."""
        return sum(2 * _bytes_of(held.newest) for held in self._copies.values())


def _bytes_of(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _are_alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    return (one.shape, one.dtype, one.device) == (other.shape, other.dtype, other.device)
