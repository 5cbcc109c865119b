"""Which slots are tied: because they hold one tensor, or share memory.

Both are found by inspection, never from a model's declaration. Tensors that are merely in one
storage, as flattened parameters are, are not tied: an edit of one must change the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch

from paramwidget import compat
from paramwidget.slots.memory.addresses import Addresses, OwnedBlock
from paramwidget.slots.memory.overlap import ADDRESSES, Block, block_of, overlap
from paramwidget.slots.reading.census import Census, Spans

Name = str | tuple[str, ...]

#: In a cluster of more blocks than this, bytes are painted instead of comparing each pair.
PAIRED_BLOCKS = 48

#: Cells that painting may take (four bytes each) and elements that it may paint.
PAINTED_CELLS = 1 << 24


@dataclass(frozen=True)
class TieGroup:
    """Slots that change together.

    "same": all of them hold one tensor. "memory": they hold different tensors with elements in the
    same bytes. Names are dotted; a path tuple if that is ambiguous.
    """

    kind: Literal["same", "memory"]
    names: tuple[Name, ...]


def memory_groups(census: Census, memory: Addresses) -> list[list[int]]:
    """Connected sets, of two or more, of the numbers of tensors whose elements overlap."""
    groups = _Groups()
    addressed = memory.worlds.get(ADDRESSES, [])
    _join(groups, census.objects, _table(memory.spans, addressed), addressed)
    for world, rows in memory.worlds.items():
        if world != ADDRESSES:
            _join(groups, census.objects, _table(Spans.none(), rows), rows)
    return groups.found()


_Table = tuple[Any, Any, Any]


def _table(spans: Spans, rows: list[OwnedBlock]) -> _Table:
    """Lows, highs and owners of the spans, then of the rows."""
    if not rows:
        return spans.lows, spans.lows + spans.sizes, spans.owners
    lows = np.array([block.low for _, block in rows], dtype=np.int64)
    highs = np.array([block.high for _, block in rows], dtype=np.int64)
    owners = np.array([owner for owner, _ in rows], dtype=np.int64)
    return (
        np.concatenate((spans.lows, lows)),
        np.concatenate((spans.lows + spans.sizes, highs)),
        np.concatenate((spans.owners, owners)),
    )


def _join(
    groups: _Groups, tensors: Sequence[torch.Tensor], table: _Table, careful: list[OwnedBlock]
) -> None:
    lows, highs, owners = table
    plain = lows.size - len(careful)
    keep = np.flatnonzero(highs > lows)
    if keep.size < 2:
        return
    order = keep[np.argsort(lows[keep], kind="stable")]
    reach = np.maximum.accumulate(highs[order])
    touching = lows[order][1:] < reach[:-1]
    if not touching.any():
        return
    for start, end in _stretches(touching):
        members = []
        for row in order[start:end].tolist():
            owner = int(owners[row])
            block = careful[row - plain][1] if row >= plain else block_of(tensors[owner])
            if block is not None and (row >= plain or not compat.is_copy_on_write(tensors[owner])):
                members.append((owner, block))
        _cluster(groups, members)


def _stretches(touching: Any) -> Iterable[tuple[int, int]]:
    """Half-open ranges of two or more rows whose bounding ranges overlap."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], touching, [False])).astype(np.int8)))
    for start, end in edges.reshape(-1, 2).tolist():
        yield start, end + 1


def _cluster(groups: _Groups, members: list[tuple[int, Block]]) -> None:
    gaps = not all(block.dense for _, block in members)
    if gaps and len(members) > PAIRED_BLOCKS and _paint(groups, members):
        return
    active: list[tuple[int, Block]] = []
    for owner, block in members:
        active = [entry for entry in active if entry[1].high > block.low]
        for other, earlier in active:
            if not groups.joined(owner, other) and overlap(earlier, block):
                groups.join(owner, other)
        active.append((owner, block))


