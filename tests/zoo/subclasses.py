"""Tensors of classes of their own: logging, wrapping, quantizing, distributed."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_map

from zoo.case import Holder, Zoo
from zoo.hostile import trip

zoo = Zoo()


class Named(torch.Tensor):
    """A subclass with nothing but a name."""


class Tripping(torch.Tensor):
    """Whatever function of torch sees it, trips; so do its properties."""

    __torch_function__ = classmethod(trip("__torch_function__"))
    shape = property(trip("Tripping.shape"))
    dtype = property(trip("Tripping.dtype"))
    grad = property(trip("Tripping.grad"))


class Dispatching(torch.Tensor):
    """Has memory of its own, and sees every operation."""

    @staticmethod
    def __new__(cls, values: torch.Tensor) -> Any:
        return torch.Tensor._make_subclass(cls, values)

    __torch_dispatch__ = classmethod(trip("__torch_dispatch__"))


class Wrapper(torch.Tensor):
    """Keeps its data in another tensor, as quantizing libraries do."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> Any:
        made = torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype)
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(
        cls, function: Any, _types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        def inner(value: Any) -> Any:
            return value.inner if isinstance(value, Wrapper) else value

        out = function(*tree_map(inner, args), **tree_map(inner, kwargs or {}))
        return cls(out) if isinstance(out, torch.Tensor) else out


class Dequantizing(Wrapper):
    def dequantize(self) -> torch.Tensor:
        return self.inner * 2


@zoo("subclass", rows={"weight": "parameter ready", "named": "buffer ready"}, complete=True)
def named_subclass() -> nn.Module:
    values = torch.randn(2, 2).as_subclass(Named)
    return Holder(weight=nn.Parameter(values.clone()), named=values)


@zoo("subclass", rows={"inner.tripping": "constant ready"})
def tripping_subclass() -> nn.Module:
    net = Holder(inner=nn.Identity())
    net.inner.__dict__["tripping"] = torch.randn(2, 2).as_subclass(Tripping)
    return net


@zoo("subclass", rows={"inner.value": "constant ready"})
def dispatching_subclass() -> nn.Module:
    net = Holder(inner=nn.Identity())
    net.inner.__dict__["value"] = Dispatching(torch.randn(2, 2))
    return net


@zoo(
    "wrapper subclass",
    rows={"held": "constant unreadable"},
    reasons={"held": "Wrapper"},
    refuses={"held": "Wrapper"},
    complete=True,
)
def wrapper() -> nn.Module:
    net = nn.Module()
    net.__dict__["held"] = Wrapper(torch.randn(2, 2))
    return net


@zoo(
    "wrapper subclass",
    rows={"held": "constant ready"},
    refuses={"held": "Dequantizing"},
    complete=True,
)
def dequantizing_wrapper() -> nn.Module:
    net = nn.Module()
    net.__dict__["held"] = Dequantizing(torch.randn(2, 2))
    return net


@zoo("wrapper subclass", ties=[("memory", ["plain", "held"])])
def wrapper_over_a_plain_tensor() -> nn.Module:
    net = Holder(plain=torch.randn(2, 2))
    net.__dict__["held"] = Dequantizing(net.plain[:1])
    return net


@zoo("torch.func", rows={"leaked": "constant unreadable"}, complete=True)
def leaked_from_vmap() -> nn.Module:
    net = nn.Module()

    def keep(x: torch.Tensor) -> torch.Tensor:
        net.__dict__["leaked"] = x
        return x

    torch.vmap(keep)(torch.ones(2, 3))
    return net


@zoo("torch.func", rows={"leaked": "constant unreadable"}, complete=True)
def leaked_from_grad() -> nn.Module:
    net = nn.Module()

    def keep(x: torch.Tensor) -> torch.Tensor:
        net.__dict__["leaked"] = x
        return x.sum()

    torch.func.grad(keep)(torch.ones(3))
    return net
