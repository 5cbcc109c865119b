"""Skipping what cannot be undone, and bringing back what was undone or put away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from edit.kit import contents
from edit.others import add, chain, kinds, load, the, train
from edit.walks import (
    foreign,
)
from paramwidget.edit.errors import EditError
from paramwidget.workbench import Workbench


def test_what_an_undo_replaced_comes_back_after_further_edits() -> None:
    net = chain()
    bench = Workbench(net)
    bench.initialize("0.weight", "ones_")
    train(net)
    trained = contents(net)
    bench.undo()
    bench.assign("0.weight", (0, 0), 3)
    bench.initialize("", "zeros_")
    back = bench.bring_back(the(bench, "replaced"))
    assert back.changed == ["0.weight"]
    assert contents(net)["0.weight"] == trained["0.weight"]
    bench.undo()
    assert not net[0].weight.any()
    bench.redo()
    assert contents(net)["0.weight"] == trained["0.weight"]


@pytest.mark.parametrize("change", [train, load, add])
def test_what_was_brought_back_is_the_edits_own_and_its_undo_asks_nothing(
    change: Callable[[Any], None],
) -> None:
    net = chain()
    bench = Workbench(net)
    bench.initialize("", "xavier_uniform_", parameters="weight")
    change(net)
    foreign = contents(net)
    bench.undo()
    back = bench.bring_back(the(bench, "replaced"))
    assert bench.at_stake().names == []
    for _ in range(2):
        undone = bench.undo()
        assert undone is not None
        assert undone.warnings == back.warnings
        bench.redo()
        assert contents(net)["0.weight"] == foreign["0.weight"]
    add(net)
    assert bench.at_stake().names == ["0.weight", "1.weight"]


@pytest.mark.parametrize(
    "change",
    [
        lambda net: net.__setitem__(0, nn.Linear(3, 3)),
        lambda net: net.half(),
        lambda net: net[0].__delattr__("weight"),
        lambda net: net[0].__setattr__("weight", None),
    ],
)
def test_skip_leads_past_an_edit_that_cannot_be_undone(change: Callable[[Any], None]) -> None:
    net = chain()
    bench = Workbench(net)
    bias = net[1].bias.detach().clone()
    bench.initialize("1.bias", "ones_")
    blocked = bench.initialize("", "normal_", parameters="weight")
    change(net)
    with pytest.raises(EditError, match=r"0\.weight.*bench\.skip"):
        bench.undo()
    assert bench.at_stake().names == []
    left = contents(net)
    assert bench.skip() is blocked
    assert contents(net) == left
    assert [edit.title for edit in bench.history] == ["ones_ on 1.bias"]
    assert blocked.title in bench.code()
    if net[1].bias.dtype == bias.dtype:
        bench.undo()
        assert torch.equal(net[1].bias.detach(), bias)
    else:
        with pytest.raises(EditError):
            bench.undo()
        bench.skip()
    assert bench.skip() is None
    assert bench.undo() is None


def test_each_slot_that_cannot_be_restored_is_named() -> None:
    net = chain()
    bench = Workbench(net)
    bench.initialize("", "normal_", parameters="weight")
    net.half()
    with pytest.raises(EditError, match=r"0\.weight.*1\.weight"):
        bench.undo()


def test_what_was_skipped_leaves_the_script_where_an_undo_wipes_it_out() -> None:
    net = chain()
    bench = Workbench(net)
    bench.initialize("0.weight", "ones_")
    bench.assign("0.weight", (0, 0), 2)
    bench.skip()
    bench.undo()
    assert bench.code() == ""
    bench.redo()
    assert float(net[0].weight.detach()[0, 0]) == 2


def test_an_undone_branch_stays_and_can_be_brought_back() -> None:
    net = chain()
    bench = Workbench(net)
    bench.initialize("0.weight", "ones_")
    bench.assign("0.weight", (0, 0), 2)
    branch = contents(net)
    bench.undo()
    bench.undo()
    bench.initialize("0.weight", "zeros_")
    assert kinds(bench) == ["dropped", "dropped", "edit"]
    assert bench.redo() is None
    first, second, _ = bench.journal
    bench.bring_back(first)
    edit = bench.bring_back(second)
    assert contents(net) == branch
    assert edit.warnings
    assert "differ from here on" in bench.code()
    bench.bring_back(second)
    for _ in range(3):
        bench.undo()
    assert not net[0].weight.any()
    with pytest.raises(EditError, match="cannot be brought back"):
        bench.bring_back(bench.journal[2])
    for wrong in (None, 3, Workbench(chain()).assign("0.weight", (0, 0), 1)):
        with pytest.raises(EditError):
            bench.bring_back(wrong)  # type: ignore[arg-type]


def test_a_dropped_tie_can_be_brought_back() -> None:
    net = chain()
    bench = Workbench(net)
    bench.tie("0.weight", "1.weight")
    bench.undo()
    bench.assign("0.weight", (0, 0), 2)
    bench.bring_back(bench.journal[0])
    assert net[0].weight is net[1].weight
    bench.undo()
    assert net[0].weight is not net[1].weight


def test_what_was_skipped_stays_in_the_script_where_an_undo_takes_a_part_of_it_back() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    bench = Workbench(net)
    bench.assign("0.bias", (0,), 1)
    bench.initialize("", "normal_", seed=1)
    bench.skip()
    undone = bench.undo()
    assert undone is not None
    assert "0.bias has been changed by an edit that was skipped since" in undone.warnings[-1]
    assert "normal_ on 4 tensors" in bench.code()
    assert "differ from here on" in bench.code()
    bench.redo()
    assert "differ from here on" not in bench.code()


def test_what_is_brought_back_over_a_tie_changes_every_slot() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    bench = Workbench(net)
    bench.initialize("0.bias", "ones_")
    bench.undo()
    bench.tie("0.bias", "1.bias")
    edit = bench.bring_back(bench.journal[0])
    assert edit.changed == ["0.bias", "1.bias"]
    assert bench.refresh() == []
    assert all(entry.kind != "outside" for entry in bench.journal)


def test_two_values_of_one_tensor_cannot_both_be_brought_back() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    bench = Workbench(net)
    bench.initialize("", "normal_", parameters="bias")
    bench.undo()
    bench.tie("0.bias", "1.bias")
    before = contents(net)
    with pytest.raises(EditError, match=r"1\.bias and 0\.bias are one tensor now|0\.bias and 1"):
        bench.bring_back(bench.journal[0])
    assert contents(net) == before


def test_undo_and_redo_of_what_was_brought_back_raise_no_false_alarm() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    bench = Workbench(net)
    bench.initialize("", "normal_")
    bench.undo()
    bench.assign("0.bias", (0,), 3)
    bench.bring_back(bench.journal[0])
    for _ in range(2):
        for edit in (bench.undo(), bench.redo()):
            assert edit is not None
            assert foreign(edit) == []


def refusal(do: Callable[[], object]) -> str:
    with pytest.raises(EditError) as refused:
        do()
    return str(refused.value)


def test_a_refusal_says_each_reason_once_with_all_the_slots_that_have_it() -> None:
    net: Any = nn.Sequential(*(nn.Linear(2, 2) for _ in range(30)), nn.Linear(2, 3))
    bench = Workbench(net)
    bench.initialize("", "ones_")
    *names, last = (name for name, _ in net.named_parameters())
    net.half()
    said = refusal(bench.undo)
    have = "have changed dtype since, from float32 to float16"
    assert f"{', '.join(names)} and {last} {have}" in said
    assert said.count("float16") == 1
    net[0] = nn.Linear(5, 2)
    net[1].weight = nn.Parameter(torch.ones(7))
    net[2].bias = None
    net[3].weight = nn.Parameter(torch.ones(2, 2).to_sparse())
    net[4].weight = nn.Parameter(torch.ones(7, dtype=torch.float16))
    said = refusal(bench.undo)
    assert "'ones_ on 62 tensors': 0.weight and 1.weight have changed shape since; " in said
    assert "; 2.bias is no longer a tensor of the model; " in said
    assert "; 3.weight can no longer be written to (its layout is sparse_coo" in said
    whole = "4.weight has changed shape and dtype since, from (2, 2) of float32 to (7,) of float16"
    assert whole in said


@pytest.mark.parametrize("kind", ["dropped", "replaced"])
def test_a_refusal_to_bring_back_says_what_was_refused(kind: str) -> None:
    net: Any = nn.Sequential(nn.Linear(2, 2))
    bench = Workbench(net)
    bench.initialize("0.weight", "ones_")
    if kind == "replaced":
        net[0].weight.data += 1
    bench.undo()
    bench.assign("0.bias", (0,), 1)
    net[0] = nn.Linear(5, 2)
    entry = next(one for one in bench.journal if one.kind == kind)
    said = refusal(lambda: bench.bring_back(entry))
    assert said.startswith(f"cannot bring back {entry.title!r}: 0.weight has changed shape since")
