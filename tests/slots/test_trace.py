"""A trace is equal as long as a reading would be, and no longer.

That taking it runs none of a model's code and changes nothing is checked on every model of the zoo
(``slots/checks.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from paramwidget import Workbench
from paramwidget.slots.current import CurrentTree
from paramwidget.slots.reading.trace import places_of, trace_of
from paramwidget.slots.tree import read_tree
from slots.kit import CHANGES


def three() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.BatchNorm1d(2))


class Custom(nn.Module):
    """Keeps a state as a plain attribute, as recurrent models do."""

    def __init__(self) -> None:
        super().__init__()
        self.state: Any = None
        self.inner = nn.Linear(2, 2)
        self.layers: list[nn.Module] = []


MORE: dict[str, Callable[[Any], Any]] = {
    "a replaced parameter": lambda net: setattr(net[0], "weight", nn.Parameter(torch.ones(2, 2))),
    "other memory": lambda net: setattr(net[0].weight, "data", torch.ones(2, 2)),
    "another layout": lambda net: setattr(net[0].weight, "data", net[0].weight.data.t()),
    "freed memory": lambda net: net[0].weight.untyped_storage().resize_(0),
    "a hook that prunes": lambda net: nn.utils.prune.identity(net[0], "weight"),
    "a swapped layer": lambda net: net.__setitem__(1, nn.Linear(2, 2)),
    "in another module": lambda net: setattr(net[2], "running_mean", torch.ones(2)),
}


@pytest.mark.parametrize("change", [*CHANGES, *MORE])
def test_whatever_moves_is_noticed(change: str) -> None:
    net = three()
    before = trace_of(net)
    assert trace_of(net) == before
    assert places_of(net) == before.places
    {**CHANGES, **MORE}[change](net)
    assert trace_of(net) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda net: setattr(net, "state", torch.ones(2)),
        lambda net: setattr(net, "state", net.inner.weight.data),
        lambda net: net.layers.append(nn.Linear(1, 1)),
    ],
)
def test_a_plain_attribute_that_becomes_a_tensor_is_noticed(change: Callable[[Any], Any]) -> None:
    net = Custom()
    before = trace_of(net)
    change(net)
    assert trace_of(net) != before


#: Changes in one layer of torch's own that no other layer has the like of.
ALONE: dict[str, tuple[Callable[[], nn.Module], Callable[[Any], Any]]] = {
    "an attribute of the only layer": (
        lambda: nn.Linear(2, 2),
        lambda net: setattr(net, "mask", torch.ones(3)),
    ),
    "an attribute that every layer has": (
        lambda: nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)),
        lambda net: setattr(net[0], "mask", net[0].weight.data),
    ),
    "an attribute of nn.Module itself": (
        nn.Module,
        lambda net: setattr(net, "mask", torch.ones(3)),
    ),
}


@pytest.mark.parametrize("alone", ALONE)
def test_an_attribute_of_a_layer_is_noticed_whatever_its_like_has(alone: str) -> None:
    build, change = ALONE[alone]
    net = build()
    for module in net.modules():
        module.mask = torch.ones(1)
    bench = Workbench(net)
    bench.slots()
    change(net)
    assert bench.read().structure == read_tree(net).structure
    assert bench.ties() == read_tree(net).ties


def test_a_hook_on_a_single_layer_is_noticed() -> None:
    net = nn.Sequential(nn.Linear(2, 2))
    bench = Workbench(net)
    assert "net.state_dict()['0.weight']" in bench.read().node("0.weight").access

    def without_weight(module: nn.Module, state: Any, prefix: str, metadata: Any) -> None:
        state.pop(f"{prefix}weight")

    net[0]._register_state_dict_hook(without_weight)
    access = bench.read().node("0.weight").access
    assert access == read_tree(net).node("0.weight").access
    assert not any("state_dict" in one for one in access)


@pytest.mark.parametrize("change", ["values", "a step", "a forward", "gradients"])
def test_what_only_changes_values_moves_nothing(change: str) -> None:
    net = three()
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.ones(3, 2)).sum().backward()
    before = trace_of(net)
    if change == "values":
        net[0].weight.data.fill_(3)
    elif change == "a step":
        optimizer.step()
    elif change == "a forward":
        net(torch.ones(3, 2))
    else:
        optimizer.zero_grad()
    assert trace_of(net) == before


def test_a_tree_is_the_same_object_until_something_moves() -> None:
    net = three()
    bench = Workbench(net)
    tree = bench.read()
    bench.assign("0.weight", (0, 0), 3)
    bench.compute("0.weight", "w + 1")
    bench.initialize("0", "normal_")
    bench.undo()
    assert bench.read() is tree
    bench.tie("0.weight", "1.weight")
    assert bench.read() is not tree
    assert [group.names for group in bench.ties()] == [("0.weight", "1.weight")]


def test_a_list_of_slots_is_the_callers() -> None:
    bench = Workbench(three())
    bench.slots().clear()
    bench.ties().append("x")  # type: ignore[arg-type]
    assert len(bench.slots()) == 9
    assert bench.ties() == []


def test_a_tie_that_came_since_the_last_look_is_known_to_the_next_edit() -> None:
    net = three()
    bench = Workbench(net)
    bench.slots()
    net[1].weight.data = net[0].weight.data
    edit = bench.assign("0.weight", (0, 0), 42)
    assert edit.changed == ["0.weight", "1.weight"]
    net.extra = net[0].weight
    assert "extra" in bench.assign("0.weight", (0, 0), 43).changed


def rename(net: Any) -> None:
    net._parameters["renamed"] = net._parameters.pop("first")


def alias(net: Any) -> None:
    net.constant = net.first.data


@pytest.mark.parametrize(
    ("change", "name", "changed"),
    [
        (rename, "renamed", ["renamed"]),
        (alias, "first", ["first", "constant"]),
        (lambda net: setattr(net, "scale", torch.ones(2)), "scale", ["scale"]),
    ],
)
def test_an_edit_in_a_large_model_knows_new_names_and_ties(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], Any], name: str, changed: list[str]
) -> None:
    monkeypatch.setattr("paramwidget.slots.current.LARGE", 0)
    net = Custom()
    net.first = nn.Parameter(torch.zeros(2))
    net.scale = 1.0
    bench = Workbench(net)
    bench.slots()
    change(net)
    assert bench.assign(name, (0,), 5).changed == changed


def flat(net: nn.Module, name: str, memory: torch.Tensor) -> None:
    net.register_parameter(name, nn.Parameter(torch.zeros(1)))
    net.get_parameter(name).data = memory


def test_a_view_that_grows_into_another_is_tied_to_it() -> None:
    net, memory = nn.Module(), torch.zeros(16)
    flat(net, "a", memory[:4])
    flat(net, "b", memory[4:8])
    bench = Workbench(net)
    assert bench.ties() == []
    net.get_parameter("a").data = memory[:6]
    assert bench.assign("a", (5,), 7).changed == ["a", "b"]
    net.get_parameter("a").data = memory.as_strided((4,), (2,), 0)
    net.get_parameter("b").data = memory.as_strided((4,), (2,), 1)
    assert bench.ties() == []
    net.get_parameter("a").data = memory.as_strided((4,), (3,), 0)
    assert [group.names for group in bench.ties()] == [("a", "b")]


class Early(nn.Module):
    """Holds a tensor before torch's own fields are there."""

    def __init__(self) -> None:
        self.mask: Any = torch.ones(3)
        super().__init__()
        self.w = nn.Parameter(torch.ones(2))


