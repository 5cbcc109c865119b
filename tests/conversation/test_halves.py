"""A module whose name holds half a character is shown, opened, edited and written as any other."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from conversation.talk import Talk
from paramwidget import EditError, ParamWidget, Workbench, initializer
from paramwidget.edit.initializers import catalogue

NAMES = ["\ud800", "\\ud800", "a\udfff\\b", "\\\ud800", "x.\udc00", "\ud83d\ude00", "plain"]


def model() -> nn.Module:
    net = nn.Module()
    for name in NAMES:
        net._modules[name] = nn.Linear(2, 2)
    net._parameters["\udcff"] = nn.Parameter(torch.ones(2))
    return net


def over_the_wire(content: Any) -> Any:
    """As hosts send it: UTF-8, which has no bytes for half a character."""
    return json.loads(json.dumps(content, ensure_ascii=False, allow_nan=False).encode())


def test_every_message_can_be_sent_and_every_row_opened_and_edited() -> None:
    net = model()
    fresh = copy.deepcopy(net)
    talk = Talk(net)
    tree = over_the_wire(talk.of("tree")[-1])
    rows = [row for row, kind in enumerate(tree["kinds"]) if kind == "parameter"]
    assert len(rows) == 2 * len(NAMES) + 1
    for number, row in enumerate(rows):
        path: list[str] = []
        at = row
        while at > 0:
            path.insert(0, tree["names"][at])
            at = tree["parents"][at]
        talk.open(*path)
        reply = talk.ask("compute", path=path, index="", expression=f"w * 0 + {number}")
        assert reply["ok"], reply["error"]
        assert over_the_wire(reply)["title"].endswith(f"w * 0 + {number}")
    assert [p.flatten()[0].item() for p in net.parameters()] == list(range(len(rows)))
    panels = over_the_wire(talk.of("panels")[-1])
    assert len(panels["panels"]) == len(rows)
    assert not panels["closed"]
    assert len({tuple(panel["path"]) for panel in panels["panels"]}) == len(rows)
    for content, _ in talk.told:
        over_the_wire(content)
    code = talk.bench.code()
    code.encode()
    exec(compile(code, "<code>", "exec"), {"net": fresh})
    for one, other in zip(fresh.parameters(), net.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", NAMES[:-2])
def test_a_tie_that_is_offered_can_be_taken(name: str) -> None:
    net = model()
    first: Any = net._modules["\ud83d\ude00"]
    second: Any = net._modules[name]
    second.weight = first.weight
    talk = Talk(net)
    second.weight = nn.Parameter(first.weight.detach().clone())
    talk.say("ask", view="v")
    for offer in over_the_wire(talk.of("tienews")[-1])["lost"]:
        reply = talk.ask("tie", first=offer["first"], second=offer["second"])
        assert reply["ok"], reply["error"]
    assert not over_the_wire(talk.of("tienews")[-1])["lost"]
    assert first.weight is second.weight


def test_a_twin_that_is_offered_can_be_tied() -> None:
    net = model()
    one: Any = net._modules["plain"]
    other: Any = net._modules["\ud800"]
    other.weight.data.copy_(one.weight.data)
    talk = Talk(net)
    talk.open("plain", "weight")
    (twin,) = over_the_wire(talk.of("facts")[-1])["twins"]
    reply = talk.ask("tie", first=twin["offer"]["first"], second=twin["offer"]["second"])
    assert reply["ok"], reply["error"]
    assert one.weight is other.weight


@pytest.mark.parametrize("kind", ["initialize", "set_requires_grad"])
def test_a_parameter_can_be_chosen_by_its_name(kind: str) -> None:
    """The chips of the form are the names of the tree."""
    net = model()
    talk = Talk(net)
    name = over_the_wire(talk.of("tree")[-1])["names"][1]
    if kind == "initialize":
        reply = talk.initialize(name="zeros_", parameters=[name])
    else:
        reply = talk.ask(kind, path=[], value=False, parameters=[name])
    assert (reply["ok"], reply["changed"]) == (True, 1), reply["error"]


def test_an_initializer_can_be_chosen_by_its_name() -> None:
    @initializer(name="half \udfff")
    def three(tensor: torch.Tensor) -> None:
        tensor.fill_(3)

    talk = Talk(model())
    name = over_the_wire(talk.of("catalog")[-1])["initializers"][-1]["name"]
    reply = talk.initialize("plain", name=name)
    catalogue._users.pop("half \udfff")
    assert reply["ok"], reply["error"]


def test_a_widget_on_such_a_model_is_saved_and_shown() -> None:
    widget = ParamWidget(model(), open=[("\ud800", "weight"), "\udcff"])
    for message in widget.saved["messages"]:
        over_the_wire(message["content"])
    over_the_wire(widget._repr_mimebundle_()[0])
    widget.close()


@pytest.mark.parametrize("text", ["\ud800", "w + \udfff"])
def test_a_text_with_half_a_character_is_refused_with_one_reply(text: str) -> None:
    talk = Talk(model())
    for reply in (
        talk.ask("compute", path=["plain", "weight"], index="", expression=text),
        talk.ask("compute", path=["plain", "weight"], index=text, expression="0"),
        talk.ask("assign", path=["plain", "weight"], index=[0, 0], value=text),
        talk.initialize("plain", name=text),
        talk.initialize("plain", name="ones_", seed=text),
        talk.initialize("plain", name="constant_", arguments={"val": text}),
        talk.initialize("plain", name="constant_", arguments={text: "1"}),
        talk.initialize("plain", name="ones_", types=[text]),
        talk.initialize("plain", name="ones_", parameters=[text]),
        talk.initialize(text, name="ones_"),
    ):
        over_the_wire(reply)
        if reply["ok"]:
            assert text == "\ud800"  # which is a module's name
        else:
            assert reply["error"]


def test_the_title_of_an_edit_can_be_printed() -> None:
    talk = Talk(model())
    edit = talk.bench.assign(("\ud800", "weight"), (0, 0), 3)
    assert edit.title == "\\ud800.weight[0, 0] = 3"
    edit.title.encode()


def _fail(_: object) -> None:
    raise RuntimeError("half \udfff")


REFUSED: dict[str, Callable[[Workbench], object]] = {
    "a function": lambda bench: bench.apply(_fail),
    "a parameter's name": lambda bench: bench.initialize("", "ones_", parameters="\udfff"),
    "a type": lambda bench: bench.initialize("", "ones_", types="\udfff"),
    "a value": lambda bench: bench.assign(("plain", "weight"), (0, 0), "\udfff"),
    "a formula": lambda bench: bench.compute(("plain", "weight"), "\udfff"),
    "a slot of another shape": lambda bench: bench.assign(("\udfff",), (9,), 1),
    "what cannot be undone": lambda bench: [bench.initialize("", "ones_"),
                                            bench.net._parameters.pop("\udcff"),
                                            bench.undo()],
}  # fmt: skip


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)
def test_the_message_of_a_refusal_can_be_printed(refused: Callable[[Workbench], object]) -> None:
    with pytest.raises(EditError) as caught:
        refused(Workbench(model()))
    str(caught.value).encode()
