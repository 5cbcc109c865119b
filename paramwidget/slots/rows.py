"""The rows of a tree, in the order in which a view shows them: a module, its slots, its children.

Columns, like the reading they are made from: a model of 50,000 layers has 150,000 rows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TypeVar

import numpy as np

from paramwidget.slots.node import Node, Reading
from paramwidget.slots.reading.census import NOTHING
from paramwidget.slots.reading.columns import NO_MODULE, Kind
from paramwidget.tensors import State, class_name

_NO_SLOT = -1

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")


class Rows:
    """The rows of one reading, row 0 being the model itself; each column has an entry per row."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        columns = reading.columns
        first = columns.first_slot
        counts = [
            0 if module == NO_MODULE else first[module + 1] - first[module]
            for module in columns.modules
        ]
        for place in columns.place_notes:
            counts[place] = 0
        self._slots_of_place = counts
        self._row_of_place = np.arange(len(counts)) + np.cumsum([0, *counts[:-1]])

    def __len__(self) -> int:
        return len(self._slots_of_place) + sum(self._slots_of_place)

    def node(self, row: int) -> Node:
        """The node of a row."""
        place = int(np.searchsorted(self._row_of_place, row, side="right")) - 1
        after = row - int(self._row_of_place[place])
        if after == 0:
            return Node(self._reading, place, _NO_SLOT)
        columns = self._reading.columns
        return Node(self._reading, place, columns.first_slot[columns.modules[place]] + after - 1)

    def row(self, place: int, slot: int = _NO_SLOT) -> int:
        """The row of a place, or of a slot there."""
        row = int(self._row_of_place[place])
        if slot == _NO_SLOT:
            return row
        columns = self._reading.columns
        return row + 1 + slot - columns.first_slot[columns.modules[place]]

    # --- columns -------------------------------------------------------------------------------

    def _of_tensors(self, slots: list[T]) -> list[T | None]:
        """One column that slots have and modules do not."""
        return self._spread([None] * len(self._slots_of_place), slots)

    def _spread(self, places: Sequence[A], slots: Sequence[B]) -> list[A | B]:
        """One column, of what each place and each slot has."""
        columns = self._reading.columns
        first, modules = columns.first_slot, columns.modules
        found: list[A | B] = []
        for place, (value, count) in enumerate(zip(places, self._slots_of_place, strict=True)):
            found.append(value)
            if count:
                start = first[modules[place]]
                found += slots[start : start + count]
        return found

    @cached_property
    def names(self) -> list[str]:
        """The last part of each path; ``""`` for the model."""
        columns = self._reading.columns
        return self._spread(columns.keys, columns.slot_keys)

    @cached_property
    def parents(self) -> list[int]:
        """The row above each; -1 for the model."""
        rows = self._row_of_place.tolist()
        found: list[int] = []
        for row, above, count in zip(
            rows, self._reading.columns.parents, self._slots_of_place, strict=True
        ):
            found.append(rows[above] if above >= 0 else -1)
            found += [row] * count
        return found

    @cached_property
    def kinds(self) -> list[Kind]:
        """``module``, ``parameter``, ``buffer``, ``constant``, ``computed`` or ``none``."""
        columns = self._reading.columns
        places: list[Kind] = [
            "none" if module == NO_MODULE else "module" for module in columns.modules
        ]
        return self._spread(places, columns.slot_kinds)

    @cached_property
    def types(self) -> list[str]:
        """The class of each module and tensor."""
        columns = self._reading.columns
        names = [*map(class_name, columns.classes), NOTHING.type_name]  # NO_MODULE is the last
        places = list(map(names.__getitem__, columns.modules))
        return self._spread(places, [known.type_name for known in columns.conditions])

    @cached_property
    def shapes(self) -> list[tuple[int, ...] | None]:
        """The shape of each tensor; None for modules, and if it is unknown."""
        return self._of_tensors([known.shape for known in self._reading.columns.conditions])

    @cached_property
    def dtypes(self) -> list[str | None]:
        """The dtype of each tensor without ``torch.``, or None."""
        return self._of_tensors([known.dtype for known in self._reading.columns.conditions])

    @cached_property
    def trainable(self) -> list[bool | None]:
        """``requires_grad`` of each tensor, None if there is none."""
        return self._of_tensors(
            [
                None if known is NOTHING else known.requires_grad
                for known in self._reading.columns.conditions
            ]
        )

    @cached_property
    def states(self) -> list[State]:
        """``ready``, ``uninitialized``, ``meta`` or ``unreadable``."""
        columns = self._reading.columns
        places: list[State] = ["ready"] * len(columns.modules)
        for place in self._reading.places_with_notes:
            if columns.modules[place] in columns.module_errors:
                places[place] = "unreadable"
        found = self._spread(places, [known.state for known in columns.conditions])
        for place, slot in self._reading.namesakes:
            found[self.row(place, slot)] = "unreadable"
        return found

    @cached_property
    def counts(self) -> list[int]:
        """Elements of each slot; for a module, of the parameters below it, each shared one once."""
        columns = self._reading.columns
        numels = [known.numel for known in columns.conditions]
        places = [
            0 if module == NO_MODULE else count
            for module, count in zip(columns.modules, self._parameters_below(numels), strict=True)
        ]
        return self._spread(places, numels)

    def notes(self) -> Iterator[tuple[int, str]]:
        """The rows with a warning, and the warning."""
        columns = self._reading.columns
        slots = {*columns.shadowed, *columns.slot_notes}
        slots |= {slot for slot, one in enumerate(columns.conditions) if one.reason or one.packed}
        slots |= {slot for _, slot in self._reading.namesakes}
        files = self._reading.files
        slots |= {slot for slot, one in enumerate(columns.slot_tensors) if files and one in files}
        places = {*self._reading.places_with_notes}
        modules = {bisect_right(columns.first_slot, slot) - 1 for slot in slots if slot >= 0}
        if modules:
            places |= {place for place, one in enumerate(columns.modules) if one in modules}
        for place in sorted(places):
            here = range(0)
            if self._slots_of_place[place]:
                here = columns.slots_of(columns.modules[place])
            for slot in (_NO_SLOT, *(slot for slot in here if slot in slots)):
                node = Node(self._reading, place, slot)
                note = node.reason or node.note
                if note:
                    yield self.row(place, slot), note

    def _parameters_below(self, numels: list[int]) -> list[int]:
        """The elements of the different parameters below each place.

        Each occurrence of a tensor counts, minus what the one before has already counted: from the
        place upward that holds both.
        """
        columns = self._reading.columns
        first, modules, parents = columns.first_slot, columns.modules, columns.parents
        own = [0] * len(modules)
        last: dict[int, int] = {}
        for place, count in enumerate(self._slots_of_place):
            start = first[modules[place]] if count else 0
            for slot in range(start, start + count):
                if columns.slot_kinds[slot] != "parameter":
                    continue
                number = columns.slot_tensors[slot]
                own[place] += numels[slot]
                before = last.get(number)
                if before is not None:
                    own[_holder_of_both(parents, columns.ends, before, place)] -= numels[slot]
                last[number] = place
        sums = np.cumsum(np.array([0, *own], dtype=np.int64))
        below: list[int] = (sums[np.array(columns.ends)] - sums[:-1]).tolist()
        return below


def _holder_of_both(parents: list[int], ends: list[int], first: int, second: int) -> int:
    """The nearest place that is, or is above, both of two places; the first comes earlier."""
    place = first
    while ends[place] <= second:
        place = parents[place]
    return place
