"""The columns that one reading of a model fills: no object per slot, no reference into the model.

A model of 12,000 modules has 24,000 slots; an object for each would cost more than the walk, most
of it in Python's garbage collector. So a reading is a few flat lists, and the ``Node``s of
``tree.py`` are created from their rows on request. There are three tables: a **module** (once per
object), its **slots** (a range of rows per module), and the **places** of a module in the tree.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from paramwidget.slots.reading.census import NOTHING, Looks
from paramwidget.tensors import Condition

Kind = Literal["module", "parameter", "buffer", "constant", "computed", "none"]

#: The module number of a place whose child is None.
NO_MODULE = -1


@dataclass(eq=False)
class Columns:
    """One reading. Every number is an index into the columns of another table."""

    # modules, once per object; the slots of module m are rows first_slot[m] to first_slot[m + 1]
    classes: list[type] = field(default_factory=list)
    first_slot: list[int] = field(default_factory=lambda: [0])
    # the names of plain attributes, which lookup prefers to those of what is registered
    attributes: list[tuple[str, ...]] = field(default_factory=list)
    module_errors: dict[int, str] = field(default_factory=dict)
    module_notes: dict[int, str] = field(default_factory=dict)
    # False if ``state_dict`` may raise or choose other keys, None if not yet determined
    saves_plainly: bool | None = None

    #: The sum of the identities of what is registered as parameters and buffers.
    registered: int = 0

    # slots; a slot without a tensor has tensor number -1
    slot_keys: list[str] = field(default_factory=list)
    slot_kinds: list[Kind] = field(default_factory=list)
    slot_tensors: list[int] = field(default_factory=list)
    looks: Looks = field(default_factory=Looks)
    computed: dict[int, Condition] = field(default_factory=dict)
    slot_notes: dict[int, str] = field(default_factory=dict)
    slot_sources: dict[int, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    transient: set[int] = field(default_factory=set)
    none_buffers: set[int] = field(default_factory=set)
    shadowed: set[int] = field(default_factory=set)
    odd_slots: set[int] = field(default_factory=set)  # key or registry of an odd type

    # places in the order of the walk; ``ends[p]`` is the first place after all that lies below p
    parents: list[int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    modules: list[int] = field(default_factory=list)
    odd_places: set[int] = field(default_factory=set)
    class_facts: dict[int, Any] = field(default_factory=dict)  # kept by ``access.py``, by id
    place_notes: dict[int, str] = field(default_factory=dict)
    ends: list[int] = field(default_factory=list)

    @cached_property
    def positions(self) -> list[int]:
        """For each place, how many siblings come before it, including None children."""
        found = []
        met: dict[int, int] = {}
        for parent in self.parents:
            found.append(met.get(parent, 0))
            met[parent] = found[-1] + 1
        return found

    def places_again(self) -> list[list[int]]:
        """The places of each module that is used at several, in the order of the walk.

        Modules that are repeated only because the module that holds them is are left out.
        """
        if len(self.modules) - self.modules.count(NO_MODULE) == len(self.classes):
            return []
        counts = Counter(self.modules)
        counts[NO_MODULE] = 0
        found: dict[int, list[int]] = {module: [] for module, n in counts.items() if n > 1}
        for place, module in enumerate(self.modules):
            if module in found:
                found[module].append(place)
        return [places for places in found.values() if not self._held_again(places)]

    def _held_again(self, places: list[int]) -> bool:
        """True if the places are inside different places of one and the same module."""
        holders = {self.parents[place] for place in places}
        one = len({self.modules[holder] for holder in holders}) == 1
        return one and places[0] > 0 and len(holders) == len(places)

    def slots_of(self, module: int) -> range:
        """The slot rows of a module number; none for ``NO_MODULE``."""
        if module == NO_MODULE:
            return range(0)
        return range(self.first_slot[module], self.first_slot[module + 1])

    @cached_property
    def conditions(self) -> list[Condition]:
        """What is known of the tensor in each slot; ``NOTHING`` where there is none."""
        of_tensor = [*self.looks.conditions(), NOTHING]  # the number -1 means the last
        found = list(map(of_tensor.__getitem__, self.slot_tensors))
        for slot, computed in self.computed.items():
            found[slot] = computed
        return found

    def condition_of(self, slot: int) -> Condition:
        """What is known about the tensor in a slot; ``NOTHING`` if there is none."""
        tensor = self.slot_tensors[slot]
        return self.computed.get(slot, NOTHING) if tensor < 0 else self.looks.condition(tensor)
