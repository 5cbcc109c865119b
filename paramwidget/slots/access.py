"""Python expressions that reach a slot from the model, each correct; found without running any.

Three ways, as the chapter has them: by index (``net[0].weight``), by attribute
(``net.Linear_1.weight``), by ``net.state_dict()['Linear_1.weight']``. An expression is left out if
a class on the path overrides ``__getitem__``, ``__getattr__`` or ``state_dict`` in a way that may
give something else. What then remains is the path through the module's ``__dict__``, which none of
them can change. What the model is called, the caller says.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from types import FunctionType, GetSetDescriptorType
from typing import Any

from torch import nn

from paramwidget import compat
from paramwidget.namespace import is_name
from paramwidget.slots.lookup import asks_registries_first
from paramwidget.slots.reading.columns import Columns
from paramwidget.tensors import class_has, class_lookup

#: Deeper than this ``state_dict`` may exhaust the stack, and Python may not compile so many dots.
DEPTH = 80

_REGISTRIES = {"parameter": "_parameters", "buffer": "_buffers", "module": "_modules"}
_BEFORE: dict[str, tuple[str, ...]] = {
    "parameter": (),
    "buffer": ("parameter",),
    "module": ("parameter", "buffer"),
}
_MODULE: dict[str, Any] = dict(vars(nn.Module))


def expressions(columns: Columns, place: int, slot: int, root: str) -> list[str]:
    """All expressions that are known to be correct, the most readable first; never empty.

    ``root`` is the expression for the model.
    """
    hops = _hops(columns, place, slot)
    if len(hops) > DEPTH:
        return [_from_far(columns, hops, slot, root)]
    by_index = _written([hop.indexed() for hop in hops], root)
    by_attribute = _written([hop.named() for hop in hops], root)
    found = [by_index]
    if by_attribute != by_index:
        found.append(by_attribute)
    key = _state_dict_key(columns, place, slot)
    if key is not None:
        found.append(f"{root}.state_dict()[{key!r}]")
    return found


def expression(columns: Columns, place: int, slot: int, root: str) -> str:
    """The first of ``expressions``."""
    hops = _hops(columns, place, slot)
    if len(hops) > DEPTH:
        return _from_far(columns, hops, slot, root)
    return _written([hop.indexed() for hop in hops], root)


#: What a step puts before and after the expression so far.
_Step = tuple[str, str]


def _written(steps: list[_Step], root: str) -> str:
    before = "".join(step[0] for step in reversed(steps))
    return f"{before}{root}{''.join(step[1] for step in steps)}"


#: Follows positions through the registries of modules, past everything that a class overrides.
_FOLLOW = (
    "__import__('functools').reduce(lambda module, place: [*dict.values("
    "torch.nn.Module.__dict__['__dict__'].__get__(module)['_modules'])][place], {places}, {root})"
)


def _from_far(columns: Columns, hops: list[_Hop], slot: int, root: str) -> str:
    """A path that is too long for one dot per module, in one call that loops."""
    modules, last = (hops[:-1], hops[-1:]) if slot >= 0 else (hops, [])
    loops = class_lookup(columns.classes[0], "get_submodule") is _MODULE["get_submodule"]
    if loops and all(hop.is_plain and hop.key and "." not in hop.key for hop in modules):
        way = ".".join(hop.key for hop in modules)
        found = f"{root}.get_submodule({way!r})"
    else:
        found = _FOLLOW.format(places=[hop.position for hop in modules], root=root)
    return _written([hop.indexed() for hop in last], found)


@dataclass(frozen=True)
class _ClassFacts:
    """What can be relied on for a class.

    ``container``: the container of torch that answers its ``[...]``. ``plain``: ``__dict__``,
    ``__class__`` and attribute lookup are Python's own. ``faithful``: what is not an attribute is
    looked up in the registries, and there first.
    """

    cls: type
    container: type | None
    plain: bool
    faithful: bool

    @classmethod
    def of(cls, owner: type) -> _ClassFacts:
        plain = _is_plain_object(owner)
        return cls(
            owner,
            _container(owner) if plain else None,
            plain,
            asks_registries_first(owner),
        )


@dataclass(frozen=True)
class _Hop:
    """One step from a module to something that it holds.

    ``position`` counts what comes before it in the same registry. ``hidden``: a plain attribute
    hides it. ``odd``: its registry or its key is of an odd type.
    """

    facts: _ClassFacts
    key: str
    kind: str
    position: int
    hidden: bool
    odd: bool

    def indexed(self) -> _Step:
        """By index if it is a container of torch, else by attribute."""
        index = None if self.hidden or self.odd else self._index()
        return self.attribute() if index is None else ("", f"[{index}]")

    def named(self) -> _Step:
        """By attribute if the key can be written after a dot, else by index."""
        step = self.attribute()
        return step if step == ("", f".{self.key}") else self.indexed()

    def attribute(self) -> _Step:
        """By attribute if that is certain to use the registries, else through ``__dict__``."""
        if not self.is_plain:
            return self._from_dict()
        if is_name(self.key):
            return "", f".{self.key}"
        return "getattr(", f", {self.key!r})"

    @property
    def is_plain(self) -> bool:
        """Whether an attribute of this name is certain to be it."""
        return not self.hidden and not self.odd and self._is_looked_up_plainly()

    def _is_looked_up_plainly(self) -> bool:
        cls = self.facts.cls
        if self.kind == "computed" or not self.facts.plain:
            return self.facts.plain
        if self.kind == "constant":
            return not class_has(cls, self.key) or not hasattr(
                type(class_lookup(cls, self.key)), "__set__"
            )
        return self.facts.faithful and not class_has(cls, self.key)

    def _from_dict(self) -> _Step:
        if self.facts.plain:
            before, after = "", ".__dict__"
        elif _has_own_dict(self.facts.cls):
            before, after = "object.__getattribute__(", ", '__dict__')"
        else:
            before, after = "torch.nn.Module.__dict__['__dict__'].__get__(", ")"
        if self.kind not in _REGISTRIES:
            return before, f"{after}[{self.key!r}]"
        after = f"{after}[{_REGISTRIES[self.kind]!r}]"
        if self.odd:
            return f"[*dict.values({before}", f"{after})][{self.position}]"
        return before, f"{after}[{self.key!r}]"

    def _index(self) -> str | None:
        container = self.facts.container
        if self.kind == "module":
            if container is nn.Sequential:
                return str(self.position)
            if container is nn.ModuleList:
                return self.key if self.key == str(self.position) else None
            return repr(self.key) if container is nn.ModuleDict else None
        if self.kind == "parameter":
            if container is nn.ParameterList:
                return self.key if self.key == str(self.position) else None
            return repr(self.key) if container is nn.ParameterDict else None
        return None


def _facts_of(columns: Columns, module: int) -> _ClassFacts:
    cls = columns.classes[module]
    facts: _ClassFacts | None = columns.class_facts.get(id(cls))
    if facts is None:
        facts = columns.class_facts[id(cls)] = _ClassFacts.of(cls)
    return facts


def _hops(columns: Columns, place: int, slot: int) -> list[_Hop]:
    hops = []
    if slot >= 0:
        module = columns.modules[place]
        kind = _registry_kind(columns, slot)
        before = range(columns.first_slot[module], slot)
        position = sum(_registry_kind(columns, other) == kind for other in before)
        key, odd = columns.slot_keys[slot], slot in columns.odd_slots
        hidden = kind in _REGISTRIES and _is_hidden(columns, module, key, kind)
        hops.append(_Hop(_facts_of(columns, module), key, kind, position, hidden, odd))
    while place > 0:
        parent = columns.parents[place]
        module = columns.modules[parent]
        key, position = columns.keys[place], columns.positions[place]
        hidden = _is_hidden(columns, module, key, "module")
        odd = place in columns.odd_places
        hops.append(_Hop(_facts_of(columns, module), key, "module", position, hidden, odd))
        place = parent
    hops.reverse()
    return hops


def _is_hidden(columns: Columns, module: int, key: str, kind: str) -> bool:
    """Whether lookup finds something else: an attribute, or what a registry before has."""
    if key in compat.MODULE_FIELDS or key in columns.attributes[module]:
        return True
    before = _BEFORE[kind]
    slots = columns.slots_of(module) if before else ()
    return any(
        columns.slot_keys[slot] == key and _registry_kind(columns, slot) in before for slot in slots
    )


def _registry_kind(columns: Columns, slot: int) -> str:
    kind = columns.slot_kinds[slot]
    if kind != "none":
        return kind
    return "buffer" if slot in columns.none_buffers else "parameter"


def _container(cls: type) -> type | None:
    """Which of torch's containers handles ``cls()[...]``, if the class does not override it."""
    containers: tuple[type, ...] = (
        nn.Sequential,
        nn.ModuleList,
        nn.ModuleDict,
        nn.ParameterList,
        nn.ParameterDict,
    )
    for container in containers:
        if any(base is container for base in vars(type)["__mro__"].__get__(cls)):
            methods = ("__getitem__", "__len__", "_get_item_by_idx", "_get_abs_string_index")
            same = all(class_lookup(cls, m) is class_lookup(container, m) for m in methods)
            return container if same else None
    return None


