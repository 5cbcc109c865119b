"""The tree: what a row says, partners, the filter, many rows, odd names."""

from __future__ import annotations

import pytest
import torch
from playwright.sync_api import Page, expect
from torch import nn

from page import made
from page.eyes import View
from page.kit import Blank


def tied() -> nn.Module:
    """The chapter's network with one Linear at two places."""
    torch.manual_seed(0)
    shared = nn.Linear(8, 8)
    return nn.Sequential(nn.Linear(16, 8), nn.ReLU(), shared, nn.ReLU(), shared, nn.Linear(8, 10))


@pytest.fixture
def view(blank: Blank) -> View:
    blank.show(tied())
    return View(blank.page.locator(".paramwidget")).ready()


def recorded(blank: Blank, root: made.Module) -> View:
    blank.show_recorded(made.conversation(made.tree(root)))
    return View(blank.page.locator(".paramwidget")).ready()


def test_a_row_says_all_of_its_slot(view: View) -> None:
    row = view.row("0.weight")
    expect(row.locator(".shape")).to_have_text("8 × 16")
    expect(row.locator(".dtype")).to_have_text("float32")
    expect(row.locator(".count")).to_have_text("128")
    expect(row.locator(".meta .type")).to_have_text("Parameter")
    expect(row.locator(".stat")).to_contain_text("±")
    assert row.locator(".bars path").get_attribute("d")
    expect(view.row("0").locator(".type")).to_have_text("Linear")
    expect(view.row("0").locator(".count")).to_have_text("136")


def test_a_shared_module_stands_at_both_places(view: View) -> None:
    for name in ("2.weight", "2.bias", "4.weight", "4.bias"):
        expect(view.row(name)).to_be_visible()
    expect(view.row("2.weight").locator(".tied")).to_have_text("A ×2")
    expect(view.row("4.weight").locator(".tied")).to_have_text("A ×2")
    expect(view.row("4.bias").locator(".tied")).to_have_text("B ×2")
    expect(view.row("0.weight").locator(".tied")).to_have_count(0)


def test_hovering_a_slot_lights_its_partners(view: View) -> None:
    view.row("2.weight").hover()
    expect(view.row("4.weight")).to_have_class("row slot tall lit tie-0")
    assert view.lit() == ["2.weight", "4.weight"]
    view.row("0.weight").hover()
    expect(view.host.locator(".row.lit")).to_have_count(0)


