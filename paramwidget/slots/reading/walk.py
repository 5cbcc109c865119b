"""The walk over a model's places: iterative, in registration order, bounded.

Visits modules as ``named_modules(remove_duplicate=False)`` does, so a module used twice is at both
places. It differs where that one fails: depth needs no stack, a module that contains itself ends in
a row that says so, and beyond ``MAX_NAMES`` no module is expanded a second time, so that sixteen
doublings end and no tensor is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import Any

from paramwidget.slots.reading.census import Census
from paramwidget.slots.reading.columns import Columns
from paramwidget.slots.reading.reader import Reader

#: Modules and slots that a tree names before a repeated module is no longer expanded.
MAX_NAMES = 600_000

#: The keys of a module's children and their module numbers.
Below = tuple[list[Any], list[int]]


def walk(net: Any, columns: Columns, max_names: int = MAX_NAMES) -> Census:
    """Fill the columns from the model; the census returned still holds the tensors."""
    reader = Reader(columns)
    reader.read_all(net)
    visit(columns, children_of(reader), max_names)
    return reader.finish()


def children_of(reader: Reader) -> dict[int, Below]:
    """The children of each module that has any, as numbers: it keeps no module alive."""
    numbers = reader.numbers
    return {
        number: (keys, [numbers[id(child)] for child in children])
        for number, (keys, children) in reader.below.items()
    }


def visit(columns: Columns, below: dict[int, Below], max_names: int = MAX_NAMES) -> None:
    """Fill the columns of places from those of modules."""
    parents, keys, modules = columns.parents, columns.keys, columns.modules
    ends: dict[int, int] = {}
    names = len(columns.slot_keys) + len(columns.classes)
    opened: set[int] = set()
    open_now: set[int] = set()
    # The root is expanded like any other module, below a place that does not exist.
    stack: list[tuple[Iterator[tuple[Any, int]], int]] = [(iter([("", 0)]), -1)]
    while stack:
        siblings, parent = stack[-1]
        for key, number in siblings:
            place = len(parents)
            parents.append(parent)
            keys.append(key)
            modules.append(number)
            if number not in below:
                continue
            if number in open_now:
                columns.place_notes[place] = "recursion: this module contains itself"
                continue
            inner_keys, inner = below[number]
            if number in opened:
                names += len(inner) + sum(len(columns.slots_of(child)) for child in inner)
                if names > max_names:
                    columns.place_notes[place] = (
                        f"not expanded again: the tree already has {max_names} names"
                    )
                    continue
            opened.add(number)
            if below.keys().isdisjoint(inner):
                parents.extend(repeat(place, len(inner)))
                keys.extend(inner_keys)
                modules.extend(inner)
                ends[place] = len(parents)
                continue
            open_now.add(number)
            stack.append((iter(zip(inner_keys, inner, strict=True)), place))
            break
        else:
            stack.pop()
            if parent >= 0:
                open_now.discard(modules[parent])
                ends[parent] = len(parents)
    columns.ends = list(range(1, len(parents) + 1))
    for place, end in ends.items():
        columns.ends[place] = end
