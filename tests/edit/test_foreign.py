"""What something else wrote: undo says so, nothing of it is lost, and the journal tells of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from edit.kit import contents, run_script
from edit.others import add, chain, kinds, load, point_elsewhere, the, train
from edit.walks import (
    foreign,
)
from paramwidget.edit.errors import EditError
from paramwidget.workbench import Workbench


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
        assert bench.at_stake().names == ["0.weight", "1.weight"]
        undone = bench.undo()
        assert undone is not None
        assert any("0.weight and 1.weight have been changed" in one for one in undone.warnings)
        replaced = [entry for entry in bench.journal if entry.kind == "replaced"]
        assert replaced[-1].names == ["0.weight", "1.weight"]
        bench.redo()


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


def test_what_a_refresh_reports_stands_in_the_journal() -> None:
    net = nn.Sequential(nn.Linear(4, 4))
    bench = Workbench(net)
    net[0].bias.data += 1
    assert bench.refresh() == ["0.bias"]
    assert [entry.kind for entry in bench.journal] == ["outside"]
    assert "outside" in bench.code()


def test_one_edit_of_overlapping_views_is_undone_without_an_alarm() -> None:
    torch.manual_seed(0)
    flat = torch.randn(20)
    net = nn.Module()
    net.a, net.b = nn.Parameter(flat[:12]), nn.Parameter(flat[8:])
    bench = Workbench(net)
    bench.initialize("", "normal_")
    for edit in (bench.undo(), bench.redo(), bench.undo()):
        assert edit is not None
        assert foreign(edit) == []


def test_a_warning_names_every_slot() -> None:
    net = nn.Sequential(*(nn.Linear(2, 2) for _ in range(10)))
    bench = Workbench(net)
    bench.initialize("", "normal_")
    for parameter in net.parameters():
        parameter.data += 1
    undone = bench.undo()
    assert undone is not None
    assert all(name in undone.warnings[-1] for name in dict(net.named_parameters()))
