"""The chapter's own operations, each by an edit, and the journal's code giving the same bits."""

from __future__ import annotations

import torch
from torch import nn

from edit.kit import Bench, contents
from zoo.structure import chapter


def test_xavier_by_layer_type() -> None:
    bench = Bench(chapter())
    edit = bench.initialize("", "xavier_uniform_", types="Linear", seed=7)
    assert edit.changed == ["Linear_1.weight", "Linear_2.weight"]
    assert edit.seed == 7
    generator = torch.Generator().manual_seed(7)
    for layer in (0, 2):
        expected = torch.empty_like(bench.net[layer].weight)
        nn.init.xavier_uniform_(expected, generator=generator)
        assert torch.equal(bench.net[layer].weight, expected)
    assert contents(bench.replayed()) == contents(bench.net)


def test_normal_on_one_tensor() -> None:
    bench = Bench(nn.Sequential(nn.Linear(2, 5)))
    edit = bench.initialize("0.weight", "normal_", mean=0, std=0.01)
    assert edit.changed == ["0.weight"]
    assert float(bench.net[0].weight.detach().abs().max()) < 0.1
    assert contents(bench.replayed()) == contents(bench.net)


def test_constant_by_layer_type() -> None:
    bench = Bench(chapter())
    edit = bench.initialize("", "constant_", types=nn.Linear, val=1)
    assert edit.seed is None
    assert all(bool((p == 1).all()) for p in bench.net.parameters())
    assert contents(bench.replayed()) == contents(bench.net)


def test_first_block_xavier_second_block_42() -> None:
    first = nn.Sequential()
    first.add_module("Linear_1", nn.Linear(2, 5, bias=False))
    second = nn.Sequential()
    second.add_module("Linear_2", nn.Linear(5, 5, bias=False))
    net = nn.Sequential()
    net.add_module("first", first)
    net.add_module("second", second)
    bench = Bench(net)
    assert bench.initialize("first", "xavier_uniform_").changed == ["first.Linear_1.weight"]
    assert bench.initialize("second", "constant_", val=42).changed == ["second.Linear_2.weight"]
    assert bool((second[0].weight == 42).all())
    assert contents(bench.replayed()) == contents(net)


def custom(m: nn.Sequential) -> None:
    nn.init.uniform_(m[0].weight, -10, 10)
    for i in range(m[0].weight.data.shape[0]):
        for j in range(m[0].weight.data.shape[1]):
            if -5 <= m[0].weight.data[i][j] <= 5:
                m[0].weight.data[i][j] = 0


def bizarre(tensor: torch.Tensor) -> None:
    tensor.uniform_(-10, 10)
    tensor *= tensor.abs() >= 5


def test_custom_distribution_by_a_function_of_the_module() -> None:
    bench = Bench(nn.Sequential(nn.Linear(5, 5, bias=False)))
    edit = bench.apply(custom, recurse=False)
    assert edit.changed == ["0.weight"]
    weight = bench.net[0].weight
    assert bool(((weight == 0) | (weight.abs() >= 5)).all())
    assert contents(bench.replayed()) == contents(bench.net)


def test_custom_distribution_by_a_function_of_the_tensor() -> None:
    bench = Bench(nn.Sequential(nn.Linear(5, 5, bias=False)))
    bench.initialize("0.weight", bizarre)
    weight = bench.net[0].weight
    assert bool(((weight == 0) | (weight.abs() >= 5)).all())
    assert contents(bench.replayed()) == contents(bench.net)


def test_plus_one_and_42() -> None:
    bench = Bench(nn.Sequential(nn.Linear(5, 5, bias=False)))
    expected = bench.net[0].weight.detach().clone()
    expected += 1
    expected[0][0] = 42
    bench.compute("0.weight", "w + 1")
    edit = bench.assign("0.weight", (0, 0), 42)
    assert edit.title == "0.weight[0, 0] = 42"
    assert torch.equal(bench.net[0].weight, expected)
    assert contents(bench.replayed()) == contents(bench.net)


def tied() -> nn.Sequential:
    shared = nn.Sequential()
    shared.add_module("linear_shared", nn.Linear(8, 8, bias=False))
    shared.add_module("relu_shared", nn.ReLU())
    return nn.Sequential(
        nn.Linear(20, 8, bias=False), nn.ReLU(), shared, shared, nn.Linear(8, 10, bias=False)
    )


def init_weights(m: nn.Module) -> None:
    if type(m) is nn.Linear:
        nn.init.xavier_uniform_(m.weight)


def test_tied_net() -> None:
    bench = Bench(tied())
    both = ["2.linear_shared.weight", "3.linear_shared.weight"]
    assert bench.apply(init_weights).changed == ["0.weight", *both, "4.weight"]
    assert bench.initialize("3.linear_shared.weight", "ones_").changed[::-1] == both
    assert bench.assign("2.linear_shared.weight", (0, 0), 42).changed == both
    assert bench.net[2][0].weight is bench.net[3][0].weight
    assert float(bench.net[3][0].weight.detach()[0, 0]) == 42
    assert contents(bench.replayed()) == contents(bench.net)


def test_a_whole_session_undone_and_done_again() -> None:
    bench = Bench(tied())
    states = [contents(bench.net)]
    bench.initialize("", "xavier_uniform_")
    states.append(contents(bench.net))
    bench.initialize("4", "normal_", std=0.01)
    states.append(contents(bench.net))
    bench.apply(init_weights, "2")
    states.append(contents(bench.net))
    bench.compute("0.weight", "clamp(w, -0.1, 0.1)", (slice(0, 3), ...))
    states.append(contents(bench.net))
    bench.assign("4.weight", (-1, 0), float("nan"))
    states.append(contents(bench.net))
    for state in reversed(states[:-1]):
        assert bench.undo() is not None
        assert contents(bench.net) == state
    assert bench.undo() is None
    assert bench.journal.code() == ""
    for state in states[1:]:
        assert bench.redo() is not None
        assert contents(bench.net) == state
    assert bench.redo() is None
    assert contents(bench.replayed()) == states[-1]
