"""What stands in a module's ``__dict__``, apart from tensors: restored on failure and by undo."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from paramwidget import compat
from paramwidget.edit.errors import Problem
from paramwidget.edit.memory.behaviour import HOOKS
from paramwidget.edit.memory.inverses import (
    Registry,
    Swapped,
    registry_size,
    same_objects,
)
from paramwidget.edit.memory.kept_bytes import Inverse
from paramwidget.tensors import is_tensor

#: What a module's ``__dict__`` lacks.
_NOTHING = object()


class Fields:
    """Everything in a module's ``__dict__``, hooks included, to restore after a function raised.

    Undo restores it only if the module was given other registries: a mode or a counter of the
    user's is not an edit.
    """

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._holder = compat.raw_dict(module)
        self._then = dict(self._holder)
        names = (*HOOKS, "_non_persistent_buffers_set")
        inner = [self._then[name] for name in names if name in self._then]
        self._inner = [(held, held.copy()) for held in inner if isinstance(held, (dict, set))]

    def restore(self) -> None:
        if compat.raw_dict(self._module) is not self._holder:
            compat.set_raw_dict(self._module, self._holder)
        if not same_objects(self._holder, self._then):
            self._holder.clear()
            self._holder.update(self._then)
        for held, then in self._inner:
            if len(held) != len(then) or any(one not in held for one in then):
                held.clear()
                held.update(then)

    def replaced(self, met: set[int]) -> list[Inverse]:
        """What undoes that the module was given other registries, hooks or lists of tensors.

        ``__setstate__`` and ``__dict__.update`` do so; other fields return along with these.
        ``met`` are the ``__dict__`` that were asked before: two modules may share one.
        """
        found: list[Inverse] = []
        present = compat.raw_dict(self._module)
        if present is not self._holder:
            found.append(OwnDict(weakref.ref(self._module), self._holder, present))
        if id(self._holder) in met:
            return found
        met.add(id(self._holder))
        own = [name for name, value in self._then.items() if self._is_other(name, value)]
        if any(name in compat.MODULE_FIELDS for name in own):
            own = [
                name
                for name in dict.fromkeys([*self._then, *self._holder])
                if self._holder.get(name, _NOTHING) is not self._then.get(name, _NOTHING)
                and not is_tensor(self._then.get(name)) and not is_tensor(self._holder.get(name))
            ]  # fmt: skip
        if own:
            then = {name: self._then.get(name, _NOTHING) for name in own}
            inverse = OwnFields(self._holder, then)
            inverse.now = inverse.present()
            found.append(inverse)
        return found

    def _is_other(self, name: str, then: Any) -> bool:
        now = self._holder.get(name)
        if now is then:
            return False
        if type(then) is list:  # an RNN makes its list of weights anew at many moments
            held = any(is_tensor(one) for one in then)
            return held and not (type(now) is list and same_objects(now, then))
        return name in compat.MODULE_FIELDS and isinstance(then, (dict, set))


@dataclass
class OwnFields(Registry):
    """Fields of a module that were replaced; ``holder`` is its whole ``__dict__``."""

    @property
    def nbytes(self) -> int:
        held = [one for one in self.then.values() if isinstance(one, (dict, list))]
        return sum(registry_size(one) for one in held)

    def present(self) -> Any:
        return {name: self.holder.get(name, _NOTHING) for name in self.then}

    def problem(self, net: nn.Module, memory: compat.MemoryMap) -> Problem | None:
        for name, left in self.now.items():
            if isinstance(left, dict) and self.holder.get(name) is not left:
                about = "of one of its modules has been replaced since"
                return Problem((f"the registry {name}",), about, about)
        return None

    def _hold(self, content: Any) -> None:
        for name, value in content.items():
            if value is _NOTHING:
                self.holder.pop(name, None)
            else:
                self.holder.update({name: value})


@dataclass
class OwnDict(Swapped):
    """The whole ``__dict__`` of a module, which was replaced by another one."""

    module: weakref.ref[nn.Module]
    then: dict[str, Any]
    now: dict[str, Any]

    def problem(self, net: nn.Module, memory: compat.MemoryMap) -> Problem | None:
        module = self.module()
        if module is None or compat.raw_dict(module) is not self.now:
            about = "of one of its modules has been replaced since"
            return Problem(("the __dict__",), about, about)
        return None

    def _swap(self) -> None:
        self.restore()
        self.then, self.now = self.now, self.then

    def restore(self) -> None:
        module = self.module()
        if module is not None:
            compat.set_raw_dict(module, self.then)

    def copied(self) -> OwnDict:
        return replace(self)
