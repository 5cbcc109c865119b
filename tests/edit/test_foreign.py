"""What something else wrote: undo says so, nothing of it is lost, and the journal tells of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from edit.kit import contents, run_script
from paramwidget.edit.errors import EditError
from paramwidget.edit.journal import Entry
from paramwidget.workbench import Workbench


def chain() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))


def train(net: nn.Module) -> None:
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        net(torch.randn(8, 4)).square().sum().backward()
        optimizer.step()


def load(net: nn.Module) -> None:
    net.load_state_dict({key: value + 1 for key, value in net.state_dict().items()})


def add(net: nn.Module) -> None:
    for parameter in net.parameters():
        parameter.data += 1


def point_elsewhere(net: nn.Module) -> None:
    for parameter in net.parameters():
        parameter.data = parameter.data * 2


def kinds(bench: Workbench) -> list[str]:
    return [entry.kind for entry in bench.journal]


def the(bench: Workbench, kind: str) -> Entry:
    (entry,) = [entry for entry in bench.journal if entry.kind == kind]
    return entry


@pytest.mark.parametrize("change", [train, load, add, point_elsewhere])
def test_undo_over_foreign_values_says_so_and_keeps_them(change: Callable[[Any], None]) -> None:
    net = chain()
    bench = Workbench(net)
    start = contents(net)
    edit = bench.initialize("", "xavier_uniform_", parameters="weight")
    change(net)
    changed = contents(net)
    undone = bench.undo()
    assert undone is not None
    assert any("0.weight" in warning and "1.weight" in warning for warning in undone.warnings)
    now = contents(net)
    assert {name: now[name] for name in edit.changed} == {
        name: start[name] for name in edit.changed
    }
    assert now["0.bias"] == changed["0.bias"]
    assert the(bench, "replaced").names == ["0.weight", "1.weight"]
    redone = bench.redo()
    assert redone is not None
    assert redone.warnings == edit.warnings
    assert contents(net) == changed


def test_slots_are_named_in_their_order_however_often_it_is_undone() -> None:
    net = chain()
    bench = Workbench(net)
    bench.initialize("", "ones_", parameters="weight")
    for _ in range(2):
        add(net)
        assert bench.at_stake() == ["0.weight", "1.weight"]
        undone = bench.undo()
        assert undone is not None
        assert any("0.weight and 1.weight have been changed" in one for one in undone.warnings)
        replaced = [entry for entry in bench.journal if entry.kind == "replaced"]
        assert replaced[-1].names == ["0.weight", "1.weight"]
        bench.redo()


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
    assert bench.at_stake() == []
    for _ in range(2):
        undone = bench.undo()
        assert undone is not None
        assert undone.warnings == back.warnings
        bench.redo()
        assert contents(net)["0.weight"] == foreign["0.weight"]
    add(net)
    assert bench.at_stake() == ["0.weight", "1.weight"]


def test_undo_of_its_own_values_warns_of_nothing() -> None:
    net = chain()
    bench = Workbench(net)
    for _ in range(2):
        bench.initialize("", "normal_", parameters="weight")
        bench.assign("0.weight", (1, 1), 5)
        bench.compute("0.weight", "w * 2", (slice(0, 2), ...))
        bench.set_requires_grad("1.weight", False)
        bench.apply(lambda module: None)
        bench.apply(lambda module: nn.init.ones_(module.weight), "0")
        while (edit := bench.undo()) is not None:
            assert not any("something else" in warning for warning in edit.warnings)
        while (edit := bench.redo()) is not None:
            assert not any("something else" in warning for warning in edit.warnings)
        for _ in range(8):
            bench.undo()
    assert set(kinds(bench)) == {"edit", "dropped"}


def test_the_undo_of_a_part_replaces_that_part_alone() -> None:
    net = chain()
    bench = Workbench(net)
    bench.assign("0.weight", (0, 0), 42)
    add(net)
    others = net[0].weight.detach().clone()
    undone = bench.undo()
    assert undone is not None
    assert undone.warnings
    assert torch.equal(net[0].weight.detach()[1:], others[1:])
    bench.redo()
    assert torch.equal(net[0].weight.detach(), others)


@pytest.mark.parametrize("change", [train, load, add, point_elsewhere])
def test_the_journal_tells_of_changes_outside_once(change: Callable[[Any], None]) -> None:
    net = chain()
    bench = Workbench(net)
    bench.initialize("", "normal_", parameters="weight")
    for _ in range(3):
        change(net)
        assert kinds(bench) == ["edit", "outside"]
    entry = the(bench, "outside")
    assert entry.title == "changed outside: 4 slots"
    assert entry.names == ["0.weight", "0.bias", "1.weight", "1.bias"]
    bench.assign("0.weight", (0, 0), 1)
    change(net)
    assert kinds(bench) == ["edit", "outside", "edit", "outside"]
    assert bench.refresh() == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert bench.refresh() == []


def test_a_change_before_an_edit_is_told_before_it() -> None:
    net = chain()
    bench = Workbench(net)
    with torch.no_grad():
        net[0].weight[0, 0] = 7
    bench.assign("0.weight", (1, 1), 1)
    assert kinds(bench) == ["outside", "edit"]


def test_the_script_says_from_where_a_fresh_copy_differs() -> None:
    net = chain()
    fresh = copy.deepcopy(net)
    bench = Workbench(net)
    bench.initialize("", "ones_", parameters="weight")
    train(net)
    bench.assign("0.bias", (0,), 5)
    before, said, after = bench.code().partition("changed outside")
    assert said
    assert "ones_" in before
    assert "0.bias" in before.splitlines()[-1]
    assert "= 5" in after
    assert "0.weight, 1.weight and 1.bias changed outside" in after
    run_script(bench.code(), fresh)
    assert float(fresh[0].bias.detach()[0]) == 5


def test_nothing_is_said_of_what_an_undo_has_restored() -> None:
    net = chain()
    bench = Workbench(net)
    bench.initialize("0.weight", "ones_")
    net[0].weight.data += 1
    bench.undo()
    assert "outside" not in bench.code()
    bench.redo()
    assert "outside" in bench.code()


def test_two_models_with_one_trunk() -> None:
    trunk = nn.Linear(4, 4)
    first, second = nn.Sequential(trunk, nn.Linear(4, 2)), nn.Sequential(trunk, nn.Linear(4, 3))
    one, other = Workbench(first), Workbench(second)
    one.initialize("0.weight", "zeros_")
    kept = other.initialize("0.weight", "ones_")
    undone = one.undo()
    assert undone is not None
    assert any("0.weight" in warning for warning in undone.warnings)
    assert other.history == []
    assert "ones_" not in other.code()
    assert other.undo() is None
    assert bool((trunk.weight != 1).all())
    again = one.bring_back(the(one, "replaced"))
    assert again.changed == ["0.weight"]
    assert bool((trunk.weight == 1).all())
    assert kept.title


def test_a_redo_gives_the_other_models_edit_back() -> None:
    trunk = nn.Linear(4, 4)
    one, other = (Workbench(nn.Sequential(trunk, nn.Linear(4, n))) for n in (2, 3))
    one.assign("0.weight", (0, 0), 1)
    other.assign("0.weight", (0, 0), 2)
    one.undo()
    assert other.history == []
    one.redo()
    assert float(trunk.weight.detach()[0, 0]) == 2
    assert len(other.history) == 1


def test_an_edit_on_other_elements_of_a_shared_tensor_stands() -> None:
    trunk = nn.Linear(4, 4)
    one, other = (Workbench(nn.Sequential(trunk, nn.Linear(4, n))) for n in (2, 3))
    one.assign("0.weight", (0, 0), 1)
    other.assign("0.weight", (1, 1), 2)
    undone = one.undo()
    assert undone is not None
    assert not any("something else" in warning for warning in undone.warnings)
    assert len(other.history) == 1
    assert float(trunk.weight.detach()[1, 1]) == 2


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
    assert bench.at_stake() == []
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


def test_training_after_an_untie_is_not_lost_by_its_undo() -> None:
    net = chain()
    net[1].weight = net[0].weight
    bench = Workbench(net)
    bench.untie("1.weight")
    add(net)
    own = net[1].weight.detach().clone()
    undone = bench.undo()
    assert undone is not None
    assert any("1.weight" in warning for warning in undone.warnings)
    bench.redo()
    assert torch.equal(net[1].weight.detach(), own)


def test_a_step_between_write_and_read_back_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    from paramwidget.edit.memory import transaction

    net = chain()
    bench = Workbench(net)
    compared = transaction.same_bits

    def step_then_compare(left: torch.Tensor, right: torch.Tensor) -> bool:
        net[0].weight.data += 1
        return compared(left, right)

    monkeypatch.setattr(transaction, "same_bits", step_then_compare)
    edit = bench.initialize("0.weight", "ones_")
    monkeypatch.undo()
    assert bool((net[0].weight == 2).all())
    assert any("0.weight" in warning for warning in edit.warnings)
    undone = bench.undo()
    assert undone is not None
    assert any("something else" in warning for warning in undone.warnings)
    bench.redo()
    assert bool((net[0].weight == 2).all())


def test_a_rollback_leaves_what_others_wrote_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    net = chain()
    bench = Workbench(net)
    bias = net[0].bias.detach().clone()

    def fill(tensor: torch.Tensor) -> None:
        if tensor.dim() == 1:
            net[0].weight.data += 1  # as a training thread would
            raise LookupError("no bias")
        tensor.fill_(1)

    with pytest.raises(
        EditError,
        match=r"something else has written to 0\.weight in the meantime, and that was kept",
    ) as refused:
        bench.initialize("0", fill)
    assert "not changed" not in str(refused.value)
    assert bool((net[0].weight == 2).all())
    assert torch.equal(net[0].bias.detach(), bias)
    assert bench.history == []


def test_changes_outside_with_nothing_between_have_one_comment() -> None:
    net = chain()
    bench = Workbench(net)
    add(net)
    bench.initialize("0.weight", "ones_")
    bench.undo()
    add(net)
    assert kinds(bench).count("outside") == 2
    assert bench.code().count("changed outside") == 1
