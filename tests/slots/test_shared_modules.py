"""Modules that stand at several places, against an identity test over every path."""

from __future__ import annotations

import pytest
from torch import nn

from paramwidget.slots.tree import read_tree


def told(net: nn.Module, max_names: int = 600_000) -> list[list[str]]:
    return [[node.name for node in places] for places in read_tree(net, max_names).shared_modules]


def block(*inner: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 2), *inner)


def chapter() -> nn.Module:
    shared = nn.Linear(8, 8)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), shared, nn.ReLU(), shared, nn.ReLU())


def nested() -> nn.Module:
    inner = block()
    return nn.Sequential(block(inner), inner, nn.ModuleDict({"a": inner, "none": None}))


def twice_within_a_shared_one() -> nn.Module:
    inner = nn.ReLU()
    outer = block(inner, inner)
    return nn.Sequential(outer, outer)


def within_two_shared_ones() -> nn.Module:
    inner = nn.ReLU()
    one, two = block(inner), block(inner)
    return nn.Sequential(one, two, one, two)


def itself() -> nn.Module:
    net = block()
    net.register_module("me", net)
    return net


CASES: list[tuple[nn.Module, list[list[str]]]] = [
    (nn.Linear(2, 2), []),
    (nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)), []),
    (chapter(), [["2", "4"]]),
    (nested(), [["0.1", "1", "2.a"]]),
    (nn.Sequential(*[block(nn.ReLU())] * 3), [["0", "1", "2"]]),
    (twice_within_a_shared_one(), [["0", "1"], ["0.1", "0.2", "1.1", "1.2"]]),
    (within_two_shared_ones(), [["0", "2"], ["0.1", "1.1", "2.1", "3.1"], ["1", "3"]]),
    (itself(), [["", "me"]]),
]


@pytest.mark.parametrize(("net", "places"), CASES, ids=range(len(CASES)))
def test_its_places(net: nn.Module, places: list[list[str]]) -> None:
    assert told(net) == places


@pytest.mark.parametrize("net", [net for net, _ in CASES], ids=range(len(CASES)))
def test_what_is_not_told_is_held_by_what_is(net: nn.Module) -> None:
    there: dict[int, list[str]] = {}
    if net is not getattr(net, "me", None):
        for name, module in net.named_modules(remove_duplicate=False):
            there.setdefault(id(module), []).append(name)
    known = {name for places in told(net) for name in places}
    for names in there.values():
        if len(names) > 1 and names[0] not in known:
            holders = {name.rpartition(".")[0] for name in names}
            assert len(holders) == len(names)
            assert len({id(net.get_submodule(holder)) for holder in holders}) == 1


def test_without_a_name_for_each_place_those_with_one_are_told() -> None:
    net: nn.Module = nn.Linear(1, 1)
    for _ in range(12):
        net = nn.ModuleList([net, net])
    places = told(net, 500)
    assert places[0] == ["0", "1"]
    assert all(len(names) > 1 for names in places)