def _has_own_dict(cls: type) -> bool:
    """True if ``__dict__`` is what Python made; each mixin beside the module has one as well."""
    return type(class_lookup(cls, "__dict__")) is GetSetDescriptorType


def _is_plain_object(cls: type) -> bool:
    """True if ``__dict__``, ``__class__`` and attribute lookup are Python's own."""
    return (
        class_lookup(cls, "__getattribute__") is object.__getattribute__
        and _has_own_dict(cls)
        and class_lookup(cls, "__class__") is vars(object)["__class__"]
        and not any(class_has(cls, registry) for registry in _REGISTRIES.values())
    )


def _state_dict_key(columns: Columns, place: int, slot: int) -> str | None:
    """The key of a slot in ``net.state_dict()``, None if it has none or might have another."""
    if slot < 0 or slot in columns.transient or slot in columns.shadowed:
        return None
    if columns.slot_kinds[slot] not in ("parameter", "buffer") or columns.slot_tensors[slot] < 0:
        return None
    if not _all_save_plainly(columns):
        return None
    path = [columns.slot_keys[slot]]
    while place > 0:
        path.append(columns.keys[place])
        place = columns.parents[place]
    if len(path) > DEPTH or any("." in key for key in path):
        return None
    return ".".join(reversed(path))


def _all_save_plainly(columns: Columns) -> bool:
    """True if nothing in the model may raise in ``state_dict`` or choose other keys."""
    if columns.saves_plainly is None:
        classes = {id(cls): cls for cls in columns.classes}
        endless = any(note.startswith("recursion") for note in columns.place_notes.values())
        columns.saves_plainly = (
            not endless
            and not columns.module_errors
            and not columns.odd_slots
            and not columns.odd_places
            and all(map(_saves_plainly, classes.values()))
            and _all_savable(columns)
        )
    return columns.saves_plainly


def _all_savable(columns: Columns) -> bool:
    """False if the model holds a tensor on which ``state_dict`` raises."""
    for number, known in columns.looks.careful.items():
        if known.state == "uninitialized":
            slot = columns.slot_tensors.index(number)
            cls = columns.classes[bisect_right(columns.first_slot, slot) - 1]
            own = class_lookup(cls, "_save_to_state_dict")
            if not own.__module__.endswith(".lazy"):
                return False
        elif known.type_name == "":
            return False
    return True


def _saves_plainly(cls: type) -> bool:
    """True if torch's own methods write the state dict of a class."""
    if not _is_plain_object(cls):
        return False
    for method in ("state_dict", "_save_to_state_dict"):
        own = class_lookup(cls, method)
        if own is not _MODULE[method] and not _is_torchs(own):
            return False
    return True


def _is_torchs(function: object) -> bool:
    return isinstance(function, FunctionType) and function.__module__.startswith("torch.nn.modules")