@pytest.mark.parametrize("net", [Early(), nn.Sequential(nn.Linear(2, 2)), Custom()], ids=type)
def test_a_constant_that_changes_is_followed(net: Any) -> None:
    net.mask = torch.ones(3)
    bench = Workbench(net)
    bench.slots()
    for value in (torch.ones(5), None, next(net.parameters()).data, torch.ones(2)):
        net.mask = value
        found = {node.name: node.shape for node in bench.slots()}
        assert found.get("mask") == (None if value is None else tuple(value.shape))
        assert bench.read().structure == read_tree(net).structure


def test_a_layer_of_torchs_own_with_an_attribute_more_is_looked_at() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].mask = None
    bench = Workbench(net)
    bench.slots()
    net[1].mask = torch.ones(1)
    assert "1.mask" in [node.name for node in bench.slots()]


def test_what_is_not_saved_is_known_by_its_module() -> None:
    net = nn.ModuleList([Custom(), Custom()])
    for module, persistent in zip(net, (False, True), strict=True):
        module.register_buffer("m", torch.ones(1), persistent=persistent)
    bench = Workbench(net)
    bench.slots()
    for module, persistent in zip(net, (True, False), strict=True):
        module.register_buffer("m", module.m, persistent=persistent)
    saved = {node.name: "state_dict" in node.access[-1] for node in bench.slots()}
    assert (saved["0.m"], saved["1.m"]) == (True, False)


def test_what_torch_does_not_see_is_told_wherever_it_comes_and_goes() -> None:
    net = Custom()
    net.layers = [None]  # type: ignore[list-item]
    bench = Workbench(net)
    assert not bench.read().warnings
    net.layers[0] = nn.Linear(2, 2)
    assert len(bench.read().warnings) == 1
    net.layers = []
    net.layers = [1]  # type: ignore[list-item]
    assert not bench.read().warnings


def test_a_reading_that_another_thread_disturbed_is_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = three()
    current = CurrentTree()
    weight = net[0].weight

    def disturbed(net: Any) -> Any:
        net[0].weight = net[1].weight
        tree = read_tree(net)
        net[0].weight = weight
        return tree

    monkeypatch.setattr("paramwidget.slots.current.read_tree", disturbed)
    assert len(current.read(net).ties) == 1
    monkeypatch.undo()
    assert current.read(net).ties == []