def _paint(groups: _Groups, members: list[tuple[int, Block]]) -> bool:
    """Write each block's number into a map of the cluster's bytes and see which was there before.

    Exact, and linear in the elements; False if the map would be too large.
    """
    base = min(block.low for _, block in members)
    unit = 0
    for _, block in members:
        unit = int(np.gcd.reduce([unit, block.low - base, block.itemsize, *block.strides]))
    cells = (max(block.high for _, block in members) - base) // unit
    elements = sum(
        int(np.prod(block.shape, dtype=np.int64)) * (block.itemsize // unit) for _, block in members
    )
    if cells > PAINTED_CELLS or elements > 4 * PAINTED_CELLS:
        return False
    canvas = np.full(cells, -1, dtype=np.int32)
    for number, (owner, block) in enumerate(members):
        places = np.arange(block.itemsize // unit) + (block.low - base) // unit
        for size, stride in zip(block.shape, block.strides, strict=True):
            places = np.add.outer(np.arange(size) * (stride // unit), places).reshape(-1)
        for other in np.unique(canvas[places]).tolist():
            if other >= 0:
                groups.join(owner, members[other][0])
        canvas[places] = number
    return True


class _Groups:
    """Union-find over tensor numbers."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def _root(self, number: int) -> int:
        parent = self._parent.setdefault(number, number)
        while parent != number:
            self._parent[number] = self._parent.setdefault(parent, parent)
            number, parent = parent, self._parent[parent]
        return number

    def joined(self, a: int, b: int) -> bool:
        return self._root(a) == self._root(b)

    def join(self, a: int, b: int) -> None:
        first, second = sorted((self._root(a), self._root(b)))
        self._parent[second] = first

    def found(self) -> list[list[int]]:
        groups: dict[int, list[int]] = {}
        for number in sorted(self._parent):
            groups.setdefault(self._root(number), []).append(number)
        return [group for group in groups.values() if len(group) > 1]


#: Slots that were tied or parted, each with the one that it shares or shared its tensor with.
Pairs = dict[Name, Name]


def tie_changes(
    before: Iterable[TieGroup], after: Iterable[TieGroup], stays: Callable[[Name], bool]
) -> tuple[Pairs, Pairs]:
    """The ties that were lost and those that were gained between two readings of a model.

    A slot is tied whether it shares a tensor or memory. Only slots count that hold a tensor in both
    readings, which ``stays`` tells: one that is gone is no lost tie, and a new one is no gained
    one. Of a group that falls apart, the largest part (the first of equal ones) is what the others
    have left; of a group that grows together, it is what the others have joined.
    """
    then, now = tied_together(before), tied_together(after)
    return _left(then, now, stays), _left(now, then, stays)


def tied_together(groups: Iterable[TieGroup]) -> dict[Name, tuple[Name, ...]]:
    """The slots that change together with each one, over both kinds of ties."""
    found: dict[Name, tuple[Name, ...]] = {}
    for group in groups:
        joined = dict.fromkeys(
            name for member in group.names for name in found.get(member, (member,))
        )
        found.update(dict.fromkeys(joined, tuple(joined)))
    return found


def _left(
    whole: dict[Name, tuple[Name, ...]],
    parts: dict[Name, tuple[Name, ...]],
    stays: Callable[[Name], bool],
) -> Pairs:
    found: Pairs = {}
    # all slots of a group have one tuple: told apart by identity, since to hash it takes as long as
    # the group is large
    for names in {id(group): group for group in whole.values()}.values():
        if parts.get(names[0]) == names:
            continue
        pieces: dict[int | Name, list[Name]] = {}
        for name in filter(stays, names):
            part = parts.get(name)
            pieces.setdefault(name if part is None else id(part), []).append(name)
        if len(pieces) > 1:
            main = max(pieces.values(), key=len)
            found.update(
                {name: main[0] for piece in pieces.values() if piece is not main for name in piece}
            )
    return found
