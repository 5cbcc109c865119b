"""The walk: giants, bounds, totals, what a tree keeps alive, and when two readings differ."""

from __future__ import annotations

import gc
import inspect
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from paramwidget.slots.names import held_at
from paramwidget.slots.tree import Tree, read_tree
from slots.kit import CHANGES
from zoo.case import Holder


def doubled(times: int) -> nn.Module:
    net: nn.Module = nn.Linear(1, 1)
    for _ in range(times):
        net = nn.Sequential(net, net)
    return net


def test_sixteen_doublings_are_read_in_full() -> None:
    tree = read_tree(doubled(16))
    assert len(tree.slots) == 2 * 2**16
    assert [len(group.names) for group in tree.ties] == [2**16, 2**16]
    assert tree.totals.parameters == 2
    assert tree.totals.state_dict_listed == 2 * 2**16
    assert tree.slots[-1].name == ".".join(["1"] * 16 + ["bias"])


def test_thirty_doublings_end_with_a_row_that_says_so() -> None:
    tree = read_tree(doubled(30), max_names=1000)
    assert len(tree.slots) < 1000
    assert any("1000 names" in text for _, text in tree.warnings)
    assert {node.name for node in tree.slots} >= {"0." * 30 + "weight", "0." * 30 + "bias"}


def test_a_bound_leaves_no_tensor_out() -> None:
    net = nn.Sequential(doubled(12), nn.Linear(2, 2), doubled(12), nn.Linear(3, 3))
    tree = read_tree(net, max_names=50)
    held = {id(held_at(net, node.path)) for node in tree.slots}
    assert held == {id(parameter) for parameter in net.parameters()}


def test_twelve_thousand_modules() -> None:
    net = nn.Sequential(*[nn.Linear(1, 1) for _ in range(12_000)])
    tree = read_tree(net)
    assert len(tree.slots) == 24_000
    assert tree.node("11999.weight").access[0] == "net[11999].weight"
    assert tree.totals.bytes == 24_000 * 4


def test_deep_rows_answer() -> None:
    net: nn.Module = nn.Linear(1, 1)
    for _ in range(5_000):
        net = nn.Sequential(net)
    tree = read_tree(net)
    node = tree.slots[0]
    assert len(node.path) == 5_001
    assert tree.node(node.name) == node
    assert held_at(net, node.path) is not None
    assert all("state_dict" not in way for way in node.access)


LIBRARY: list[Callable[[], nn.Module]] = [
    lambda: nn.Transformer(8, 2, 1, 1, 8, batch_first=True),
    lambda: nn.MultiheadAttention(8, 2, kdim=4, vdim=6, add_bias_kv=True),
    lambda: nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2),
    lambda: nn.BatchNorm3d(2, affine=False),
    lambda: nn.BatchNorm1d(2, track_running_stats=False),
    lambda: nn.Bilinear(2, 3, 4, bias=False),
    lambda: nn.EmbeddingBag(4, 2),
    lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 10, [4]),
    lambda: nn.PReLU(3),
    lambda: nn.GRUCell(2, 2),
    lambda: nn.utils.parametrizations.weight_norm(nn.Conv1d(2, 2, 2)),
]


@pytest.mark.parametrize("build", LIBRARY, ids=lambda build: inspect.getsource(build).strip()[8:40])
def test_names_and_order_are_torchs_own(build: Callable[[], nn.Module]) -> None:
    net = nn.Sequential(build(), build())
    net.append(net[0])
    tree = read_tree(net)
    for kind, walk in (("parameter", net.named_parameters), ("buffer", net.named_buffers)):
        walked = walk(remove_duplicate=False)
        assert [node.name for node in tree.slots if node.kind == kind] == [n for n, _ in walked]
    assert tree.totals.parameters == sum(p.numel() for p in net.parameters())
    assert tree.totals.parameters_listed == len(list(net.parameters()))
    assert tree.totals.state_dict_listed == len(net.state_dict())
    modules = [name for name, _ in net.named_modules(remove_duplicate=False)]
    assert [name for name in modules if tree.node(name).kind == "module"] == modules


