"""reset_parameters on tied tensors: who was asked for draws, each tensor once, and says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from edit.kit import Bench, contents


def tied(bias: bool = True, padding: int | None = 2) -> Any:
    """An embedding whose standard deviation is 1, and a head whose own would be about 0.1."""
    net = nn.Module()
    net.emb = nn.Embedding(50, 32, padding_idx=padding)
    net.head = nn.Linear(32, 50, bias=bias)
    net.head.weight = net.emb.weight
    return net


def head_first() -> nn.Module:
    net = nn.Module()
    net.head = nn.Linear(32, 50)
    net.emb = nn.Embedding(50, 32, padding_idx=2)
    net.head.weight = net.emb.weight
    return net


def drawn_by(layer: Any, seed: int) -> torch.Tensor:
    """The weight of a layer that was reset right after this seed."""
    torch.manual_seed(seed)
    layer.reset_parameters()
    return layer.weight.detach()


def spread(tensor: torch.Tensor) -> float:
    return float(tensor.detach().std())


def replays(bench: Bench, made: Callable[[], Any]) -> None:
    """The script gives the same bits on a model as it was, and undo gives that model."""
    fresh = made()
    with torch.no_grad():
        for mine, first in zip(fresh.parameters(), bench.fresh.parameters(), strict=True):
            mine.copy_(first)
    assert contents(bench.replayed(fresh)) == contents(bench.net)
    bench.undo()
    assert contents(bench.net) == contents(bench.fresh)


@pytest.mark.parametrize("target", ["emb", "emb.weight", "*mb"])
def test_the_embedding_that_is_asked_for_draws_its_tensor(target: str) -> None:
    bench = Bench(tied())
    bias = bench.net.head.bias.clone()
    edit = bench.initialize(target, "reset_parameters", seed=3)
    expected = drawn_by(nn.Embedding(50, 32, padding_idx=2), 3)
    assert torch.equal(bench.net.emb.weight, expected)
    assert torch.equal(bench.net.head.bias, bias)
    assert edit.changed == ["emb.weight", "head.weight"]
    assert edit.warnings == [
        "head.weight is the same tensor: drawn by emb.reset_parameters, not by head's"
    ]
    replays(bench, tied)


def test_the_head_that_is_asked_for_draws_and_the_padding_row_stays_zero() -> None:
    bench = Bench(tied())
    edit = bench.initialize("head", "reset_parameters", seed=3)
    expected = drawn_by(nn.Linear(32, 50), 3).clone()
    expected[2] = 0
    assert torch.equal(bench.net.head.weight, expected)
    assert edit.changed == ["emb.weight", "head.weight", "head.bias"]
    assert edit.warnings == [
        "emb.weight is the same tensor: drawn by head.reset_parameters, not by emb's",
        "emb.weight: row 2 (padding_idx) was set back to zero",
    ]
    replays(bench, tied)


def test_in_the_whole_net_the_first_module_draws_and_the_others_their_own() -> None:
    bench = Bench(tied())
    bias = bench.net.head.bias.clone()
    edit = bench.initialize("", "reset_parameters", seed=3)
    assert torch.equal(bench.net.emb.weight, drawn_by(nn.Embedding(50, 32, padding_idx=2), 3))
    assert not torch.equal(bench.net.head.bias, bias)
    assert edit.changed == ["emb.weight", "head.weight", "head.bias"]
    assert len(edit.warnings) == 1
    replays(bench, tied)


def test_a_head_that_was_registered_first_draws() -> None:
    bench = Bench(head_first())
    edit = bench.initialize("", "reset_parameters", seed=3)
    assert 0.05 < spread(bench.net.head.weight) < 0.15
    assert not bench.net.emb.weight[2].any()
    assert any("drawn by head.reset_parameters" in warning for warning in edit.warnings)
    replays(bench, head_first)


def test_a_module_that_has_nothing_else_to_draw_is_not_called() -> None:
    bench = Bench(tied(bias=False))
    edit = bench.initialize("", "reset_parameters", seed=3)
    assert "net.head.reset_parameters()" not in edit.code
    assert torch.equal(bench.net.emb.weight, drawn_by(nn.Embedding(50, 32, padding_idx=2), 3))
    replays(bench, lambda: tied(bias=False))


def test_types_choose_who_draws() -> None:
    bench = Bench(tied())
    edit = bench.initialize("", "reset_parameters", types="Linear", seed=3)
    assert 0.05 < spread(bench.net.emb.weight) < 0.15
    assert not bench.net.emb.weight[2].any()
    assert "drawn by head.reset_parameters" in edit.warnings[0]
    replays(bench, tied)
    bench = Bench(tied())
    edit = bench.initialize("", "reset_parameters", types=nn.Embedding, seed=3)
    assert edit.changed == ["emb.weight", "head.weight"]
    assert 0.9 < spread(bench.net.emb.weight) < 1.1


def test_parameters_that_leave_the_shared_tensor_out() -> None:
    bench = Bench(tied())
    edit = bench.initialize("", "reset_parameters", parameters="bias", seed=3)
    assert edit.changed == ["head.bias"]
    assert edit.warnings == []
    replays(bench, tied)
    bench = Bench(tied())
    edit = bench.initialize("", "reset_parameters", parameters="weight", seed=3)
    assert edit.changed == ["emb.weight", "head.weight"]
    assert torch.equal(bench.net.head.bias, bench.fresh.head.bias)
    replays(bench, tied)


class OwnTable(nn.Module):
    """A module whose reset leaves one of its tensors alone."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.ones(4, 3))
        self.scale = nn.Parameter(torch.ones(3))

    def reset_parameters(self) -> None:
        nn.init.normal_(self.scale)


