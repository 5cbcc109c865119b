"""Initializers of the user's own: how they are registered, and what they may not do."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Literal

import pytest
import torch
from torch import nn

import paramwidget
from edit.kit import Bench, contents
from paramwidget import Workbench
from paramwidget.edit.errors import EditError
from paramwidget.edit.initializers.catalogue import catalogue, find, initializer


@initializer
def stripes(tensor: torch.Tensor, width: int = 2, value: float = 1.0) -> str:
    """Every other column.

    The rest stays.
    """
    tensor[..., ::width] = value
    return "ignored"


@initializer(name="doubled, named")
def doubled(tensor: torch.Tensor) -> None:
    tensor *= 2


def test_registered_functions_are_offered_and_stay_themselves() -> None:
    assert stripes.__name__ == "stripes"
    assert stripes(torch.zeros(2)) == "ignored"
    entry = find("stripes")
    assert entry.source == "user"
    assert entry.summary == "Every other column."
    assert [(a.name, a.type, a.default) for a in entry.arguments] == [
        ("width", "number", "2"),
        ("value", "number", "1.0"),
    ]
    assert find("doubled, named").function is doubled
    assert find(doubled).name == "doubled, named"
    assert paramwidget.initializer is initializer
    assert "stripes" in [entry.name for entry in catalogue()]


def test_registered_functions_fill_in_place() -> None:
    bench = Bench(nn.Linear(4, 4))
    bench.functions = {"stripes": stripes, "doubled": doubled}
    bench.initialize("", "stripes", value="0.5")
    assert bool((bench.net.weight[:, ::2] == 0.5).all())
    assert torch.equal(bench.net.weight[:, 1::2], bench.fresh.weight[:, 1::2])
    bench.initialize("weight", "doubled, named")
    assert bool((bench.net.weight[:, ::2] == 1).all())
    assert "doubled(" in bench.journal.code() or "doubled)" in bench.journal.code()
    assert contents(bench.replayed()) == contents(bench.net)


@pytest.mark.parametrize("name", ["normal_", "normal", "reset_parameters", "", "  "])
def test_names_that_are_taken(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        initializer(name=name)(lambda tensor: None)
    with pytest.raises(TypeError):
        initializer(3)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "name", sorted({*inspect.signature(Workbench.initialize).parameters, "index"} - {"arguments"})
)
def test_an_argument_that_initialize_has_itself_is_refused(name: str) -> None:
    namespace: dict[str, Any] = {}
    exec(f"def draw(tensor, {name}=1):\n    pass", namespace)
    with pytest.raises(ValueError, match=f"no argument called '{name}'"):
        initializer(namespace["draw"])
    assert "draw" not in [entry.name for entry in catalogue()]
    exec(f"def first({name}, low=1):\n    pass", namespace)
    initializer(namespace["first"])


def test_defining_a_function_again_replaces_it() -> None:
    for value in (1.0, 2.0):

        @initializer
        def again(tensor: torch.Tensor, value: float = value) -> None:
            tensor.fill_(value)

    bench = Bench(nn.Linear(2, 2))
    bench.initialize("weight", "again")
    assert bool((bench.net.weight == 2).all())


def resized(tensor: torch.Tensor) -> None:
    tensor.resize_(7)


def retyped(tensor: torch.Tensor) -> None:
    tensor.data = torch.zeros(2, 2, dtype=torch.float64)


def needs_more(tensor: torch.Tensor, value: float) -> None:
    tensor.fill_(value)


def graph(tensor: torch.Tensor) -> None:
    assert not torch.is_grad_enabled()
    assert not tensor.requires_grad
    tensor.add_(torch.ones(1, requires_grad=True))


def test_what_a_function_may_not_do() -> None:
    bench = Bench(nn.Linear(2, 2))
    for function, message in (
        (resized, "can only fill it"),
        (retyped, "can only fill it"),
        (needs_more, "value"),
    ):
        with pytest.raises(EditError, match=message):
            bench.initialize("weight", function)
        assert contents(bench.net) == contents(bench.fresh)
    bench.initialize("weight", needs_more, value=3)
    bench.initialize("weight", graph)
    assert contents(bench.replayed()) == contents(bench.net)


def test_a_function_sees_each_shared_tensor_once() -> None:
    seen: list[int] = []

    def counting(tensor: torch.Tensor) -> None:
        seen.append(tensor.numel())

    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    edit = Bench(net).initialize("", counting)
    assert seen == [4, 2, 2]
    assert set(edit.changed) == {"0.weight", "1.weight", "0.bias", "1.bias"}


def test_partials_are_functions_too() -> None:
    bench = Bench(nn.Linear(2, 2))
    bench.initialize("", functools.partial(needs_more, value=4))
    assert bool((bench.net.bias == 4).all())
    assert contents(bench.replayed()) == contents(bench.net)


def test_each_argument_is_read_as_what_it_is_declared_to_be() -> None:
    seen: dict[str, Any] = {}

    @initializer
    def declared(
        tensor: torch.Tensor,
        free,
        label: str,
        count: int = 1,
        shift: float = 0.5,
        way: Literal["up", "down"] = "up",
        mode: str = "fan_in",
        tag: str = "a",
        fast: bool = True,
        maybe: str | None = None,
    ) -> None:
        seen.update(locals())
        del seen["tensor"]

    shown = [(a.name, a.type, a.default) for a in find("declared").arguments]
    assert shown == [
        ("free", "any", None),
        ("label", "text", None),
        ("count", "number", "1"),
        ("shift", "number", "0.5"),
        ("way", "choice", "up"),
        ("mode", "choice", "fan_in"),
        ("tag", "text", "a"),
        ("fast", "boolean", "True"),
        ("maybe", "any", ""),
    ]
    bench = Bench(nn.Linear(2, 2))
    bench.initialize("weight", "declared", free="relu", label="1", maybe="", fast="false")
    assert (seen["free"], seen["label"], seen["maybe"], seen["fast"]) == ("relu", "1", None, False)
    assert (seen["tag"], seen["mode"], seen["count"]) == ("a", "fan_in", 1)
    bench.initialize("weight", "declared", free="1e-2", label="x y", maybe="tanh", tag="2")
    assert (seen["free"], seen["maybe"], seen["tag"], seen["fast"]) == (0.01, "tanh", "2", True)
    with pytest.raises(EditError, match="shift is not a number"):
        bench.initialize("weight", "declared", free=1, label="", shift="tanh")
