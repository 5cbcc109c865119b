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

from paramwidget.slots.columns import NO_MODULE, Columns
from paramwidget.slots.reader import Child, Reader, unregistered
from paramwidget.tensors import class_name

#: Slots and modules that a tree names before repeated modules are closed.
MAX_NAMES = 600_000


def walk(net: Any, columns: Columns, max_names: int = MAX_NAMES) -> Reader:
    """Fill the columns from the model; returns the reader, which still holds the tensors."""
    reader = Reader(columns)
    _Walk(columns, reader, max_names).run(net)
    _warn_of_hidden_modules(columns, reader)
    return reader


class _Walk:
    def __init__(self, columns: Columns, reader: Reader, max_names: int) -> None:
        self.columns = columns
        self.reader = reader
        self.left = max_names

    def run(self, net: Any) -> None:
        columns, reader = self.columns, self.reader
        modules, keys = columns.modules, columns.keys
        parents, positions, ends = columns.parents, columns.positions, columns.ends
        number_of, read, children = reader.module_number, reader.read, reader.children
        number = read(net)
        parents.append(-1)
        keys.append("")
        positions.append(0)
        modules.append(number)
        ends.append(0)
        open_modules = {number}
        stack: list[tuple[Iterator[tuple[int, Child]], int]] = [
            (iter(enumerate(children[number])), 0)
        ]
        first_slot = columns.first_slot
        while stack:
            siblings, parent = stack[-1]
            for position, (key, child) in siblings:
                place = len(parents)
                parents.append(parent)
                keys.append(key)
                positions.append(position)
                ends.append(place + 1)
                known = None
                if child is None:
                    modules.append(NO_MODULE)
                    continue
                known = number_of(child)
                number = self._read(child) if known is None else known
                modules.append(number)
                self.left -= 1 + first_slot[number + 1] - first_slot[number]
                if not children[number]:
                    continue
                if known is not None and self._closed(number, place, open_modules):
                    continue
                open_modules.add(number)
                stack.append((iter(enumerate(children[number])), place))
                break
            else:
                stack.pop()
                open_modules.discard(modules[parent])
                ends[parent] = len(parents)

    def _read(self, child: object) -> int:
        if issubclass(type(child), nn.Module):
            return self.reader.read(child)
        return self._stranger(child)

    def _stranger(self, child: object) -> int:
        """Something registered as a module that is none: a row with the error."""
        columns = self.columns
        number = len(columns.classes)
        columns.classes.append(type(child))
        columns.first_slot.append(len(columns.slot_keys))
        self.reader.children.append([])
        columns.module_errors[number] = (
            f"It is registered as a module, but it is a {class_name(type(child))}."
        )
        return number

    def _closed(self, number: int, place: int, open_modules: set[int]) -> bool:
        if number in open_modules:
            self.columns.place_notes[place] = "recursion: this module contains itself"
            return True
        if self.left < 0:
            self.columns.place_notes[place] = (
                f"not opened again: the tree already has {MAX_NAMES} names"
            )
            return True
        return False


def _warn_of_hidden_modules(columns: Columns, reader: Reader) -> None:
    for module, key, value in reader.suspects:
        modules, parameters = unregistered(value, reader)
        if modules or parameters:
            what = []
            if modules:
                what.append(f"{modules} module{'s' * (modules > 1)}")
            if parameters:
                what.append(f"{parameters} parameter{'s' * (parameters > 1)}")
            note = (
                f"its attribute {key!r} holds {' and '.join(what)} that torch does not see: "
                "not registered, so never trained and never saved (nn.ModuleList, nn.ParameterList)"
            )
            before = columns.module_notes.get(module)
            columns.module_notes[module] = note if before is None else f"{before}; {note}"
