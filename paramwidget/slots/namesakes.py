"""Entries of one module that have the same name, such as those of the keys 0 and "0".

A path leads to one of them at most, and two readers may take it for different ones; so none of
them is read or written by it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter

from paramwidget.slots.reading.columns import Columns


def namesakes(columns: Columns) -> dict[tuple[int, int], str]:
    """The name that leads to several, for each place and slot that only such a path leads to.

    The slot is -1 for a module itself. Only where a key is no string can two keys read alike.
    """
    found: dict[tuple[int, int], str] = {}
    if columns.odd_places:
        _of_places(columns, found)
    if columns.odd_slots:
        _of_slots(columns, found)
    return found


def reason(name: str) -> str:
    """Why what has such a name cannot be read or written."""
    return f"No path leads to it alone: a module has more than one entry called {name!r}."


def _of_places(columns: Columns, found: dict[tuple[int, int], str]) -> None:
    names = list(zip(columns.parents, columns.keys, strict=True))
    counts = Counter(names)
    for place, name in enumerate(names):
        if counts[name] < 2 or (place, -1) in found:
            continue
        for below in range(place, columns.ends[place]):
            found[below, -1] = name[1]
            slots = () if below in columns.place_notes else columns.slots_of(columns.modules[below])
            found.update(((below, slot), name[1]) for slot in slots)


def _of_slots(columns: Columns, found: dict[tuple[int, int], str]) -> None:
    """A constant is not looked at: it is reached by its kind."""
    keys, kinds = columns.slot_keys, columns.slot_kinds
    alike: dict[int, list[int]] = {}
    for module in {bisect_right(columns.first_slot, slot) - 1 for slot in columns.odd_slots}:
        slots = [slot for slot in columns.slots_of(module) if kinds[slot] != "constant"]
        counts = Counter(keys[slot] for slot in slots)
        twice = [slot for slot in slots if counts[keys[slot]] > 1]
        if twice:
            alike[module] = twice
    for place, module in enumerate(columns.modules) if alike else ():
        for slot in alike.get(module, ()):
            found.setdefault((place, slot), keys[slot])
