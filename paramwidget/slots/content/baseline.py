"""The content of a model when its bench is created, read in about the time it takes to name it.

The bytes of small tensors are kept, larger ones fingerprinted; both compared only when somebody
asks for what changed since, and only then are the names put together.
"""

from __future__ import annotations

from collections.abc import Hashable
from ctypes import string_at
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from paramwidget.slots.content.fingerprint import HASHED_BYTES, content_in_order, fingerprint
from paramwidget.slots.memory.addresses import Addresses
from paramwidget.slots.reading.census import Census, Looks, Spans, numbered, spans_of
from paramwidget.slots.reading.collector import without_collection
from paramwidget.slots.reading.columns import Columns
from paramwidget.slots.reading.reader import Reader, key_text
from paramwidget.slots.reading.walk import children_of, visit
from paramwidget.slots.ties import Name, TieGroup, memory_groups
from paramwidget.tensors import is_tensor

ALL_BYTES = 2**30  # of a model; anything beyond is first read at the first refresh

#: Tensors up to this size are copied together, all of one size in one call of numpy.
TINY_BYTES = 512

_UNREAD: Hashable = ("unread",)


class Baseline:
    """The content of every tensor of a model, up to ALL_BYTES, by its path."""

    def __init__(self, net: Any) -> None:
        self._columns = Columns()
        with without_collection():
            reader = Reader(self._columns, remarks=False)
            reader.read_all(net)
            self._below = children_of(reader)
            self._columns.slot_tensors, tensors = numbered(reader.values)
            spans = spans_of(tensors)
            self._elsewhere = {-1, *spans.careful}  # whose addresses nobody has read
            census = Census([], tensors, Looks(), spans)
            self._overlapping = memory_groups(census, Addresses(spans, {}, 0))
            self._contents = _Contents(tensors, spans)

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

    def ties(self) -> list[TieGroup]:
        """The slots that held one tensor, and plain tensors that shared memory."""
        numbers = self._columns.slot_tensors
        children = [child for _, below in self._below.values() for child in below]
        each_once = all(len({*some}) == len(some) for some in (numbers, children))
        if each_once and not self._overlapping:
            return []
        slots: dict[int, list[Name]] = {}
        for name, number in self._numbers.items():
            slots.setdefault(number, []).append(name)
        slots.pop(-1, None)
        same = [TieGroup("same", tuple(names)) for names in slots.values() if len(names) > 1]
        return same + [
            TieGroup("memory", tuple(name for number in group for name in slots.get(number, ())))
            for group in self._overlapping
        ]

    def holds_plain(self, name: Name) -> bool:
        """Whether there was a tensor in a slot of which it is known with what it was tied."""
        return self._numbers.get(name, -1) not in self._elsewhere

    @cached_property
    def _numbers(self) -> dict[Name, int]:
        """The number of the tensor that stood in each slot, -1 for none."""
        return {
            path if any(key == "" or "." in key for key in path) else ".".join(path): number
            for path, number in self._of.items()
        }

    def changed(self, path: tuple[str, ...], tensor: torch.Tensor) -> bool:
        """Whether the tensor at a path has changed; False if it was not read.

        True if there was none.
        """
        number = self._of.get(path, -1)
        if number < 0:
            return True
        held = self._contents.of.get(number, _UNREAD)
        if not isinstance(held, bytes):
            return held is not _UNREAD and fingerprint(tensor) != held
        # It may still hold the same numbers in another layout.
        return _raw_content(tensor) != held and content_in_order(tensor) != held


@dataclass
class _Same:
    """The bytes of tensors of one size, one after the other."""

    numbers: list[int]
    size: int
    content: bytes


class _Contents:
    """Bytes of small tensors, fingerprints of large ones."""

    def __init__(self, tensors: list[Any], spans: Spans) -> None:
        kept = np.cumsum(spans.sizes) <= ALL_BYTES
        near = kept & (spans.sizes <= HASHED_BYTES) & ~np.isin(spans.owners, [*spans.foreign])
        tiny = near & (spans.sizes <= TINY_BYTES) & (spans.sizes > 0)
        self._tiny = [
            _Same(spans.owners[rows].tolist(), size, _gather(spans.lows[rows], size))
            for size in np.unique(spans.sizes[tiny]).tolist()
            for rows in [tiny & (spans.sizes == size)]
        ]
        rest = near & ~tiny
        self._single: dict[int, Any] = dict(
            zip(
                spans.owners[rest].tolist(),
                map(string_at, spans.lows[rest].tolist(), spans.sizes[rest].tolist()),
                strict=True,
            )
        )
        for number in [*spans.owners[kept & ~near].tolist(), *spans.careful]:
            if is_tensor(tensors[number]):
                self._single[number] = fingerprint(tensors[number])

    @cached_property
    def of(self) -> dict[int, Any]:
        """The content by the number of the tensor."""
        found = self._single
        for same in self._tiny:
            for row, number in enumerate(same.numbers):
                found[number] = same.content[row * same.size : (row + 1) * same.size]
        return found


def _gather(lows: np.ndarray[Any, np.dtype[np.int64]], size: int) -> bytes:
    """``size`` bytes from each address, without a call for each."""
    base = int(lows.min())
    memory = np.asarray(_Memory(base, int(lows.max()) - base + 1, size))
    content: bytes = memory[lows - base].tobytes()
    return content


class _Memory:
    """A numpy view of the memory at an address: item n is the ``size`` bytes from byte n."""

    def __init__(self, base: int, count: int, size: int) -> None:
        self.__array_interface__ = {
            "version": 3,
            "data": (base, True),
            "shape": (count,),
            "strides": (1,),
            "typestr": f"|V{size}",
        }


def _raw_content(tensor: torch.Tensor) -> bytes | None:
    spans = spans_of([tensor])
    if spans.careful or spans.foreign or spans.sizes[0] > HASHED_BYTES:
        return None
    return string_at(int(spans.lows[0]), int(spans.sizes[0]))
