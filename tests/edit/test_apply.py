"""apply: net.apply's order and visits, what it says, and its script."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from edit.kit import Bench, contents
from paramwidget.edit.actions.modules import visits
from paramwidget.edit.errors import EditError


def shared_in_many_ways() -> nn.Module:
    leaf, block = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    net = nn.Sequential(leaf, block, block, nn.Sequential(leaf, block), nn.Sequential())
    net.register_module("nothing", None)
    return net


def test_the_visits_are_those_of_net_apply() -> None:
    for net in (
        shared_in_many_ways(),
        nn.Linear(2, 2),
        nn.Transformer(8, 2, 1, 1, 8, batch_first=True),
    ):
        seen: list[nn.Module] = []
        net.apply(seen.append)
        assert [id(m) for m in visits(net)] == [id(m) for m in seen]


def test_a_module_that_contains_itself_is_refused() -> None:
    net = nn.Sequential(nn.Linear(2, 2))
    net[0].back = net
    with pytest.raises(EditError, match="contains itself"):
        list(visits(net))


def test_depth_costs_no_stack() -> None:
    net: nn.Module = nn.Linear(1, 1)
    for _ in range(1000):
        net = nn.Sequential(net)
    assert len(list(visits(net))) == 1001


def init(m: nn.Module) -> None:
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight)


def same_as_net_apply(net: nn.Module, **given: Any) -> Bench:
    bench, plain = Bench(net), copy.deepcopy(net)
    edit = bench.apply(init, **given)
    torch.manual_seed(edit.seed or 0)
    target = plain.get_submodule(given.get("target", ""))
    target.apply(init) if given.get("recurse", True) else init(target)
    assert contents(bench.net) == contents(plain)
    assert contents(bench.replayed()) == contents(plain)
    return bench


def test_it_does_what_net_apply_does() -> None:
    same_as_net_apply(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2)))
    same_as_net_apply(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2)), target="1")
    same_as_net_apply(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2)), recurse=False, target="0")
    same_as_net_apply(nn.Transformer(8, 2, 1, 1, 8, batch_first=True))


def test_a_tensor_visited_twice_is_told() -> None:
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    second.weight = first.weight
    bench = same_as_net_apply(nn.Sequential(first, nn.ReLU(), second))
    (warning,) = bench.journal.history[0].warnings
    assert "0.weight, 2.weight" in warning
    assert "last write wins" in warning
    assert bench.journal.history[0].changed == ["0.weight", "2.weight"]


def d2l(m: nn.Module) -> None:
    if type(m) is nn.Linear:
        nn.init.xavier_uniform_(m.weight)


def test_what_a_function_passes_over_is_told() -> None:
    edit = Bench(nn.Sequential(nn.LazyLinear(4))).apply(d2l)
    assert edit.changed == []
    assert edit.warnings[0] == "d2l changed nothing"
    assert "0.weight" in edit.warnings[1]
    assert "forward" in edit.warnings[1]
    assert list(edit.skipped) == ["0.weight", "0.bias"]


def test_what_is_no_function_or_no_module_is_refused() -> None:
    bench = Bench(nn.Sequential(nn.Linear(2, 2)))
    for function, target in ((3, ""), (init, "0.weight"), (init, "nowhere"), (init, 5)):
        with pytest.raises(EditError):
            bench.apply(function, target)  # type: ignore[arg-type]


def test_functions_without_a_name_are_reached_all_the_same() -> None:
    bench = Bench(nn.Sequential(nn.Linear(2, 2)))
    bench.apply(lambda m: nn.init.ones_(m[0].weight), recurse=False)
    assert "globals()['<lambda>'](net)" in bench.journal.code()
    assert contents(bench.replayed()) == contents(bench.net)


def test_a_backward_that_waits_does_not_raise() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    bench = Bench(net)
    loss = net(torch.ones(1, 2)).sum()
    bench.apply(init)
    bench.initialize("", "reset_parameters")
    bench.initialize("", "normal_")
    bench.compute("0.weight", "w + 1")
    bench.assign("1.weight", (0, 0), 3)
    bench.undo()
    bench.undo()
    loss.backward()
    assert net[0].weight.grad is not None


class NeverMade(nn.Module):
    def __init__(self) -> None:
        pass  # and no super().__init__()


def test_the_script_passes_over_a_module_that_was_never_made() -> None:
    def build() -> nn.Module:
        net = nn.Sequential(nn.Linear(2, 2))
        net._modules["odd"] = NeverMade()
        return net

    bench = Bench.of(build())
    assert bench.apply(init, seed=3).changed == ["0.weight"]
    replayed = build()
    replayed[0].load_state_dict(nn.Linear(2, 2).state_dict())
    bench.replayed(replayed)
    assert torch.equal(replayed[0].weight, bench.net[0].weight)


def test_memory_that_ends_before_the_function_is_called_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_memory() -> Any:
        raise MemoryError

    bench = Bench.of(nn.Sequential(nn.Linear(2, 2)))
    monkeypatch.setattr("random.getstate", no_memory)
    with pytest.raises(EditError, match="not enough memory; the model was not changed"):
        bench.apply(lambda module: None)
