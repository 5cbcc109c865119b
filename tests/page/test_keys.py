"""One test a key: those of the tree, those that work anywhere, those that are the host's."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect
from torch import nn

from page.eyes import View
from page.kit import Bench, Blank

# Sequential / 0 (weight, bias) / 1 / 2 (first (weight, bias), second (weight, bias))
HEARD = """
document.heard = [];
document.addEventListener("keydown", (event) => document.heard.push(event.key));
"""
# as Notebook 7 does: at the document, on the way down
FIRST = """
document.addEventListener("keydown", (event) => {
  document.told = event.target.hasAttribute("data-lm-suppress-shortcuts");
}, true);
"""


def net() -> nn.Sequential:
    last = nn.ModuleDict({"first": nn.Linear(2, 2), "second": nn.Linear(2, 2)})
    return nn.Sequential(nn.Linear(4, 3), nn.ReLU(), last)


@pytest.fixture
def widget(blank: Blank) -> Bench:
    blank.page.evaluate(HEARD)
    return blank.show(net())


@pytest.fixture
def view(widget: Bench) -> View:
    view = View(widget.page.locator(".paramwidget")).ready()
    expect(view.row("2.second.bias")).to_be_visible()
    view.tree.focus()
    return view


MOVES: list[tuple[str, list[str], str]] = [
    ("ArrowDown", ["ArrowDown"], "0"),
    ("ArrowDown at the end", ["End", "ArrowDown"], "2.second.bias"),
    ("ArrowUp", ["ArrowDown", "ArrowDown", "ArrowUp"], "0"),
    ("ArrowUp at the start", ["ArrowUp"], "Sequential"),
    ("ArrowRight into an open module", ["ArrowRight"], "0"),
    ("ArrowRight on a slot", ["ArrowDown", "ArrowDown", "ArrowRight"], "0.weight"),
    ("ArrowLeft to the parent", ["ArrowDown", "ArrowDown", "ArrowLeft"], "0"),
    ("Home", ["End", "Home"], "Sequential"),
    ("End", ["End"], "2.second.bias"),
    ("PageDown", ["PageDown"], "2.second.bias"),
    ("PageUp", ["End", "PageUp"], "Sequential"),
    ("a letter", ["w"], "0.weight"),
    ("the same letter again", ["w", "ArrowDown", "w"], "2.first.weight"),
    ("letters", ["s", "e", "c"], "2.second"),
    ("the same letter twice", ["w", "w"], "2.first.weight"),
    ("a digit", ["2"], "2"),
]


@pytest.mark.parametrize(("keys", "focus"), [m[1:] for m in MOVES], ids=[m[0] for m in MOVES])
def test_moving(view: View, keys: list[str], focus: str) -> None:
    view.press(*keys)
    view.expect_focus(focus)


def test_arrow_left_folds_and_arrow_right_unfolds(view: View) -> None:
    view.press("2", "ArrowLeft")
    expect(view.row("2")).to_have_attribute("aria-expanded", "false")
    expect(view.row("2.first")).to_have_count(0)
    view.press("ArrowRight")
    expect(view.row("2.first")).to_be_visible()
    view.expect_focus("2")


def test_space_folds_and_unfolds(view: View) -> None:
    view.press("ArrowDown", " ")
    expect(view.row("0.weight")).to_have_count(0)
    view.press(" ")
    expect(view.row("0.weight")).to_be_visible()


def test_asterisk_unfolds_all_siblings(view: View) -> None:
    view.press("0", "ArrowLeft", "2", "ArrowLeft")
    expect(view.row("2.first")).to_have_count(0)
    view.press("*")
    expect(view.row("0.weight")).to_be_visible()
    expect(view.row("2.first")).to_be_visible()


def test_enter_on_a_slot_opens_its_panel(view: View) -> None:
    view.press("w", "Enter")
    expect(view.panels).to_have_count(1)
    expect(view.tree).to_be_focused()


def test_enter_again_goes_into_the_panel_and_escape_comes_back(view: View) -> None:
    view.press("w", "Enter")
    expect(view.panels).to_have_count(1)
    view.press("Enter")
    expect(view.tree).not_to_be_focused()
    view.press("Escape")
    expect(view.tree).to_be_focused()


def test_walking_on_in_a_tree_that_is_scrolled_away_brings_it_back(view: View) -> None:
    view.press("w", "Enter")
    view.page.set_viewport_size({"width": 400, "height": 500})
    view.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(view.row("0.weight")).not_to_be_in_viewport()
    view.host.locator(".panel .heatmap").focus()
    view.press("Escape", "ArrowDown")
    expect(view.host.locator(".row.focused")).to_be_in_viewport(ratio=0.9)


def test_enter_on_a_module_opens_the_initializer_form(view: View) -> None:
    view.press("ArrowDown", "Enter")
    form = view.host.get_by_role("region", name="Initialize")
    expect(form).to_contain_text("Initialize 0")
    view.press("Escape")
    expect(form).to_have_count(0)
    expect(view.tree).to_be_focused()


def test_escape_in_the_tree_closes_the_form(view: View) -> None:
    form = view.host.get_by_role("region", name="Initialize")
    view.press("ArrowDown", "Enter")
    expect(form.get_by_label("Initializer", exact=True)).to_be_focused()
    view.tree.focus()
    view.press("Escape")
    expect(form).to_have_count(0)
    expect(view.tree).to_be_focused()


def test_slash_goes_to_the_filter_and_back(view: View) -> None:
    view.press("/")
    expect(view.filter).to_be_focused()
    view.page.keyboard.type("bias")
    view.press("Enter")
    expect(view.tree).to_be_focused()
    view.expect_focus("0.bias")
    view.press("/", "Escape")
    expect(view.filter).to_have_value("")
    view.press("Escape")
    expect(view.tree).to_be_focused()


def test_arrow_down_leaves_the_filter_for_the_rows(view: View) -> None:
    view.press("/")
    view.page.keyboard.type("second")
    view.press("ArrowDown")
    view.expect_focus("2.second")


@pytest.mark.parametrize(("undo", "redo"), [("Control+z", "Control+Shift+z"), ("Meta+z", "Meta+y")])
def test_undo_and_redo(widget: Bench, view: View, undo: str, redo: str) -> None:
    widget.bench.assign("0.weight", (0, 0), 42)
    widget.flush()
    view.press(undo)
    expect(view.button("Nothing to undo")).to_be_visible()
    assert widget.net[0].weight[0, 0].item() != 42
    view.press(redo)
    expect(view.button("Nothing to redo")).to_be_visible()
    assert widget.net[0].weight[0, 0].item() == 42


def test_undo_in_a_field_is_the_fields(widget: Bench, view: View) -> None:
    widget.bench.assign("0.weight", (0, 0), 42)
    widget.flush()
    view.filter.press_sequentially("bias")
    view.press("Control+z")
    expect(view.filter).not_to_have_value("bias")
    assert widget.said("undo") == []


def test_plus_and_minus_change_the_size_of_the_text(view: View) -> None:
    def size() -> float:
        said = view.host.locator(".root").evaluate("root => getComputedStyle(root).fontSize")
        return float(said.removesuffix("px"))

    normal = size()
    row = view.row("0").bounding_box()
    view.press("+", "+")
    assert size() == pytest.approx(normal * 1.25)
    larger = view.row("0").bounding_box()
    assert row
    assert larger
    assert larger["height"] > row["height"]
    view.press("-", "-", "-")
    assert size() == pytest.approx(normal * 0.875)


def heard(view: View) -> Any:
    return view.page.evaluate("document.heard")


OURS = ["b", "x", "ArrowDown", "Enter", "Escape", "Backspace", "Control+z"]


@pytest.mark.parametrize("key", OURS)
def test_keys_that_stay_in_the_widget(view: View, key: str) -> None:
    view.press(key)
    assert heard(view) in ([], ["Control"])


@pytest.mark.parametrize("key", ["b", "ArrowLeft", "Enter", "Control+v", "Control+a"])
def test_keys_that_stay_in_a_field(view: View, key: str) -> None:
    view.filter.focus()
    view.press(key)
    assert heard(view) in ([], ["Control"])


@pytest.mark.parametrize("key", ["Control+s", "Control+Shift+c", "F2", "Tab"])
def test_keys_of_the_host(view: View, key: str) -> None:
    view.press(key)
    assert heard(view)[-1].lower() == key.split("+")[-1].lower()


@pytest.mark.parametrize(("key", "inside"), [("b", True), ("ArrowUp", True), ("Control+s", False)])
def test_a_host_that_listens_first_is_told_which_keys_are_not_its_own(
    view: View, key: str, inside: bool
) -> None:
    """An attribute that stood always would take Ctrl+S from it."""
    view.page.evaluate(FIRST)
    view.press(key)
    assert view.page.evaluate("document.told") is inside
