"""A lens is a row: what follows from it in facts, frames, the bench, and where it fails."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from conversation.talk import Talk
from paramwidget.picture.lenses import LENSES, Lens, Slot
from paramwidget.workbench import Workbench


@pytest.fixture
def magnitude(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole of another lens."""
    abs_lens = Lens("abs", "Magnitude", lambda slot: slot.values.elements.abs())
    monkeypatch.setitem(LENSES, "abs", abs_lens)


def matrix(*rows: list[float]) -> nn.Module:
    net = nn.Module()
    net.register_parameter("weight", nn.Parameter(torch.tensor(rows)))
    return net


def cells(talk: Talk, panel: str) -> list[float]:
    """What the newest picture of a panel shows."""
    frame, buffers = [(f, b) for f, b in talk.frames() if f["panel"] == panel][-1]
    assert frame["picture"]["planes"][0]["encoding"] == "f4", frame["message"]
    return np.frombuffer(buffers[0], "<f4").tolist()


def message(talk: Talk, panel: str) -> str:
    return [f for f, _ in talk.frames() if f["panel"] == panel][-1]["message"]


def lenses(talk: Talk) -> dict[str, dict[str, str]]:
    return {lens["name"]: lens for lens in talk.of("facts")[-1]["lenses"]}


def look(talk: Talk, panel: str, lens: str, generation: int = 1) -> None:
    how = {"window": None, "cells": [256, 256], "sliders": []}
    talk.say("look", panel=panel, generation=generation, lens=lens, **how)


@pytest.mark.usefixtures("magnitude")
def test_a_new_lens_is_shown_with_its_label_and_edits_nothing() -> None:
    net = matrix([-4.0, 2.0])
    talk = Talk(net)
    panel = talk.open("weight", lens="abs")
    assert cells(talk, panel) == [4, 2]
    shown_only = "are read-only; switch to Value to edit."
    for name, label, locked in [
        ("value", "Value", ""),
        ("grad", "Gradient", f"Gradients {shown_only}"),
        ("abs", "Magnitude", f"Magnitudes {shown_only}"),
    ]:
        assert lenses(talk)[name] == {"name": name, "label": label, "locked": locked}
    picture = talk.frames()[-1][0]["picture"]
    assert (picture["scale"], picture["shared_scale"]) == ("own", "")
    bench = talk.bench
    stats, raster, counted = (
        look_at("weight", lens="abs") for look_at in (bench.stats, bench.raster, bench.histogram)
    )
    assert stats is not None
    assert (stats.min, stats.max) == (2, 4)
    assert raster is not None
    assert raster.values.tolist() == [[4, 2]]
    assert counted is not None
    assert counted.counts.sum() == 2
    assert net.get_parameter("weight").tolist() == [[-4, 2]]


@pytest.mark.usefixtures("magnitude")
def test_a_lens_that_says_no_more_is_offered_wherever_there_is_something_to_read() -> None:
    net = nn.Module()
    net.register_parameter("weight", nn.Parameter(torch.ones(2)))
    net.register_parameter("nothing", None)
    net.register_parameter("on_meta", nn.Parameter(torch.ones(2, device="meta")))
    net.register_parameter("lazy", nn.UninitializedParameter())
    net.register_buffer("buffer", torch.ones(2))
    net.constant = torch.ones(2)
    net.layer = parametrizations.weight_norm(nn.Linear(2, 2, bias=False))
    talk = Talk(net)
    ready = [("weight",), ("buffer",), ("constant",), ("layer", "weight")]
    for path in [*ready, ("nothing",), ("on_meta",), ("lazy",)]:
        talk.open(*path)
        assert ("abs" in lenses(talk)) == (path in ready), path
        assert "value" in lenses(talk)


def test_a_slot_that_cannot_be_edited_says_so_at_its_editable_lens() -> None:
    net = nn.Module()
    net.register_parameter("weight", nn.Parameter(torch.ones(1).expand(3)))
    talk = Talk(net)
    talk.open("weight")
    facts = talk.of("facts")[-1]
    assert facts["locked"].startswith("It is expanded")
    assert lenses(talk)["value"]["locked"] == facts["locked"]


def test_angles_have_their_scale_and_values_share_theirs() -> None:
    talk = Talk(nn.ParameterDict({"z": torch.tensor([1j, -1j])}))
    panel = talk.open("z")
    picture = talk.frames()[-1][0]["picture"]
    assert picture["dtype"] == "complex64"
    assert (picture["scale"], picture["shared_scale"]) == ("shared", "one scale")
    look(talk, panel, "angle")
    picture = talk.frames()[-1][0]["picture"]
    assert picture["dtype"] == "float32"
    assert (picture["scale"], picture["limits_text"]) == ("cyclic", "±π")
    assert picture["limits"] == [-np.pi, np.pi]