def test_who_does_not_touch_a_shared_tensor_does_not_draw_it() -> None:
    def made() -> Any:
        net = nn.Module()
        net.own, net.lin = OwnTable(), nn.Linear(3, 4)
        net.lin.weight = net.own.table
        return net

    bench = Bench(made())
    edit = bench.initialize("", "reset_parameters", seed=3)
    assert edit.changed == ["own.table", "own.scale", "lin.weight", "lin.bias"]
    assert not bool((bench.net.own.table == 1).any())
    assert edit.warnings == [
        "own.table is the same tensor: drawn by lin.reset_parameters, not by own's"
    ]
    replays(bench, made)


MEMORY: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "alias": lambda m: m,
    "transposed": lambda m: m.t(),
    "first rows": lambda m: m[:2],
    "one column": lambda m: m[:, 1:2],
}


@pytest.mark.parametrize("order", ["whole first", "view first"])
@pytest.mark.parametrize("case", MEMORY)
def test_memory_that_two_layers_share_is_drawn_once(case: str, order: str) -> None:
    def made() -> Any:
        torch.manual_seed(0)
        net = nn.Module()
        memory = torch.ones(4, 4)
        view = MEMORY[case](memory)
        first, second = (memory, view) if order == "whole first" else (view, memory)
        net.a = nn.Linear(first.shape[1], first.shape[0])
        net.b = nn.Linear(second.shape[1], second.shape[0])
        net.a.weight.data, net.b.weight.data = first, second
        return net

    bench = Bench(made())
    edit = bench.initialize("", "reset_parameters", seed=3)
    alone = made()
    assert torch.equal(bench.net.a.weight, drawn_by(alone.a, 3))
    assert not bool((bench.net.b.weight == 1).any())
    assert set(edit.changed) == {"a.weight", "a.bias", "b.weight", "b.bias"}
    assert any("drawn by a.reset_parameters" in warning for warning in edit.warnings)
    assert contents(bench.replayed(made())) == contents(bench.net)
    bench.undo()
    assert contents(bench.net) == contents(made())


