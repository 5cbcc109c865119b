"""What cannot be edited says so: a locked slot, a lens that only shows, a lens that fails."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from playwright.sync_api import expect
from torch import nn

from page.kit import Blank
from page.panels import holding, matrix, show, weight
from paramwidget import protocol
from paramwidget.picture.lenses import LENSES, Lens, Slot
from zoo import quantized
from zoo.packed import bitsandbytes_4bit


def test_a_locked_slot_says_why(blank: Blank) -> None:
    bench, [panel] = show(blank, locked(), "weight")
    expect(panel.root.locator(".locked")).to_contain_text("Read only.")
    panel.click(0, 0)
    panel.page.keyboard.type("5")
    expect(panel.editor).to_have_count(0)
    panel.press("Enter")
    assert len(panel.readout.locator(".warn").inner_text()) > 10
    expect(panel.root.locator(".expression")).to_have_count(0)
    assert not bench.said("assign")


def locked() -> nn.Module:
    """Elements that share memory cannot be written one by one."""
    return holding(torch.ones(1).expand(3, 3))


def test_packed_weights_say_once_why_they_cannot_be_shown(blank: Blank) -> None:
    _, [panel] = show(blank, bitsandbytes_4bit(), "0.weight")
    expect(panel.root.locator(".nothing")).to_contain_text("It is packed")
    expect(panel.root.locator(".locked")).to_have_text("Read only.")


def test_the_note_of_a_tensor_in_a_file_that_an_edit_writes_is_a_warning(
    blank: Blank, tmp_path: Path
) -> None:
    file = tmp_path / "weights.bin"
    torch.randn(4).numpy().tofile(file)
    stored = torch.from_file(str(file), shared=True, size=4).reshape(2, 2)
    _, [panel] = show(blank, holding(stored), "weight")
    note = panel.root.locator(".note")
    expect(note).to_contain_text("an edit writes to the file")
    expect(note).to_have_class("note warn")


def test_the_note_of_what_cannot_be_edited_is_none(blank: Blank) -> None:
    _, [panel] = show(blank, quantized.layer(quantized.scaled(4, 8)), "weight")
    expect(panel.root.locator(".note")).to_contain_text("packed")
    expect(panel.root.locator(".note")).to_have_class("note")


def test_gradients_are_looked_at_only(blank: Blank) -> None:
    net = matrix([1.0, 2.0])
    net.get_parameter("weight").sum().backward()
    _, [panel] = show(blank, net, "weight")
    panel.button("Gradient").click()
    panel.waits_for("lens", "grad")
    panel.click(0, 0)
    panel.press("Enter")
    expect(panel.readout).to_contain_text("switch to Value to edit")


def test_a_lens_that_does_not_say_so_edits_nothing(
    blank: Blank, monkeypatch: pytest.MonkeyPatch
) -> None:
    offers = {"abs": True}
    magnitude = Lens(
        "abs",
        "Size",
        lambda slot: slot.values.elements.abs(),
        offered=lambda kind, tensor: offers["abs"],
    )
    monkeypatch.setitem(LENSES, "abs", magnitude)
    bench, [panel] = show(blank, matrix([-4.0, 2.0]), "weight")
    panel.button("Size").click()
    panel.waits_for("lens", "abs")
    assert panel.button("Size").get_attribute("aria-pressed") == "true"
    panel.hover(0, 0)
    expect(panel.readout).to_have_text("[0, 0]4")
    panel.click(0, 0)
    refused = "Sizes are read-only; switch to Value to edit."
    for key in ("Enter", "5", "-"):
        panel.press(key)
        expect(panel.readout).to_have_text(refused)
    panel.heatmap.dblclick(position=panel.middle(0, 0))
    expect(panel.editor).to_have_count(0)
    offers["abs"] = False
    bench.kernel.receive({"kind": "hello", "view": "another", "protocol": protocol.PROTOCOL})
    bench.flush()
    expect(panel.button("Size")).to_have_count(0)
    panel.click(0, 1)
    panel.press("Enter")
    expect(panel.readout).to_have_text("This is read-only.")
    expect(panel.editor).to_have_count(0)
    assert not bench.said("assign")
    assert weight(bench).tolist() == [[-4, 2]]


def test_a_lens_that_fails_says_so_in_place_of_the_picture(
    blank: Blank, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(slot: Slot) -> torch.Tensor:
        raise ValueError("no magnitude")

    monkeypatch.setitem(LENSES, "fails", Lens("fails", "Size", fails))
    net = nn.ParameterDict({"first": torch.ones(2), "second": torch.ones(2)})
    _, [first, second] = show(blank, net, "first", "second")
    first.button("Size").click()
    failed = "The lens Size failed: ValueError: no magnitude"
    expect(first.root.locator(".nothing")).to_have_text(failed)
    expect(first.canvas).to_be_hidden()
    second.hover(0, 1)
    expect(second.readout).to_have_text("[1]1")
    first.button("Value").click()
    first.waits_for("lens", "value")
