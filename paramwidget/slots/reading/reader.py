"""Reads what one module holds, whatever its class may have overridden.

Only ``__dict__`` is looked at, through the descriptor that ``nn.Module`` itself made, and the plain
dicts in it; so no property, ``__getattr__``, parametrization or other code of the user's runs. What
a hostile module breaks becomes a sentence in its row and does not affect the others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from typing import Any

import torch
from torch import nn

from paramwidget import compat
from paramwidget.slots.reading import beside, derived, wrappers
from paramwidget.slots.reading.census import Census, take_census
from paramwidget.slots.reading.columns import NO_MODULE, Columns, Kind
from paramwidget.slots.reading.unregistered import hidden_note, may_hide
from paramwidget.tensors import Condition, class_name, is_tensor

_FIELDS = list(compat.MODULE_FIELDS)
_FIELD_COUNT = len(_FIELDS)
_FIELD_SET = frozenset(_FIELDS)

#: The default for a field of torch's that a module lacks.
_EMPTY_FIELDS: dict[str, Any] = {name: vars(nn.Module())[name] for name in _FIELDS}

#: Types of values that hold neither tensors nor modules; nearly everything in a ``__dict__``.
INERT = {
    id(cls): cls
    for cls in (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device)
}

#: Children as registered: their keys, and modules, None, or things that are neither.
Children = tuple[list[Any], list[Any]]


def key_text(key: Any) -> str:
    """A dict key as a name; keys that are not strings are possible and must not stop the walk."""
    if type(key) is str:
        return key
    if issubclass(type(key), str):
        return "".join(str.__iter__(key))
    return int.__repr__(key) if type(key) is int else f"<{class_name(type(key))}>"


def entries(registry: Any) -> list[tuple[Any, Any]] | None:
    """The items of a registry such as ``_parameters``, in order; None if it is not a mapping.

    A subclass of dict is read as a plain dict: its own methods may gather, log or lie.
    """
    if registry is None:
        return []
    cls = type(registry)
    if cls is dict:
        return list(registry.items())
    if issubclass(cls, OrderedDict):
        return list(OrderedDict.items(registry))
    if issubclass(cls, dict):
        return list(dict.items(registry))
    script = compat.script_dict_class()
    if script is not None and issubclass(cls, script):
        return list(registry.items())
    return None


class Reader:
    """Fills the module and slot columns; the places are ``walk.py``'s.

    ``values`` has the content of each slot, ``below`` the children of each module that has any;
    both keep their objects alive until the census is taken, so that an id means one object. Without
    ``remarks``, hooks are not read, which only add information to a slot.
    """

    def __init__(self, columns: Columns, *, remarks: bool = True) -> None:
        self.columns = columns
        self._remarks = remarks
        self.values: list[Any] = []
        self.below: dict[int, Children] = {}
        self.numbers: dict[int, int] = {id(None): NO_MODULE}
        self._below_level: list[Any] = []
        self._suspects: list[tuple[int, str, object]] = []
        self._buffer_rows: list[tuple[int, int]] = []
        self._other_kinds: dict[int, Kind] = {}
        self._known_attributes: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._telling: dict[int, dict[str, object]] = {}  # attributes, by the module's number

    def read_all(self, net: Any) -> None:
        """Read every module once, those nearest to the root first."""
        level = [net]
        while level:
            first = len(self.columns.classes)
            self.numbers.update(zip(map(id, level), range(first, first + len(level)), strict=True))
            self._below_level = []
            self._read_level(level, first)
            met = dict(zip(map(id, self._below_level), self._below_level, strict=True))
            for known in met.keys() & self.numbers.keys():
                del met[known]
            level = list(met.values())

    def _read_level(self, modules: list[Any], first: int) -> None:
        """Read modules, which are numbered from ``first`` on.

        This loop takes most of the time for a large model, so the common case is handled in it:
        torch's own fields in torch's own order, registries that are dicts, attributes that are
        numbers or strings.
        """
        columns, values, slot_keys = self.columns, self.values, self.columns.slot_keys
        fields_of, inert, own = compat.raw_dict, INERT, _FIELD_COUNT
        remarks, attributes_of = self._remarks, columns.attributes
        known_attributes = self._known_attributes
        columns.classes.extend(map(type, modules))
        for number, module in enumerate(modules, first):
            attributes_of.append(())
            try:
                fields = fields_of(module)
                names = list(fields)
                if names[:own] != _FIELDS:
                    names, fields = self._complete(module, number, fields)
                attributes = tuple(names[own:])
                attributes_of[-1] = known_attributes.setdefault(attributes, attributes)
                held = fields["_parameters"]
                if type(held) is not dict:
                    self._registered(held, "parameter", number)
                elif held:
                    slot_keys.extend(held)
                    values.extend(held.values())
                held = fields["_buffers"]
                if type(held) is not dict or held:
                    start = len(values)
                    self._registered(held, "buffer", number)
                    self._buffer_rows.append((start, len(values)))
                    held = fields["_non_persistent_buffers_set"]
                    if type(held) is set and held:
                        self._transient(held, start)
                for name in attributes:
                    value = fields[name]
                    cls = type(value)
                    if cls is not int and cls is not bool and id(cls) not in inert:
                        self._attribute(name, value, number)
                if remarks:
                    self._hooks(fields, number)
                held = fields["_modules"]
                if type(held) is not dict or held:
                    self._children(module, held, number)
                if len(slot_keys) != len(values):
                    raise RuntimeError("another thread registered something in the meantime")
            except Exception as error:
                self._fail(module, number, error)
            columns.first_slot.append(len(slot_keys))

    def _complete(
        self, module: Any, number: int, fields: dict[str, Any]
    ) -> tuple[list[str], dict[str, Any]]:
        """Names and fields as in a module with all of torch's fields, in torch's order."""
        if "_parameters" not in fields:
            fields = compat.module_fields(module)
        if "_parameters" not in fields:
            self.columns.module_errors[number] = (
                f"{class_name(type(module))}.__init__ did not call super().__init__(), "
                "so it cannot hold parameters."
            )
        own = [name for name in fields if name not in _FIELD_SET]
        return [*_FIELDS, *own], {**_EMPTY_FIELDS, **fields}

    def _fail(self, module: Any, number: int, error: Exception) -> None:
        """Note the error, and make the columns equally long again after reading failed halfway."""
        columns = self.columns
        if issubclass(type(module), nn.Module):
            # The class only: getting the text of an exception may run a user's code.
            wrong = f"Reading it failed: {class_name(type(error))}."
        else:
            wrong = f"It is registered as a module, but it is of class {class_name(type(module))}."
        columns.module_errors[number] = wrong
        whole = min(len(columns.slot_keys), len(self.values))
        del columns.slot_keys[whole:], self.values[whole:]
        for rows in (self._other_kinds, columns.computed, columns.slot_notes, columns.slot_sources):
            for row in [row for row in rows if row >= whole]:
                del rows[row]
        self._buffer_rows = [(start, min(end, whole)) for start, end in self._buffer_rows]

    def _registered(self, registry: Any, kind: Kind, number: int) -> None:
        """Append a slot for each entry of ``_parameters`` or ``_buffers``."""
        columns = self.columns
        if type(registry) is dict:
            columns.slot_keys.extend(registry)
            self.values.extend(registry.values())
        else:
            items = entries(registry)
            if items is None:
                wrong = f"Its registry of {kind}s is of class {class_name(type(registry))}."
                columns.module_errors[number] = wrong
                return
            if type(registry) is not OrderedDict and issubclass(type(registry), dict):
                columns.odd_slots.update(range(len(self.values), len(self.values) + len(items)))
            columns.slot_keys.extend([key for key, _ in items])
            self.values.extend([value for _, value in items])

    def _transient(self, transient: set[Any], start: int) -> None:
        """Note which of the buffers from a row on ``state_dict`` leaves out."""
        columns = self.columns
        for slot in range(start, len(self.values)):
            if columns.slot_keys[slot] in transient:
                columns.transient.add(slot)

    def _hooks(self, fields: dict[str, Any], number: int) -> None:
        """What the hooks of a module mean for its slots and its ``state_dict``."""
        hooks = fields["_forward_pre_hooks"]
        if type(hooks) is not OrderedDict or hooks:
            derived.mark_hooked(self.columns, number, fields)
        hooks = fields["_state_dict_hooks"]
        hooked = type(hooks) is not OrderedDict or hooks or fields["_state_dict_pre_hooks"]
        if hooked and not derived.only_torch_hooks(fields):
            self.columns.saves_plainly = False

    def _attribute(self, name: Any, value: object, number: int) -> None:
        """A plain attribute: a tensor is a slot; modules that torch does not see are a warning."""
        columns = self.columns
        if type(name) is str and name in beside.TELLING:
            self._telling.setdefault(number, {})[name] = value
        if is_tensor(value):
            key = key_text(name)
            taken = columns.slot_keys[columns.first_slot[number] :]
            if key in taken:
                columns.shadowed.add(columns.first_slot[number] + taken.index(key))
            self._append(key, "constant", value)
        elif may_hide(value):
            self._suspects.append((number, key_text(name), value))

    def _append(self, key: str, kind: Kind, value: object) -> int:
        columns = self.columns
        slot = len(self.values)
        columns.slot_keys.append(key)
        self.values.append(value)
        self._other_kinds[slot] = kind
        return slot

    def _children(self, module: Any, modules: Any, number: int) -> None:
        columns = self.columns
        if type(modules) is not dict:
            items = entries(modules)
            if items is None:
                wrong = f"Its registry of modules is of class {class_name(type(modules))}."
                columns.module_errors[number] = wrong
                return
            modules = dict(items)
        keys, children = list(modules), list(modules.values())
        if len(keys) != len(children):
            raise RuntimeError("another thread registered a module in the meantime")
        if "parametrizations" in modules:
            for computed in derived.computed_slots(module, modules):
                slot = self._append(computed.key, "computed", None)
                columns.computed[slot] = computed.condition
                columns.slot_notes[slot] = computed.note
                columns.slot_sources[slot] = computed.sources
        if keys:
            self.below[number] = keys, children
            self._below_level.extend(children)

    def finish(self) -> Census:
        """Read the tensors that were found and fill the columns that depend on them."""
        columns = self.columns
        census = take_census(self.values)
        columns.slot_tensors, columns.looks = census.numbers, census.looks
        columns.slot_keys = _all_text(columns.slot_keys, columns.odd_slots)
        columns.keys = _all_text(columns.keys, columns.odd_places)
        kinds: list[Kind] = ["parameter"] * len(self.values)
        columns.slot_kinds = kinds
        for start, end in self._buffer_rows:
            kinds[start:end] = ["buffer"] * (end - start)
        for slot, kind in self._other_kinds.items():
            kinds[slot] = kind
        if len(census.objects) < len(self.values):
            for slot, tensor in enumerate(census.numbers):
                if tensor < 0 and kinds[slot] != "computed":
                    if kinds[slot] == "buffer":
                        columns.none_buffers.add(slot)
                    kinds[slot] = "none"
        self._look_beside(census)
        columns.registered = sum(map(id, self.values))
        columns.registered -= sum(id(self.values[slot]) for slot in self._other_kinds)
        if self._suspects:
            known = {*self.numbers, *map(id, census.objects)}
            for number, key, value in self._suspects:
                self._warn(number, hidden_note(key, value, known))
        return census

    def _look_beside(self, census: Census) -> None:
        """Give a tensor another Condition where the rest of its module says more of it."""
        columns = self.columns
        modules = set(self._telling)
        if not beside.SIGNS.isdisjoint(columns.slot_keys):
            signs = (slot for slot, key in enumerate(columns.slot_keys) if key in beside.SIGNS)
            modules |= {bisect_right(columns.first_slot, slot) - 1 for slot in signs}
        seen: dict[int, Condition] = {}
        for number in modules:
            attributes = self._telling.get(number, {})
            names = {columns.slot_keys[slot] for slot in columns.slots_of(number)}
            for slot in columns.slots_of(number):
                tensor = census.numbers[slot]
                before = census.looks.condition(tensor)
                key, holder = columns.slot_keys[slot], columns.classes[number]
                known = beside.told(key, before, names, attributes, holder)
                if known is not before:
                    seen[tensor] = known
        if seen:
            census.see(seen)

    def _warn(self, number: int, note: str | None) -> None:
        notes = self.columns.module_notes
        if note is None or wrappers.is_distributed(self.columns.classes[number]):
            return  # FSDP keeps its flat parameters in a list of its own
        notes[number] = note if number not in notes else f"{notes[number]}; {note}"


def _all_text(keys: list[Any], odd: set[int]) -> list[str]:
    """The keys as names; rows whose key is not a plain string are noted as odd."""
    found = [row for row, key in enumerate(keys) if type(key) is not str]
    odd.update(found)
    return [key_text(key) for key in keys] if found else keys
