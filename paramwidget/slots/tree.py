"""The tree of a model: every module and every slot, as rows that hold no tensor.

A `Tree` is one reading. It keeps no parameter alive and is never brought up to date: who wants to
know what is there now reads again, and compares `structure`.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from paramwidget.slots import access, wrappers
from paramwidget.slots.census import NOTHING, Spans
from paramwidget.slots.columns import NO_MODULE, Columns, Kind
from paramwidget.slots.ties import Name, TieGroup, memory_groups, unique_bytes
from paramwidget.slots.walk import MAX_NAMES, walk
from paramwidget.tensors import Condition, State, class_name

Path = tuple[str, ...]


class UnknownName(ValueError):
    """No slot and no module has this name; the text names those that come near."""


class Node:
    """One row of the tree: a module, or a slot of one.

    Equal to another node where both are the same row of the same reading.
    """

    __slots__ = ("_children", "_place", "_slot", "_tree")
    _children: tuple[Node, ...]

    def __init__(self, tree: Reading, place: int, slot: int) -> None:
        self._tree = tree
        self._place = place
        self._slot = slot

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Node)
            and self._tree is other._tree
            and self._place == other._place
            and self._slot == other._slot
        )

    def __hash__(self) -> int:
        return hash((self._place, self._slot))

    def __repr__(self) -> str:
        return f"Node({self.name!r}, {self.kind}, {self.type_name})"

    @property
    def place(self) -> int:
        """The number of the module's place in the walk; for a slot that of the module with it."""
        return self._place

    @property
    def path(self) -> Path:
        """The keys from the root to here; `()` for the root."""
        return self._tree.path(self._place, self._slot)

    @property
    def name(self) -> str:
        """The dotted path; `""` for the root."""
        return ".".join(self.path)

    @property
    def label(self) -> Name:
        """What names this row unmistakably: the dotted name, or the path where that is odd."""
        return self._tree.label(self._place, self._slot)

    @property
    def kind(self) -> Kind:
        """`module`, `parameter`, `buffer`, `constant`, `computed` or `none`."""
        columns = self._tree.columns
        if self._slot >= 0:
            return columns.slot_kinds[self._slot]
        return "none" if columns.modules[self._place] == NO_MODULE else "module"

    @property
    def type_name(self) -> str:
        """The class of the module or tensor."""
        columns = self._tree.columns
        if self._slot >= 0 or columns.modules[self._place] == NO_MODULE:
            return self._condition.type_name
        return class_name(columns.classes[columns.modules[self._place]])

    @property
    def module_class(self) -> type | None:
        """The class of the module; for a slot, of the module that has it; None for no module."""
        columns = self._tree.columns
        module = columns.modules[self._place]
        return None if module == NO_MODULE else columns.classes[module]

    @property
    def children(self) -> tuple[Node, ...]:
        """Slots first, then child modules in the order of registration, None children included."""
        if self._slot >= 0:
            return ()
        try:
            return self._children
        except AttributeError:
            self._children = self._tree.children(self._place)
            return self._children

    @property
    def _condition(self) -> Condition:
        return NOTHING if self._slot < 0 else self._tree.columns.condition_of(self._slot)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The tensor's shape; None for modules, and where it has none or is not yet computed."""
        return self._condition.shape

    @property
    def dtype(self) -> str | None:
        """The tensor's dtype without `torch.`, or None."""
        return self._condition.dtype

    @property
    def device(self) -> str | None:
        """The tensor's device, such as `cpu` or `cuda:0`, or None."""
        return self._condition.device

    @property
    def requires_grad(self) -> bool | None:
        """False for a frozen tensor; None where there is no tensor."""
        known = self._condition
        return None if known is NOTHING else known.requires_grad

    @property
    def state(self) -> State:
        """`ready`, `uninitialized`, `meta` or `unreadable`."""
        if self._slot >= 0:
            return self._condition.state
        return "ready" if self.reason is None else "unreadable"

    @property
    def reason(self) -> str | None:
        """A sentence, exactly where `state` is not `ready`."""
        if self._slot >= 0:
            return self._condition.reason
        columns = self._tree.columns
        return columns.module_errors.get(columns.modules[self._place])

    @property
    def note(self) -> str | None:
        """What one must know of this row before editing or trusting it, or None."""
        return self._tree.note(self._place, self._slot)

    @property
    def sources(self) -> tuple[Path, ...]:
        """For a computed or derived slot the paths of the tensors that do the work."""
        relative = self._tree.columns.slot_sources.get(self._slot, ())
        here = self._tree.path(self._place, -1)
        return tuple((*here, *source) for source in relative)

    @property
    def persistent(self) -> bool | None:
        """For a buffer, whether `state_dict` has it; None for other kinds."""
        if self.kind != "buffer":
            return None
        return self._slot not in self._tree.columns.transient

    @property
    def tie(self) -> TieGroup | None:
        """The group of slots that change together with this one, the widest there is."""
        return self._tree.tie_of(self._slot)

    @property
    def tensor_number(self) -> int:
        """Equal for two slots of one reading exactly if one tensor stands in both; -1 for none."""
        return -1 if self._slot < 0 else self._tree.columns.slot_tensors[self._slot]

    @property
    def access(self) -> list[str]:
        """Python expressions that reach this, the model being called `net`; each one is true."""
        return access.expressions(self._tree.columns, self._place, self._slot)


