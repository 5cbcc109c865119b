"""Panels and forms that close because a cell has removed what they show: it is said, and once."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect
from torch import nn

from page.eyes import View
from page.kit import Bench, Blank


def notices(view: View) -> Locator:
    return view.host.locator(".notice")


def open_panels(view: View, *names: str) -> None:
    for number, name in enumerate(names, 1):
        view.row(name).click()
        expect(view.panels).to_have_count(number)


def test_all_panels_that_were_closed_are_named(widget: Bench, view: View) -> None:
    net: Any = widget.net
    open_panels(view, "0.weight", "0.bias", "2.bias")
    with widget.cell():
        net[0] = nn.Identity()
    expect(view.panels).to_have_count(1)
    expect(notices(view)).to_contain_text("2 panels were closed:")
    assert notices(view).locator("li").all_inner_texts() == [
        "0.weight is no longer in the model",
        "0.bias is no longer in the model",
    ]


def test_of_many_the_first_are_named_and_the_rest_scroll(blank: Blank) -> None:
    net: Any = nn.ModuleList([nn.Sequential(*(nn.Linear(2, 2) for _ in range(8)))])
    widget = blank.show(net)
    view = View(blank.page.locator(".paramwidget")).ready()
    open_panels(view, *(f"0.{n}.{name}" for n in range(8) for name in ("weight", "bias")))
    with widget.cell():
        net[0] = nn.Identity()
    expect(notices(view)).to_contain_text("16 panels were closed:")
    lines = notices(view).locator("li")
    expect(lines).to_have_count(3)
    view.button("and 13 more").click()
    expect(lines).to_have_count(16)
    box = notices(view).bounding_box()
    assert box is not None
    assert box["height"] < 350
    view.button("Show fewer").click()
    expect(lines).to_have_count(3)


def test_what_was_dismissed_is_not_said_to_another_view(widget: Bench, view: View) -> None:
    net: Any = widget.net
    open_panels(view, "0.weight")
    with widget.cell():
        net[0] = nn.Identity()
    said = "A panel was closed: 0.weight is no longer in the model."
    expect(notices(view)).to_contain_text(said)
    view.button("Dismiss").click()
    expect(notices(view)).to_have_count(0)
    expect(view.tree).to_be_focused()
    another = View(widget.render()).ready()
    expect(another.row("2.weight")).to_be_visible()
    expect(notices(another)).to_have_count(0)


def test_a_form_closes_with_the_module_that_it_would_initialize(widget: Bench, view: View) -> None:
    net: Any = widget.net
    form = view.host.locator(".form-card")
    view.tree.focus()
    view.press("ArrowDown", "Enter")
    expect(form.get_by_label("gain")).to_be_visible()
    with widget.cell():
        net[2] = nn.Identity()
    with widget.cell():
        net[0] = nn.Linear(9, 3)
    expect(form.locator(".promise")).to_contain_text("fan_in 9")
    with widget.cell():
        net[0] = nn.Identity()
    expect(form).to_have_count(0)
    expect(notices(view)).to_contain_text("The form was closed: 0 has no parameters any more.")
    expect(view.tree).to_be_focused()


def test_a_form_closes_when_its_module_is_gone(widget: Bench, view: View) -> None:
    net: Any = widget.net
    view.tree.focus()
    view.press("End", "ArrowLeft", "Enter")
    expect(view.host.locator(".form-card")).to_contain_text("Initialize 2")
    with widget.cell():
        del net[2]
    expect(view.host.locator(".form-card")).to_have_count(0)
    expect(notices(view)).to_contain_text("The form was closed: 2 is no longer in the model.")
