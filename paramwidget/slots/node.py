"""The rows of a tree, and the reading they belong to; neither holds a tensor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from paramwidget.compat import MemoryMap
from paramwidget.namespace import NET
from paramwidget.slots import access, namesakes, notes
from paramwidget.slots.memory.addresses import Addresses
from paramwidget.slots.reading.beside import served
from paramwidget.slots.reading.census import NOTHING
from paramwidget.slots.reading.columns import NO_MODULE, Columns, Kind
from paramwidget.slots.tied import Occurrence, Tied, tied
from paramwidget.slots.ties import Name, TieGroup
from paramwidget.tensors import Condition, State, class_name

Path = tuple[str, ...]


class Node:
    """One row of the tree: a module, or a slot of one.

    Equal to another node if both are the same row of the same reading.
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
    def slot(self) -> int:
        """The number of the slot among all slots of the reading; -1 for a module."""
        return self._slot

    @property
    def path(self) -> Path:
        """The keys from the root to here; ``()`` for the root."""
        return self._tree.path(self._place, self._slot)

    @property
    def name(self) -> str:
        """The dotted path; ``""`` for the root."""
        return ".".join(self.path)

    @property
    def label(self) -> Name:
        """An unambiguous name of this row: the dotted name, or the path if that is ambiguous."""
        return self._tree.label(self._place, self._slot)

    @property
    def above(self) -> Node | None:
        """The row that this one stands under; None for the root."""
        if self._slot >= 0:
            return Node(self._tree, self._place, -1)
        return (
            Node(self._tree, self._tree.columns.parents[self._place], -1) if self._place else None
        )

    @property
    def kind(self) -> Kind:
        """``module``, ``parameter``, ``buffer``, ``constant``, ``computed`` or ``none``."""
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
        if self._slot < 0:
            return NOTHING
        known = self._tree.columns.condition_of(self._slot)
        return (
            known
            if not self.namesake
            else replace(known, state="unreadable", reason=self.namesake, packed="")
        )

    @property
    def namesake(self) -> str | None:
        """Why no path leads to this row alone; None if one does."""
        name = self._tree.namesakes.get((self._place, self._slot))
        return None if name is None else namesakes.reason(name)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The tensor's shape; None for modules, and if it has none or is not yet computed."""
        return self._condition.shape

    @property
    def dtype(self) -> str | None:
        """The tensor's dtype without ``torch.``, or None."""
        return self._condition.dtype

    @property
    def device(self) -> str | None:
        """The tensor's device, such as ``cpu`` or ``cuda:0``, or None."""
        return self._condition.device

    @property
    def requires_grad(self) -> bool | None:
        """False for a frozen tensor; None if there is no tensor."""
        known = self._condition
        return None if known is NOTHING else known.requires_grad

    @property
    def state(self) -> State:
        """``ready``, ``uninitialized``, ``meta`` or ``unreadable``."""
        if self._slot >= 0:
            return self._condition.state
        return "ready" if self.reason is None else "unreadable"

    @property
    def reason(self) -> str | None:
        """A sentence if ``state`` is not ``ready``, else None."""
        if self._slot >= 0:
            return self._condition.reason
        columns = self._tree.columns
        return self.namesake or columns.module_errors.get(columns.modules[self._place])

    @property
    def packed(self) -> bool:
        """Whether the tensor's bytes are not its values; ``reason`` or ``note`` says more."""
        return bool(self._condition.packed)

    @property
    def codes(self) -> str:
        """The packed slot of the same module that may be read with this one; "" if there is none.

        Of a shared tensor at each of its slots.
        """
        return "" if self.packed else self._tree.codes.get(self.tensor_number, "")

    @property
    def file(self) -> str:
        """The path of the file that a write to the tensor is written to; "" if there is none."""
        return self._tree.files.get(self.tensor_number, "")

    @property
    def note(self) -> str | None:
        """What to know about this row before editing or trusting it, or None."""
        return self._tree.note(self._place, self._slot)

    @property
    def sources(self) -> tuple[Path, ...]:
        """For a computed or derived slot, the paths of the tensors it is computed from."""
        relative = self._tree.columns.slot_sources.get(self._slot, ())
        here = self._tree.path(self._place, -1)
        return tuple((*here, *source) for source in relative)

    @property
    def tie(self) -> TieGroup | None:
        """The group of slots that change together with this one, the widest there is."""
        return self._tree.tie_of(self._slot)

    @property
    def tensor_number(self) -> int:
        """Equal for two slots of one reading exactly if both hold the same tensor; -1 for none."""
        return -1 if self._slot < 0 else self._tree.columns.slot_tensors[self._slot]

    @property
    def access(self) -> list[str]:
        """Python expressions for this row, from the user's name of the model; each is correct."""
        return access.expressions(self._tree.columns, self._place, self._slot, self._tree.called())

    def expression(self, root: str) -> str:
        """The first of ``access``, from an expression for the model."""
        return access.expression(self._tree.columns, self._place, self._slot, root)


