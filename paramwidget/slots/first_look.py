"""The content of a model at the moment a bench is made, taken in about the time of naming it.

The bytes of small tensors are kept, larger ones fingerprinted; both compared only when somebody
asks for what changed since. Tensors are known by identity here, without their names.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from ctypes import string_at
from functools import cached_property
from typing import Any

import torch

from paramwidget.slots.census import Spans, numbered, spans_of
from paramwidget.slots.columns import Columns
from paramwidget.slots.fingerprint import HASHED_BYTES, content_in_order, fingerprint
from paramwidget.slots.reader import Reader
from paramwidget.tensors import is_tensor

ALL_BYTES = 2**30  # of a model; what comes after is first seen at the first refresh

_UNREAD: Hashable = ("unread",)


class FirstLook:
    """What every tensor of a model held, as far as ALL_BYTES go."""

    def __init__(self, net: Any) -> None:
        reader = Reader(Columns())
        reader.read_all(net)
        _, tensors = numbered(reader.values)
        spans = spans_of(tensors)
        self._held = _contents(tensors, spans)
        self._refs: list[Callable[[], Any]] = (
            [weakref.ref(held) if is_tensor(held) else _nothing for held in tensors]
            if spans.careful
            else list(map(weakref.ref, tensors))
        )

    @cached_property
    def _of(self) -> dict[int, int]:
        """The number of each tensor that lives, by its identity."""
        return {id(ref()): number for number, ref in enumerate(self._refs)}

    def changed(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor is not what it was, or was not there; False where it was not read."""
        number = self._of.get(id(tensor))
        if number is None or self._refs[number]() is not tensor:
            return True
        held = self._held[number]
        if not isinstance(held, bytes):
            return held is not _UNREAD and fingerprint(tensor) != held
        # Laid out in another way it may still hold the same numbers.
        return _raw_content(tensor) != held and content_in_order(tensor) != held


def _contents(tensors: list[Any], spans: Spans) -> list[Any]:
    """Bytes of what is small, fingerprints of what is not, by the numbers of the tensors."""
    lows, sizes = spans.lows.tolist(), spans.sizes.tolist()
    all_small = max(sizes, default=0) <= HASHED_BYTES and sum(sizes) <= ALL_BYTES
    if all_small and not spans.careful and not spans.foreign:
        return list(map(string_at, lows, sizes))
    held: list[Any] = [_UNREAD] * len(tensors)
    left = ALL_BYTES
    for owner, low, size in zip(spans.owners.tolist(), lows, sizes, strict=True):
        left -= size
        if left < 0:
            return held
        if size <= HASHED_BYTES and owner not in spans.foreign:
            held[owner] = string_at(low, size)
        else:
            held[owner] = fingerprint(tensors[owner])
    for owner in spans.careful:
        if is_tensor(tensors[owner]):
            held[owner] = fingerprint(tensors[owner])
    return held


def _raw_content(tensor: torch.Tensor) -> bytes | None:
    spans = spans_of([tensor])
    if spans.careful or spans.foreign or spans.sizes[0] > HASHED_BYTES:
        return None
    return string_at(int(spans.lows[0]), int(spans.sizes[0]))


def _nothing() -> None:
    return None
