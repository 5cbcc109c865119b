"""Do two strided tensors share a byte of an element? Exact, from addresses alone.

No byte is read: a block is an address, a shape, strides and an item size, so tensors on other
devices are compared like those of the CPU.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from paramwidget import compat
from paramwidget.tensors import needed_bytes

#: Candidates that numpy's exact solver may try before counting places becomes cheaper.
SOLVER_WORK = 1_000_000

#: Runs of bytes that are listed one by one at most; beyond that, a pair of blocks that the solver
#: gave up on counts as overlapping.
LISTED_RUNS = 1 << 24

#: Numpy 1.25 moved it.
_TooHard: type[Exception] = getattr(np, "exceptions", np).TooHardError

#: numpy's types know only the two special values of its ``max_work``.
_shares_memory: Any = np.shares_memory

#: The address space of all tensors on devices whose addresses are unique in the process.
ADDRESSES = "addresses"

#: These devices. On others, each storage is its own address space.
_ADDRESSED = frozenset({"cpu", "cuda"})


@dataclass(frozen=True)
class Block:
    """Where the elements of a tensor lie; everything in bytes. Axes of size 1 are left out."""

    world: object
    low: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    itemsize: int

    @cached_property
    def high(self) -> int:
        """One past the last byte."""
        reach = sum(
            (size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True)
        )
        return self.low + reach + self.itemsize

    @cached_property
    def dense(self) -> bool:
        """True if every byte from ``low`` to ``high`` belongs to an element."""
        return len(self.runs) == 0

    @cached_property
    def runs(self) -> tuple[tuple[int, int], ...]:
        """The (stride, size) of the axes that leave gaps, from the innermost."""
        return self._packed[1]

    @cached_property
    def run(self) -> int:
        """The bytes of one run without a gap."""
        return self._packed[0]

    @cached_property
    def _packed(self) -> tuple[int, tuple[tuple[int, int], ...]]:
        run = self.itemsize
        gaps: list[tuple[int, int]] = []
        for stride, size in sorted(zip(self.strides, self.shape, strict=True)):
            if not gaps and stride <= run:
                run = max(run, stride * (size - 1) + run)
            else:
                gaps.append((stride, size))
        return run, tuple(gaps)


def block_of(tensor: torch.Tensor) -> Block | None:
    """The block of a plain strided tensor whose data exists; None if it has no elements."""
    if not tensor.numel():
        return None
    itemsize = tensor.element_size()
    device = tensor.device
    if device.type in _ADDRESSED:
        world: object = ADDRESSES
        low = compat.data_address(tensor)
        if low == 0:
            return None
    else:
        world = compat.storage_identity(tensor)
        low = int(tensor.storage_offset()) * itemsize
    if tensor.dtype in compat.PACKED_PER_BYTE:
        return Block(world, low, (needed_bytes(tensor),), (1,), 1)
    axes = [
        (size, stride * itemsize)
        for size, stride in zip(tensor.shape, tensor.stride(), strict=True)
        if size > 1 and stride > 0
    ]
    return Block(world, low, tuple(a for a, _ in axes), tuple(b for _, b in axes), itemsize)


def overlap(a: Block, b: Block) -> bool:
    """True if some byte belongs to an element of both."""
    if a.world != b.world or a.high <= b.low or b.high <= a.low:
        return False
    if a.dense and b.dense:
        return True
    if a.low == b.low:
        return True
    if _residues_apart(a, b):
        return False
    try:
        return bool(_shares_memory(_shell(a), _shell(b), max_work=SOLVER_WORK))
    except (_TooHard, ValueError):
        return _listed_overlap(a, b)


def within(inner: Block, outer: Block) -> bool:
    """True if every byte of an element of the one belongs to an element of the other.

    May be False where the outer block has gaps and is not the same.
    """
    if inner == outer:
        return True
    between = outer.low <= inner.low and inner.high <= outer.high
    return inner.world == outer.world and outer.dense and between


def _residues_apart(a: Block, b: Block) -> bool:
    """True if all places of ``a`` and all of ``b`` differ modulo the common divisor of the strides.

    Handles odd and even columns, interleaved heads and similar cases without a search.
    """
    common = math.gcd(*(stride for stride, _ in (*a.runs, *b.runs)))
    if common == 0 or a.run + b.run > common:
        return False
    distance = (b.low - a.low) % common
    return distance >= a.run and common - distance >= b.run


class _Shell:
    """A numpy view of a block, whose address is compared but never read."""

    def __init__(self, interface: dict[str, Any]) -> None:
        self.__array_interface__ = interface


def _shell(block: Block) -> np.ndarray[Any, Any]:
    strides = tuple(stride for stride, _ in block.runs)
    shape = tuple(size for _, size in block.runs)
    return np.asarray(
        _Shell(
            {
                "version": 3,
                "data": (block.low, True),
                "shape": (*shape, block.run),
                "strides": (*strides, 1),
                "typestr": "|u1",
            }
        )
    )


def _listed_overlap(a: Block, b: Block) -> bool:
    if any(math.prod(size for _, size in block.runs) > LISTED_RUNS for block in (a, b)):
        return True
    starts_a, starts_b = _starts(a), _starts(b)
    after = np.searchsorted(starts_b, starts_a + a.run, side="left")
    near = after > 0
    return bool((starts_b[after[near] - 1] + b.run > starts_a[near]).any())


def _starts(block: Block) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The first bytes of a block's runs, rising."""
    starts = np.array([block.low], dtype=np.int64)
    for stride, size in block.runs:
        starts = np.add.outer(np.arange(size, dtype=np.int64) * stride, starts).reshape(-1)
    starts.sort()
    return starts
