"""Records everything that an unknown function may do to modules, so that it can be undone.

A user's function or a module's own ``reset_parameters`` runs on the live model: it may write,
replace Parameter objects, give a tensor other memory, freeze. All of it is recorded before, and
what has really changed afterwards becomes the inverse of the edit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.memory.behaviour import Behaviour
from paramwidget.edit.memory.fields import Fields
from paramwidget.edit.memory.inverses import (
    Attributes,
    Gradient,
    MovedMemory,
    Registry,
    RequiresGrad,
    is_strided,
    requires_grad,
    switch,
)
from paramwidget.edit.memory.kept_bytes import Bytes, Inverse
from paramwidget.edit.memory.resized import Resized
from paramwidget.edit.memory.tensor_state import TensorState
from paramwidget.edit.memory.write import copied_storage, with_size
from paramwidget.edit.step import step
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.reading.reader import entries
from paramwidget.tensors import (
    condition,
    is_tensor,
    is_wrapper,
    lacks_memory,
)

_REGISTRIES = ("_parameters", "_buffers", "_modules")


@dataclass
class RollbackPoint:
    """The tensors and registries of some modules as they were."""

    contents: bool = True
    tensors: dict[int, TensorState] = field(default_factory=dict)
    others: dict[int, tuple[MovedMemory, Any]] = field(default_factory=dict)  # with a fingerprint
    switches: dict[int, RequiresGrad] = field(default_factory=dict)  # where no bytes are held
    freed: dict[int, Resized] = field(default_factory=dict)  # storages without their bytes
    modules: list[tuple[Behaviour, list[Registry | Attributes]]] = field(default_factory=list)
    fields: list[Fields] = field(default_factory=list)
    gradients: list[Gradient] = field(default_factory=list)
    _met: set[int] = field(default_factory=set)  # registries: several modules may share one

    @classmethod
    def of(cls, modules: Iterable[nn.Module], contents: bool = True) -> RollbackPoint:
        """Record everything; this takes as much memory as the tensors themselves.

        Without ``contents``, record only which objects are where.
        """
        point = cls(contents=contents)
        for module in modules:
            point.modules.append((Behaviour.of(module), point._take(module)))
            point.fields.append(Fields(module))
        return point

    def _take(self, module: nn.Module) -> list[Registry | Attributes]:
        fields = compat.module_fields(module)
        taken: list[Registry | Attributes] = []
        for name in _REGISTRIES:
            registry = fields.get(name)
            if isinstance(registry, dict) and id(registry) not in self._met:
                self._met.add(id(registry))
                taken.append(Registry(registry, dict(registry)))
            # a scripted module's registries are not dicts: nothing in them can be replaced
            self._hold(value for _, value in entries(registry) or ())
        for value in fields.values():
            # as an RNN keeps its flat weights
            known = id(value) in self._met
            if type(value) is list and not known and any(is_tensor(item) for item in value):
                self._met.add(id(value))
                taken.append(Registry(value, list(value)))
                self._hold(value)
        if id(fields) in self._met:
            return taken
        self._met.add(id(fields))
        own = Attributes.of(module)
        self._hold(own.then.values())
        return [*taken, own]

    def _hold(self, values: Iterable[Any]) -> None:
        for value in values if self.contents else ():
            key = id(value)
            if not is_tensor(value) or key in self.tensors or key in self.switches:
                continue
            held = TensorState.of(value)
            if held is not None:
                self.tensors[key] = held
                self.gradients.append(Gradient.of(value))
                continue
            self.switches[key] = RequiresGrad(value, requires_grad(value))
            if lacks_memory(value):
                storage, place = compat.storage_of(value), compat.storage_identity(value)
                self.freed[place] = Resized(storage, copied_storage(storage))
            if (other := _copy(value)) is not None:
                self.others[key] = other

    def changes(self, paths: dict[int, tuple[Any, ...]]) -> list[Inverse]:
        """The inverses of what changed since, in the order in which they have to be done again.

        ``paths`` leads from a tensor's id to its slots. Tensors are held by object if objects were
        replaced, since no path leads to the old ones.
        """
        registries: list[Inverse] = []
        for behaviour, held_by in self.modules:
            differing = [one for one in held_by if one.differs()]
            for one in differing:
                if isinstance(one, Registry):
                    one.now = one.present()
            registries += differing
            # a lazy module changes hooks too at its first forward, and stays so
            if behaviour.has_other_class() or (differing and behaviour.differs()):
                behaviour.let_go()
                registries.append(behaviour)
        met: set[int] = set()
        registries += [one for fields in self.fields for one in fields.replaced(met)]
        by_object = bool(registries)
        resized = self._resized()
        found: list[Inverse] = [*resized.values()]
        for key, held in self.tensors.items():
            moved = not held.same_memory()
            freed = compat.storage_identity(held.alias) in resized
            if not freed and not held.same_bytes():
                by_path = key in paths and held.memory is held.alias and not (moved or by_object)
                shape, dtype = tuple(held.memory.shape), held.memory.dtype
                tensor = None if by_path else held.memory
                changed = Bytes(paths.get(key, ()), None, shape, dtype, held.bytes, tensor)
                changed.mark(held.tensor if by_path else held.memory)
                found.append(changed)
            if moved:
                found.append(MovedMemory(held.tensor, held.alias, freed))
            if held.tensor.requires_grad != held.requires_grad:
                found.append(RequiresGrad(held.tensor, held.requires_grad))
        found += [memory for memory, then in self.others.values()
                  if fingerprint(memory.tensor) != then]  # fmt: skip
        found += [memory for gradient in self.gradients for memory in gradient.memory()]
        found += [one for one in self.switches.values() if one.differs()]
        return [*found, *registries]

    def _resized(self) -> dict[int, Resized]:
        """The inverses for storages that were freed, or freed before and filled since."""
        cut: dict[int, list[TensorState]] = {}
        for held in self.tensors.values():
            if not held.is_there():
                cut[compat.storage_identity(held.alias)] = []
        for held in self.tensors.values() if cut else ():
            cut.get(compat.storage_identity(held.alias), []).append(held)
        found = {key: one for key, one in self.freed.items() if one.differs()}
        for key, lying in cut.items():
            storage, size = lying[0].storage, max(held.size for held in lying)
            known = [(held.memory, held.bytes) for held in lying]
            found[key] = Resized(storage, with_size(storage, size, known))
        return found

    def keep_versions(self) -> None:
        """Restore every tensor's version counter, so that no pending backward raises."""
        for held in self.tensors.values():
            if held.written() and held.version is not None:
                compat.set_version(held.tensor, held.version)

    def written(self, among: Iterable[int] | None = None) -> set[int]:
        """The ids of the tensors that were written to, or hold something else now."""
        keys = self.tensors.keys() if among is None else self.tensors.keys() & set(among)
        return {
            key
            for key in keys
            if self.tensors[key].written() or not self.tensors[key].same_content()
        }

    def changed(self) -> set[int]:
        """The ids of the tensors that hold something else now, or were frozen or freed."""
        return {
            key
            for key, held in self.tensors.items()
            if held.tensor.requires_grad != held.requires_grad or not held.same_content()
        } | {key for key, one in self.switches.items() if one.differs()}

    def restore(self) -> None:
        """Restore everything; allocates nothing large."""
        for fields in self.fields:  # first: others' dicts may stand in their place
            fields.restore()
        for behaviour, held_by in self.modules:
            for registry in held_by:
                registry.restore()
            behaviour.restore()
        for one in self.switches.values():
            if one.differs():
                one.restore()
        for memory, then in self.others.values():
            if fingerprint(memory.tensor) != then:
                memory.restore()
        for freed in self.freed.values():
            if freed.differs():
                freed.restore()
        for held in self.tensors.values():
            held.put_back()
        for gradient in self.gradients:
            for memory in gradient.memory():
                memory.restore()
            gradient.restore()
        self.keep_versions()

    def freeze_again(self, key: int, tensor: torch.Tensor) -> bool:
        """Freeze a tensor that was frozen before; False if it was not, or is so still."""
        held, other = self.tensors.get(key), self.switches.get(key)
        before = held.requires_grad if held else other.value if other else True
        if before or not requires_grad(tensor):
            return False
        switch(tensor, False)
        return True

    def put_back(self, tensor: torch.Tensor) -> None:
        """Restore the memory and the bytes of one tensor."""
        self.tensors[id(tensor)].put_bytes_back()


@contextmanager
def restored_on_error(
    modules: Iterable[nn.Module], contents: bool = True
) -> Iterator[RollbackPoint]:
    """A rollback point to which everything returns if the step that this is in ends in an error."""
    with step() as current:
        point = RollbackPoint.of(modules, contents)
        current.ways_back.append(point.restore)
        yield point


def _copy(tensor: torch.Tensor) -> tuple[MovedMemory, Any] | None:
    """A copy of a sparse or quantized tensor; None for other tensors, which are not ready."""
    if condition(tensor).state != "ready" or is_wrapper(tensor) or is_strided(tensor):
        return None
    return MovedMemory(tensor, tensor.data.clone()), fingerprint(tensor)
