"""Reads what one module holds, past everything that its class may have overridden.

Only `__dict__` is looked at, through the descriptor that `nn.Module` itself made, and the plain
dicts in it; so no property, no `__getattr__`, no parametrization and no method of a user's runs.
What a hostile module breaks is a sentence in its row and stops nothing else.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import nn

from paramwidget import compat
from paramwidget.slots import derived, wrappers
from paramwidget.slots.census import Census, take_census
from paramwidget.slots.columns import Columns, Kind
from paramwidget.tensors import class_name

_FIELDS = list(compat.MODULE_FIELDS)
_FIELD_COUNT = len(_FIELDS)
_FIELD_SET = frozenset(_FIELDS)

#: Values that hold no tensor and no module; nearly everything in a `__dict__` is of these.
_INERT = {
    id(cls): cls
    for cls in (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device)
}
_CONTAINERS = (list, tuple, dict, set, frozenset, OrderedDict)

#: Containers longer than this are searched in their first part only.
_SEARCHED_ITEMS = 10_000

#: Children as registered: key to module, to None, or to something that is neither.
Children = dict[str, Any]


def key_text(key: Any) -> str:
    """A dict key as a name; keys that are no strings are possible and must not stop the walk."""
    if type(key) is str:
        return key
    if issubclass(type(key), str):
        return "".join(str.__iter__(key))
    return int.__repr__(key) if type(key) is int else f"<{class_name(type(key))}>"


def entries(registry: Any) -> list[tuple[Any, Any]] | None:
    """The items of a registry such as `_parameters` in their order; None where it is no mapping.

    A subclass of dict is read as the dict that it is: its own methods may gather, log or lie.
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


def _hooked(hooks: Any) -> bool:
    """True where hooks hang; other mappings than torch's own are not asked."""
    return type(hooks) is OrderedDict and len(hooks) > 0


