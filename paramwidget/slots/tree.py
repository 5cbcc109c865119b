"""The tree of a model: every module and every slot, as rows that hold no tensor.

A ``Tree`` is one reading. It keeps no parameter alive and is never updated: to know what is there
now, read again and compare ``structure``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal

from torch import nn

from paramwidget.slots.memory.addresses import Addresses
from paramwidget.slots.names import path_of
from paramwidget.slots.node import Node, Path, Reading
from paramwidget.slots.reading.collector import without_collection
from paramwidget.slots.reading.columns import NO_MODULE, Columns
from paramwidget.slots.reading.walk import MAX_NAMES, walk
from paramwidget.slots.rows import Rows
from paramwidget.slots.ties import Name, TieGroup, memory_groups
from paramwidget.tensors import class_has, class_lookup, class_name

__all__ = ["Node", "Path", "Totals", "Tree", "UnknownName", "read_tree"]


class UnknownName(ValueError):
    """No slot or module has this name; the text suggests similar ones."""


@dataclass(frozen=True)
class Totals:
    """What a model holds, each tensor counted once.

    ``parameters`` and ``trainable`` are numbers of elements, ``bytes`` covers parameters, buffers
    and constants, each byte of memory once. The last three are the counts that D2L's chapter
    compares: ``len(list(net.parameters()))``, ``len(net.state_dict())``,
    ``len(list(net.named_parameters()))``.
    """

    parameters: int
    trainable: int
    bytes: int
    parameters_listed: int
    state_dict_listed: int
    named_parameters_listed: int


class Tree:
    """One reading of a model's structure."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    @cached_property
    def totals(self) -> Totals:
        """Totals of the model, each tensor counted once."""
        return _totals(self._reading)

    @cached_property
    def root(self) -> Node:
        """The model itself."""
        return Node(self._reading, 0, -1)

    @property
    def called(self) -> str:
        """What the user calls the model at the moment."""
        return self._reading.called()

    def ask_name(self, called: Callable[[], str]) -> None:
        """From now on ``called`` says what the user calls the model; before that it is ``net``."""
        self._reading.called = called

    @cached_property
    def slots(self) -> list[Node]:
        """Every slot in registration order, including each occurrence of a shared one."""
        return self._reading.slots()

    @property
    def size(self) -> int:
        """How many slots the modules have, each module counted once."""
        return len(self._reading.columns.slot_keys)

    @property
    def registered(self) -> int:
        """The sum of the identities of what was registered when this was read."""
        return self._reading.columns.registered

    @property
    def ties(self) -> list[TieGroup]:
        """All tie groups, in the order of their first slots."""
        return self._reading.ties

    @cached_property
    def tied_with(self) -> dict[Literal["same", "memory"], dict[Name, tuple[Name, ...]]]:
        """The names of each tied slot's group, of both kinds."""
        found: dict[Literal["same", "memory"], dict[Name, tuple[Name, ...]]]
        found = {"same": {}, "memory": {}}
        for group in self.ties:
            found[group.kind].update(dict.fromkeys(group.names, group.names))
        return found

    @cached_property
    def shared_modules(self) -> list[list[Node]]:
        """The places of each module that is used at several, in the order of the walk.

        What such a module holds is repeated as often, and is not listed again.
        """
        reading = self._reading
        again = reading.columns.places_again()
        return [[Node(reading, place, -1) for place in places] for places in again]

    @cached_property
    def warnings(self) -> list[tuple[Name, str]]:
        """The rows of modules with a warning, and the warning."""
        found = []
        for place in self._reading.places_with_notes:
            node = Node(self._reading, place, -1)
            text = node.reason or node.note
            if text is not None:
                found.append((node.label, text))
        return found

    def slots_below(self, node: Node) -> list[Node]:
        """The slots of a module and of all below it, in the order of ``slots``."""
        end = self._reading.columns.ends[node.place]
        return [slot for slot in self.slots if node.place <= slot.place < end]

    def alike(self, node: Node) -> list[Node]:
        """The slots of other tensors of the same kind, shape, dtype and device, each once."""
        return self._alike.get(_look_of(node), [])

    @cached_property
    def _alike(self) -> dict[object, list[Node]]:
        found: dict[object, list[Node]] = {}
        met: set[int] = {-1}
        for node in self.slots:
            if node.tensor_number not in met and node.state == "ready":
                met.add(node.tensor_number)
                found.setdefault(_look_of(node), []).append(node)
        return found

    @cached_property
    def _classes(self) -> dict[int, type]:
        return {id(cls): cls for cls in self._reading.columns.classes}

    def modules_with(self, attribute: str) -> list[Node]:
        """The modules whose class has an attribute."""
        columns = self._reading.columns
        having = {key for key, cls in self._classes.items() if class_has(cls, attribute)}
        if not having:
            return []
        return [
            Node(self._reading, place, -1)
            for place, module in enumerate(columns.modules)
            if module != NO_MODULE and id(columns.classes[module]) in having
        ]

    def modules_matching(self, matches: Callable[[str], bool]) -> set[int]:
        """The places of the modules whose dotted names match, and of all below them."""
        columns = self._reading.columns
        found: set[int] = set()
        place = 1
        while place < len(columns.keys):
            if matches(".".join(self._reading.path(place, -1))):
                found.update(range(place, columns.ends[place]))
                place = columns.ends[place]
            else:
                place += 1
        return found

    @cached_property
    def structure(self) -> tuple[object, ...]:
        """Equal for two readings exactly if a browser would show the same rows and ties."""
        columns = self._reading.columns
        return (
            tuple(columns.parents),
            tuple(columns.keys),
            tuple(columns.modules),
            tuple(map(id, columns.classes)),
            tuple(columns.first_slot),
            tuple(columns.slot_keys),
            tuple(columns.slot_kinds),
            columns.looks.comparable(),
            tuple(columns.computed.items()),
            tuple(columns.slot_tensors),
            tuple(map(tuple, self._reading.shared_memory)),
            tuple(columns.module_errors.items()),
            tuple(columns.module_notes.items()),
            tuple(columns.slot_notes.items()),
            tuple(columns.place_notes.items()),
            tuple(sorted(columns.transient)),
        )

    @cached_property
    def rows(self) -> Rows:
        """The rows that a view shows, by column."""
        return Rows(self._reading)

    def row(self, node: Node) -> int:
        """The row of a node among ``rows``."""
        return self.rows.row(node.place, node.slot)

    @cached_property
    def tied_rows(self) -> list[tuple[Literal["same", "memory"], list[int]]]:
        """``ties`` as rows instead of names, in the same order."""
        rows = self.rows
        return [
            (kind, [rows.row(*occurrence) for occurrence in found])
            for kind, found, _ in self._reading.tied
        ]

    @cached_property
    def _by_name(self) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for node in self._every_node():
            found.setdefault(node.name, node)
        return found

    @cached_property
    def _by_path(self) -> dict[Path, Node]:
        found: dict[Path, Node] = {}
        for node in self._every_node():
            found.setdefault(node.path, node)
        return found

    def _every_node(self) -> list[Node]:
        places = [
            Node(self._reading, place, -1) for place in range(len(self._reading.columns.keys))
        ]
        return [*self.slots, *places]

    def find(self, name: str | Path) -> Node | None:
        """The row of a dotted name or a path, None if there is none.

        If several rows have the name, it is the first in slot order. Raises UnknownName for what
        is no name at all.
        """
        _check(name)
        if not name:
            return self.root
        if self._is_plain:
            return self._at(path_of(name))
        return self._by_name.get(name) if isinstance(name, str) else self._by_path.get(tuple(name))

    @cached_property
    def _is_plain(self) -> bool:
        """Whether a dotted name leads to one row, piece by piece."""
        columns = self._reading.columns
        dots = any("." in "\0".join(keys) for keys in (columns.keys, columns.slot_keys))
        return not (dots or columns.odd_places or columns.odd_slots)

    def _at(self, path: Sequence[str]) -> Node | None:
        """The row at a path, found without creating all the others."""
        columns, place = self._reading.columns, 0
        for key in path[:-1]:
            place = self._child(place, key)
            if place < 0:
                return None
        for slot in columns.slots_of(self._reading.opened(place)):
            if columns.slot_keys[slot] == path[-1]:
                return Node(self._reading, place, slot)
        place = self._child(place, path[-1])
        return Node(self._reading, place, -1) if place >= 0 else None

    def _child(self, parent: int, key: str) -> int:
        """The place of a child; -1 if there is none of that name."""
        columns = self._reading.columns
        place = parent + 1
        while place < columns.ends[parent]:
            if columns.keys[place] == key:
                return place
            place = columns.ends[place]
        return -1

    def node(self, name: str | Path) -> Node:
        """The row of a dotted name or a path. Raises UnknownName."""
        found = self.find(name)
        if found is None:
            raise UnknownName(self._unknown(name))
        return found

    def _unknown(self, name: str | Path) -> str:
        asked = name if isinstance(name, str) else ".".join(map(str, name))
        near = difflib.get_close_matches(asked[:200], list(self._by_name)[:5000], n=3)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        shown = repr(asked) if len(asked) <= 200 else f"{repr(asked[:200])[:-1]}…'"
        return f"the model has no slot or module named {shown}{hint}"


