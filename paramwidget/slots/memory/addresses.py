"""The addresses of a model's tensors, from which ties are found and bytes are counted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from paramwidget import compat
from paramwidget.compat import MemoryMap
from paramwidget.slots.memory.overlap import ADDRESSES, Block, block_of
from paramwidget.slots.reading.census import Census, Spans
from paramwidget.tensors import Condition, parts, plain

#: The number of a tensor, and a block that it takes.
OwnedBlock = tuple[int, Block]


@dataclass(eq=False)
class Addresses:
    """``spans`` of the plain contiguous tensors, and the blocks of all others by their world.

    ``nominal`` are the bytes that tensors without memory, as on meta, would take.
    """

    spans: Spans
    worlds: dict[object, list[OwnedBlock]]
    nominal: int

    @classmethod
    def of(cls, census: Census) -> Addresses:
        """Find the address of every tensor of a census, without reading any."""
        worlds: dict[object, list[OwnedBlock]] = {}
        nominal = 0
        for owner in census.spans.careful:
            known = census.looks.condition(owner)
            blocks = _blocks(census.objects[owner], known)
            for block in blocks:
                worlds.setdefault(block.world, []).append((owner, block))
            if not blocks and known.state == "meta":
                nominal += known.numel * _itemsize(known)
        return cls(census.spans, worlds, nominal)

    def files(self, memory: MemoryMap) -> dict[int, str]:
        """The file that a write to a tensor is written to, by its number, where there is one."""
        found: dict[int, str] = {}
        spans = self.spans
        for low, high, path in memory.files:
            inside = (spans.lows < high) & (spans.lows + spans.sizes > low) & (spans.sizes > 0)
            found.update(dict.fromkeys(spans.owners[inside].tolist(), path))
            for owner, block in self.worlds.get(ADDRESSES, []):
                if block.low < high and low < block.high:
                    found[owner] = path
        return found

    def unique_bytes(self) -> int:
        """The bytes of all tensors, shared memory counted once.

        A tensor with gaps counts by its elements, unless another tensor spans them.
        """
        total = self.nominal
        for world in {ADDRESSES, *self.worlds}:
            spans = self.spans if world == ADDRESSES else Spans.none()
            blocks = [block for _, block in self.worlds.get(world, [])]
            whole = [block for block in blocks if block.dense]
            lows = np.concatenate((spans.lows, [block.low for block in whole])).astype(np.int64)
            highs = np.concatenate(
                (spans.lows + spans.sizes, [block.high for block in whole])
            ).astype(np.int64)
            order = np.argsort(lows, kind="stable")
            lows, reach = lows[order], np.maximum.accumulate(highs[order])
            before = np.concatenate(([0], reach[:-1]))
            total += int(np.maximum(reach - np.maximum(lows, before), 0).sum()) if len(lows) else 0
            for block in {block for block in blocks if not block.dense}:
                place = int(np.searchsorted(lows, block.low, side="right"))
                if place == 0 or reach[place - 1] < block.high:
                    total += block.run * math.prod(size for _, size in block.runs)
        return total


def _itemsize(known: Condition) -> int:
    dtype = getattr(torch, known.dtype or "", None)
    return dtype.itemsize if isinstance(dtype, torch.dtype) else 0


def _blocks(tensor: torch.Tensor, known: Condition) -> list[Block]:
    """The blocks that hold a tensor's data; empty if there is none, or if that is unknown."""
    if known.state not in ("ready", "unreadable"):
        return []
    found = []
    with compat.without_torch_function():
        for part in parts(tensor):
            try:
                nowhere = part is tensor and known.state != "ready" and not known.packed
                if nowhere or compat.is_copy_on_write(part):
                    continue
                block = block_of(part if part.is_quantized else plain(part))
            except Exception:
                continue  # a part without a known address cannot be compared
            if block is not None:
                found.append(block)
    return found
