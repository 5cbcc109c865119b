"""A panel that cannot be shown costs only itself: the bench, the edit and the rest go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from conversation.talk import Talk
from paramwidget import ParamWidget, Workbench, protocol
from paramwidget.conversation import facts, frames, rows
from paramwidget.picture import lenses
from paramwidget.picture.lenses import Lens


def small_net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))


class Gone(nn.Module):
    def forward(self, w: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no weight today")


class Sour(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *_: Any, **__: Any) -> Any:
        raise RuntimeError("sour")

    @property
    def shape(self) -> Any:
        raise RuntimeError("sour")


def _freed(net: nn.Sequential) -> None:
    net[0].weight = nn.Parameter(torch.ones(3, 4))
    net[0].weight.untyped_storage().resize_(0)


def _computed(net: nn.Sequential) -> None:
    parametrize.register_parametrization(net[0], "weight", Gone(), unsafe=True)


def _sour(net: nn.Sequential) -> None:
    net[0]._parameters["weight"] = torch.ones(3, 4).as_subclass(Sour)


BREAKS: dict[str, Callable[[nn.Sequential], Any]] = {
    "the layer is gone": lambda net: net._modules.pop("0"),
    "the layer is another": lambda net: setattr(net, "0", nn.Conv2d(1, 1, 3)),
    "the slot is None": lambda net: net[0].register_parameter("weight", None),
    "the slot is gone": lambda net: net[0]._parameters.pop("weight"),
    "a module stands there": lambda net: (
        net[0]._parameters.pop("weight"), net[0].add_module("weight", nn.ReLU())
    ),
    "meta": lambda net: net[0].to("meta"),
    "freed": _freed,
    "a class that raises": _sour,
    "no tensor at all": lambda net: net[0]._parameters.update(weight="weight"),
    "computed, and it raises": _computed,
    "another shape": lambda net: setattr(net[0], "weight", nn.Parameter(torch.ones(1, 1))),
    "no elements": lambda net: setattr(net[0], "weight", nn.Parameter(torch.ones(0, 4))),
    "sparse": lambda net: setattr(net[0], "weight", nn.Parameter(torch.eye(3).to_sparse())),
    "no axes": lambda net: setattr(net[0], "weight", nn.Parameter(torch.tensor(3.0))),
}  # fmt: skip


@pytest.mark.parametrize("what", BREAKS)
@pytest.mark.parametrize("when", ["before the click", "after the click"])
def test_a_panel_whose_slot_is_not_what_it_was_costs_only_itself(what: str, when: str) -> None:
    net = small_net()
    last = net[2]
    talk = Talk(net)
    other = talk.open("2", "weight")
    talk.say("rows", view="v", revision=1, rows=[2, 3, 5, 6])
    if when == "before the click":
        BREAKS[what](net)
    panel = talk.open("0", "weight")
    look = {"generation": 1, "lens": "value", "window": [2, 3, 0, 4], "cells": [8, 8]}
    talk.say("look", panel=panel, sliders=[], **look)
    if when == "after the click":
        BREAKS[what](net)
    talk.hush()
    for column, say in enumerate((lambda: None, lambda: talk.say("hello", view="v", protocol=1))):
        say()
        assert talk.ask("assign", path=["2", "weight"], index=[0, column], value="7")["ok"]
        assert last.weight[0, column].item() == 7
    assert talk.bench.assign("2.weight", (1, 1), 9).changed == ["2.weight"]
    assert talk.bench.undo() is not None
    talk.session.stepped()
    talk.session.cell_ended()
    assert [f["panel"] for f, _ in talk.frames()].count(other) >= 3
    closed = [one["panel"] for message in talk.of("panels") for one in message["closed"]]
    told = [f for f, _ in talk.frames() if f["panel"] == panel]
    if panel in talk.session.views.panels:
        assert told
        assert told[-1]["message"] or told[-1]["picture"]
    elif when == "after the click":
        assert closed == [panel]
    saved = [content["kind"] for content, _ in talk.session.saved_messages()]
    assert {"tree", "journal", "panels", "frame"} <= set(saved)


@pytest.mark.parametrize("path", [["0"], [], ["9"], ["0", "weight", "x"], ["0.weight"], ["\ud800"]])
def test_a_click_on_what_is_not_a_slot_is_answered_with_a_word(path: list[str]) -> None:
    talk = Talk(small_net())
    talk.hush()
    talk.say("open", panel="x", path=path, lens="")
    ((closed,),) = [one["closed"] for one in talk.of("panels") if one["closed"]]
    assert closed["panel"] == "x"
    assert closed["reason"].endswith(("is a module", "is no longer in the model"))
    assert talk.ask("assign", path=["0", "weight"], index=[0, 0], value="1")["ok"]


def test_a_row_whose_layer_a_running_cell_has_removed_is_answered_at_the_click() -> None:
    net = small_net()
    talk = Talk(net)
    talk.session.cell_began()
    del net[2]
    talk.hush()
    talk.open("2", "weight")
    (closed,) = talk.of("panels")[0]["closed"]
    assert closed["reason"] == "2.weight is no longer in the model"
    assert talk.ask("assign", path=["0", "weight"], index=[0, 0], value="1")["ok"]
    assert talk.bench.undo() is not None
    assert talk.ask("assign", path=["0", "weight"], index=[0, 0], value="2")["ok"]


@pytest.mark.parametrize(
    ("room", "name"),
    [
        (frames, "picture_of"), (frames, "histogram"), (facts, "condition_at"),
        (facts, "catalogue"), (facts, "look"), (rows.scale, "brief"),
        (rows, "tensor_of"), (rows, "tree_message"),
    ],
)  # fmt: skip
def test_whatever_fails_while_showing_the_edit_is_done_and_told_so(
    room: Any, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    net = small_net()
    talk = Talk(net)
    panel = talk.open("0", "weight")
    talk.say("rows", view="v", revision=1, rows=[2, 3])

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no screen")

    with monkeypatch.context() as patch:
        patch.setattr(room, name, fail)
        talk.say("hello", view="v", protocol=1)
        talk.say("rows", view="v", revision=1, rows=[2, 3])
        net[2].append = nn.ReLU()
        assert talk.ask("assign", path=["0", "weight"], index=[0, 0], value="7")["ok"]
        assert talk.bench.assign("0.weight", (0, 1), 8).changed == ["0.weight"]
        assert talk.bench.undo() is not None
        talk.session.saved_messages()
    assert net[0].weight[0, 0].item() == 7
    assert "no screen" in caplog.text
    talk.hush()
    assert talk.ask("assign", path=["0", "weight"], index=[0, 0], value="6")["ok"]
    assert [f["panel"] for f, _ in talk.frames() if f["picture"]] == [panel]


def test_a_lens_that_is_no_longer_declared_or_fails_costs_its_own_panel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_: object) -> torch.Tensor:
        raise ZeroDivisionError("by nought")

    monkeypatch.setitem(lenses.LENSES, "broken", Lens("broken", "Broken", broken))
    monkeypatch.setitem(lenses.LENSES, "lost", Lens("lost", "Lost", broken))
    talk = Talk(small_net())
    talk.open("0", "weight", lens="broken")
    assert "lens Broken failed" in talk.frames()[-1][0]["message"]
    talk.open("0", "bias", lens="lost")
    talk.open("2", "weight")
    monkeypatch.delitem(lenses.LENSES, "lost")
    talk.hush()
    for value in "123":
        assert talk.ask("assign", path=["2", "weight"], index=[0, 0], value=value)["ok"]
        assert talk.ask("assign", path=["0", "bias"], index=[0], value=value)["ok"]
    told = {f["panel"]: f for f, _ in talk.frames()}
    assert "p0" not in told  # nothing new to say
    assert "lens must be" in told["p1"]["message"]
    assert told["p2"]["picture"]
    assert len([f for f, _ in talk.frames() if f["panel"] == "p1"]) == 1


def test_two_views_with_panels_of_their_own_and_one_that_is_bad() -> None:
    net = small_net()
    first, second = Talk(net), Talk(net)
    first.open("0", "weight")
    second.open("2", "weight")
    _freed(net)
    second.hush()
    assert second.ask("assign", path=["2", "weight"], index=[0, 0], value="3")["ok"]
    assert first.ask("assign", path=["2", "weight"], index=[0, 1], value="4")["ok"]
    assert len([f for f, _ in second.frames() if f["picture"]]) == 2


def test_a_comm_that_cannot_send_stops_no_edit(caplog: pytest.LogCaptureFixture) -> None:
    net = small_net()
    talk = Talk(net)
    talk.open("0", "weight")

    def closed(*_: object) -> None:
        raise RuntimeError("websocket closed")

    talk.session._send_out = closed
    talk.session._keep = closed
    talk.say("assign", id="a", path=["0", "weight"], index=[0, 0], value="7")
    assert talk.bench.assign("0.weight", (0, 1), 8).changed == ["0.weight"]
    assert talk.bench.undo() is not None
    talk.session.cell_began()
    talk.session.cell_ended()
    talk.say("hello", view="w", protocol=1)
    assert net[0].weight[0, 0].item() == 7
    assert "websocket closed" in caplog.text


def test_a_message_that_cannot_travel_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk(small_net())
    panel = talk.open("0", "weight")
    encode = protocol.encode

    def picky(message: Any) -> Any:
        if (message.kind == "frame" and message.picture) or message.kind == "journal":
            raise protocol.ProtocolError("half a character")
        return encode(message)

    monkeypatch.setattr(protocol, "encode", picky)
    talk.hush()
    assert talk.ask("assign", path=["0", "weight"], index=[0, 0], value="7")["ok"]
    assert talk.ask("assign", path=["0", "weight"], index=[0, 0], value="7")["ok"]
    (told,) = talk.frames()
    assert told[0]["panel"] == panel
    assert "half a character" in told[0]["message"]


@pytest.mark.parametrize("method", ["learn", "read"])
def test_a_look_that_fails_after_an_edit_leaves_the_edit_done(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = small_net()
    talk = Talk(net)
    talk.open("0", "weight")
    record = talk.bench._record

    def fail(*_: object) -> None:
        raise RuntimeError("the model moved")

    edits = [
        lambda: talk.bench.untie("2.weight"),
        lambda: talk.bench.initialize("0", "zeros_"),
    ]
    net.register_parameter("again", net[2].weight)
    with monkeypatch.context() as patch:
        if method == "learn":
            patch.setattr(record.known, method, fail)
        else:
            patch.setattr(Workbench, "read", fail)
        for number, edit in enumerate(edits, 1):
            assert edit().changed
            assert len(talk.bench.history) == number
    assert net[2].weight is not net.again
    assert not net[0].weight.any()


def test_a_listener_that_edits_is_refused_and_costs_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    net = small_net()
    talk = Talk(net)

    class Meddler:
        def edited(self, edit: object, tree: object) -> None:
            talk.bench.assign("0.weight", (0, 0), 1)

    class Undoer:
        def edited(self, edit: object, tree: object) -> None:
            talk.bench.undo()

    listeners = [Meddler(), Undoer()]
    for listener in listeners:
        talk.bench.listen(listener)
    assert talk.ask("assign", path=["0", "weight"], index=[0, 0], value="42")["ok"]
    assert net[0].weight[0, 0].item() == 42
    assert len(talk.bench.history) == 1
    assert "an edit is already running" in caplog.text
    listeners.clear()
    assert talk.bench.assign("0.weight", (0, 0), 2).changed == ["0.weight"]


def test_a_widget_is_not_opened_on_a_module_or_on_too_many_slots() -> None:
    net = small_net()
    with pytest.raises(ValueError, match="'0' is a module; name one of its slots"):
        ParamWidget(net, open=["0"])
    with pytest.raises(ValueError, match="at most 64 can be open"):
        ParamWidget(net, open=["0.weight"] * 65)
