"""No name in a message is ever code, and what can be copied says the user's own variable."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from conversation.talk import Talk
from paramwidget import ParamWidget
from paramwidget.edit.initializers import catalogue
from paramwidget.edit.initializers.catalogue import initializer


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The user's namespace."""
    main = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    return vars(main)


def scaled(tensor: torch.Tensor, /, **keywords: Any) -> None:
    tensor.fill_(len(keywords))


@pytest.fixture
def registered() -> Iterator[None]:
    initializer(scaled)
    yield
    del catalogue._users["scaled"]


FORGED = [
    "x=__import__('os')._exit(3), y",
    "x=__import__('os').system('exit 3')",
    "**__import__('os')._exit(3)",
    ")\nimport os; os._exit(3)\n(",
    ")\u2028import os; os._exit(3)\u2028(",
    "lambda: 0",
    "class",
    "\ud800",
    "",
]


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("forged", FORGED)
def test_the_name_of_an_argument_in_a_message_is_never_code(forged: str) -> None:
    net = nn.Linear(2, 2)
    fresh, talk = copy.deepcopy(net), Talk(net)
    for value in ("1", "__import__('os')._exit(3)", "'", "\n"):
        talk.initialize("weight", name="scaled", arguments={forged: value, "b": "2"})
    for code in (talk.bench.code(), *(edit.code for edit in talk.bench.history)):
        exec(compile(code, "<code>", "exec"), {"net": fresh, "scaled": scaled})
    assert torch.equal(fresh.weight, net.weight)


@pytest.mark.parametrize("forged", FORGED)
def test_what_takes_no_such_argument_refuses_it(forged: str) -> None:
    talk = Talk(nn.Linear(2, 2))
    reply = talk.initialize("weight", name="normal_", arguments={forged: "1"})
    assert not reply["ok"]
    assert "has no argument" in reply["error"]
    assert talk.bench.code() == ""


def test_everything_that_can_be_copied_says_the_users_variable(user: dict[str, Any]) -> None:
    layer = nn.Linear(2, 2)
    net = user["encoder"] = nn.Sequential(layer, nn.ReLU(), layer)
    talk = Talk(net)
    talk.open("0", "weight")
    talk.ask("assign", path=["0", "weight"], index=[0, 0], value="1")
    tree, facts, journal = talk.of("tree")[-1], talk.of("facts")[-1], talk.of("journal")[-1]
    assert tree["name"] == "encoder"
    assert tree["shared_modules"][0]["proof"] == "encoder[0] is encoder[2]"
    assert facts["access"][0] == "encoder[0].weight"
    assert "encoder[0].weight.data[0, 0] = 1" in journal["code"]
    assert "encoder[0].weight.data[0, 0] = 1" in journal["entries"][-1]["code"]


def test_a_variable_that_is_renamed_is_shown_at_the_next_look(user: dict[str, Any]) -> None:
    net = user["encoder"] = nn.Linear(2, 2)
    talk = Talk(net)
    talk.open("weight")
    talk.bench.assign("weight", (0, 0), 1)
    talk.hush()
    user["student"] = user.pop("encoder")
    talk.session.cell_ended()
    assert [tree["name"] for tree in talk.of("tree")] == ["student"]
    assert talk.of("facts")[-1]["access"][0] == "student.weight"
    assert "student.weight" in talk.of("journal")[-1]["code"]
    talk.hush()
    talk.session.cell_ended()
    assert not talk.of("tree")


def test_a_widget_may_be_given_the_name(user: dict[str, Any]) -> None:
    net = user["encoder"] = nn.Linear(2, 2)
    widget = ParamWidget(net, name="model.encoder")
    assert widget.workbench.slots()[0].access[0] == "model.encoder.weight"
    ParamWidget(net)
    assert widget.workbench.name == "model.encoder"
    for name in ("", "class", "a b", "f()", "net[0]", "a..b"):
        with pytest.raises(ValueError, match="name must be a variable"):
            ParamWidget(net, name=name)
    assert widget.workbench.name == "model.encoder"
