"""Slots with equal values in separate memory, or that are declared to be tied, are twins."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any, ClassVar

import torch
from torch import nn

from paramwidget.slots.tree import read_tree
from paramwidget.slots.twins import twins


def found(net: Any, name: str) -> list[tuple[str, bool, str]]:
    tree = read_tree(net)
    return [(one.node.name, one.same_values, one.declared)
            for one in twins(net, tree, tree.node(name))]  # fmt: skip


def test_a_layer_and_its_copy() -> None:
    layer = nn.Linear(6, 80)
    net = nn.Sequential(layer, copy.deepcopy(layer), nn.Linear(6, 80))
    assert found(net, "0.weight") == [("1.weight", True, "")]
    assert found(net, "1.weight") == [("0.weight", True, "")]
    assert found(net, "0.bias") == [("1.bias", True, "")]
    assert found(net, "2.weight") == []
    with torch.no_grad():
        net[1].weight[5, 3] += 1
    assert found(net, "0.weight") == []


def test_what_is_equal_by_chance_is_no_twin() -> None:
    net = nn.Sequential(nn.LayerNorm(100), nn.LayerNorm(100), nn.Linear(2, 3), nn.Linear(2, 3))
    for layer in net[2:]:
        nn.init.zeros_(layer.weight)
        layer.bias.data = torch.tensor([1.0, 2.0, 3.0])
    for name in ("0.weight", "0.bias", "2.weight", "2.bias"):
        assert found(net, name) == []


def test_tied_slots_other_dtypes_and_states_are_no_twins() -> None:
    net: Any = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4).half())
    net[1].weight = net[0].weight
    net.lazy, net.meta = nn.LazyLinear(4), nn.Linear(4, 4, device="meta")
    net.view = nn.Parameter(torch.zeros(4, 4))
    net.view.data = net[0].weight.data
    for name in ("0.weight", "2.weight", "view", "lazy.weight", "meta.weight"):
        assert found(net, name) == []


class Model(nn.Module):
    _tied_weights_keys: ClassVar[Any] = ["head.weight"]

    def __init__(self, **config: Any) -> None:
        super().__init__()
        self.config = SimpleNamespace(**config)
        self.emb, self.pos = nn.Embedding(9, 4), nn.Embedding(5, 4)
        self.head = nn.Linear(4, 9)


class Newer(Model):
    _tied_weights_keys: ClassVar[Any] = {
        "head.weight": "emb.weight",
        "nowhere": "emb.weight",
        "(": 3,
    }


class Pattern(Model):
    _tied_weights_keys: ClassVar[Any] = [r"hea.\.weight", "(", 7]


def test_what_a_class_declares_and_memory_does_not_hold() -> None:
    for cls in (Model, Newer, Pattern):
        for net in (cls(), cls(tie_word_embeddings=True), nn.Sequential(cls())):
            prefix = "0." if isinstance(net, nn.Sequential) else ""
            assert found(net, f"{prefix}head.weight") == [
                (f"{prefix}emb.weight", False, cls.__name__)]  # fmt: skip
            assert found(net, f"{prefix}emb.weight") == [
                (f"{prefix}head.weight", False, cls.__name__)]  # fmt: skip
        assert found(cls(tie_word_embeddings=False), "head.weight") == []
        net = cls()
        net.head.weight = net.emb.weight
        assert found(net, "head.weight") == []
        net.head.weight = nn.Parameter(net.emb.weight.detach().clone())
        assert found(net, "head.weight") == [("emb.weight", True, cls.__name__)]


def test_a_pattern_that_means_the_kept_slot_too_makes_it_no_twin_of_itself() -> None:
    net = Model()
    net._tied_weights_keys = {r"(emb|head)\.weight": "emb.weight"}
    assert found(net, "emb.weight") == [("head.weight", False, "Model")]
    assert found(net, "head.weight") == [("emb.weight", False, "Model")]
    assert found(net, "pos.weight") == []
