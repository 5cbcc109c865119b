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
from paramwidget.slots import derived
from paramwidget.slots.columns import NOTHING, Columns, Kind
from paramwidget.slots.ties import Spans
from paramwidget.tensors import Condition, class_name, condition, is_tensor

_FIELDS = list(compat.MODULE_FIELDS)
_FIELD_COUNT = len(_FIELDS)
_FIELD_SET = frozenset(_FIELDS)

#: Values that hold no tensor and no module; nearly everything in a `__dict__` is of these.
_INERT = frozenset({bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device})
_CONTAINERS = frozenset({list, tuple, dict, set, frozenset, OrderedDict})

#: Containers longer than this are searched in their first part only.
_SEARCHED_ITEMS = 10_000

_PARAMETER = nn.Parameter
_TENSOR = torch.Tensor
_address = compat.data_address

#: One Condition for all ready CPU tensors that look alike, kept between readings: equal ones are
#: then the same object, which makes comparing two readings a matter of microseconds.
_alike: dict[Any, Condition] = {}
_ALIKE_LIMIT = 4096

#: A child as registered: its key, and a module, None, or something that is neither.
Child = tuple[str, object]


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
    """Fills the tensor, module and slot columns; the walk over places is `walk.py`'s."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.tensors: list[torch.Tensor] = []
        self.spans = Spans()
        self.children: list[list[Child]] = []
        self.suspects: list[tuple[int, str, object]] = []
        self._tensor_numbers: dict[int, int] = {}
        self._module_numbers: dict[int, int] = {}
        self._alive: list[object] = []

    def module_number(self, module: Any) -> int | None:
        """The number of a module read before, None for one that is new."""
        return self._module_numbers.get(id(module))

    def knows(self, held: object) -> bool:
        """True for a module or tensor that is registered somewhere in what was read."""
        return id(held) in self._module_numbers or id(held) in self._tensor_numbers

    def read(self, module: Any) -> int:
        """Read a module for the first time and return its new number."""
        columns = self.columns
        number = len(columns.classes)
        self._module_numbers[id(module)] = number
        self._alive.append(module)
        columns.classes.append(type(module))
        children: list[Child] = []
        try:
            children = self._fields(module, number)
        except RecursionError:
            raise
        except Exception as error:
            columns.module_errors[number] = f"Reading it failed: {type(error).__name__}: {error}"
        self.children.append(children)
        columns.first_slot.append(len(columns.slot_keys))
        return number

    def _fields(self, module: Any, number: int) -> list[Child]:
        fields = compat.raw_dict(module)
        if "_parameters" not in fields:
            self.columns.module_errors[number] = (
                f"{class_name(type(module))}.__init__ did not call super().__init__(), "
                "so it can hold no parameters."
            )
        parameters = fields.get("_parameters")
        if parameters:
            self._registered(parameters, "parameter", number)
        buffers = fields.get("_buffers")
        if buffers:
            self._buffers(buffers, fields.get("_non_persistent_buffers_set"), number)
        names = list(fields)
        if names[:_FIELD_COUNT] == _FIELDS:
            del names[:_FIELD_COUNT]
        else:
            names = [name for name in names if name not in _FIELD_SET]
        for name in names:
            value = fields[name]
            if type(value) not in _INERT:
                self._attribute(name, value, number)
        modules = fields.get("_modules")
        saving = fields.get("_state_dict_hooks") or fields.get("_state_dict_pre_hooks")
        if saving and not derived.only_torch_hooks(fields):
            self.columns.saves_plainly = False
        if fields.get("_forward_pre_hooks"):
            derived.mark_hooked(self.columns, number, fields)
        if not modules:
            return []
        if "parametrizations" in modules:
            self._computed(module, modules, number)
        return self._registered_modules(modules, number)

    def _registered(self, registry: Any, kind: Kind, number: int) -> None:
        """Append a slot for each entry of `_parameters` or `_buffers`."""
        columns = self.columns
        items = registry.items() if type(registry) is dict else entries(registry)
        if items is None:
            columns.module_errors[number] = f"Its _{kind}s is a {class_name(type(registry))}."
            return
        for key, value in items:
            if type(key) is not str:
                key = key_text(key)
            if value is None:
                columns.slot_keys.append(key)
                columns.slot_kinds.append("none")
                columns.slot_conditions.append(NOTHING)
                columns.slot_tensors.append(-1)
            else:
                self._slot(key, kind, value)

    def _slot(self, key: str, kind: Kind, value: Any) -> None:
        columns = self.columns
        tensor = self._tensor_numbers.get(id(value))
        if tensor is None:
            if is_tensor(value):
                tensor = self._tensor(value)
                known = columns.tensor_conditions[tensor]
            else:
                tensor = -1
                wrong = f"It is registered as a {kind}, but it is a {class_name(type(value))}."
                known = Condition("unreadable", wrong, None, None, None, False, "")
        else:
            known = columns.tensor_conditions[tensor]
        columns.slot_keys.append(key)
        columns.slot_kinds.append(kind)
        columns.slot_conditions.append(known)
        columns.slot_tensors.append(tensor)

    def _tensor(self, tensor: torch.Tensor) -> int:
        """Number a tensor met for the first time; note its condition and where it lies.

        Nearly every tensor is of torch's own class, on the CPU or a GPU, and contiguous from the
        start of a storage that is large enough: these take a tenth of the time. Everything else,
        and everything that raises, takes the careful way.
        """
        number = self._tensor_numbers[id(tensor)] = len(self.tensors)
        self.tensors.append(tensor)
        cls = type(tensor)
        if cls is _PARAMETER or cls is _TENSOR:
            try:
                size = tensor.nbytes
                if (
                    (tensor.is_cpu or tensor.is_cuda)
                    and tensor.is_contiguous()
                    and not tensor.storage_offset()
                    and tensor.untyped_storage().nbytes() >= size
                ):
                    device = None if tensor.is_cpu else tensor.device
                    look = (cls, tensor.shape, tensor.dtype, tensor.requires_grad, device)
                    known = _alike.get(look) or _first_alike(look, tensor)
                    if known.state == "ready":
                        self.columns.tensor_conditions.append(known)
                        self.spans.add(number, _address(tensor), size)
                        return number
            except (RuntimeError, AttributeError):
                pass  # NotImplementedError (sparse, mkldnn, torch.func) is a RuntimeError
        self.columns.tensor_conditions.append(condition(tensor))
        self.spans.careful.append(number)
        return number

    def _buffers(self, buffers: Any, transient: Any, number: int) -> None:
        columns = self.columns
        start = len(columns.slot_keys)
        self._registered(buffers, "buffer", number)
        for slot in range(start, len(columns.slot_keys)):
            if columns.slot_kinds[slot] == "none":
                columns.none_buffers.add(slot)
            if type(transient) is set and columns.slot_keys[slot] in transient:
                columns.transient.add(slot)

    def _attribute(self, name: Any, value: object, number: int) -> None:
        """A plain attribute: a tensor is a slot; modules out of torch's sight are a warning."""
        cls = type(value)
        if issubclass(cls, _TENSOR):
            columns = self.columns
            slot = len(columns.slot_keys)
            self._slot(key_text(name), "constant", value)
            taken = columns.slot_keys[columns.first_slot[number] : slot]
            if columns.slot_keys[slot] in taken:
                columns.shadowed.add(
                    columns.first_slot[number] + taken.index(columns.slot_keys[slot])
                )
        elif (cls in _CONTAINERS and value) or issubclass(cls, nn.Module):
            self.suspects.append((number, key_text(name), value))

    def _computed(self, module: Any, modules: Any, number: int) -> None:
        for computed in derived.computed_slots(module, modules):
            columns = self.columns
            slot = len(columns.slot_keys)
            columns.slot_keys.append(computed.key)
            columns.slot_kinds.append("computed")
            columns.slot_conditions.append(computed.condition)
            columns.slot_tensors.append(-1)
            columns.slot_notes[slot] = computed.note
            columns.slot_sources[slot] = computed.sources

    def _registered_modules(self, modules: Any, number: int) -> list[Child]:
        items = entries(modules)
        if items is None:
            self.columns.module_errors[number] = f"Its _modules is a {class_name(type(modules))}."
            return []
        return [(key if type(key) is str else key_text(key), child) for key, child in items]


def _first_alike(look: Any, tensor: torch.Tensor) -> Condition:
    known = condition(tensor)
    if known.state == "ready":
        if len(_alike) >= _ALIKE_LIMIT:
            _alike.clear()
        _alike[look] = known
    return known


def unregistered(value: object, reader: Reader) -> tuple[int, int]:
    """How many modules with parameters, and how many Parameters, stand in a container unseen.

    Containers in the container are searched too, one level down.
    """
    modules = parameters = 0
    queue: list[tuple[object, int]] = [(value, 0)]
    for held, depth in queue:
        cls = type(held)
        if cls in _CONTAINERS and depth < 3 and len(queue) < _SEARCHED_ITEMS:
            container: Any = held
            inner = container.values() if issubclass(cls, dict) else container
            queue.extend((item, depth + 1) for item in inner)
        elif issubclass(cls, nn.Module):
            modules += not reader.knows(held) and _holds_anything(held)
        elif cls is _PARAMETER:
            parameters += not reader.knows(held)
    return modules, parameters


def _holds_anything(module: Any) -> bool:
    fields = compat.raw_dict(module)
    return bool(fields.get("_parameters") or fields.get("_modules"))
