"""Inverses other than bytes: other memory, requires_grad, replaced objects."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.errors import Problem
from paramwidget.edit.memory.write import Swap, point_at
from paramwidget.slots.names import modules_with_paths
from paramwidget.slots.tree import Path
from paramwidget.tensors import (
    condition,
    is_distributed,
    is_tensor,
    is_wrapper,
    lacks_memory,
    parts,
    plain,
)


def is_strided(tensor: torch.Tensor) -> bool:
    """Whether the tensor has its own memory; fast for ordinary tensors."""
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
        pass  # sparse and similar tensors raise here; the slow path handles them
    known = condition(tensor)
    return (
        (known.state == "ready" or known.packed != "")
        and tensor.layout is torch.strided
        and not tensor.is_quantized
        and (not is_wrapper(tensor) or is_distributed(tensor))
    )


class Swapped(ABC):
    """What is exchanged by one function, and can be restored whatever has changed since."""

    displaces: ClassVar[bool] = True

    @property
    def nbytes(self) -> int:
        return 0

    def problem(self, net: nn.Module, memory: compat.MemoryMap) -> Problem | None:
        return None

    def exchange(self, net: nn.Module) -> Swap:
        return Swap(self._swap)

    @abstractmethod
    def _swap(self) -> None: ...


@dataclass
class MovedMemory(Swapped):
    """A tensor object was given other memory (``p.data = ...``); holds an alias of the old one."""

    tensor: torch.Tensor
    alias: torch.Tensor
    freed: bool = False  # the old memory was freed in the same edit, and returns with it

    @property
    def nbytes(self) -> int:
        return sum(part.nbytes for part in parts(self.alias))

    def problem(self, net: nn.Module, memory: compat.MemoryMap) -> Problem | None:
        if self.freed or not lacks_memory(self.alias):
            return None
        gone = "cannot have its memory of before again, which was freed"
        return Problem(("a tensor",), gone, gone)

    def _swap(self) -> None:
        # sparse and quantized tensors have no plain alias, and .data is theirs
        now = plain(self.tensor) if is_strided(self.tensor) else self.tensor.data
        point_at(self.tensor, self.alias)
        self.alias = now

    def restore(self) -> None:
        point_at(self.tensor, self.alias)

    def copied(self) -> MovedMemory:
        alias = self.alias if lacks_memory(self.alias) else self.alias.clone()
        return replace(self, alias=alias)


@dataclass
class RequiresGrad(Swapped):
    """``requires_grad`` of one tensor object."""

    displaces: ClassVar[bool] = False

    tensor: torch.Tensor
    value: bool
    name: str = "a tensor"
    packed: bool = field(init=False)  # whether it was packed already

    def __post_init__(self) -> None:
        self.packed = condition(self.tensor).packed != ""

    def problem(self, net: nn.Module, memory: compat.MemoryMap) -> Problem | None:
        if self.value and not self.packed and condition(self.tensor).packed:
            return Problem((self.name,), "has been packed since", "have been packed since")
        return None

    def differs(self) -> bool:
        return requires_grad(self.tensor) != self.value

    def _swap(self) -> None:
        now = requires_grad(self.tensor)
        switch(self.tensor, self.value)
        self.value = now

    def restore(self) -> None:
        switch(self.tensor, self.value)

    def copied(self) -> RequiresGrad:
        return replace(self)


def requires_grad(tensor: torch.Tensor) -> bool:
    """Its requires_grad; works for an uninitialized parameter too."""
    with compat.without_torch_function():
        return tensor.requires_grad


def switch(tensor: torch.Tensor, value: bool) -> None:
    """Set requires_grad; for an inference tensor this works in inference mode only."""
    # an uninitialized parameter refuses most methods, and this one is harmless
    with compat.without_torch_function(), torch.inference_mode(tensor.is_inference()):
        tensor.requires_grad_(value)


@dataclass
class Registry(Swapped):
    """A dict or list of a module in which objects were replaced; keeps its order too."""

    holder: Any
    then: Any  # what it held, as a plain dict or list
    now: Any = None  # what the edit left there

    @property
    def nbytes(self) -> int:
        return registry_size(self.then)

    def present(self) -> Any:
        return dict(self.holder) if isinstance(self.holder, dict) else list(self.holder)

    def differs(self) -> bool:
        return not same_objects(self.present(), self.then)

    def problem(self, net: nn.Module, memory: compat.MemoryMap) -> Problem | None:
        present = self.present()
        if same_objects(present, self.now):
            return None
        where = _path_of(net, self.holder)
        names = [".".join([*where, str(key)]) for key in _differing(present, self.now)]
        if not names:
            return Problem(("the order of the slots",), "has changed", "have changed")
        return Problem(tuple(names), "has been replaced since", "have been replaced since")

    def _swap(self) -> None:
        then, self.then = self.then, self.present()
        self.now = then
        self._hold(then)

    def _hold(self, content: Any) -> None:
        self.holder.clear()
        (self.holder.update if isinstance(self.holder, dict) else self.holder.extend)(content)

    def restore(self) -> None:
        if self.differs():
            self._hold(self.then)

    def copied(self) -> Registry:
        return replace(self)


@dataclass
class Attributes(Swapped):
    """The tensors that a module holds as plain attributes.

    Restored by name: a pruned weight is a different object after each forward pass.
    """

    module: weakref.ref[nn.Module]  # a journal keeps no model alive
    then: dict[str, Any]

    @classmethod
    def of(cls, module: nn.Module) -> Attributes:
        return cls(weakref.ref(module), _tensors(compat.module_fields(module)))

    @property
    def nbytes(self) -> int:
        return registry_size(self.then)

    def differs(self) -> bool:
        module = self.module()
        present = {} if module is None else _tensors(compat.module_fields(module))
        return module is not None and not same_objects(present, self.then)

    def _swap(self) -> None:
        module = self.module()
        if module is not None:
            now = _tensors(compat.module_fields(module))
            self.restore()
            self.then = now

    def restore(self) -> None:
        module = self.module()
        if module is None:
            return
        fields = compat.module_fields(module)
        for name in _tensors(fields):
            if name not in self.then:
                del fields[name]
        fields.update(self.then)

    def copied(self) -> Attributes:
        return replace(self)


def _tensors(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if is_tensor(value)}


@dataclass
class Gradient:
    """The gradient of one tensor object, and its memory."""

    tensor: torch.Tensor
    grad: torch.Tensor | None
    alias: torch.Tensor | None

    @classmethod
    def of(cls, tensor: torch.Tensor) -> Gradient:
        with compat.without_torch_function():
            grad = tensor.grad if tensor.is_leaf else None
        return cls(tensor, grad, plain(grad) if grad is not None and is_strided(grad) else None)

    def memory(self) -> list[MovedMemory]:
        """The inverse if the gradient was given another dtype, along with its tensor."""
        if self.grad is None or self.alias is None or self.grad.dtype == self.alias.dtype:
            return []
        return [MovedMemory(self.grad, self.alias)]

    def restore(self) -> None:
        if self.tensor.is_leaf and self.tensor.grad is not self.grad:
            self.tensor.grad = self.grad


def registry_size(held: dict[Any, Any] | list[Any]) -> int:
    """The bytes of the tensors in a dict or list."""
    values = held.values() if isinstance(held, dict) else held
    return sum(value.nbytes for value in values if is_tensor(value) and is_strided(value))


def _differing(left: Any, right: Any) -> list[Any]:
    """The keys, or places, at which two registries hold something else."""
    if not isinstance(left, dict):
        left, right = dict(enumerate(left)), dict(enumerate(right))
    missing = object()
    keys = dict.fromkeys([*right, *left])
    return [key for key in keys if left.get(key, missing) is not right.get(key, missing)]


def _path_of(net: nn.Module, holder: Any) -> Path:
    """The path of the module that one of its registries belongs to; empty if it is gone."""
    for path, module in modules_with_paths(net):
        if any(value is holder for value in compat.module_fields(module).values()):
            return path
    return ()


def same_objects(left: Any, right: Any) -> bool:
    if len(left) != len(right):
        return False
    if isinstance(left, dict):
        return all(a == b and left[a] is right[b] for a, b in zip(left, right, strict=True))
    return all(a is b for a, b in zip(left, right, strict=True))
