"""Two models that share a tensor: undo in one takes nothing of the other's back in silence."""

from __future__ import annotations

from torch import nn

from edit.kit import contents
from edit.others import the
from edit.walks import (
    foreign,
)
from paramwidget.workbench import Workbench


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


def test_a_part_that_another_model_takes_back_leaves_the_edit_in_its_history() -> None:
    trunk = nn.Linear(4, 4)
    one, other = (Workbench(nn.Sequential(trunk, nn.Linear(4, n))) for n in (2, 3))
    start = contents(other.net)
    one.assign("0.weight", (0, 0), 1)
    edit = other.initialize("", "normal_")
    undone = one.undo()
    assert undone is not None
    assert foreign(undone)
    assert other.history == [edit]
    assert any(entry.kind == "outside" for entry in other.journal)
    back = other.undo()
    assert back is not None
    assert foreign(back)
    assert contents(other.net)["1.weight"] == start["1.weight"]