def _check(name: Any) -> None:
    if isinstance(name, str):
        return
    several = isinstance(name, (tuple, list))
    wrong = [part for part in (name if several else [name]) if not isinstance(part, str)]
    if wrong:
        given = f"{class_name(type(name))} of " if several else ""
        given += class_name(type(wrong[0]))
        raise UnknownName(f"a name must be a string or a tuple of strings, got {given}")


def _look_of(node: Node) -> object:
    return node.kind, node.shape, node.dtype, node.device


def read_tree(net: Any, max_names: int = MAX_NAMES) -> Tree:
    """Read a model's structure. Runs none of its code and leaves it unchanged, bit for bit."""
    columns = Columns()
    with without_collection():
        census = walk(net, columns, max_names)
        memory = Addresses.of(census)
        return Tree(Reading(columns, memory_groups(census, memory), memory))


def _has_extra_state(cls: type) -> bool:
    """True for a class with an entry of its own in ``state_dict``."""
    return class_lookup(cls, "get_extra_state") is not vars(nn.Module)["get_extra_state"] and (
        class_has(cls, "get_extra_state")
    )


def _totals(reading: Reading) -> Totals:
    """Counted from the columns, where a tensor has one number, however many slots hold it."""
    columns = reading.columns
    kinds, transient = columns.slot_kinds, columns.transient
    known = {
        tensor: condition
        for tensor, condition, kind in zip(
            columns.slot_tensors, columns.conditions, kinds, strict=True
        )
        if kind == "parameter"
    }
    saved = [kind == "parameter" for kind in kinds]
    for slot, kind in enumerate(kinds):
        if kind == "buffer":
            saved[slot] = slot not in transient
    before = [0, *accumulate(saved)]
    extra = {id(cls): _has_extra_state(cls) for cls in columns.classes}
    first = columns.first_slot
    entries = [
        before[first[module + 1]] - before[first[module]] + extra[id(cls)]
        for module, cls in enumerate(columns.classes)
    ]
    entries.append(0)  # NO_MODULE means the last
    listed = sum(map(entries.__getitem__, columns.modules))
    listed -= sum(entries[columns.modules[place]] for place in columns.place_notes)
    return Totals(
        parameters=sum(one.numel for one in known.values()),
        trainable=sum(one.numel for one in known.values() if one.requires_grad),
        bytes=reading.memory.unique_bytes(),
        parameters_listed=len(known),
        state_dict_listed=listed,
        named_parameters_listed=len(known),
    )