def file_warnings(nodes: Iterable[Node]) -> list[str]:
    """What an edit of these slots has to say: which of them are in files that it writes."""
    return [f"{node.name} is {notes.of_file(node.file)}" for node in nodes if node.file]


@dataclass(eq=False)
class Reading:
    """What the nodes of one tree share. It holds no node, so a dropped tree is freed at once.

    ``called`` says what the user calls the model at the moment.
    """

    columns: Columns
    shared_memory: list[list[int]]
    memory: Addresses
    called: Callable[[], str] = field(default=lambda: NET)

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
        found = [Node(self, place, slot) for slot in columns.slots_of(self.opened(place))]
        child, end = place + 1, columns.ends[place]
        while child < end:
            found.append(Node(self, child, -1))
            child = columns.ends[child]
        return tuple(found)

    def opened(self, place: int) -> int:
        """The module whose slots are at a place; none at one that is not expanded again."""
        columns = self.columns
        return NO_MODULE if place in columns.place_notes else columns.modules[place]

    def rows(self) -> list[tuple[int, int]]:
        """(place, slot) of every slot in the order of ``slots()``."""
        columns = self.columns
        first, closed = columns.first_slot, columns.place_notes
        return [
            (place, slot)
            for place, module in enumerate(columns.modules)
            if module != NO_MODULE and place not in closed
            for slot in range(first[module], first[module + 1])
        ]

    def slots(self) -> list[Node]:
        """A node for each of ``rows``."""
        columns = self.columns
        first, closed = columns.first_slot, columns.place_notes
        return [
            Node(self, place, slot)
            for place, module in enumerate(columns.modules)
            if module != NO_MODULE and place not in closed
            for slot in range(first[module], first[module + 1])
        ]

    @cached_property
    def codes(self) -> dict[int, str]:
        """The key of the packed slot beside a tensor that serves it, by the tensor's number."""
        return served(self.columns)

    @cached_property
    def namesakes(self) -> dict[Occurrence, str]:
        """The places and slots that no path leads to alone, and the name that is to blame."""
        return namesakes.namesakes(self.columns)

    @cached_property
    def files(self) -> dict[int, str]:
        """The file that a write to a tensor is written to, by its number, where there is one."""
        return self.memory.files(MemoryMap.now())

    @cached_property
    def places_with_notes(self) -> list[int]:
        """The places of modules that have a note, or a reason why they cannot be read."""
        apart = {place for place, slot in self.namesakes if slot < 0}
        return sorted(apart | notes.places_with_notes(self.columns))

    def note(self, place: int, slot: int) -> str | None:
        if slot < 0:
            return notes.of_module(self.columns, place)
        file = self.files.get(self.columns.slot_tensors[slot], "")
        return notes.of_slot(self.columns, slot, file)

    @cached_property
    def _odd_keys(self) -> bool:
        """True if a dotted name might be ambiguous; names are checked only then."""
        columns = self.columns
        keys = {*columns.keys[1:], *columns.slot_keys}
        return bool(columns.shadowed) or any(key == "" or "." in key for key in keys)

    @cached_property
    def _name_counts(self) -> Counter[str]:
        counts = Counter(".".join(self.path(place, slot)) for place, slot in self.rows())
        counts.update(".".join(self.path(place, -1)) for place in range(len(self.columns.keys)))
        return counts

    @cached_property
    def tied(self) -> list[Tied]:
        return tied(self.columns, self.rows, self.shared_memory)

    @cached_property
    def ties(self) -> list[TieGroup]:
        """Groups in the order of their first slots, "same" before "memory"."""
        return [
            TieGroup(kind, tuple(self.label(*row) for row in rows)) for kind, rows, _ in self.tied
        ]

    @cached_property
    def tie_of_tensor(self) -> dict[int, TieGroup]:
        """The widest group of each tensor."""
        found: dict[int, TieGroup] = {}
        by_kind = zip(self.tied, self.ties, strict=True)
        for (_, _, tensors), group in sorted(by_kind, key=lambda pair: pair[1].kind == "memory"):
            found.update(dict.fromkeys(tensors, group))
        return found

    def tie_of(self, slot: int) -> TieGroup | None:
        if slot < 0:
            return None
        return self.tie_of_tensor.get(self.columns.slot_tensors[slot])