def test_where_a_lens_holds_nothing_the_bench_gives_none_and_the_panel_says_why() -> None:
    net = matrix([1.0, 2.0])
    talk = Talk(net)
    panel = talk.open("weight", lens="grad")
    assert message(talk, panel) == "No gradient yet: run backward()."
    assert talk.bench.stats("weight", lens="grad") is None
    assert talk.bench.raster("weight", lens="angle") is None
    look(talk, panel, "angle")
    assert message(talk, panel) == "Only a complex tensor has an angle."
    net.get_parameter("weight").requires_grad_(False)
    look(talk, panel, "grad", 2)
    assert message(talk, panel) == "No gradient: requires_grad is False."


# --- names ----------------------------------------------------------------------------------------


def test_an_empty_name_is_the_usual_lens() -> None:
    talk = Talk(matrix([1.0]))
    panel = talk.open("weight", lens="")
    assert talk.of("panels")[-1]["panels"][0]["lens"] == "value"
    look(talk, panel, "")
    assert talk.frames()[-1][0]["lens"] == "value"


@pytest.mark.usefixtures("magnitude")
def test_an_unknown_lens_is_refused_with_those_there_are(caplog: pytest.LogCaptureFixture) -> None:
    *others, last = LENSES
    sentence = f"lens must be {', '.join(others)} or {last}, got 'magnitude'"
    talk = Talk(matrix([1.0]))
    panel = talk.open("weight")
    talk.hush()
    look(talk, panel, "magnitude")
    talk.open("weight", lens="magnitude")
    assert not talk.told
    assert [record.getMessage() for record in caplog.records] == [
        f"paramwidget: a message was dropped: {sentence}"
    ] * 2
    for look_at in (talk.bench.stats, talk.bench.raster, talk.bench.histogram, talk.bench.tensor):
        with pytest.raises(ValueError, match=sentence):
            look_at("weight", lens="magnitude")


# --- a lens that fails ---------------------------------------------------------------------------


def fails(slot: Slot) -> torch.Tensor:
    raise ValueError(f"no magnitude of {slot.tensor.numel()}")


def test_a_lens_that_raises_says_so_and_the_rest_lives(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(LENSES, "fails", Lens("fails", "Magnitude", fails))
    net = matrix([1.0, 2.0])
    talk = Talk(net)
    broken, other = talk.open("weight", lens="fails"), "other"
    talk.say("open", panel=other, path=["weight"], lens="value")
    sentence = "The lens Magnitude failed: ValueError: no magnitude of 2"
    assert message(talk, broken) == sentence
    for step in range(3):
        with torch.no_grad():
            net.get_parameter("weight").add_(1)
        talk.session.cell_ended()
        assert cells(talk, other) == [2 + step, 3 + step]
    assert [record.getMessage() for record in caplog.records] == [
        "paramwidget: the lens Magnitude failed"
    ]
    with pytest.raises(ValueError, match=sentence):
        talk.bench.stats("weight", lens="fails")
    look(talk, broken, "value")
    assert cells(talk, broken) == [4, 5]


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        (None, "TypeError: the result is a NoneType, not a tensor"),
        (torch.ones(2, device="meta"), "It is on the meta device"),
    ],
)
def test_a_lens_must_show_a_tensor_that_can_be_read(
    monkeypatch: pytest.MonkeyPatch, shown: torch.Tensor, sentence: str
) -> None:
    monkeypatch.setitem(LENSES, "odd", Lens("odd", "Odd", lambda slot: shown))
    talk = Talk(matrix([1.0]))
    panel = talk.open("weight", lens="odd")
    assert sentence in message(talk, panel)
    with pytest.raises(ValueError, match=sentence):
        talk.bench.stats("weight", lens="odd")


def test_a_lens_that_cannot_say_where_it_is_offered_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def offered(kind: str, tensor: torch.Tensor | None) -> bool:
        raise RuntimeError(kind)

    unsure = Lens("unsure", "Unsure", lambda slot: slot.values, offered=offered)
    monkeypatch.setitem(LENSES, "unsure", unsure)
    talk = Talk(matrix([1.0]))
    talk.open("weight")
    assert "value" in lenses(talk)
    assert "unsure" not in lenses(talk)