class Reader:
    """Fills the module and slot columns; the walk over places is `walk.py`'s.

    `values` has what stands in each slot. It keeps the tensors alive until the census is taken, so
    that an id means one object.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.values: list[Any] = []
        self.children: list[Children] = []
        self.numbers: dict[int, int] = {}
        self._suspects: list[tuple[int, str, object]] = []
        self._other_kinds: dict[int, Kind] = {}

    def read(self, module: Any) -> int:
        """Read a module for the first time and return its new number."""
        columns = self.columns
        number = self.numbers[id(module)] = len(columns.classes)
        columns.classes.append(type(module))
        children: Children = {}
        try:
            children = self._fields(module, number)
        except Exception as error:
            # the class only: the text of an exception may be a user's code
            columns.module_errors[number] = f"Reading it failed: {class_name(type(error))}."
            self._cut()
        self.children.append(children)
        columns.first_slot.append(len(columns.slot_keys))
        return number

    def read_stranger(self, child: object) -> int:
        """Something registered as a module that is none: a row with the error."""
        columns = self.columns
        number = len(columns.classes)
        columns.classes.append(type(child))
        columns.first_slot.append(len(columns.slot_keys))
        columns.module_errors[number] = (
            f"It is registered as a module, but it is a {class_name(type(child))}."
        )
        self.children.append({})
        return number

    def _cut(self) -> None:
        """Columns of one length again, after reading a module failed halfway."""
        columns = self.columns
        whole = min(len(columns.slot_keys), len(self.values))
        del columns.slot_keys[whole:], self.values[whole:]
        for rows in (self._other_kinds, columns.computed, columns.slot_notes, columns.slot_sources):
            for row in [row for row in rows if row >= whole]:
                del rows[row]

    def _fields(self, module: Any, number: int) -> Children:
        columns = self.columns
        fields = compat.raw_dict(module)
        if "_parameters" not in fields:
            fields = compat.module_fields(module)
        parameters = fields.get("_parameters")
        if parameters is not None:
            if type(parameters) is not dict or parameters:
                self._registered(parameters, "parameter", number)
        else:
            columns.module_errors[number] = (
                f"{class_name(type(module))}.__init__ did not call super().__init__(), "
                "so it can hold no parameters."
            )
        buffers = fields.get("_buffers")
        if type(buffers) is not dict or buffers:
            self._buffers(buffers, fields.get("_non_persistent_buffers_set"), number)
        names = list(fields)
        if names[:_FIELD_COUNT] == _FIELDS:
            del names[:_FIELD_COUNT]
        else:
            names = [name for name in names if name not in _FIELD_SET]
        for name in names:
            value = fields[name]
            if id(type(value)) not in _INERT:
                self._attribute(name, value, number)
        modules = fields.get("_modules")
        if _hooked(fields.get("_forward_pre_hooks")):
            derived.mark_hooked(columns, number, fields)
        if _hooked(fields.get("_state_dict_hooks")) or _hooked(fields.get("_state_dict_pre_hooks")):
            columns.saves_plainly = derived.only_torch_hooks(fields) and columns.saves_plainly
        if type(modules) is not dict or modules:
            return self._child_modules(module, modules, number)
        return {}

    def _registered(self, registry: Any, kind: Kind, number: int) -> None:
        """Append a slot for each entry of `_parameters` or `_buffers`."""
        columns = self.columns
        if type(registry) is dict:
            columns.slot_keys.extend(registry)
            self.values.extend(registry.values())
        else:
            items = entries(registry)
            if items is None:
                wrong = f"Its registry of {kind}s is a {class_name(type(registry))}."
                columns.module_errors[number] = wrong
                return
            if type(registry) is not OrderedDict and issubclass(type(registry), dict):
                columns.odd_slots.update(range(len(self.values), len(self.values) + len(items)))
            columns.slot_keys.extend([key for key, _ in items])
            self.values.extend([value for _, value in items])

    def _buffers(self, buffers: Any, transient: Any, number: int) -> None:
        columns = self.columns
        start = len(columns.slot_keys)
        self._registered(buffers, "buffer", number)
        for slot in range(start, len(columns.slot_keys)):
            self._other_kinds[slot] = "buffer"
            if self.values[slot] is None:
                columns.none_buffers.add(slot)
            if type(transient) is set and columns.slot_keys[slot] in transient:
                columns.transient.add(slot)

    def _attribute(self, name: Any, value: object, number: int) -> None:
        """A plain attribute: a tensor is a slot; modules out of torch's sight are a warning."""
        columns = self.columns
        cls = type(value)
        if issubclass(cls, torch.Tensor):
            key = key_text(name)
            taken = columns.slot_keys[columns.first_slot[number] :]
            if key in taken:
                columns.shadowed.add(columns.first_slot[number] + taken.index(key))
            self._append(key, "constant", value)
        elif (cls in _CONTAINERS and value) or issubclass(cls, nn.Module):
            self._suspects.append((number, key_text(name), value))

    def _append(self, key: str, kind: Kind, value: object) -> int:
        columns = self.columns
        slot = len(self.values)
        columns.slot_keys.append(key)
        self.values.append(value)
        self._other_kinds[slot] = kind
        return slot

    def _child_modules(self, module: Any, modules: Any, number: int) -> Children:
        columns = self.columns
        if type(modules) is dict:
            children = modules.copy()
        else:
            items = entries(modules)
            if items is None:
                wrong = f"Its registry of modules is a {class_name(type(modules))}."
                columns.module_errors[number] = wrong
                return {}
            children = dict(items)
        if "parametrizations" in children:
            for computed in derived.computed_slots(module, children):
                slot = self._append(computed.key, "computed", None)
                columns.computed[slot] = computed.condition
                columns.slot_notes[slot] = computed.note
                columns.slot_sources[slot] = computed.sources
        return children

    def finish(self) -> Census:
        """Look at the tensors that were met and fill what hangs on them."""
        columns = self.columns
        census = take_census(self.values)
        columns.slot_tensors, columns.looks = census.numbers, census.looks
        columns.slot_keys = _all_text(columns.slot_keys, columns.odd_slots)
        columns.keys = _all_text(columns.keys, columns.odd_places)
        kinds: list[Kind] = ["parameter"] * len(self.values)
        columns.slot_kinds = kinds
        for slot, kind in self._other_kinds.items():
            kinds[slot] = kind
        if len(census.objects) < len(self.values):
            for slot, tensor in enumerate(census.numbers):
                if tensor < 0 and kinds[slot] != "computed":
                    kinds[slot] = "none"
        tensors = set(map(id, census.objects)) if self._suspects else set()
        for number, key, value in self._suspects:
            if wrappers.is_distributed(columns.classes[number]):
                continue  # FSDP keeps its flat parameters in a list of its own
            note = self._hidden(tensors, key, value)
            if note:
                before = columns.module_notes.get(number)
                columns.module_notes[number] = note if before is None else f"{before}; {note}"
        return census

    def _hidden(self, tensors: set[int], key: str, value: object) -> str | None:
        """What an attribute holds that torch does not see; containers in it are searched too."""
        modules = parameters = 0
        queue: list[tuple[Any, int]] = [(value, 0)]
        for held, depth in queue:
            cls = type(held)
            if cls in _CONTAINERS and depth < 3 and len(queue) < _SEARCHED_ITEMS:
                inner = held.values() if issubclass(cls, dict) else held
                queue.extend((item, depth + 1) for item in inner)
            elif issubclass(cls, nn.Module):
                modules += id(held) not in self.numbers and _holds_anything(held)
            elif cls is nn.Parameter:
                parameters += id(held) not in tensors
        counts = ((modules, "module"), (parameters, "parameter"))
        what = [f"{count} {noun}{'s' * (count > 1)}" for count, noun in counts if count]
        if not what:
            return None
        return (
            f"its attribute {key!r} holds {' and '.join(what)} that torch does not see: "
            "not registered, so never trained and never saved (nn.ModuleList, nn.ParameterList)"
        )


def _all_text(keys: list[Any], odd: set[int]) -> list[str]:
    """The keys as names; the rows of those that are no plain strings are noted as odd."""
    found = [row for row, key in enumerate(keys) if type(key) is not str]
    odd.update(found)
    return [key_text(key) for key in keys] if found else keys


def _holds_anything(module: Any) -> bool:
    fields = compat.module_fields(module)
    return bool(fields.get("_parameters") or fields.get("_modules"))
