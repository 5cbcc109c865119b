"""A parametrized tensor is computed only when asked for, and leaves no trace of it."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

from paramwidget.slots.names import resolve
from paramwidget.slots.tree import read_tree
from paramwidget.tensors import Unreadable
from zoo.snapshot import snapshot


class Drawing(nn.Module):
    """Draws from every generator there is, counts its calls, writes into its buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.log: list[int] = []
        self.own = torch.Generator().manual_seed(1)
        self.table = np.random.default_rng(2)
        self.register_buffer("average", torch.zeros(3, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.log.append(self.calls)
        self.average.mul_(0.5).add_(x.detach())
        noise = torch.randn(3, 3) + torch.randn(3, 3, generator=self.own)
        x.detach().add_(1)  # in place, on what it was given
        return x + noise * random.random() * np.random.rand() * self.table.random()


def drawing() -> nn.Module:
    net = nn.Linear(3, 3)
    parametrize.register_parametrization(net, "weight", Drawing())
    return net


@pytest.mark.parametrize(
    "build",
    [
        drawing,
        lambda: parametrizations.spectral_norm(nn.Linear(3, 3)).train(),
        lambda: parametrizations.weight_norm(nn.Conv1d(2, 3, 3)),
        lambda: parametrizations.orthogonal(nn.Linear(3, 3)),
    ],
)
def test_computing_changes_nothing(build: Callable[[], nn.Module]) -> None:
    net: Any = build()
    steps = net.parametrizations.weight
    state = [vars(step).copy() for step in steps]
    log = [list(getattr(step, "log", [])) for step in steps]
    own = [step.own.get_state() for step in steps if hasattr(step, "own")]
    before = snapshot(net)
    first, second = (resolve(net, ("weight",)) for _ in range(2))
    assert first is not None
    assert second is not None
    assert torch.equal(first, second), "the second time starts from where the first did"
    assert snapshot(net) == before
    for step, fields, lines in zip(steps, state, log, strict=True):
        assert vars(step) == fields
        assert getattr(step, "log", []) == lines
    for step, generator in zip([s for s in steps if hasattr(s, "own")], own, strict=True):
        assert torch.equal(step.own.get_state(), generator)


@pytest.mark.parametrize("training", [True, False])
def test_it_is_what_the_attribute_would_give(training: bool) -> None:
    net: Any = parametrizations.spectral_norm(nn.Linear(3, 3)).train(training)
    twin = copy.deepcopy(net)
    computed = resolve(net, ("weight",))
    assert computed is not None
    assert torch.equal(computed, twin.weight)


def test_shape_and_dtype_are_known_before() -> None:
    class Row(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[0].double()

    net = nn.Linear(4, 3)
    parametrize.register_parametrization(net, "weight", Row(), unsafe=True)
    assert read_tree(net).node("weight").shape is None
    for build in (drawing, lambda: parametrizations.weight_norm(nn.Conv1d(2, 3, 3))):
        net = build()
        node, tensor = read_tree(net).node("weight"), resolve(net, ("weight",))
        assert tensor is not None
        assert node.shape == tuple(tensor.shape)
        assert f"torch.{node.dtype}" == str(tensor.dtype)


def test_what_raises_is_a_reason() -> None:
    class Raising(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if x.sum() > 100:
                raise ValueError("too large for me")
            return x

    net: Any = nn.Linear(2, 2)
    parametrize.register_parametrization(net, "weight", Raising())
    net.parametrizations.weight.original.data.fill_(1000)
    with pytest.raises(Unreadable, match="too large for me"):
        resolve(net, ("weight",))


def test_hooks_are_not_run_for_it() -> None:
    net: Any = drawing()
    net.parametrizations.weight[0].register_forward_hook(lambda *_: None)
    with pytest.raises(Unreadable, match="hook"):
        resolve(net, ("weight",))
    assert net.parametrizations.weight[0].calls == 1


def test_no_such_slot_is_none() -> None:
    net = nn.Linear(2, 2)
    for path in (("no",), ("weight", "no"), ("no", "weight"), (), ("bias", "")):
        assert resolve(net, path) is None
