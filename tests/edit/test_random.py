"""Randomness is private: own seeds, replayable, and the session's generators where they were."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edit.kit import Bench, bytes_of, contents
from paramwidget.edit.errors import EditError
from paramwidget.edit.initializers.catalogue import catalogue

RANDOM = [entry.name for entry in catalogue() if entry.random and entry.source == "torch"]


def draws(tensor: torch.Tensor) -> None:
    """Draws from all three generators, and moves torch's default one."""
    tensor.uniform_(-1, 1)
    tensor += float(np.random.rand()) + random.random()


def draws_for_modules(m: nn.Module) -> None:
    if isinstance(m, nn.Linear):
        draws(m.weight.data)


def generators() -> tuple[Any, ...]:
    state = np.random.get_state(legacy=False)
    assert isinstance(state, dict)
    return (
        bytes_of(torch.get_rng_state()),
        state["state"]["key"].tobytes(),
        state["state"]["pos"],
        random.getstate(),
    )


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 4))


ACTIONS: dict[str, Any] = {
    **{
        name: (lambda b, n=name, **k: b.initialize("", n, parameters="weight", **(
            {"sparsity": 0.5} if n == "sparse_" else {}), **k))
        for name in RANDOM
    },
    "reset_parameters": lambda b, **k: b.initialize("", "reset_parameters", **k),
    "own": lambda b, **k: b.initialize("", draws, **k),
    "apply": lambda b, **k: b.apply(draws_for_modules, **k),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIONS)
def test_the_generators_stay_where_they_were(name: str) -> None:
    bench = Bench(net())
    before = generators()
    edit = ACTIONS[name](bench)
    assert generators() == before
    assert edit.seed is not None


@pytest.mark.parametrize("name", ACTIONS)
def test_the_same_seed_gives_the_same_bits_and_another_one_others(name: str) -> None:
    bench = Bench(net())
    edit = ACTIONS[name](bench)
    first = contents(bench.net)
    ACTIONS[name](bench)
    assert contents(bench.net) != first
    ACTIONS[name](bench, seed=edit.seed)
    if name != "sparse_":
        assert contents(bench.net)["0.weight"] == first["0.weight"]
    assert contents(bench.replayed()) == contents(bench.net)


@pytest.mark.parametrize("name", ACTIONS)
def test_the_generators_stay_where_they_were_after_a_failure(name: str) -> None:
    bench = Bench(net())
    before, model = generators(), contents(bench.net)
    with pytest.raises(EditError):
        bench.initialize("", "normal_", std=-1)

    def fails(tensor: torch.Tensor) -> None:
        draws(tensor)
        raise ZeroDivisionError("at the first tensor")

    with pytest.raises(EditError, match="at the first tensor"):
        bench.initialize("", fails)
    assert generators() == before
    assert contents(bench.net) == model


def test_a_seed_is_a_whole_number() -> None:
    bench = Bench(net())
    for wrong in (-1, 2**32, 1.5, "a", True, [1]):
        with pytest.raises(EditError, match="seed") as refusal:
            bench.initialize("", "normal_", seed=wrong)
        assert refusal.value.where == "seed"
    assert bench.initialize("", "normal_", seed="12").seed == 12
    assert bench.initialize("", "normal_", seed=2**32 - 1).seed == 2**32 - 1
    assert bench.initialize("", draws, seed=np.int64(4)).seed == 4


def test_another_default_device_or_dtype_changes_nothing() -> None:
    plain, odd = Bench(net()), Bench(net())
    for name in ACTIONS:
        ACTIONS[name](plain, seed=3)
    torch.set_default_dtype(torch.float64)
    try:
        for name in ACTIONS:
            if name not in ("own", "apply", "reset_parameters"):
                with torch.device("meta"):
                    ACTIONS[name](odd, seed=3)
            else:
                ACTIONS[name](odd, seed=3)
    finally:
        torch.set_default_dtype(torch.float32)
    assert contents(odd.net) == contents(plain.net)