@dataclass(eq=False)
class Reading:
    """What the nodes of one tree share. It holds no node, so a dropped tree is freed at once."""

    columns: Columns
    shared_memory: list[list[int]]
    spans: Spans

    def path(self, place: int, slot: int) -> Path:
        columns = self.columns
        keys, parents = columns.keys, columns.parents
        path = [columns.slot_keys[slot]] if slot >= 0 else []
        while place > 0:
            path.append(keys[place])
            place = parents[place]
        path.reverse()
        return tuple(path)

    def label(self, place: int, slot: int) -> Name:
        path = self.path(place, slot)
        if not self._odd_keys:
            return ".".join(path)
        if any(key == "" or "." in key for key in path):
            return path
        name = ".".join(path)
        return name if self._name_counts[name] == 1 else path

    def children(self, place: int) -> tuple[Node, ...]:
        columns = self.columns
        found = [Node(self, place, slot) for slot in columns.slots_of(self.shown(place))]
        child, end = place + 1, columns.ends[place]
        while child < end:
            found.append(Node(self, child, -1))
            child = columns.ends[child]
        return tuple(found)

    def shown(self, place: int) -> int:
        """The module whose slots stand at a place; none at one that is not opened again."""
        columns = self.columns
        return NO_MODULE if place in columns.place_notes else columns.modules[place]

    def rows(self) -> list[tuple[int, int]]:
        """(place, slot) of every slot in the order of `slots()`."""
        columns = self.columns
        first, closed = columns.first_slot, columns.place_notes
        return [
            (place, slot)
            for place, module in enumerate(columns.modules)
            if module != NO_MODULE and place not in closed
            for slot in range(first[module], first[module + 1])
        ]

    def slots(self) -> list[Node]:
        """A node for each of `rows`."""
        columns = self.columns
        first, closed = columns.first_slot, columns.place_notes
        return [
            Node(self, place, slot)
            for place, module in enumerate(columns.modules)
            if module != NO_MODULE and place not in closed
            for slot in range(first[module], first[module + 1])
        ]

    def note(self, place: int, slot: int) -> str | None:
        columns = self.columns
        if slot >= 0:
            if slot in columns.shadowed:
                return "hidden: a plain attribute of the same name stands before it"
            return columns.slot_notes.get(slot)
        module = columns.modules[place]
        if module == NO_MODULE:
            return None
        notes = (
            columns.place_notes.get(place),
            columns.module_notes.get(module),
            wrappers.wrapper_note(columns.classes[module]),
        )
        return "; ".join(note for note in notes if note) or None

    @cached_property
    def _odd_keys(self) -> bool:
        """True where a dotted name might be ambiguous, which names are checked for only then."""
        columns = self.columns
        keys = {*columns.keys[1:], *columns.slot_keys}
        return bool(columns.shadowed) or any(key == "" or "." in key for key in keys)

    @cached_property
    def _name_counts(self) -> Counter[str]:
        counts = Counter(".".join(self.path(place, slot)) for place, slot in self.rows())
        counts.update(".".join(self.path(place, -1)) for place in range(len(self.columns.keys)))
        return counts

    @cached_property
    def ties(self) -> list[TieGroup]:
        """Groups in the order of their first slots, "same" before "memory"."""
        columns = self.columns
        counts = Counter(tensor for tensor in columns.slot_tensors if tensor >= 0)
        used = Counter(module for module in columns.modules if module != NO_MODULE)
        crossed = {tensor for group in self.shared_memory for tensor in group}
        if len(counts) < len(columns.slot_tensors) or max(used.values(), default=0) > 1:
            again = {tensor for tensor, count in counts.items() if count > 1}
            for module, count in used.items():
                if count > 1:
                    again.update(columns.slot_tensors[slot] for slot in columns.slots_of(module))
        else:
            again = set()
        wanted = (again | crossed) - {-1}
        if not wanted:
            return []
        slots: dict[int, list[tuple[int, int]]] = {}
        order: dict[int, int] = {}
        for index, (place, slot) in enumerate(self.rows()):
            tensor = columns.slot_tensors[slot]
            if tensor in wanted:
                slots.setdefault(tensor, []).append((place, slot))
                order[tensor] = min(order.get(tensor, index), index)
        return self._groups(slots, order)

    def _groups(
        self, slots: dict[int, list[tuple[int, int]]], order: dict[int, int]
    ) -> list[TieGroup]:
        found: list[tuple[int, int, TieGroup]] = []
        for tensor, rows in slots.items():
            if len(rows) > 1:
                names = tuple(self.label(*row) for row in rows)
                group = TieGroup("same", names)
                self.tie_of_tensor[tensor] = group
                found.append((order[tensor], 0, group))
        for tensors in self.shared_memory:
            rows = sorted(row for tensor in tensors for row in slots.get(tensor, ()))
            group = TieGroup("memory", tuple(self.label(*row) for row in rows))
            self.tie_of_tensor.update(dict.fromkeys(tensors, group))
            found.append((min(order[t] for t in tensors if t in order), 1, group))
        found.sort(key=lambda entry: entry[:2])
        return [group for _, _, group in found]

    @cached_property
    def tie_of_tensor(self) -> dict[int, TieGroup]:
        return {}

    def tie_of(self, slot: int) -> TieGroup | None:
        if slot < 0 or not self.ties:
            return None
        return self.tie_of_tensor.get(self.columns.slot_tensors[slot])