def test_one_module_in_two_places_draws_once_without_a_word() -> None:
    def made() -> Any:
        shared = nn.Linear(3, 3)
        return nn.Sequential(shared, nn.ReLU(), shared)

    bench = Bench(made())
    edit = bench.initialize("", "reset_parameters", seed=3)
    assert edit.warnings == []
    assert torch.equal(bench.net[0].weight, drawn_by(nn.Linear(3, 3), 3))
    replays(bench, made)


def test_attention_and_its_projection_tied_to_a_head() -> None:
    def made() -> Any:
        net = nn.Module()
        net.att, net.head = nn.MultiheadAttention(8, 2), nn.Linear(8, 8)
        net.head.weight = net.att.out_proj.weight
        return net

    bench = Bench(made())
    edit = bench.initialize("", "reset_parameters", seed=3)
    assert (
        "head.weight is the same tensor: drawn by att.out_proj.reset_parameters, not by head's"
        in (edit.warnings)
    )
    replays(bench, made)


def test_norms_that_share_a_weight_and_statistics() -> None:
    def made() -> Any:
        net = nn.Sequential(nn.BatchNorm1d(3), nn.BatchNorm1d(3))
        net[1].weight, net[1].running_mean = net[0].weight, net[0].running_mean
        return net

    bench = Bench(made())
    with torch.no_grad():
        for one in (bench.net, bench.fresh):
            one[0].weight.fill_(5)
            one[0].running_mean.fill_(4)
    edit = bench.initialize("1", "reset_parameters", seed=3)
    assert {"0.weight", "1.weight", "1.bias", "0.running_mean"} <= {*edit.changed}
    assert not bench.net[0].running_mean.any()
    assert bool((bench.net[0].weight == 1).all())


@pytest.mark.parametrize("made", [
    lambda: nn.LSTM(3, 3, 2), lambda: nn.GRU(3, 3, bidirectional=True),
])  # fmt: skip
def test_recurrent_layers_tied_within_and_across(made: Callable[[], Any]) -> None:
    def tied_layers() -> nn.Module:
        net: Any = nn.Sequential(made(), made())
        net[1].weight_hh_l0 = net[0].weight_hh_l0
        return net

    bench = Bench(tied_layers())
    bench.initialize("", "reset_parameters", seed=3)
    expected = made()
    torch.manual_seed(3)
    expected.reset_parameters()
    assert torch.equal(bench.net[0].weight_hh_l0, expected.weight_hh_l0)
    replays(bench, tied_layers)


def test_a_layer_that_waits_for_its_shape_does_not_stop_the_tied_ones() -> None:
    def made() -> Any:
        net = tied()
        net.lazy = nn.LazyLinear(3)
        return net

    edit = Bench(made()).initialize("", "reset_parameters", seed=3)
    assert edit.changed == ["emb.weight", "head.weight", "head.bias"]
    assert "lazy.weight" in edit.skipped


class Doubled(nn.Module):
    def forward(self, w: torch.Tensor) -> torch.Tensor:
        return w * 2


def test_an_original_that_is_tied_to_a_plain_weight() -> None:
    net = nn.Module()
    net.a, net.b = nn.Linear(3, 3), nn.Linear(3, 3)
    parametrize.register_parametrization(net.b, "weight", Doubled())
    net.b.parametrizations.weight.original = net.a.weight
    edit = Bench.of(net).initialize("a", "reset_parameters", seed=3)
    assert torch.equal(net.a.weight, drawn_by(nn.Linear(3, 3), 3))
    assert "b.parametrizations.weight.original" in edit.changed


def test_many_layers_of_one_tensor_are_one_warning() -> None:
    def made() -> Any:
        net = nn.Sequential(*(nn.Linear(3, 3) for _ in range(5)))
        for layer in net[1:]:
            layer.weight = net[0].weight
        return net

    bench = Bench(made())
    edit = bench.initialize("", "reset_parameters", seed=3)
    assert len(edit.warnings) == 1
    assert torch.equal(bench.net[0].weight, drawn_by(nn.Linear(3, 3), 3))
    assert len({float(layer.bias.detach()[0]) for layer in bench.net}) == 5
    replays(bench, made)