# --- a lens with a memory ------------------------------------------------------------------------


@pytest.fixture
def since(monkeypatch: pytest.MonkeyPatch) -> None:
    def difference(slot: Slot) -> torch.Tensor:
        return slot.values.elements - slot.remembered

    look_lens = Lens("since_last_look", "Since the last look", difference, needs="look")
    monkeypatch.setitem(LENSES, "since_last_look", look_lens)
    step_lens = Lens("since_step", "Since the last step", difference, needs="step")
    monkeypatch.setitem(LENSES, "since_step", step_lens)


def cell(talk: Talk, by: float) -> None:
    talk.session.cell_began()
    with torch.no_grad():
        talk.bench.net.weight.add_(by)
    talk.session.cell_ended()


@pytest.mark.usefixtures("since")
def test_what_has_changed_since_the_last_look() -> None:
    net = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        net.weight.zero_()
    talk, second = Talk(net), Talk(net)
    panel = talk.open("weight", lens="since_last_look")
    assert message(talk, panel) == "Nothing to compare with yet."
    assert talk.bench.stats("weight", lens="since_last_look") is None
    cell(talk, 3)
    assert cells(talk, panel) == [3, 3]
    again = second.open("weight", lens="since_last_look")
    assert cells(second, again) == [3, 3]  # it looks at what the first has seen
    cell(talk, 5)
    second.session.cell_ended()
    assert cells(talk, panel) == cells(second, again) == [5, 5]
    look(talk, panel, "since_last_look", 2)  # as for a zoom: nothing has changed
    assert cells(talk, panel) == [5, 5]
    stats = talk.bench.stats("weight", lens="since_last_look")
    assert stats is not None
    assert stats.mean == 5


@pytest.mark.usefixtures("since")
def test_copies_are_kept_while_a_panel_needs_them_and_refer_to_nothing() -> None:
    net = nn.Linear(2, 1, bias=False)
    talk, second = Talk(net), Talk(net)
    remembered = talk.bench.remembered
    first = talk.open("weight", lens="since_last_look")
    second.open("weight", lens="since_last_look")
    cell(talk, 1)
    copy = remembered.before(("since_last_look", ("weight",)))
    assert copy is not None
    assert copy.untyped_storage().data_ptr() != net.weight.untyped_storage().data_ptr()
    assert type(copy) is torch.Tensor
    assert not copy.requires_grad
    assert remembered.bytes == 16
    talk.say("close", panel=first)
    assert remembered.bytes == 16  # the other widget's panel needs it
    second.session.close()
    assert remembered.bytes == 0
    third = talk.open("weight", lens="since_last_look")
    cell(talk, 1)
    assert cells(talk, third) == pytest.approx([1, 1])
    look(talk, third, "value")
    assert remembered.bytes == 0


@pytest.mark.usefixtures("since")
@pytest.mark.parametrize(
    "strided",
    [torch.zeros(4, 4)[:, 0], torch.zeros(8)[::2], torch.zeros(1).expand(4)],
    ids=["a column", "every other", "one for all"],
)
def test_what_has_changed_in_memory_of_any_strides(strided: torch.Tensor) -> None:
    net = nn.Module()
    net.register_buffer("moved", strided)
    talk = Talk(net)
    panel = talk.open("moved", lens="since_last_look")
    talk.session.cell_ended()
    talk.session.cell_began()
    strided.add_(3) if strided.stride() != (0,) else strided[:1].add_(3)
    talk.session.cell_ended()
    assert cells(talk, panel) == [3, 3, 3, 3]


@pytest.mark.usefixtures("since")
def test_what_the_last_step_has_changed() -> None:
    net = nn.Linear(2, 1, bias=False)
    talk = Talk(net)
    panel = talk.open("weight", lens="since_step")
    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    for _ in range(3):
        optimizer.zero_grad()
        net(torch.tensor([[1.0, 2.0]])).sum().backward()
        optimizer.step()
    talk.session.cell_ended()
    assert cells(talk, panel) == pytest.approx([-1, -2])


@pytest.mark.usefixtures("since")
def test_what_is_too_large_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    net = nn.Linear(2, 1, bias=False)
    monkeypatch.setattr(Workbench(net).remembered, "_most", 15)
    talk = Talk(net)
    panel = talk.open("weight", lens="since_last_look")
    cell(talk, 1)
    assert message(talk, panel) == "Nothing to compare with yet."
    assert talk.bench.remembered.bytes == 0