@dataclass(frozen=True)
class Totals:
    """What a model holds, each tensor counted once.

    `parameters` and `trainable` are numbers of elements, `bytes` covers parameters, buffers and
    constants, a byte of memory once. The last three are the counts that D2L's chapter compares:
    `len(list(net.parameters()))`, `len(net.state_dict())`, `len(list(net.named_parameters()))`.
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
        """What there is in all, each tensor counted once."""
        return _totals(self._reading)

    @cached_property
    def root(self) -> Node:
        """The model itself."""
        return Node(self._reading, 0, -1)

    @cached_property
    def slots(self) -> list[Node]:
        """Every slot in registration order, each occurrence of a shared one too."""
        return self._reading.slots()

    @property
    def ties(self) -> list[TieGroup]:
        """All tie groups, in the order of their first slots."""
        return self._reading.ties

    @cached_property
    def warnings(self) -> list[tuple[Name, str]]:
        """The rows of modules that have something to say, and what."""
        found = []
        for place in range(len(self._reading.columns.keys)):
            node = Node(self._reading, place, -1)
            text = node.reason or node.note
            if text is not None:
                found.append((node.label, text))
        return found

    def slots_below(self, node: Node) -> list[Node]:
        """The slots of a module and of all below it, in the order of `slots`."""
        end = self._reading.columns.ends[node.place]
        return [slot for slot in self.slots if node.place <= slot.place < end]

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
        """Equal for two readings exactly if a browser would be shown the same rows and ties."""
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
        """The row of a dotted name or a path, None where there is none.

        Where a slot and a module have one name, or two slots, it is the first in slot order.
        """
        if isinstance(name, str):
            return self.root if name == "" else self._by_name.get(name)
        return self.root if not name else self._by_path.get(tuple(name))

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
        return f"The model has no slot and no module named {name!r}{hint}"


def read_tree(net: Any, max_names: int = MAX_NAMES) -> Tree:
    """Read a model's structure. Runs none of its code and leaves it as it was, bit for bit."""
    columns = Columns()
    census = walk(net, columns, max_names)
    shared = memory_groups(census)
    return Tree(Reading(columns, shared, census.spans))


def _totals(reading: Reading) -> Totals:
    """Counted from the columns, where a tensor that stands in many slots has one number."""
    columns = reading.columns
    parameters: dict[int, Condition] = {}
    listed = 0
    saved = [0] * len(columns.classes)
    for module in range(len(columns.classes)):
        for slot in columns.slots_of(module):
            kind = columns.slot_kinds[slot]
            if kind == "parameter":
                parameters[columns.slot_tensors[slot]] = columns.condition_of(slot)
            saved[module] += kind == "parameter" or (
                kind == "buffer" and slot not in columns.transient
            )
    for place, module in enumerate(columns.modules):
        if module != NO_MODULE and place not in columns.place_notes:
            listed += saved[module]
    known = parameters.values()
    return Totals(
        parameters=sum(one.numel for one in known),
        trainable=sum(one.numel for one in known if one.requires_grad),
        bytes=unique_bytes(reading.spans),
        parameters_listed=len(parameters),
        state_dict_listed=listed,
        named_parameters_listed=len(parameters),
    )