def test_the_chapters_three_counts() -> None:
    shared = nn.Linear(8, 8)
    net = nn.Sequential(nn.Linear(4, 8), shared, shared, nn.BatchNorm1d(8))
    net[0].weight.requires_grad_(False)
    totals = read_tree(net).totals
    assert totals.parameters_listed == len(list(net.parameters())) == 6
    assert totals.state_dict_listed == len(net.state_dict()) == 11
    assert totals.named_parameters_listed == len(list(net.named_parameters())) == 6
    assert totals.parameters == sum(p.numel() for p in net.parameters())
    assert totals.trainable == totals.parameters - 32


def test_bytes_count_memory_once() -> None:
    base = torch.zeros(100)
    views = Holder(a=base, b=base[:10], c=base.view(10, 10).t(), d=torch.zeros(5))
    assert read_tree(views).totals.bytes == 420
    odd = Holder(wide=torch.zeros(1).expand(1000), sparse=torch.eye(4).to_sparse())
    assert read_tree(odd).totals.bytes == 4 + 4 * 4 + 2 * 4 * 8
    assert read_tree(nn.Linear(1000, 1000, device="meta")).totals.bytes == 4 * 1001 * 1000


def test_extra_state_is_counted_as_state_dict_does() -> None:
    class Extra(nn.Linear):
        def get_extra_state(self) -> Any:
            return {"version": 1}

        def set_extra_state(self, state: Any) -> None:
            pass

    net = nn.Sequential(Extra(2, 2), nn.Linear(2, 2))
    assert read_tree(net).totals.state_dict_listed == len(net.state_dict()) == 5


def test_a_tree_keeps_no_tensor_and_no_module_alive() -> None:
    net: Any = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    tree = read_tree(net)
    assert tree.slots
    assert tree.ties
    assert tree.structure
    gone = [weakref.ref(net[0].weight), weakref.ref(net[1]), weakref.ref(net)]
    del net
    gc.collect()
    assert [ref() for ref in gone] == [None, None, None]
    assert tree.node("1.weight").shape == (2, 2)


def test_a_dropped_tree_is_freed_at_once() -> None:
    tree = read_tree(nn.Sequential(nn.Linear(2, 2)))
    assert tree.root.children[0].children
    gone = weakref.ref(tree._reading)
    gc.disable()
    try:
        del tree
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("change", CHANGES)
def test_structure_tells_a_change(change: str) -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.BatchNorm1d(2))
    before = read_tree(net)
    assert read_tree(net).structure == before.structure
    assert hash(read_tree(net).structure) == hash(before.structure)
    CHANGES[change](net)
    assert read_tree(net).structure != before.structure


@pytest.mark.parametrize("change", ["values", "replaced", "assigned", "moved"])
def test_structure_is_not_about_content_and_identity(change: str) -> None:
    net = nn.Sequential(nn.Linear(2, 2))
    before = read_tree(net)
    if change == "values":
        net[0].weight.data += 1
    elif change == "replaced":
        net[0].weight = nn.Parameter(torch.ones(2, 2))
    elif change == "assigned":
        net.load_state_dict({"0.weight": torch.ones(2, 2), "0.bias": torch.ones(2)}, assign=True)
    else:
        net[0].weight.data = net[0].weight.data.t().contiguous().t()
    assert read_tree(net).structure == before.structure


def test_names_lead_back_to_their_rows() -> None:
    tree: Tree = read_tree(nn.Sequential(nn.Linear(2, 2)))
    assert tree.node("") == tree.root == tree.node(())
    assert tree.node("0").kind == "module"
    assert tree.node(("0", "weight")) == tree.node("0.weight") == tree.root.children[0].children[0]
    assert tree.find("1") is None
    assert tree.find(("0", "weight", "x")) is None
