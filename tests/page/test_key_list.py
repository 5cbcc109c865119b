"""The list of keys: how it opens and closes, where the focus is, that it fits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from page import shots
from page.eyes import View
from page.kit import Blank
from page.panels import open_panel


@pytest.fixture
def view(blank: Blank) -> View:
    blank.show(shots.tied_net())
    view = View(blank.page.locator(".paramwidget")).ready()
    view.tree.focus()
    return view


def key_list(view: View) -> Locator:
    return view.host.get_by_role("dialog", name="Keys")


def button(view: View) -> Locator:
    return view.host.get_by_role("button", name="Keys", exact=True)


def opened(view: View) -> Locator:
    view.press("?")
    expect(key_list(view)).to_be_focused()
    return key_list(view)


def test_a_question_mark_lists_the_keys_in_groups(view: View) -> None:
    listed = opened(view)
    assert listed.get_attribute("aria-modal") is None
    groups = listed.get_by_role("heading").all_inner_texts()
    assert groups == ["Keys", "Anywhere", "Tree", "Picture", "Cell being edited"]
    undo = listed.locator(".key-line").filter(has_text="undo")
    assert undo.locator("kbd").all_inner_texts() == ["Ctrl", "Z"]


CLOSING: dict[str, Callable[[View], None]] = {
    "Esc": lambda view: view.press("Escape"),
    "the question mark again": lambda view: view.press("?"),
    "its close button": lambda view: view.button("Close the list of keys").click(),
    "a click on nothing": lambda view: view.host.locator(".counts").click(),
    "a click beside the widget": lambda view: view.page.mouse.click(3, 3),
    "the button that opens it": lambda view: button(view).click(),
}


@pytest.mark.parametrize("close", CLOSING.values(), ids=CLOSING.keys())
def test_it_closes_and_the_focus_is_where_it_was(view: View, close: Callable[[View], None]) -> None:
    view.press("ArrowDown")
    opened(view)
    close(view)
    expect(key_list(view)).to_have_count(0)
    expect(view.tree).to_be_focused()
    view.expect_focus("0")


def test_a_click_on_a_row_closes_it_and_is_a_click_on_the_row(view: View) -> None:
    view.page.set_viewport_size({"width": 1280, "height": 1200})
    opened(view)
    view.row("6.bias").locator(".name").click()
    expect(key_list(view)).to_have_count(0)
    expect(view.panels).to_have_count(1)


def test_a_click_into_it_leaves_it_open(view: View) -> None:
    listed = opened(view)
    listed.get_by_text("filter the tree").click()
    expect(listed).to_be_focused()


def test_the_button_opens_it_and_gets_the_focus_back(view: View) -> None:
    toggle = button(view)
    assert toggle.get_attribute("title") == "Keys (?)"
    expect(toggle).to_have_attribute("aria-expanded", "false")
    toggle.click()
    expect(key_list(view)).to_be_focused()
    expect(toggle).to_have_attribute("aria-expanded", "true")
    view.press("Escape")
    expect(key_list(view)).to_have_count(0)
    expect(toggle).to_be_focused()


def test_from_a_picture_it_goes_back_to_the_picture(blank: Blank) -> None:
    panel = open_panel(blank.show(shots.tied_net()), "0.weight")
    view = View(blank.page.locator(".paramwidget"))
    panel.click(0, 0)
    opened(view)
    view.press("Escape")
    expect(panel.heatmap).to_be_focused()


def test_in_a_field_a_question_mark_is_text(view: View) -> None:
    view.filter.focus()
    view.press("?")
    expect(view.filter).to_have_value("?")
    expect(key_list(view)).to_have_count(0)


def test_tab_goes_on_and_leaves_it_closed(view: View) -> None:
    opened(view)
    view.press("Tab")
    expect(view.button("Close the list of keys")).to_be_focused()
    view.press("/")
    expect(view.filter).to_be_focused()
    expect(key_list(view)).to_have_count(0)


def test_each_view_has_its_own(blank: Blank) -> None:
    widget = blank.show(shots.tied_net())
    first = View(blank.page.locator(".paramwidget").nth(0)).ready()
    second = View(widget.render()).ready()
    second.tree.focus()
    opened(second)
    expect(key_list(first)).to_have_count(0)


@pytest.mark.parametrize("larger", [0, 6])
@pytest.mark.parametrize("width", [1280, 700, 400])
def test_it_fits(view: View, width: int, larger: int) -> None:
    """Nothing is cut off or reaches beyond the widget, which grows where the list is longer."""
    view.page.set_viewport_size({"width": width, "height": 720})
    view.press(*["+"] * larger)
    listed = opened(view)
    over = listed.evaluate("el => [el.scrollWidth - el.clientWidth, innerWidth]")
    box, room = listed.bounding_box(), view.host.bounding_box()
    assert box
    assert room
    assert over[0] == 0
    assert room["x"] <= box["x"]
    assert box["x"] + box["width"] <= room["x"] + room["width"]
    assert box["y"] + box["height"] <= room["y"] + room["height"]
    page = "document.documentElement.scrollWidth - innerWidth"
    assert view.page.evaluate(page) <= 0