def test_walking_to_a_slot_by_keys_lights_its_partners(view: View) -> None:
    view.tree.focus()
    view.press("End", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp")
    view.expect_focus("4.weight")
    assert view.lit() == ["2.weight", "4.weight"]


def test_a_tie_badge_leads_to_the_next_place(view: View) -> None:
    view.row("2.bias").locator(".tied").click()
    view.expect_focus("4.bias")
    view.row("4.bias").locator(".tied").click()
    view.expect_focus("2.bias")
    expect(view.panels).to_have_count(0)


def test_the_counts_that_the_chapter_compares(view: View) -> None:
    counts = view.host.locator(".count-of")
    said = {c.locator("dt").inner_text(): c for c in counts.all()}
    expect(said["parameters"].locator("dd")).to_have_text("298")
    expect(said["parameters()"].locator("dd")).to_have_text("6")
    expect(said["named_parameters()"].locator("dd")).to_have_text("6")
    expect(said["state_dict()"].locator("dd")).to_have_text("8")
    assert "net.state_dict()" in (said["state_dict()"].get_attribute("title") or "")


def test_a_click_opens_a_panel_or_folds_a_module(view: View) -> None:
    view.row("2").click()
    expect(view.row("2.weight")).to_have_count(0)
    view.row("2").click()
    view.row("2.weight").click()
    expect(view.panels).to_have_count(1)
    view.row("2.weight").click()
    expect(view.panels).to_have_count(1)


def test_the_filter_shows_matches_below_their_modules(view: View) -> None:
    view.filter.fill("bias tied")
    view.shows("Sequential", "2", "2.bias", "4", "4.bias")
    expect(view.host.locator(".found")).to_have_text("2 found")
    view.filter.fill("type:relu")
    view.shows("Sequential", "1", "3")
    view.filter.fill("shape:8x*")
    view.shows("Sequential", "0", "0.weight", "2", "2.weight", "4", "4.weight")


def test_a_wrong_filter_says_so_and_hides_nothing(view: View) -> None:
    before = view.names()
    view.filter.fill("shape:big")
    expect(view.host.locator(".problem")).to_contain_text("shape:256x20")
    expect(view.filter).to_have_attribute("aria-invalid", "true")
    assert view.names() == before
    view.filter.fill("no such thing")
    expect(view.host.locator(".found")).to_have_text("Nothing found")
    view.shows()


def test_structure_that_changes_is_followed(blank: Blank) -> None:
    net = nn.Sequential(nn.Linear(2, 2))
    widget = blank.show(net)
    view = View(blank.page.locator(".paramwidget")).ready()
    view.row("0.bias").click()
    expect(view.panels).to_have_count(1)
    with widget.cell():
        net[0].register_parameter("bias", None)
        net.append(nn.Linear(2, 3))
    view.shows("Sequential", "0", "0.weight", "0.bias", "1", "1.weight", "1.bias")
    expect(view.row("0.bias").locator(".badge")).to_have_text("None")


def test_a_panel_whose_slot_is_gone_is_closed_with_a_word(blank: Blank) -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    widget = blank.show(net)
    view = View(blank.page.locator(".paramwidget")).ready()
    view.row("1.weight").click()
    expect(view.panels).to_have_count(1)
    with widget.cell():
        del net[1]
    expect(view.panels).to_have_count(0)
    notice = view.host.get_by_role("alert")
    expect(notice).to_contain_text("1.weight is no longer in the model")
    view.button("Dismiss").click()
    expect(notice).to_have_count(0)


def test_a_cell_shows_at_the_visible_rows(blank: Blank) -> None:
    net = nn.Linear(2, 2)
    widget = blank.show(net)
    view = View(blank.page.locator(".paramwidget")).ready()
    with widget.cell():
        net.weight.data.fill_(7)
    expect(view.row("weight").locator(".stat")).to_contain_text("7")
    with widget.cell():
        net.weight.data[0, 0] = float("nan")
    expect(view.row("weight").locator(".badge.danger")).to_contain_text("NaN")


def test_every_badge(blank: Blank) -> None:
    view = recorded(blank, made.every_badge())

    def badges(name: str) -> str:
        return " ".join(view.row(name).locator(".badge").all_inner_texts())

    assert badges("running_mean") == "buffer"
    assert badges("mask") == "constant"
    assert badges("weight_v").split()[0] == "computed"
    assert badges("bias") == "None"
    assert badges("frozen_weight") == "frozen"
    assert badges("lazy") == "uninitialized"
    assert badges("on_meta") == "no data"
    lazy = view.row("lazy").locator(".badge")
    assert lazy.get_attribute("title") == "Has no shape before the first forward"
    note = view.row("weight_v").get_by_role("img")
    assert note.get_attribute("title") == "Computed by weight_norm at each access"
    expect(view.row("scale").locator(".shape")).to_have_text("scalar")


def test_names_are_text_whatever_they_hold(blank: Blank) -> None:
    view = recorded(blank, made.every_badge())
    blank.page.evaluate("() => { window.alert = () => { throw new Error('ran') } }")
    names = view.host.locator(".row .name").all_inner_texts()
    assert "<b>bold</b><img src=x onerror=alert(1)>" in names
    assert "line⏎break⇥tab" in names
    assert "right⟨U+202E⟩to left⟨U+2066⟩" in names
    assert view.host.locator(".tree img").count() == 0
    view.tree.focus()
    view.press("End")
    long = next(name for name in names if name.startswith("longlong"))
    assert len(long) == 240
    width = view.tree.evaluate("tree => [tree.scrollWidth, tree.clientWidth]")
    assert width[0] <= width[1]


def test_a_hundred_thousand_rows(blank: Blank) -> None:
    """In the page there are only those on screen, wherever one goes."""
    message = made.tree(made.huge(33_333))
    blank.show_recorded(made.conversation(message, glances=False))
    view = View(blank.page.locator(".paramwidget")).ready()
    view.tree.focus()
    view.press("ArrowDown", "ArrowRight", "End")
    view.expect_focus("layers.33332")
    view.press("ArrowRight", "End")
    view.expect_focus("layers.33332.bias")
    assert len(view.names()) < 80
    view.filter.fill("layers.2000*.bias")
    expect(view.host.locator(".found")).to_have_text("11 found")
    view.filter.fill("bias")
    expect(view.host.locator(".found")).to_have_text("33,333 found")
    assert len(view.names()) < 80
    view.press("Escape", "Escape")
    view.press("Home")
    view.expect_focus("Huge")


def test_rows_on_screen_are_told_and_no_others(blank: Blank) -> None:
    net = nn.Sequential(*(nn.Linear(2, 2) for _ in range(200)))
    widget = blank.show(net)
    view = View(blank.page.locator(".paramwidget")).ready()
    view.filter.fill("weight")
    view.tree.focus()
    view.press("End")
    expect(view.row("199.weight").locator(".stat")).to_contain_text("±")
    told = {row for message in widget.said("rows") for row in message["rows"]}
    assert 0 < len(told) < 100
    assert all(len(message["rows"]) < 60 for message in widget.said("rows"))


def test_aria_says_where_a_row_stands(view: View) -> None:
    row = view.row("4.bias")
    for name, value in {
        "role": "treeitem",
        "aria-level": "3",
        "aria-setsize": "2",
        "aria-posinset": "2",
        "aria-selected": "false",
    }.items():
        expect(row).to_have_attribute(name, value)
    assert row.get_attribute("aria-expanded") is None
    expect(view.row("4")).to_have_attribute("aria-expanded", "true")
    assert view.tree.get_attribute("tabindex") == "0"


def test_two_views_share_panels_and_no_focus(blank: Blank) -> None:
    widget = blank.show(tied())
    first = View(blank.page.locator(".paramwidget").nth(0)).ready()
    second = View(widget.render()).ready()
    first.row("0.weight").click()
    expect(second.panels).to_have_count(1)
    first.expect_focus("0.weight")
    second.expect_focus("Sequential")
    second.filter.fill("bias")
    expect(first.row("0.weight")).to_be_visible()
    widget.end_view(1)
    expect(blank.page.locator(".paramwidget")).to_have_count(1)
    assert [m["what"] for m in widget.said("view")][-1] == "closed"


def test_narrow_and_wide(blank: Blank, page: Page) -> None:
    blank.show(tied())
    view = View(page.locator(".paramwidget")).ready()
    wide = view.row("0.weight").bounding_box()
    page.set_viewport_size({"width": 400, "height": 800})
    expect(view.host.locator(".tree-head")).to_be_hidden()
    narrow = view.row("0.weight").bounding_box()
    assert wide
    assert narrow
    assert narrow["height"] > wide["height"]
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert over <= 0
