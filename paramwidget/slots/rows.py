"""The rows of a tree, in the order in which a view shows them: a module, its slots, its children.

Columns, like the reading they are made from: a model of 50,000 layers has 150,000 rows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from paramwidget.slots.node import Node, Reading
from paramwidget.slots.reading.census import NOTHING
from paramwidget.slots.reading.columns import NO_MODULE, Kind
from paramwidget.tensors import State, class_name, dtype_name

_NO_SLOT = -1


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

    def _spread(self, places: Sequence[object], slots: Sequence[object]) -> list[object]:
        """One column, of what each place and each slot has."""
        columns = self._reading.columns
        first, modules = columns.first_slot, columns.modules
        found: list[object] = []
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
        return self._spread(columns.keys, columns.slot_keys)  # type: ignore[return-value]

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
    def depths(self) -> list[int]:
        """How many rows stand above each."""
        of_place: list[int] = []
        found: list[int] = []
        parents = self._reading.columns.parents
        for above, count in zip(parents, self._slots_of_place, strict=True):
            depth = of_place[above] + 1 if above >= 0 else 0
            of_place.append(depth)
            found.append(depth)
            found += [depth + 1] * count
        return found

    @cached_property
    def kinds(self) -> list[Kind]:
        """``module``, ``parameter``, ``buffer``, ``constant``, ``computed`` or ``none``."""
        columns = self._reading.columns
        places = ["none" if module == NO_MODULE else "module" for module in columns.modules]
        return self._spread(places, columns.slot_kinds)  # type: ignore[return-value]

    @cached_property
    def types(self) -> list[str]:
        """The class of each module and tensor."""
        columns, looks = self._reading.columns, self._reading.columns.looks
        names = list(map(class_name, columns.classes))
        places = [
            NOTHING.type_name if module == NO_MODULE else names[module]
            for module in columns.modules
        ]
        tensors = ["Parameter" if parameter else "Tensor" for parameter in looks.parameters]
        for number, known in looks.careful.items():
            tensors[number] = known.type_name
        return self._spread(places, self._of_slots(tensors, "type_name"))  # type: ignore[return-value]

    @cached_property
    def shapes(self) -> list[tuple[int, ...] | None]:
        """The shape of each tensor; None for modules, and where it has none to tell."""
        looks = self._reading.columns.looks
        plain = {shape: tuple(shape) for shape in looks.known_shapes}
        tensors: list[tuple[int, ...] | None] = list(map(plain.get, looks.shapes))
        for number, known in looks.careful.items():
            tensors[number] = known.shape
        return self._spread(self._no_place, self._of_slots(tensors, "shape"))  # type: ignore[return-value]

    @cached_property
    def dtypes(self) -> list[str | None]:
        """The dtype of each tensor without ``torch.``, or None."""
        looks = self._reading.columns.looks
        names = {dtype: dtype_name(dtype) for dtype in set(looks.dtypes)}
        tensors: list[str | None] = list(map(names.get, looks.dtypes))
        for number, known in looks.careful.items():
            tensors[number] = known.dtype
        return self._spread(self._no_place, self._of_slots(tensors, "dtype"))  # type: ignore[return-value]

    @cached_property
    def trainable(self) -> list[bool | None]:
        """``requires_grad`` of each tensor, None elsewhere."""
        looks = self._reading.columns.looks
        tensors: list[bool | None] = list(looks.grads)
        for number, known in looks.careful.items():
            tensors[number] = known.requires_grad
        slots = self._of_slots(tensors, "requires_grad")
        for slot, kind in enumerate(self._reading.columns.slot_kinds):
            if kind == "none":
                slots[slot] = None
        return self._spread(self._no_place, slots)  # type: ignore[return-value]

    @cached_property
    def states(self) -> list[State]:
        """``ready``, ``uninitialized``, ``meta`` or ``unreadable``."""
        columns = self._reading.columns
        places: list[State] = ["ready"] * len(columns.modules)
        if columns.module_errors:
            for place, module in enumerate(columns.modules):
                if module in columns.module_errors:
                    places[place] = "unreadable"
        slots = [columns.condition_of(slot).state for slot in range(len(columns.slot_keys))]
        return self._spread(places, slots)  # type: ignore[return-value]

    @cached_property
    def counts(self) -> list[int]:
        """Elements of each slot; of a module's parameters below it, each shared one once."""
        columns = self._reading.columns
        numels = [columns.condition_of(slot).numel for slot in range(len(columns.slot_keys))]
        below = self._parameters_below(numels)
        places = [
            0 if module == NO_MODULE else count
            for module, count in zip(columns.modules, below, strict=True)
        ]
        return self._spread(places, numels)  # type: ignore[return-value]

    def notes(self) -> Iterator[tuple[int, str]]:
        """The rows that have something to say, and what."""
        columns = self._reading.columns
        slots = {*columns.shadowed, *columns.slot_notes}
        for slot in range(len(columns.slot_keys)):
            if columns.condition_of(slot).reason is not None:
                slots.add(slot)
        places = {*self._reading.places_with_notes}
        modules = {bisect_right(columns.first_slot, slot) - 1 for slot in slots}
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

    @cached_property
    def _no_place(self) -> list[None]:
        return [None] * len(self._slots_of_place)

    def _of_slots(self, tensors: Sequence[object], attribute: str) -> list[object]:
        """What is known of the tensor in each slot; of one without a tensor, its condition's."""
        columns = self._reading.columns
        found = [tensors[number] if number >= 0 else None for number in columns.slot_tensors]
        if -1 in columns.slot_tensors:
            for slot, number in enumerate(columns.slot_tensors):
                if number < 0:
                    found[slot] = getattr(columns.condition_of(slot), attribute)
        return found

    def _parameters_below(self, numels: list[int]) -> list[int]:
        """The elements of the different parameters below each place.

        Each occurrence of a tensor counts, less what the one before it counted already: from the
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
