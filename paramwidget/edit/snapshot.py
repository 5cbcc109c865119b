"""Everything that an unknown function may do to the tensors of modules, and the way back.

A user's function or a module's own ``reset_parameters`` runs on the live model: it may write,
replace Parameter objects, give a tensor other memory, freeze. All that is taken down before, and
afterwards what really changed becomes the inverse of the edit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.errors import EditError
from paramwidget.edit.write import Inverse, Kept, copied, point, put, same_bits
from paramwidget.slots.reader import entries
from paramwidget.tensors import (
    condition,
    is_distributed,
    is_tensor,
    is_wrapper,
    overlaps_itself,
    plain,
)

_HOOKS = tuple(name for name in compat.MODULE_FIELDS if "hooks" in name)
_REGISTRIES = ("_parameters", "_buffers", "_modules")


@dataclass
class Held:
    """One tensor object as it was; ``alias`` shares its memory, ``bytes`` is a copy.

    ``memory`` is the alias without the axes along which one number stands for many.
    """

    tensor: torch.Tensor
    alias: torch.Tensor
    memory: torch.Tensor
    bytes: torch.Tensor
    requires_grad: bool
    version: int | None

    @classmethod
    def of(cls, tensor: torch.Tensor) -> Held | None:
        """None where no alias of its memory can be made."""
        if not _is_strided(tensor):
            return None
        version = None if tensor.is_inference() else tensor._version
        alias = plain(tensor)
        memory = _compact(alias)
        if overlaps_itself(memory):
            return None
        return cls(tensor, alias, memory, copied(memory), tensor.requires_grad, version)

    def same_memory(self) -> bool:
        """Whether the tensor still lies where it lay."""
        if not _is_strided(self.tensor):
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

    def written(self) -> bool:
        """Whether someone wrote to it, be it the same values."""
        return self.version is not None and self.tensor._version != self.version


def _is_strided(tensor: torch.Tensor) -> bool:
    """Whether its memory is there and is its own; at once for what nearly every tensor is."""
    try:
        if (
            type(tensor) in compat.PLAIN_TENSORS
            and tensor.is_cpu
            and tensor.is_contiguous()
            and tensor.untyped_storage().nbytes()
            >= (tensor.storage_offset() + tensor.numel()) * tensor.itemsize
            and not tensor.is_quantized
            and tensor.dtype not in compat.OPAQUE_DTYPES
        ):
            return True
    except RuntimeError:
        pass  # sparse and its like answer so; the careful way knows them
    return (
        condition(tensor).state == "ready"
        and tensor.layout is torch.strided
        and not tensor.is_quantized
        and not is_wrapper(tensor)
        and not is_distributed(tensor)
    )


def _compact(alias: torch.Tensor) -> torch.Tensor:
    for axis, stride in enumerate(alias.stride()):
        if stride == 0 and alias.shape[axis] > 1:
            alias = alias.narrow(axis, 0, 1)
    return alias


@dataclass
class Memory:
    """A tensor object was given other memory (``p.data = ...``); holds the alias to go back to."""

    tensor: torch.Tensor
    alias: torch.Tensor

    @property
    def nbytes(self) -> int:
        return self.alias.nbytes

    def check(self, net: nn.Module) -> None:
        """It can always be given back."""

    def swap(self, net: nn.Module) -> None:
        now = plain(self.tensor)
        point(self.tensor, self.alias)
        self.alias = now


@dataclass
class Grad:
    """``requires_grad`` of one tensor object."""

    tensor: torch.Tensor
    value: bool
    nbytes: int = 0

    def check(self, net: nn.Module) -> None:
        """It can always be switched."""

    def swap(self, net: nn.Module) -> None:
        now = self.tensor.requires_grad
        switch(self.tensor, self.value)
        self.value = now


def switch(tensor: torch.Tensor, value: bool) -> None:
    """Set requires_grad; an inference tensor lets itself be switched in its mode only."""
    # an uninitialized parameter refuses nearly every method, and this one is harmless
    with compat.without_torch_function(), torch.inference_mode(tensor.is_inference()):
        tensor.requires_grad_(value)


@dataclass
class Registry:
    """A dict or list of a module in which objects were replaced; its order is kept too."""

    holder: Any
    then: Any  # what it held, as a plain dict or list
    now: Any = None  # what the edit left there

    @property
    def nbytes(self) -> int:
        return _size(self.then.values() if isinstance(self.then, dict) else self.then)

    def present(self) -> Any:
        return dict(self.holder) if isinstance(self.holder, dict) else list(self.holder)

    def differs(self) -> bool:
        return not _same_objects(self.present(), self.then)

    def check(self, net: nn.Module) -> None:
        if not _same_objects(self.present(), self.now):
            raise EditError("the modules have changed since: what the edit put there was replaced")

    def swap(self, net: nn.Module) -> None:
        then, self.then = self.then, self.present()
        self.now = then
        self.holder.clear()
        (self.holder.update if isinstance(self.holder, dict) else self.holder.extend)(then)


@dataclass
class Attributes(Registry):
    """The tensors that a module holds as plain attributes; ``holder`` is its whole ``__dict__``."""

    def present(self) -> Any:
        return {name: value for name, value in self.holder.items() if is_tensor(value)}

    def check(self, net: nn.Module) -> None:
        """They are put back by name: a pruned weight is another object after each forward."""

    def swap(self, net: nn.Module) -> None:
        then, self.then = self.then, self.present()
        self.now = then
        for name in self.then:
            if name not in then:
                del self.holder[name]
        self.holder.update(then)


@dataclass
class Behaviour:
    """The hooks and the class of a module: pruning and parametrizing come by them."""

    module: nn.Module
    then: dict[str, Any]
    nbytes: int = 0

    @classmethod
    def of(cls, module: nn.Module) -> Behaviour:
        return cls(module, _behaviour(module))

    def check(self, net: nn.Module) -> None:
        """What was hooked since then goes too."""

    def swap(self, net: nn.Module) -> None:
        then, self.then = self.then, _behaviour(self.module)
        fields = compat.raw_dict(self.module)
        for name in _HOOKS:
            if isinstance(fields.get(name), dict):
                fields[name].clear()
                fields[name].update(then.get(name, {}))
        object.__setattr__(self.module, "__class__", then["class"])


def _behaviour(module: nn.Module) -> dict[str, Any]:
    fields = compat.raw_dict(module)
    hooks = {name: dict(fields[name]) for name in _HOOKS if fields.get(name)}
    return {"class": type(module), **hooks}


def _size(held: Iterable[Any]) -> int:
    return sum(value.nbytes for value in held if is_tensor(value) and _is_strided(value))


def _same_objects(left: Any, right: Any) -> bool:
    if len(left) != len(right):
        return False
    if isinstance(left, dict):
        return all(a == b and left[a] is right[b] for a, b in zip(left, right, strict=True))
    return all(a is b for a, b in zip(left, right, strict=True))


@dataclass
class Snapshot:
    """The tensors and registries of some modules as they were."""

    contents: bool = True
    tensors: dict[int, Held] = field(default_factory=dict)
    modules: list[tuple[Behaviour, list[Registry]]] = field(default_factory=list)

    @classmethod
    def of(cls, modules: Iterable[nn.Module], contents: bool = True) -> Snapshot:
        """Takes everything down: as much memory as the tensors themselves.

        Without ``contents`` only which objects stand where.
        """
        snapshot = cls(contents=contents)
        for module in modules:
            snapshot.modules.append((Behaviour.of(module), snapshot._take(module)))
        return snapshot

    def _take(self, module: nn.Module) -> list[Registry]:
        fields = compat.module_fields(module)
        taken: list[Registry] = []
        for name in _REGISTRIES:
            registry = fields.get(name)
            if isinstance(registry, dict):
                taken.append(Registry(registry, dict(registry)))
            # a scripted module's registries are no dicts: nothing in them can be replaced
            self._hold(value for _, value in entries(registry) or ())
        for value in fields.values():
            # as an RNN keeps its flat weights
            if type(value) is list and any(is_tensor(item) for item in value):
                taken.append(Registry(value, list(value)))
                self._hold(value)
        own = Attributes(fields, None)
        own.then = own.present()
        self._hold(own.then.values())
        return [*taken, own]

    def _hold(self, values: Iterable[Any]) -> None:
        for value in values if self.contents else ():
            if is_tensor(value) and id(value) not in self.tensors:
                held = Held.of(value)
                if held is not None:
                    self.tensors[id(value)] = held

    def changes(self, paths: dict[int, tuple[Any, ...]]) -> list[Inverse]:
        """The inverses of what changed since, in the order in which they have to be done again.

        ``paths`` leads from a tensor's id to its slots. Tensors are held by object where objects
        were replaced, since no path leads to the old ones.
        """
        registries: list[Inverse] = []
        for behaviour, held_by in self.modules:
            differing = [one for one in held_by if one.differs()]
            for one in differing:
                one.now = one.present()
            # a lazy module changes class and hooks too at its first forward, and stays so
            registries += [*differing, behaviour] if differing else []
        by_object = bool(registries)
        found: list[Inverse] = []
        for key, held in self.tensors.items():
            moved = not held.same_memory()
            if not same_bits(held.memory, held.bytes):
                by_path = key in paths and held.memory is held.alias and not (moved or by_object)
                shape, dtype = tuple(held.memory.shape), held.memory.dtype
                tensor = None if by_path else held.memory
                found.append(Kept(paths.get(key, ()), None, shape, dtype, held.bytes, tensor))
            if moved:
                found.append(Memory(held.tensor, held.alias))
            if held.tensor.requires_grad != held.requires_grad:
                found.append(Grad(held.tensor, held.requires_grad))
        return [*found, *registries]

    def keep_versions(self) -> None:
        """Give every tensor its version counter back, so that no pending backward raises."""
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
        }

    def restore(self, net: nn.Module) -> None:
        """Everything as it was."""
        for inverse in reversed(self.changes({})):
            inverse.swap(net)
        self.keep_versions()

    def put_back(self, tensor: torch.Tensor) -> None:
        """One tensor as it was."""
        held = self.tensors[id(tensor)]
        if not held.same_memory():
            point(tensor, held.alias)
        put(held.memory, held.bytes)
