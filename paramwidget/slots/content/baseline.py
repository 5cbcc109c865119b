"""The content of a model at the moment a bench is made, taken in about the time of naming it.

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
from paramwidget.slots.reading.census import Spans, numbered, spans_of
from paramwidget.slots.reading.collector import without_collection
from paramwidget.slots.reading.columns import Columns
from paramwidget.slots.reading.reader import Reader, key_text
from paramwidget.slots.reading.walk import children_of, visit
from paramwidget.tensors import is_tensor

ALL_BYTES = 2**30  # of a model; what comes after is first seen at the first refresh

#: Tensors up to this size are copied together, all of one size in one call of numpy.
TINY_BYTES = 512

_UNREAD: Hashable = ("unread",)


class Baseline:
    """What every tensor of a model held, as far as ALL_BYTES go, by the path it stood at."""

    def __init__(self, net: Any) -> None:
        self._columns = Columns()
        with without_collection():
            reader = Reader(self._columns, remarks=False)
            reader.read_all(net)
            self._below = children_of(reader)
            self._columns.slot_tensors, tensors = numbered(reader.values)
            self._contents = _Contents(tensors, spans_of(tensors))

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
        held = self._contents.of.get(number, _UNREAD)
        if not isinstance(held, bytes):
            return held is not _UNREAD and fingerprint(tensor) != held
        # Laid out in another way it may still hold the same numbers.
        return _raw_content(tensor) != held and content_in_order(tensor) != held


@dataclass
class _Same:
    """The bytes of tensors of one size, one after the other."""

    numbers: list[int]
    size: int
    content: bytes


class _Contents:
    """Bytes of what is small, fingerprints of what is not."""

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
    """`size` bytes from each address, without a call for each."""
    base = int(lows.min())
    memory = np.asarray(_Memory(base, int(lows.max()) - base + 1, size))
    content: bytes = memory[lows - base].tobytes()
    return content


class _Memory:
    """Numpy's way to the memory from an address on: item n is the `size` bytes from byte n."""

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
