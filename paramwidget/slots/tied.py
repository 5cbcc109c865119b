"""The rows of a reading that hold one tensor, or tensors in the same memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal

from paramwidget.slots.reading.columns import NO_MODULE, Columns

#: A place, and a slot of the module there.
Occurrence = tuple[int, int]

#: The kind of a group, its occurrences, and the numbers of its tensors.
Tied = tuple[Literal["same", "memory"], list[Occurrence], list[int]]


def tied(
    columns: Columns, rows: Callable[[], list[Occurrence]], shared_memory: list[list[int]]
) -> list[Tied]:
    """The groups in the order of their first slots; ``rows`` are asked for if there may be any."""
    wanted = _wanted(columns, shared_memory)
    if not wanted:
        return []
    slots: dict[int, list[Occurrence]] = {}
    order: dict[int, int] = {}
    for index, (place, slot) in enumerate(rows()):
        tensor = columns.slot_tensors[slot]
        if tensor in wanted:
            slots.setdefault(tensor, []).append((place, slot))
            order[tensor] = min(order.get(tensor, index), index)
    return _groups(slots, order, shared_memory)


def _wanted(columns: Columns, shared_memory: list[list[int]]) -> set[int]:
    """The tensors that stand in more than one slot or share memory, by number."""
    counts = Counter(tensor for tensor in columns.slot_tensors if tensor >= 0)
    used = Counter(module for module in columns.modules if module != NO_MODULE)
    wanted = {tensor for group in shared_memory for tensor in group}
    if len(counts) < len(columns.slot_tensors) or max(used.values(), default=0) > 1:
        wanted |= {tensor for tensor, count in counts.items() if count > 1}
        for module, count in used.items():
            if count > 1:
                wanted.update(columns.slot_tensors[slot] for slot in columns.slots_of(module))
    return wanted - {-1}


def _groups(
    slots: dict[int, list[Occurrence]], order: dict[int, int], shared_memory: list[list[int]]
) -> list[Tied]:
    found: list[tuple[int, int, Tied]] = []
    for tensor, rows in slots.items():
        if len(rows) > 1:
            found.append((order[tensor], 0, ("same", rows, [tensor])))
    for tensors in shared_memory:
        rows = sorted(row for tensor in tensors for row in slots.get(tensor, ()))
        first = min(order[tensor] for tensor in tensors if tensor in order)
        found.append((first, 1, ("memory", rows, tensors)))
    found.sort(key=lambda entry: entry[:2])
    return [group for _, _, group in found]
