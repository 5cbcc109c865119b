"""The expression bar: what it computes, what it refuses and where, what it offers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from page.panels import Opened, Panel, weight
from paramwidget.conversation.catalog import catalog_message


def compute(panel: Panel, expression: str, part: str = "") -> Locator:
    panel.root.get_by_label("Part of w, as a slice").fill(part)
    panel.root.get_by_label("New value of w").fill(expression)
    panel.button("Apply").click()
    return panel.root.locator(".expression .outcome")


def test_an_expression_on_all_or_a_part(small: Opened) -> None:
    bench, panel = small
    for expression, part, result in [
        ("w + 1", "", [[2, 3, 4], [5, 6, 7]]),
        ("w * 0.5", ":, 0", [[1, 3, 4], [2.5, 6, 7]]),
        ("clamp(w, 2, 4)", "", [[2, 3, 4], [2.5, 4, 4]]),
        ("0", "1", [[2, 3, 4], [0, 0, 0]]),
    ]:
        expect(compute(panel, expression, part)).to_contain_text("Done")
        assert weight(bench).tolist() == result


def test_what_is_no_expression_is_said_under_the_field(small: Opened) -> None:
    bench, panel = small
    formula, part = "New value of w", "Part of w, as a slice"
    for expression, index, field in [
        ("__import__('os')", "", formula),
        ("w.data", "", formula),
        ("w +", "", formula),
        ("w + 1", "7", part),
        ("w + 1", "a", part),
    ]:
        outcome = compute(panel, expression, index)
        expect(outcome.locator(".error")).to_be_visible()
        expect(panel.root.get_by_label(field)).to_have_attribute("aria-invalid", "true")
        expect(panel.root.get_by_label(formula)).to_have_value(expression)
        assert weight(bench).tolist() == [[1, 2, 3], [4, 5, 6]]


def test_the_place_of_a_mistake_is_pointed_at(small: Opened) -> None:
    _, panel = small
    compute(panel, "w + foo(3)")
    expect(panel.root.locator(".position")).to_have_text("w + foo(3)\n    ^")
    panel.root.get_by_label("New value of w").fill("w + 3")
    expect(panel.root.locator(".position")).to_have_count(0)


def test_common_expressions_are_one_click_away(small: Opened) -> None:
    bench, panel = small
    panel.button("w + 1").click()
    expect(panel.root.get_by_label("New value of w")).to_have_value("w + 1")
    expect(panel.root.get_by_label("New value of w")).to_be_focused()
    panel.page.keyboard.press("Enter")
    expect(panel.root.locator(".expression .outcome")).to_contain_text("Done")
    assert weight(bench)[0, 0] == 2


def test_the_functions_are_one_hover_or_tab_away(small: Opened) -> None:
    _, panel = small
    functions = panel.button("Functions")
    expect(panel.root.get_by_text("clamp(w, low, high)")).to_be_hidden()
    functions.hover()
    expect(panel.root.get_by_text("clamp(w, low, high)")).to_be_visible()
    panel.page.mouse.move(0, 0)
    functions.focus()
    expect(panel.root.get_by_text("clamp(w, low, high)")).to_be_visible()


def test_the_list_of_functions_is_pythons(small: Opened) -> None:
    _, panel = small
    listed = catalog_message().functions
    rows = panel.root.locator(".functions > div")
    expect(rows).to_have_count(len(listed))
    shown = [row.locator("dt, dd").all_text_contents() for row in rows.all()]
    assert shown == [[one.call, one.means] for one in listed]


@pytest.mark.parametrize("expression", ["w + 1", "clamp(w,"])
def test_what_is_said_below_the_edge_of_the_screen_is_scrolled_to(
    small: Opened, expression: str
) -> None:
    _, panel = small
    field = panel.root.get_by_label("New value of w")
    field.fill(expression)
    field.evaluate(
        "field => window.scrollBy(0, field.getBoundingClientRect().bottom - innerHeight + 4)"
    )
    panel.page.keyboard.press("Enter")
    expect(panel.root.locator(".expression .outcome > span")).to_be_in_viewport(ratio=1)
