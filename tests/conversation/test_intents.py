"""An intent becomes the action of its name: a new one is a message and an action, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from conversation.talk import Talk
from paramwidget import protocol
from paramwidget.conversation import intents
from paramwidget.edit.actions.action import Action, from_json
from paramwidget.edit.actions.assign import Assign
from paramwidget.edit.actions.compute import Compute
from paramwidget.edit.actions.fields import NumberText, Target
from paramwidget.edit.actions.initialize import Initialize
from paramwidget.edit.actions.outcome import Outcome
from paramwidget.edit.actions.set_requires_grad import SetRequiresGrad
from paramwidget.protocol import message
from paramwidget.slots.tree import Tree


@pytest.mark.parametrize(
    ("intent", "action"),
    [
        (
            protocol.Initialize("1", ["0"], "normal_", {"std": "2"}, ["Linear"], [], " 3 ", False),
            Initialize(("0",), "normal_", ("Linear",), None, "3", {"std": "2"}),
        ),
        (
            protocol.Initialize("1", [], "ones_", {}, [], ["weight"], "", False),
            Initialize((), "ones_", None, ("weight",), None, {}),
        ),
        (protocol.Assign("1", ["w"], [0, 1], "2"), Assign(("w",), [0, 1], "2")),
        (protocol.Compute("1", ["w"], "0, :", "w + 1"), Compute(("w",), "w + 1", "0, :")),
        (protocol.SetRequiresGrad("1", ["w"], True), SetRequiresGrad(("w",), True)),
        (
            protocol.SetRequiresGrad("1", [], False, ["Linear"], ["bias"]),
            SetRequiresGrad((), False, ("Linear",), ("bias",)),
        ),
    ],
)
def test_an_intent_becomes_its_action(intent: protocol.Intent, action: Action) -> None:
    assert intents.action_of(intent) == action


@pytest.fixture
def scratch() -> Iterator[None]:
    """What a test declares is forgotten afterwards."""
    messages, actions = [*message._messages], {**Action.catalogue}
    yield
    message._messages[:] = messages
    Action.catalogue.clear()
    Action.catalogue.update(actions)


def new_intent() -> type[protocol.Intent]:
    @dataclass(frozen=True)
    class Corner(protocol.Intent):
        """The first element becomes a value."""

        path: list[str]
        value: str

    return Corner


def new_action() -> type[Action]:
    @dataclass(frozen=True)
    class Corner(Action):
        """The first element becomes a value."""

        target: Target
        value: NumberText

        def run(self, net: nn.Module, tree: Tree) -> Outcome:
            return Assign(self.target, (0, 0), self.value).run(net, tree)

    return Corner


@pytest.mark.usefixtures("scratch")
def test_a_new_message_and_a_new_action_work_end_to_end() -> None:
    action, intent = new_action(), new_intent()
    intents.check(intent)
    talk = Talk(nn.Sequential(nn.Linear(3, 2)))
    reply = talk.ask("corner", path=["0", "weight"], value="42")
    assert reply["ok"]
    assert reply["changed"] == 1
    assert talk.bench.net[0].weight[0, 0] == 42
    (edit,) = talk.bench.history
    written = edit.to_json()["action"]
    assert written == {"kind": "corner", "target": ["0", "weight"], "value": "42"}
    assert from_json(written) == action(("0", "weight"), "42")
    assert not talk.ask("corner", path=["0", "weight"], value="many")["ok"]
    assert not talk.ask("corner", path=["0", "weight"])["ok"]
    assert "export interface Corner {" in protocol.typescript()
    assert talk.ask("undo")["ok"]


@pytest.mark.usefixtures("scratch")
def test_an_intent_that_does_not_fit_its_action_is_found_at_import() -> None:
    @dataclass(frozen=True)
    class Corner(protocol.Intent):
        path: list[str]
        colour: str

    with pytest.raises(TypeError, match="the intent Corner asks for nothing: declare an action"):
        intents.check(Corner)
    new_action()
    with pytest.raises(TypeError, match="Corner says colour, and its action has the fields target"):
        intents.check(Corner)


@pytest.mark.usefixtures("scratch")
def test_an_intent_that_leaves_a_field_out_is_found_at_import() -> None:
    @dataclass(frozen=True)
    class Corner(protocol.Intent):
        path: list[str]

    new_action()
    with pytest.raises(TypeError, match="Corner does not say value, and its action has the fields"):
        intents.check(Corner)


def test_a_frozen_block_is_one_edit_with_undo() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    talk = Talk(net)
    reply = talk.ask("set_requires_grad", path=[], value=False, parameters=["weight"])
    assert (reply["title"], reply["changed"]) == ("2 tensors are frozen", 2)
    assert [p.requires_grad for p in net.parameters()] == [False, True, False, True]
    assert talk.ask("undo")["ok"]
    assert all(p.requires_grad for p in net.parameters())
