"""Damaged messages and parts that crash: the rest works, and good data heal what they broke."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from torch import nn

from page.eyes import View
from page.kit import Bench, Blank, Packet, saved_packets
from page.panels import show, tied

# what every count is written with: a part that shows one crashes until it is mended
BREAK = """() => {
    window.whole = Number.prototype.toLocaleString;
    Number.prototype.toLocaleString = null;
}"""
MEND = "() => { Number.prototype.toLocaleString = window.whole; }"


def damage(packets: list[Packet], kind: str) -> list[Packet]:
    damaged = copy.deepcopy(packets)
    for content, _ in damaged:
        if content["kind"] == kind == "journal":
            content["entries"] = [None]
        if content["kind"] == kind == "briefs":
            content["briefs"][0]["bars"] = None
        if content["kind"] == kind == "facts":
            content["twins"] = [None]
    return damaged


@pytest.mark.parametrize("kind", ["journal", "briefs", "facts"])
def test_a_damaged_saved_picture_gives_way_to_the_kernel(
    page: Page, net: nn.Module, kind: str
) -> None:
    blank = Blank(page)
    widget = Bench(page, "w", net)
    blank.widgets["w"] = widget
    notices = page.locator(".notice")
    with widget.hold():
        widget.start(damage(saved_packets(net, "0.weight"), kind))
        widget.render()
        expect(notices).to_contain_text("The saved picture cannot be read")
    view = View(page.locator(".paramwidget")).ready()
    expect(notices).to_have_count(0)
    undo_asks(widget, view)


def undo_asks(widget: Bench, view: View) -> None:
    widget.bench.initialize("", "ones_", parameters="weight")
    widget.flush()
    with widget.cell():
        widget.net.get_parameter("0.weight").data += 1
    view.button("Undo: ones_").click()
    expect(view.host.get_by_role("alertdialog")).to_be_visible()


def test_a_damaged_journal_is_replaced_with_the_next_edit(page: Page, net: nn.Module) -> None:
    widget = Blank(page).show(net)
    view = View(page.locator(".paramwidget")).ready()
    view.button("Journal").click()
    widget.bench.assign("0.weight", (0, 0), 42)
    widget.flush()
    entry = {"number": 1, "title": "t", "of": "edit", "stands": True}
    widget.send({"kind": "journal", "entries": [entry], "undo": "", "redo": "", "code": ""})
    widget.flush()
    said = "(journal: its entries[0].names should be a list and is missing)"
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(view.journal.locator(".entry")).to_have_count(1)
    widget.bench.assign("0.weight", (0, 1), 43)
    widget.flush()
    expect(view.journal.locator(".entry")).to_have_count(2)
    code = view.journal.get_by_role("textbox")
    assert code.input_value() == widget.bench.code()
    undo_asks(widget, view)


def test_a_damaged_picture_leaves_the_others_of_its_scale(page: Page) -> None:
    bench, [two, three] = show(Blank(page), tied(), "2.weight", "3.weight")
    page.get_by_role("button", name="Same scale").click()
    sent = [packet for packet in bench.kernel.saved_messages() if packet[0]["kind"] == "frame"]
    frame, buffers = copy.deepcopy(sent[0])
    frame["revision"], frame["picture"]["limits"] = 99, {}
    bench.send(frame, buffers)
    bench.flush()
    expect(two.root.locator(".nothing")).to_have_text(
        "The picture that the kernel sent cannot be read."
    )
    expect(page.locator(".notice")).to_have_count(0)
    three.click(0, 0)
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    expect(three.readout).to_have_text("[0, 0]7")


def test_a_part_that_crashes_is_tried_again_with_other_data(page: Page, net: Any) -> None:
    widget = Blank(page).show(net)
    view = View(page.locator(".paramwidget")).ready()
    page.evaluate(BREAK)
    with widget.cell():
        net[0] = nn.Linear(5, 3)
    alerts = page.get_by_role("alert")
    expect(alerts.filter(has_text="The toolbar failed and was switched off")).to_be_visible()
    expect(alerts.filter(has_text="The tree failed and was switched off")).to_be_visible()
    with widget.cell():
        net[0] = nn.Linear(6, 3)
    expect(alerts).to_have_count(2)
    page.evaluate(MEND)
    expect(alerts).to_have_count(2)
    with widget.cell():
        net[0] = nn.Linear(7, 3)
    expect(alerts).to_have_count(0)
    expect(view.row("0.weight").locator(".shape")).to_have_text("3 × 7")
    expect(view.button("Journal")).to_be_visible()


def test_a_panel_that_crashes_is_switched_off_and_the_rest_lives(page: Page) -> None:
    net = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
    bench, [one, two] = show(Blank(page), net, "0.weight", "1.weight")
    failed = page.get_by_role("alert").filter(has_text="This panel failed and was switched off")
    bars = one.root.locator(".histogram-bars").bounding_box()
    assert bars is not None
    with bench.hold():  # nothing is heard meanwhile
        page.evaluate(BREAK)
        page.mouse.move(bars["x"] + bars["width"] / 2, bars["y"] + bars["height"] / 2)
        expect(failed).to_have_count(1)
        expect(page.locator(".panel")).to_have_count(1)
        page.evaluate(MEND)
        two = type(two)(page.locator(".panel"))
        two.click(0, 0)
        expect(two.readout).to_contain_text("[0, 0]")
        expect(failed).to_have_count(1)
        page.get_by_role("button", name="Try again").click()
        expect(failed).to_have_count(0)
    expect(page.locator(".panel h3")).to_have_text(["0.weight", "1.weight"])
