"""What a stylesheet may get wrong: text that is cut, a page that scrolls sideways, false life."""

from __future__ import annotations

import re
from typing import Any

import torch
from playwright.sync_api import Locator, Page, expect
from torch import nn

from page.eyes import View
from page.kit import Bench, Blank

LONG = "w" * 90
WIDTH = {"width": 400, "height": 800}


def look(button: Locator) -> dict[str, str]:
    """How a button is painted."""
    return button.evaluate(
        """button => {
            const { color, borderColor, backgroundColor, cursor } = getComputedStyle(button);
            return { color, borderColor, backgroundColor, cursor };
        }"""
    )


def test_what_cannot_be_pressed_looks_so(widget: Bench, view: View) -> None:
    net: Any = widget.net
    with widget.cell():
        net[2].bias = net[0].bias
    with widget.cell():
        net[2].bias = nn.Parameter(torch.ones(3))
    view.tree.focus()
    view.press("ArrowDown", "Enter")
    form = view.host.locator(".form-card")
    apply = form.get_by_role("button", name="Apply, new seed")
    tie = view.button("Tie again")
    alive = [look(apply), look(tie)]
    widget.cut(dead=True)
    dead = view.button("Initialize…").first
    for button, before in zip((apply, tie), alive, strict=True):
        expect(button).to_have_attribute("aria-disabled", "true")
        button.hover()
        assert look(button) == look(dead)
        assert look(button) != before


def journal_of_long_names(blank: Blank) -> View:
    net = nn.Module()
    net.register_parameter(LONG, nn.Parameter(torch.zeros(4, 4)))
    net.register_parameter(LONG + "2", nn.Parameter(torch.zeros(4, 4)))
    widget = blank.show(net)
    view = View(blank.page.locator(".paramwidget")).ready()
    view.button("Journal").click()
    widget.bench.initialize("", "ones_")
    widget.flush()
    with widget.cell():
        net.get_parameter(LONG).data += 2
    expect(view.journal.locator(".entry")).to_have_count(2)
    return view


def test_long_names_in_the_journal_are_not_cut(page: Page, blank: Blank) -> None:
    page.set_viewport_size(WIDTH)
    journal = journal_of_long_names(blank).journal
    for part in (".entries", "textbox"):
        found = journal.get_by_role(part) if part == "textbox" else journal.locator(part)
        assert found.evaluate("part => part.scrollWidth - part.clientWidth") <= 0
    names = journal.locator(".entry bdi")
    edge = journal.evaluate("card => card.getBoundingClientRect().right")
    for right in names.evaluate_all("all => all.map(one => one.getBoundingClientRect().right)"):
        assert right <= edge


def test_the_largest_text_in_a_narrow_page_scrolls_downward_only(page: Page, blank: Blank) -> None:
    page.set_viewport_size(WIDTH)
    view = journal_of_long_names(blank)
    view.row(LONG).click()
    page.locator(".panel").get_by_role("button", name="Initialize", exact=True).click()
    view.tree.focus()
    view.press("Home", "Enter")
    expect(view.host.locator(".form-card .promise")).to_be_visible()
    for _ in range(8):
        view.button("Larger text").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH["width"]
    expect(view.host.get_by_role("button", name=re.compile("Apply")).first).to_be_visible()
