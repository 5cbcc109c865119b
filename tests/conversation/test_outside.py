"""What a cell itself has changed is told at its end, without any edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from conversation.talk import Talk


def chain() -> nn.Sequential:
    return nn.Sequential(*(nn.Linear(64, 64) for _ in range(3)))


def train(net: nn.Module) -> None:
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    net(torch.randn(8, 64)).square().sum().backward()
    optimizer.step()


def load(net: nn.Module) -> None:
    net.load_state_dict({key: value + 1 for key, value in net.state_dict().items()})


def move(net: nn.Module) -> None:
    for parameter in net.parameters():
        parameter.data = parameter.data * 2


def outside(talk: Talk) -> list[str]:
    """The lines of the journals sent so far that tell of others' changes."""
    lines = [entry for said in talk.of("journal") for entry in said["entries"]]
    return [line["title"] for line in lines if line["of"] == "outside"]


@pytest.mark.parametrize("change", [train, load, move])
def test_a_cell_that_changes_the_model_is_told_of_in_every_widget(
    change: Callable[[nn.Module], None],
) -> None:
    net = chain()
    talks = Talk(net), Talk(net)
    for talk in talks:
        talk.hush()
        talk.session.cell_began()
    change(net)
    for talk in talks:
        talk.session.cell_ended()
        assert outside(talk) == ["changed outside: 6 slots"]


def test_one_line_grows_and_is_not_told_again() -> None:
    net: Any = chain()
    talk = Talk(net)
    for slot, title in ((net[0].weight, "changed outside: 1 slot"),
                        (net[2].bias, "changed outside: 2 slots")):  # fmt: skip
        talk.hush()
        with torch.no_grad():
            slot[0] += 1
        talk.session.cell_ended()
        assert outside(talk) == [title]
    talk.hush()
    talk.session.cell_ended()
    assert not talk.of("journal")


def test_an_edit_of_a_cell_is_no_change_outside() -> None:
    talk = Talk(chain())
    talk.session.cell_began()
    talk.bench.initialize("", "ones_")
    talk.session.cell_ended()
    assert not outside(talk)


def test_all_of_a_model_is_told_of_where_a_glance_sees_a_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("paramwidget.conversation.session.GLANCE_BYTES", 1 << 15)
    net = chain()
    talk = Talk(net)
    load(net)
    talk.session.cell_ended()
    assert outside(talk) == ["changed outside: 6 slots"]


def test_a_look_that_fails_costs_only_itself(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    net = chain()
    talk = Talk(net)
    talk.open("0", "weight")
    talk.hush()

    def fails(most: int = 0) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(talk.bench, "look_outside", fails)
    load(net)
    talk.session.cell_ended()
    assert "what a cell has changed could not be noted" in caplog.text
    assert [frame["cause"] for frame, _ in talk.frames()] == ["cell"]


def test_nothing_is_looked_at_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk(chain(), opened=False)
    monkeypatch.setattr(talk.bench, "look_outside", None)
    talk.session.cell_ended()
    assert not talk.of("journal")
