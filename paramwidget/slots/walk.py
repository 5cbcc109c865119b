"""The walk over a model's places: iterative, in registration order, bounded.

Visits modules as `named_modules(remove_duplicate=False)` does, so a module used twice stands at
both places. It differs where that one fails: depth costs no stack, a module that contains itself
ends in a row that says so, and past `MAX_NAMES` a module that was already shown in full is not
shown in full again, so that sixteen doublings end and no tensor is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn

from paramwidget.slots.census import Census
from paramwidget.slots.columns import NO_MODULE, Columns
from paramwidget.slots.reader import Reader

#: Modules and slots that a tree names before a repeated module is closed.
MAX_NAMES = 600_000


def walk(net: Any, columns: Columns, max_names: int = MAX_NAMES) -> Census:
    """Fill the columns from the model; the census returned still holds the tensors."""
    reader = Reader(columns)
    _visit(net, columns, reader, max_names)
    return reader.finish()


def _visit(net: Any, columns: Columns, reader: Reader, max_names: int) -> None:
    parents, keys, modules = columns.parents, columns.keys, columns.modules
    numbers, children, first_slot = reader.numbers, reader.children, columns.first_slot

    parents.append(-1)
    keys.append("")
    modules.append(reader.read(net))
    ends: dict[int, int] = {}
    repeated = 0
    opened = {0}
    stack: list[tuple[Iterator[tuple[str, Any]], int]] = [(iter(children[0].items()), 0)]
    while stack:
        siblings, parent = stack[-1]
        for key, child in siblings:
            place = len(parents)
            parents.append(parent)
            keys.append(key)
            if child is None:
                modules.append(NO_MODULE)
                continue
            number = numbers.get(id(child))
            if number is None:
                is_module = issubclass(type(child), nn.Module)
                number = reader.read(child) if is_module else reader.read_stranger(child)
                modules.append(number)
            else:
                modules.append(number)
                repeated += first_slot[number + 1] - first_slot[number]
                full = len(parents) + len(columns.slot_keys) + repeated > max_names
                if full or number in opened:
                    columns.place_notes[place] = _why_closed(number in opened, max_names)
                    continue
            if children[number]:
                opened.add(number)
                stack.append((iter(children[number].items()), place))
                break
        else:
            stack.pop()
            opened.discard(modules[parent])
            ends[parent] = len(parents)
    columns.ends = list(range(1, len(parents) + 1))
    for place, end in ends.items():
        columns.ends[place] = end


def _why_closed(contains_itself: bool, max_names: int) -> str:
    if contains_itself:
        return "recursion: this module contains itself"
    return f"not opened again: the tree has its {max_names} names"
