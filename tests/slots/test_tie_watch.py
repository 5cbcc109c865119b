"""A tie that is lost or gained by other hands than the bench's is news, as long as it is so."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from paramwidget.slots.ties import TieGroup, tie_changes
from paramwidget.workbench import Workbench


def tied(first: bool = True) -> Any:
    net: Any = nn.Module()
    net.emb, net.head, net.other = nn.Embedding(6, 4), nn.Linear(4, 6), nn.Linear(4, 6)
    if first:
        net.head.weight = net.emb.weight
    return net


def same(*names: str) -> TieGroup:
    return TieGroup("same", names)


def memory(*names: str) -> TieGroup:
    return TieGroup("memory", names)


def changes(before: list[TieGroup], after: list[TieGroup], gone: str = "") -> Any:
    return tie_changes(before, after, lambda name: name not in gone)


def test_what_left_a_group_and_what_joined_one() -> None:
    assert changes([same("a", "b")], []) == ({"b": "a"}, {})
    assert changes([], [same("a", "b")]) == ({}, {"b": "a"})
    assert changes([same("a", "b", "c")], [same("b", "c")]) == ({"a": "b"}, {})
    assert changes([same("a", "b", "c", "d")], [same("a", "b"), same("c", "d")]) == (
        {"c": "a", "d": "a"}, {})  # fmt: skip
    assert changes([same("a", "b")], [same("a", "c")]) == ({"b": "a"}, {"c": "a"})


def test_the_kind_does_not_matter_and_a_slot_that_is_gone_is_no_lost_tie() -> None:
    assert changes([same("a", "b")], [memory("a", "b")]) == ({}, {})
    assert changes([same("a", "b"), memory("a", "b", "c")], [memory("a", "b", "c")]) == ({}, {})
    assert changes([same("a", "b")], [], gone="b") == ({}, {})
    assert changes([same("a", "b", "c")], [], gone="a") == ({"c": "b"}, {})


def test_a_load_a_cast_a_cell_and_new_memory_are_told() -> None:
    def load(net: Any) -> None:
        state = {key: value.clone() for key, value in net.state_dict().items()}
        net.load_state_dict(state, assign=True)

    def cast(net: Any) -> None:
        net.head.weight = nn.Parameter(net.head.weight.detach().half())

    def rebind(net: Any) -> None:
        net.head.weight = nn.Parameter(torch.ones(6, 4))

    def copied(net: Any) -> None:
        net.head = copy.deepcopy(net.head)

    for do in (load, cast, rebind, copied):
        net = tied()
        bench = Workbench(net)
        do(net)  # before anything was read
        assert bench.tie_news() == ({"head.weight": "emb.weight"}, {})
        net = tied()
        bench = Workbench(net)
        assert bench.tie_news() == ({}, {})
        do(net)
        assert bench.tie_news() == ({"head.weight": "emb.weight"}, {})


def test_it_is_news_until_it_is_tied_again() -> None:
    net = tied()
    bench = Workbench(net)
    bench.ties()
    net.head.weight = nn.Parameter(torch.ones(6, 4))
    bench.assign("other.weight", (0, 0), 1)
    assert bench.tie_news() == ({"head.weight": "emb.weight"}, {})
    ((lost, first),) = bench.tie_news()[0].items()
    bench.tie(first, lost)
    assert bench.tie_news() == ({}, {})
    bench.undo()
    assert bench.tie_news() == ({}, {})


def test_a_tie_that_a_cell_makes_is_told_and_one_that_it_makes_again_is_not() -> None:
    net = tied(False)
    bench = Workbench(net)
    bench.ties()
    net.head.weight = net.emb.weight
    assert bench.tie_news() == ({}, {"head.weight": "emb.weight"})
    net.head.weight = nn.Parameter(torch.ones(6, 4))
    assert bench.tie_news() == ({"head.weight": "emb.weight"}, {})
    net.head.weight = net.emb.weight
    assert bench.tie_news() == ({}, {})


def test_memory_that_parts_and_layers_that_go_or_come() -> None:
    net = tied(False)
    net.head.weight.data = net.emb.weight.data
    bench = Workbench(net)
    bench.ties()
    net.head.weight.data = net.head.weight.data.clone()
    assert bench.tie_news() == ({"head.weight": "emb.weight"}, {})
    del net.head
    assert bench.tie_news() == ({}, {})
    net.late = nn.Linear(4, 6)
    net.late.weight = net.emb.weight
    assert bench.tie_news() == ({}, {})


def test_edits_of_the_bench_are_no_news_but_what_a_function_breaks_is() -> None:
    net = tied()
    bench = Workbench(net)
    bench.untie("head.weight")
    bench.tie("emb.weight", "other.weight")
    bench.undo()
    bench.redo()
    assert bench.tie_news() == ({}, {})
    bench.undo()
    bench.undo()

    def anew(module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            module.weight = nn.Parameter(torch.ones(6, 4))

    bench.apply(anew)
    assert bench.tie_news() == ({"head.weight": "emb.weight"}, {})
    bench.undo()
    assert bench.tie_news() == ({}, {})


def test_what_an_undo_and_a_way_back_do_was_asked_for() -> None:
    net = tied()
    bench = Workbench(net)
    bench.untie("head.weight")
    bench.undo()
    bench.assign("other.weight", (0, 0), 1)
    bench.bring_back(bench.journal[0])
    assert net.head.weight is not net.emb.weight
    assert bench.tie_news() == ({}, {})

    net = tied(False)
    bench = Workbench(net)

    def tie(module: nn.Module) -> None:
        if module is net:
            net.head.weight = net.emb.weight

    bench.apply(tie)
    made = ({}, {"head.weight": "emb.weight"})
    assert bench.tie_news() == made
    bench.undo()
    assert bench.tie_news() == ({}, {})
    bench.redo()
    assert bench.tie_news() == made


def test_a_reset_that_ties_is_told_and_its_undo_is_not() -> None:
    class Tying(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.emb, self.head = nn.Embedding(6, 4), nn.Linear(4, 6, bias=False)

        def reset_parameters(self) -> None:
            self.emb.reset_parameters()
            self.head.weight = self.emb.weight

    net = Tying()
    bench = Workbench(net)
    bench.initialize("", "reset_parameters")
    assert bench.tie_news() == ({}, {"head.weight": "emb.weight"})
    bench.undo()
    assert bench.tie_news() == ({}, {})


def same_tensor(net: Any) -> None:
    net.head.weight = net.emb.weight


def same_memory(net: Any) -> None:
    net.head.weight.data = net.emb.weight.data


def same_module(net: Any) -> None:
    net.other = net.head


@pytest.mark.parametrize(
    ("do", "pairs"),
    [
        (same_tensor, {"head.weight": "emb.weight"}),
        (same_memory, {"head.weight": "emb.weight"}),
        (same_module, {"other.weight": "head.weight", "other.bias": "head.bias"}),
    ],
)
def test_before_the_first_look_a_tie_is_news_and_one_of_the_start_is_not(
    do: Any, pairs: dict[str, str]
) -> None:
    net = tied(False)
    bench = Workbench(net)
    do(net)
    assert bench.tie_news() == ({}, pairs)
    assert Workbench(net).tie_news() == ({}, pairs)  # the same bench
    net = tied(False)
    do(net)
    bench = Workbench(net)
    net.other.weight.data.zero_()
    assert bench.tie_news() == ({}, {})
    for part in ("head", "other"):
        setattr(net, part, copy.deepcopy(getattr(net, part)))
    assert bench.tie_news() == (pairs, {})


def test_before_the_first_look_a_new_layer_is_no_gained_tie() -> None:
    net = tied(False)
    bench = Workbench(net)
    net.late = nn.Linear(4, 6)
    net.late.weight = net.emb.weight
    assert bench.tie_news() == ({}, {})
    bench = Workbench(nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)))
    assert bench.refresh() == []
    bench.net[1].weight = bench.net[0].weight
    assert bench.tie_news() == ({}, {"1.weight": "0.weight"})


def test_memory_that_may_have_been_shared_at_the_start_is_no_gained_tie() -> None:
    net, whole = tied(False), torch.zeros(48)
    net.emb.weight.data, net.head.weight.data = whole[:24].view(6, 4), whole[12:36].view(6, 4)
    bench = Workbench(net)
    net.other.weight.data.zero_()
    assert bench.tie_news() == ({}, {})
    assert len(bench.ties()) == 1


def test_slots_that_were_parted_and_tied_with_each_other() -> None:
    net = tied()
    net.other.weight = net.emb.weight
    bench = Workbench(net)
    bench.ties()
    net.other.weight = nn.Parameter(torch.ones(6, 4))
    assert bench.tie_news() == ({"other.weight": "emb.weight"}, {})
    net.head.weight = net.other.weight
    lost = {"other.weight": "emb.weight", "head.weight": "emb.weight"}
    assert bench.tie_news() == (lost, {"other.weight": "head.weight"})
    net.head.weight = net.other.weight = net.emb.weight
    assert bench.tie_news() == ({}, {})


def test_a_group_of_many_slots_is_compared_at_once() -> None:
    net: nn.Module = nn.Linear(2, 2)
    for _ in range(15):
        net = nn.Sequential(net, net)
    bench = Workbench(net)
    assert len(bench.slots()) == 2**16
    assert bench.tie_news() == ({}, {})
    net[1] = copy.deepcopy(net[0])  # type: ignore[operator]
    lost, gained = bench.tie_news()
    assert len(lost) == 2**15
    assert gained == {}
