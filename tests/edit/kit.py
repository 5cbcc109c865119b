"""Helpers of these tests: one bench without a browser, and the bytes of a whole model."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from paramwidget.edit.actions.action import Action
from paramwidget.edit.actions.apply import Apply
from paramwidget.edit.actions.assign import Assign
from paramwidget.edit.actions.compute import Compute
from paramwidget.edit.actions.initialize import Initialize
from paramwidget.edit.actions.set_requires_grad import SetRequiresGrad
from paramwidget.edit.errors import EditError
from paramwidget.edit.journal import Edit, Journal
from paramwidget.edit.script import function_name
from paramwidget.slots.content.known import KnownContent
from paramwidget.slots.tree import read_tree


class Holder(nn.Module):
    """One tensor as a parameter where it can be one, else as a buffer."""

    def __init__(self, tensor: torch.Tensor, grad: bool | None = None) -> None:
        super().__init__()
        can = tensor.is_floating_point() or tensor.is_complex()
        if can:
            self.t = nn.Parameter(tensor, requires_grad=can if grad is None else grad)
        else:
            self.register_buffer("t", tensor)


class Bench:
    """What the workbench does with the edit room, without its lock and views."""

    def __init__(self, net: nn.Module, **settings: Any) -> None:
        self.net = net
        self.fresh = copy.deepcopy(net)
        self.journal = Journal(KnownContent(net), **settings)
        self.functions: dict[str, Any] = {}

    @classmethod
    def of(cls, net: nn.Module) -> Bench:
        """A bench without a copy of the model, for models that cannot be copied."""
        bench = cls(nn.Module())
        bench.net = net
        bench.journal = Journal(KnownContent(net))
        return bench

    def do(self, action: Action) -> Edit:
        return self.journal.do(self.net, read_tree(self.net), action)

    def initialize(
        self, target: Any, function: Any, types: Any = None, parameters: Any = None,
        seed: Any = None, **arguments: Any,
    ) -> Edit:  # fmt: skip
        self._remember(function)
        return self.do(Initialize(target, function, types, parameters, seed, arguments))

    def apply(
        self, function: Callable[[Any], Any], target: Any = "", recurse: bool = True,
        seed: Any = None,
    ) -> Edit:  # fmt: skip
        self._remember(function)
        return self.do(Apply(function, target, recurse, seed))

    def _remember(self, function: Any) -> None:
        if callable(function):
            self.functions[getattr(function, "__name__", type(function).__name__)] = function

    def assign(self, name: Any, index: Any, value: Any) -> Edit:
        return self.do(Assign(name, index, value))

    def compute(self, name: Any, expression: Any, index: Any = ...) -> Edit:
        return self.do(Compute(name, expression, index))

    def set_requires_grad(
        self, target: Any, value: Any, types: Any = None, parameters: Any = None
    ) -> Edit:
        return self.do(SetRequiresGrad(target, value, types, parameters))

    def undo(self) -> Edit | None:
        return self.journal.undo(self.net)

    def redo(self) -> Edit | None:
        return self.journal.redo(self.net)

    def replayed(self, fresh: nn.Module | None = None) -> nn.Module:
        """A fresh copy of the model as it was, under another name, after the script ran on it."""
        fresh = copy.deepcopy(self.fresh) if fresh is None else fresh
        run_script(self.journal.code("fresh"), fresh, self.functions, "fresh")
        return fresh


def refusal(action: Callable[[], object]) -> EditError | None:
    """The error with which an edit was refused; None if it was done."""
    try:
        action()
    except EditError as error:
        return error
    return None


def run_script(
    code: str, net: nn.Module, functions: dict[str, Any] | None = None, name: str = "net"
) -> None:
    """Run a script as a person would who pastes it into a cell."""
    kept = torch.get_rng_state()
    exec(compile(code, "<code>", "exec"), {name: net, **(functions or {})})
    torch.set_rng_state(kept)


def run(code: str, net: Any, *functions: Any, name: str = "net") -> dict[str, Any]:
    """Run a script where the model is in a variable and the user's functions under their names."""
    names = {name: net, **{function_name(one): one for one in functions}}
    exec(compile(code, "<code>", "exec"), names)
    return names


def contents(net: nn.Module) -> dict[str, Any]:
    """Every byte, dtype, shape and switch of a model's tensors, repeated slots too."""
    found: dict[str, Any] = {}
    named = [
        *net.named_parameters(remove_duplicate=False),
        *net.named_buffers(remove_duplicate=False),
    ]
    for name, tensor in named:
        if torch.nn.parameter.is_lazy(tensor) or tensor.is_meta:
            found[name] = "no data"
            continue
        found[name] = (
            tuple(tensor.shape),
            str(tensor.dtype),
            tensor.requires_grad,
            bytes_of(tensor),
        )
    return found


def bytes_of(tensor: torch.Tensor) -> bytes:
    """The elements in order, as bytes."""
    plain = tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
    if plain.is_complex():
        plain = torch.view_as_real(plain).reshape(-1)
    array: np.ndarray[Any, Any] = plain.view(torch.uint8).numpy()
    return array.tobytes()
