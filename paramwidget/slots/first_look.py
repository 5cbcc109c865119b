"""The content of a model at the moment a bench is made, taken in about the time of naming it.

The bytes of small tensors are kept, larger ones fingerprinted; both compared only when somebody
asks for what changed since, and only then are the names put together.
"""

from __future__ import annotations

from collections.abc import Hashable
from ctypes import string_at
from functools import cached_property
from typing import Any

import torch

from paramwidget.slots.census import Spans, numbered, spans_of
from paramwidget.slots.columns import Columns
from paramwidget.slots.fingerprint import HASHED_BYTES, content_in_order, fingerprint
from paramwidget.slots.reader import Reader, key_text
from paramwidget.slots.walk import children_of, visit
from paramwidget.tensors import is_tensor

ALL_BYTES = 2**30  # of a model; what comes after is first seen at the first refresh

_UNREAD: Hashable = ("unread",)


class FirstLook:
    """What every tensor of a model held, as far as ALL_BYTES go, by the path it stood at."""

    def __init__(self, net: Any) -> None:
        self._columns = Columns()
        reader = Reader(self._columns)
        reader.read_all(net)
        self._below = children_of(reader)
        self._columns.slot_tensors, tensors = numbered(reader.values)
        self._held = _contents(tensors, spans_of(tensors))

    @cached_property
    def _of(self) -> dict[tuple[str, ...], int]:
        """The number of the tensor that stood at each path."""
        columns = self._columns
        visit(columns, self._below)
        found: dict[tuple[str, ...], int] = {}
        paths: list[tuple[str, ...]] = []
        for parent, key, module in zip(columns.parents, columns.keys, columns.modules, strict=True):
            path = () if parent < 0 else (*paths[parent], key_text(key))
            paths.append(path)
            for slot in columns.slots_of(module):
                name = (*path, key_text(columns.slot_keys[slot]))
                found.setdefault(name, columns.slot_tensors[slot])
        return found

    def changed(self, path: tuple[str, ...], tensor: torch.Tensor) -> bool:
        """Whether the tensor at a path is not what it was; False where it was not read.

        True where none stood there.
        """
        number = self._of.get(path, -1)
        if number < 0:
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
