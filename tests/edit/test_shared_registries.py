"""Tie and untie where modules share a registry, and where a class does not do what it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from edit.kit import Bench, contents, refusal
from paramwidget.edit.actions.tie import Tie, Untie
from paramwidget.workbench import Workbench


def one_registry() -> Any:
    net = nn.Module()
    net.a, net.b, net.c = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3)
    net.b._parameters = net.a._parameters
    return net


def one_registry_of_three() -> Any:
    net = one_registry()
    net.c._parameters = net.a._parameters
    return net


def one_registry_of_buffers() -> Any:
    net = nn.Module()
    net.a, net.b = nn.BatchNorm1d(3), nn.BatchNorm1d(3)
    net.b._buffers = net.a._buffers
    return net


def one_registry_of_modules() -> Any:
    net = nn.Module()
    net.a, net.b = nn.Sequential(nn.Linear(3, 3), nn.ReLU()), nn.Sequential()
    net.b._modules = net.a._modules
    return net


def one_dict() -> Any:
    net = nn.Module()
    net.a, net.b = nn.Linear(3, 3), nn.Linear(3, 3)
    object.__setattr__(net.b, "__dict__", net.a.__dict__)
    return net


def one_dict_with_children() -> Any:
    net = nn.Module()
    net.a, net.b = nn.Sequential(nn.Linear(3, 3)), nn.Sequential(nn.Linear(3, 3))
    object.__setattr__(net.b, "__dict__", net.a.__dict__)
    return net


SHARED: dict[str, tuple[Callable[[], Any], str, str]] = {
    "parameters": (one_registry, "a.weight", "b.weight"),
    "parameters, the first": (one_registry, "b.weight", "a.weight"),
    "parameters of three": (one_registry_of_three, "a.weight", "b.weight"),
    "buffers": (one_registry_of_buffers, "a.running_mean", "b.running_mean"),
    "modules": (one_registry_of_modules, "a.0.weight", "b.0.weight"),
    "everything": (one_dict, "a.weight", "b.weight"),
    "everything, with children": (one_dict_with_children, "a.0.weight", "b.0.weight"),
}


def at(net: Any, name: str) -> torch.Tensor:
    for key in name.split("."):
        net = getattr(net, key)
    return net


@pytest.mark.parametrize("case", SHARED)
def test_untie_where_modules_share_a_registry(case: str) -> None:
    made, other, name = SHARED[case]
    torch.manual_seed(0)
    net = made()
    bench = Bench.of(net)
    before = contents(net)
    neighbour = at(net, other)
    edit = bench.do(Untie(name))
    assert edit.changed == [name]
    assert at(net, other) is neighbour
    assert at(net, name) is not neighbour
    assert torch.equal(at(net, name), neighbour)
    bench.assign(name, (0,) * neighbour.dim(), 42)
    assert float(neighbour.detach().reshape(-1)[0]) != 42
    torch.manual_seed(0)
    fresh = made()
    assert contents(bench.replayed(fresh)) == contents(net)
    for _ in range(3):
        bench.undo()
        bench.undo()
        assert at(net, name) is at(net, other) is neighbour
        assert contents(net) == before
        bench.redo()
        bench.redo()
        assert at(net, name) is not neighbour
        assert float(at(net, name).detach().reshape(-1)[0]) == 42


@pytest.mark.parametrize("made", [one_registry, one_registry_of_three])
def test_tie_changes_the_slot_that_was_named(made: Callable[[], Any]) -> None:
    net = made()
    net.d = nn.Linear(3, 3)
    bench = Bench.of(net)
    first = net.a.weight
    edit = bench.do(Tie("d.weight", "b.weight"))
    assert edit.changed == ["b.weight"]
    assert net.b.weight is net.d.weight
    assert net.a.weight is first
    assert net.b.bias is net.a.bias
    bench.undo()
    assert net.b.weight is net.a.weight is first


def test_what_else_the_registry_holds_stays_tied() -> None:
    net = one_registry()
    Bench.of(net).do(Untie("b.weight"))
    assert net.b.bias is net.a.bias


class Deaf(nn.Linear):
    """Takes no other tensor, without a word."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "weight" and "weight" in self.__dict__.get("_parameters", {}):
            return
        super().__setattr__(name, value)


class Generous(nn.Linear):
    """Gives what it is given to another layer too."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "weight" and "friend" in self.__dict__:
            self.__dict__["friend"][0].weight = value


def with_layer(layer: nn.Linear) -> Any:
    net = nn.Module()
    net.a, net.b, net.c = nn.Linear(3, 3), layer, nn.Linear(3, 3)
    vars(layer)["friend"] = [net.c]
    return net


@pytest.mark.parametrize("cls", [Deaf, Generous])
def test_a_class_that_does_something_else_is_refused_and_all_is_as_before(cls: type) -> None:
    net = with_layer(cls(3, 3))
    for action, together in ((Tie("a.weight", "b.weight"), False), (Untie("b.weight"), True)):
        if together:
            net.b._parameters["weight"] = net.a.weight
        before = [*net.named_parameters(remove_duplicate=False)]
        refused = refusal(lambda action=action: Bench.of(net).do(action))
        assert refused is not None
        assert "b.weight" in str(refused)
        assert "not changed" in str(refused)
        after = [*net.named_parameters(remove_duplicate=False)]
        assert all(a is b for (_, a), (_, b) in zip(before, after, strict=True))


def test_a_module_that_is_its_own_neighbour_in_the_tree_is_shown_untied() -> None:
    net = one_registry()
    bench = Workbench(net)
    assert any(set(group.names) == {"a.weight", "b.weight"} for group in bench.ties())
    bench.untie("b.weight")
    assert all("b.weight" not in group.names for group in bench.ties())
    assert any(set(group.names) == {"a.bias", "b.bias"} for group in bench.ties())
    bench.undo()
    assert any(set(group.names) == {"a.weight", "b.weight"} for group in bench.ties())


def test_an_edit_of_all_other_kinds_does_not_count_a_shared_registry_twice() -> None:
    net = one_registry()
    bench = Bench.of(net)

    def anew(module: nn.Module) -> None:
        if type(module) is nn.Linear:
            module.weight = nn.Parameter(torch.ones(3, 3))

    before = net.a.weight
    bench.apply(anew)
    made = net.a.weight
    for _ in range(3):
        bench.undo()
        assert net.a.weight is net.b.weight is before
        bench.redo()
        assert net.a.weight is net.b.weight is made
