"""Inverses other than bytes: other memory, requires_grad, replaced objects, hooks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.errors import EditError
from paramwidget.edit.memory.write import point_at
from paramwidget.tensors import condition, is_distributed, is_tensor, is_wrapper, parts, plain

_HOOKS = tuple(name for name in compat.MODULE_FIELDS if "hooks" in name)


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
    return (
        condition(tensor).state == "ready"
        and tensor.layout is torch.strided
        and not tensor.is_quantized
        and (not is_wrapper(tensor) or is_distributed(tensor))
    )


@dataclass
class MovedMemory:
    """A tensor object was given other memory (``p.data = ...``); holds an alias of the old one."""

    tensor: torch.Tensor
    alias: torch.Tensor

    @property
    def nbytes(self) -> int:
        return sum(part.nbytes for part in parts(self.alias))

    def check(self, net: nn.Module) -> None:
        """This can always be restored."""

    def swap(self, net: nn.Module) -> None:
        # sparse and quantized tensors have no plain alias, and .data is theirs
        now = plain(self.tensor) if is_strided(self.tensor) else self.tensor.data
        point_at(self.tensor, self.alias)
        self.alias = now


@dataclass
class RequiresGrad:
    """``requires_grad`` of one tensor object."""

    tensor: torch.Tensor
    value: bool
    nbytes: int = 0

    def differs(self) -> bool:
        return requires_grad(self.tensor) != self.value

    def check(self, net: nn.Module) -> None:
        """This can always be switched."""

    def swap(self, net: nn.Module) -> None:
        now = requires_grad(self.tensor)
        switch(self.tensor, self.value)
        self.value = now


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
class Registry:
    """A dict or list of a module in which objects were replaced; keeps its order too."""

    holder: Any
    then: Any  # what it held, as a plain dict or list
    now: Any = None  # what the edit left there

    @property
    def nbytes(self) -> int:
        return _size(self.then.values() if isinstance(self.then, dict) else self.then)

    def present(self) -> Any:
        return dict(self.holder) if isinstance(self.holder, dict) else list(self.holder)

    def differs(self) -> bool:
        return not same_objects(self.present(), self.then)

    def check(self, net: nn.Module) -> None:
        if not same_objects(self.present(), self.now):
            raise EditError(
                "the modules have changed since then: what the edit put there was replaced"
            )

    def swap(self, net: nn.Module) -> None:
        then, self.then = self.then, self.present()
        self.now = then
        self.holder.clear()
        (self.holder.update if isinstance(self.holder, dict) else self.holder.extend)(then)


@dataclass
class OwnRegistry:
    """A registry that several modules shared, of which one was given a copy of its own."""

    module: nn.Module
    name: str  # "_parameters", "_buffers" or "_modules"
    then: Any  # the dict that it shares
    now: Any  # its own
    nbytes: int = 0

    def check(self, net: nn.Module) -> None:
        if compat.module_fields(self.module).get(self.name) is not self.now:
            raise EditError("the modules have changed since then: a registry was replaced")

    def swap(self, net: nn.Module) -> None:
        compat.module_fields(self.module).update({self.name: self.then})
        self.then, self.now = self.now, self.then


@dataclass
class Attributes(Registry):
    """The tensors that a module holds as plain attributes; ``holder`` is its whole ``__dict__``."""

    def present(self) -> Any:
        return {name: value for name, value in self.holder.items() if is_tensor(value)}

    def check(self, net: nn.Module) -> None:
        """Restored by name: a pruned weight is a different object after each forward pass."""

    def swap(self, net: nn.Module) -> None:
        then, self.then = self.then, self.present()
        self.now = then
        for name in self.then:
            if name not in then:
                del self.holder[name]
        self.holder.update(then)


@dataclass
class Behaviour:
    """The hooks and the class of a module, which pruning and parametrizing change."""

    module: nn.Module
    then: dict[str, Any]
    nbytes: int = 0

    @classmethod
    def of(cls, module: nn.Module) -> Behaviour:
        return cls(module, _behaviour(module))

    def check(self, net: nn.Module) -> None:
        """Hooks added since then are removed too."""

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


class Fields:
    """Everything in a module's ``__dict__``, hooks included, to restore after a function raised.

    Undo does not use it: a mode or a counter of the user's is not an edit.
    """

    def __init__(self, module: nn.Module) -> None:
        self._holder = compat.raw_dict(module)
        self._then = dict(self._holder)
        names = (*_HOOKS, "_non_persistent_buffers_set")
        inner = [self._then[name] for name in names if name in self._then]
        self._inner = [(held, held.copy()) for held in inner if isinstance(held, (dict, set))]

    def restore(self) -> None:
        if not same_objects(self._holder, self._then):
            self._holder.clear()
            self._holder.update(self._then)
        for held, then in self._inner:
            if len(held) != len(then) or any(one not in held for one in then):
                held.clear()
                held.update(then)


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


def _size(held: Iterable[Any]) -> int:
    return sum(value.nbytes for value in held if is_tensor(value) and is_strided(value))


def same_objects(left: Any, right: Any) -> bool:
    if len(left) != len(right):
        return False
    if isinstance(left, dict):
        return all(a == b and left[a] is right[b] for a, b in zip(left, right, strict=True))
    return all(a is b for a, b in zip(left, right, strict=True))
