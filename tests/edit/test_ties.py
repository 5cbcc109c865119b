"""Shared tensors and shared memory: one edit, every slot named; tie and untie."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from edit.kit import Bench, contents, refusal
from paramwidget.edit.actions.tie import Tie, Untie
from paramwidget.edit.errors import EditError


def pair(first: torch.Tensor, second: torch.Tensor) -> nn.Module:
    net = nn.Module()
    net.a, net.b = nn.Parameter(first), nn.Parameter(second)
    return net


VIEWS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "alias": lambda m: m.data,
    "transposed": lambda m: m.t(),
    "row": lambda m: m[1],
    "column": lambda m: m[:, 2],
    "diagonal": lambda m: m.diagonal(),
}


@pytest.mark.parametrize("case", VIEWS)
def test_partners_by_memory_are_named_where_they_changed(case: str) -> None:
    def made() -> nn.Module:
        memory = torch.arange(24.0).view(4, 6)
        return pair(memory, VIEWS[case](memory))

    net = made()
    bench = Bench(net)
    assert bench.assign("a", (0, 0), 99).changed == (
        ["a", "b"] if case in ("alias", "transposed", "diagonal") else ["a"]
    )
    assert bench.compute("a", "w + 1").changed == ["a", "b"]
    assert bench.assign("b", (0,) * net.b.dim(), -5).changed == ["b", "a"]
    assert contents(bench.replayed(made())) == contents(net)
    for _ in range(3):
        bench.undo()
    assert contents(net) == contents(bench.fresh)


def test_one_memory_is_initialized_once() -> None:
    def made() -> nn.Module:
        memory = torch.zeros(6, 6)
        net = pair(memory, memory.t())
        net.part = nn.Parameter(memory[:2])
        return net

    net = made()
    bench = Bench(net)
    edit = bench.initialize("", "xavier_uniform_", seed=2)
    expected = torch.empty(6, 6)
    nn.init.xavier_uniform_(expected, generator=torch.Generator().manual_seed(2))
    assert torch.equal(net.a, expected)
    assert set(edit.changed) == {"a", "b", "part"}
    assert contents(bench.replayed(made())) == contents(net)
    bench.undo()
    assert contents(net) == contents(bench.fresh)


def test_disjoint_parts_of_one_storage_are_initialized_each() -> None:
    memory = torch.zeros(6, 6)
    net = pair(memory[:3], memory[3:])
    edit = Bench(net).initialize("", "normal_")
    assert edit.changed == ["a", "b"]
    assert not torch.equal(net.a, net.b)


def test_numpy_memory_is_shared_too() -> None:
    array = np.zeros((4, 4), dtype=np.float32)
    net = pair(torch.from_numpy(array), torch.from_numpy(array[1:]))
    bench = Bench(net)
    assert bench.assign("b", (0, 0), 7).changed == ["b", "a"]
    assert array[1, 0] == 7


def test_a_tied_head_keeps_the_padding_row_of_its_embedding() -> None:
    net = nn.Module()
    net.emb = nn.Embedding(5, 3, padding_idx=2)
    net.head = nn.Linear(3, 5, bias=False)
    net.head.weight = net.emb.weight
    bench = Bench(net)
    edit = bench.initialize("head", "normal_")
    assert edit.changed == ["head.weight", "emb.weight"]
    assert not net.emb.weight[2].any()
    assert contents(bench.replayed()) == contents(net)


@pytest.mark.parametrize("case", ["alias", "transposed", "larger"])
def test_a_padding_row_is_kept_in_memory_that_is_shared(case: str) -> None:
    def made() -> nn.Module:
        torch.manual_seed(0)
        net = nn.Module()
        net.emb = nn.Embedding(4, 4, padding_idx=1)
        memory = torch.ones(8, 4)
        net.emb.weight.data = memory[2:6]
        view = {"alias": memory[2:6], "transposed": memory[2:6].t(), "larger": memory}[case]
        net.head = nn.Linear(view.shape[1], view.shape[0])
        net.head.weight.data = view
        with torch.no_grad():
            net.emb.weight[1] = 0
        return net

    bench = Bench(made())
    edit = bench.initialize("head", "normal_", seed=1)
    assert not bench.net.emb.weight[1].any()
    assert "emb.weight: row 1 (padding_idx) was set back to zero" in edit.warnings
    assert contents(bench.replayed(made())) == contents(bench.net)
    bench.undo()
    assert contents(bench.net) == contents(made())


# --- tie ---------------------------------------------------------------------------------------


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3), nn.LSTM(3, 3))


def test_tie_and_back() -> None:
    bench = Bench(net())
    old = bench.net[2].weight
    edit = bench.do(Tie("0.weight", "2.weight"))
    assert bench.net[2].weight is bench.net[0].weight
    assert edit.changed == ["2.weight"]
    assert edit.title == "2.weight tied to 0.weight"
    assert bench.assign("0.weight", (0, 0), 8).changed == ["0.weight", "2.weight"]
    replayed = bench.replayed()
    assert replayed[2].weight is replayed[0].weight
    assert contents(replayed) == contents(bench.net)
    bench.undo()
    bench.undo()
    assert bench.net[2].weight is old
    assert contents(bench.net) == contents(bench.fresh)
    bench.redo()
    bench.redo()
    assert bench.net[2].weight is bench.net[0].weight


def test_tie_reaches_the_flat_weights_of_an_rnn() -> None:
    model = nn.Sequential(nn.LSTM(3, 3), nn.LSTM(3, 3))
    bench = Bench(model)
    bench.do(Tie("0.weight_hh_l0", "1.weight_hh_l0"))
    assert any(w is model[0].weight_hh_l0 for w in model[1]._flat_weights)
    bench.undo()
    assert all(w is not model[0].weight_hh_l0 for w in model[1]._flat_weights)


def test_unlike_tensors_cannot_be_tied() -> None:
    model = net()
    model.register_buffer("same", torch.zeros(3, 3))
    model.half = nn.Linear(3, 3).half()
    model.lazy = nn.LazyLinear(3)
    bench = Bench(model)
    for first, second, message in (
        ("0.weight", "2.bias", "shape"),
        ("0.weight", "half.weight", "dtype"),
        ("0.weight", "same", "only slots of one kind can be tied"),
        ("0.weight", "0.weight", "already"),
        ("0.weight", "lazy.weight", "cannot be tied"),
        ("0", "2.weight", "module"),
        ("0.weight", "nowhere", "nowhere"),
    ):
        refused = refusal(lambda a=first, b=second: bench.do(Tie(a, b)))  # type: ignore[misc]
        assert refused is not None
        assert message in str(refused)
    assert bench.journal.history == []


def test_an_optimizer_that_is_left_with_a_dead_tensor_is_named() -> None:
    bench = Bench(net())
    optimizer = torch.optim.SGD(bench.net.parameters(), lr=0.1)
    warnings = bench.do(Tie("0.weight", "2.weight")).warnings
    assert warnings == ["SGD still updates the previous tensor of 2.weight: create a new optimizer"]
    warnings = bench.do(Untie("2.weight")).warnings
    assert len(warnings) == 1
    assert "does not update the new tensor of 2.weight" in warnings[0]
    del optimizer


# --- untie -------------------------------------------------------------------------------------


def test_untie_a_tensor_that_two_modules_share() -> None:
    model = net()
    model[2].weight = model[0].weight
    bench = Bench(model)
    edit = bench.do(Untie("2.weight"))
    assert edit.changed == ["2.weight"]
    assert model[2].weight is not model[0].weight
    assert torch.equal(model[2].weight, model[0].weight)
    bench.assign("2.weight", (0, 0), 5)
    assert contents(bench.replayed()) == contents(model)
    bench.undo()
    bench.undo()
    assert model[2].weight is model[0].weight


def test_untie_a_slot_of_a_shared_module_leaves_the_rest_shared() -> None:
    shared = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))
    model = nn.Sequential(shared, shared, shared)
    bench = Bench(model)
    bench.do(Untie("1.0.weight"))
    assert model[0] is model[2]
    assert model[1] is not model[0]
    assert model[1][0].weight is not model[0][0].weight
    assert model[1][0].bias is model[0][0].bias
    assert model[1][2] is model[0][2]
    x = torch.ones(1, 3)
    assert torch.equal(model[1](x), model[0](x))
    bench.assign("1.0.weight", (0, 0), 50)
    replayed = bench.replayed()
    assert contents(replayed) == contents(model)
    assert replayed[1][0].bias is replayed[0][0].bias
    bench.undo()
    bench.undo()
    assert model[1] is model[0]
    assert contents(model) == contents(bench.fresh)


def test_untie_memory_keeps_the_object() -> None:
    memory = torch.arange(9.0).view(3, 3)
    model = pair(memory, memory.t())
    bench = Bench(model)
    objects = (model.a, model.b)
    bench.do(Untie("b"))
    bench.assign("a", (0, 0), 70)
    assert model.b is objects[1]
    assert float(model.b.detach()[0, 0]) == 0
    assert contents(bench.replayed(copy.deepcopy(bench.fresh))) == contents(model)
    bench.undo()
    bench.undo()
    bench.assign("a", (0, 0), 71)
    assert float(model.b.detach()[0, 0]) == 71


def test_what_is_not_tied_cannot_be_untied() -> None:
    bench = Bench(net())
    for name in ("0.weight", "0", "nowhere"):
        with pytest.raises(EditError):
            bench.do(Untie(name))
