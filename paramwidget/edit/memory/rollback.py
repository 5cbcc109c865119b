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
from paramwidget.edit.memory.inverses import (
    Attributes,
    Behaviour,
    Fields,
    Gradient,
    MovedMemory,
    Registry,
    RequiresGrad,
    is_strided,
    requires_grad,
    switch,
)
from paramwidget.edit.memory.kept_bytes import Bytes, Inverse
from paramwidget.edit.memory.write import copied, point_at, put
from paramwidget.edit.step import step
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.reading.reader import entries
from paramwidget.tensors import (
    condition,
    element_span,
    is_tensor,
    is_wrapper,
    overlaps_itself,
    plain,
    same_bits,
)

_REGISTRIES = ("_parameters", "_buffers", "_modules")


@dataclass
class TensorState:
    """One tensor object as it was; ``alias`` shares its memory, ``bytes`` is a copy.

    ``memory`` is the alias without the axes along which one number stands for many; if its elements
    overlap nevertheless, the whole memory range that they lie in.
    """

    tensor: torch.Tensor
    alias: torch.Tensor
    memory: torch.Tensor
    bytes: torch.Tensor
    requires_grad: bool
    version: int | None

    @classmethod
    def of(cls, tensor: torch.Tensor) -> TensorState | None:
        """None if its memory cannot be aliased."""
        if not is_strided(tensor):
            return None
        version = None if tensor.is_inference() else tensor._version
        alias = plain(tensor)
        memory = _compact(alias)
        if overlaps_itself(memory):
            span = element_span(tuple(memory.shape), memory.stride())
            memory = memory.as_strided((span,), (1,))
        return cls(tensor, alias, memory, copied(memory), tensor.requires_grad, version)

    def same_memory(self) -> bool:
        """Whether the tensor is still at the same place in memory."""
        if not is_strided(self.tensor):
            return False
        now = plain(self.tensor)
        return (
            now.dtype == self.alias.dtype
            and now.shape == self.alias.shape
            and now.stride() == self.alias.stride()
            and now.storage_offset() == self.alias.storage_offset()
            and compat.storage_identity(now) == compat.storage_identity(self.alias)
        )

    def same_content(self) -> bool:
        return self.same_memory() and same_bits(self.memory, self.bytes)

    def put_back(self) -> None:
        """Restore the tensor as it was."""
        self.put_bytes_back()
        if self.tensor.requires_grad != self.requires_grad:
            switch(self.tensor, self.requires_grad)

    def put_bytes_back(self) -> None:
        """Restore its memory and its bytes, without allocating any."""
        if not self.same_memory():
            point_at(self.tensor, self.alias)
        try:
            unchanged = same_bits(self.memory, self.bytes)
        except (MemoryError, RuntimeError):  # no memory to put its elements in order
            unchanged = False
        if not unchanged:
            put(self.memory, self.bytes)

    def written(self) -> bool:
        """Whether it was written to, even with the same values."""
        return self.version is not None and self.tensor._version != self.version


def _compact(alias: torch.Tensor) -> torch.Tensor:
    for axis, stride in enumerate(alias.stride()):
        if stride == 0 and alias.shape[axis] > 1:
            alias = alias.narrow(axis, 0, 1)
    return alias


@dataclass
class RollbackPoint:
    """The tensors and registries of some modules as they were."""

    contents: bool = True
    tensors: dict[int, TensorState] = field(default_factory=dict)
    others: dict[int, tuple[MovedMemory, Any]] = field(default_factory=dict)  # with a fingerprint
    switches: dict[int, RequiresGrad] = field(
        default_factory=dict
    )  # of tensors whose bytes are not held
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
            # a lazy module changes class and hooks too at its first forward, and stays so
            registries += differing
            if differing and behaviour.differs():
                behaviour.let_go()
                registries.append(behaviour)
        by_object = bool(registries)
        found: list[Inverse] = []
        for key, held in self.tensors.items():
            moved = not held.same_memory()
            if not same_bits(held.memory, held.bytes):
                by_path = key in paths and held.memory is held.alias and not (moved or by_object)
                shape, dtype = tuple(held.memory.shape), held.memory.dtype
                tensor = None if by_path else held.memory
                changed = Bytes(paths.get(key, ()), None, shape, dtype, held.bytes, tensor)
                changed.mark(held.tensor if by_path else held.memory)
                found.append(changed)
            if moved:
                found.append(MovedMemory(held.tensor, held.alias))
            if held.tensor.requires_grad != held.requires_grad:
                found.append(RequiresGrad(held.tensor, held.requires_grad))
        found += [memory for memory, then in self.others.values()
                  if fingerprint(memory.tensor) != then]  # fmt: skip
        found += [memory for gradient in self.gradients for memory in gradient.memory()]
        found += [one for one in self.switches.values() if one.differs()]
        return [*found, *registries]

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
        for behaviour, held_by in self.modules:
            replaced = [registry for registry in held_by if registry.differs()]
            for registry in replaced:
                registry.restore()
            if replaced:
                behaviour.restore()
        for one in self.switches.values():
            if one.differs():
                one.restore()
        for memory, then in self.others.values():
            if fingerprint(memory.tensor) != then:
                memory.restore()
        for held in self.tensors.values():
            held.put_back()
        for fields in self.fields:
            fields.restore()
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
