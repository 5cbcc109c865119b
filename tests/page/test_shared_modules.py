"""A module that stands at several places says so at each of them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect
from torch import nn

from page.eyes import View
from page.kit import Blank


def shown(blank: Blank, net: nn.Module) -> View:
    blank.show(net)
    return View(blank.page.locator(".paramwidget")).ready()


def chapter(places: int = 2) -> nn.Sequential:
    """The chapter's net: ``shared`` at 2, 4, 6 …"""
    shared = nn.Linear(8, 8)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
    for _ in range(places):
        net.append(shared).append(nn.ReLU())
    return net.append(nn.Linear(8, 1))


@pytest.fixture
def view(blank: Blank) -> View:
    return shown(blank, chapter())


def badge(view: View, name: str) -> Locator:
    return view.row(name).locator(".badge.module")


def test_each_place_names_the_other(view: View) -> None:
    expect(badge(view, "2")).to_have_text("same as 4")
    expect(badge(view, "4")).to_have_text("same as 2")
    for name in ("2", "4"):
        assert "net[2] is net[4]" in (badge(view, name).get_attribute("title") or "")
    for name in ("Sequential", "0", "1", "3", "2.weight"):
        expect(badge(view, name)).to_have_count(0)


def test_the_letters_of_the_tensors_are_what_they_were(view: View) -> None:
    expect(view.row("2.weight").locator(".tied")).to_have_text("A ×2")
    expect(view.row("4.bias").locator(".tied")).to_have_text("B ×2")


def test_hovering_a_place_lights_the_other(view: View) -> None:
    view.row("2").hover()
    expect(view.row("4")).to_have_class("row module short lit tie-2")
    assert view.lit() == ["2", "4"]
    view.row("2.weight").hover()
    expect(view.row("4.weight")).to_have_class("row slot tall lit tie-0")
    assert view.lit() == ["2.weight", "4.weight"]


def test_walking_to_a_place_by_keys_lights_the_other(view: View) -> None:
    view.tree.focus()
    view.press("4")
    view.expect_focus("4")
    assert view.lit() == ["2", "4"]


def test_the_badge_leads_to_the_next_place(view: View) -> None:
    for name in ("4", "2"):
        badge(view, view.focused() if name == "2" else "2").click()
        view.expect_focus(name)
    expect(view.row("2.weight")).to_be_visible()


def test_many_places(blank: Blank) -> None:
    view = shown(blank, chapter(12))
    expect(badge(view, "2")).to_have_text("same as 4, 6 …")
    expect(badge(view, "6")).to_have_text("same as 2, 4 …")
    title = badge(view, "2").get_attribute("title") or ""
    assert title.startswith("The same module as 4, 6, 8, 10, 12, 14, 16, 18, 3 more")
    assert "net[2] is net[4] is net[6]" in title


def test_places_in_different_modules_are_named_in_full(blank: Blank) -> None:
    inner = nn.Linear(2, 2)
    net = nn.ModuleDict({"enc": nn.Sequential(inner, inner), "dec": nn.Sequential(inner)})
    view = shown(blank, net)
    expect(badge(view, "enc.0")).to_have_text("same as 1, dec.0")
    expect(badge(view, "dec.0")).to_have_text("same as enc.0, enc.1")


def test_what_a_shared_module_holds_says_nothing_of_its_own(blank: Blank) -> None:
    block = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    view = shown(blank, nn.Sequential(block, block))
    expect(badge(view, "1")).to_have_text("same as 0")
    for name in ("0.0", "0.1", "1.0"):
        expect(badge(view, name)).to_have_count(0)


def test_a_module_that_contains_itself(blank: Blank) -> None:
    net = nn.Sequential(nn.Linear(2, 2))
    net.register_module("me", net)
    view = shown(blank, net)
    expect(badge(view, "me")).to_have_text("same as Sequential")
    expect(badge(view, "Sequential")).to_have_text("same as me")


def test_it_is_followed_when_a_module_takes_another_place(blank: Blank) -> None:
    net = chapter()
    widget = blank.show(net)
    view = View(blank.page.locator(".paramwidget")).ready()
    with widget.cell():
        net[4] = nn.Linear(8, 8)
    expect(view.host.locator(".badge.module")).to_have_count(0)


def test_the_filter_tied_finds_tensors(view: View) -> None:
    view.filter.fill("tied")
    expect(view.host.locator(".found")).to_have_text("4 found")


@pytest.mark.parametrize("width", [1280, 400])
def test_a_long_name_leaves_room_for_the_rest(blank: Blank, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 720})
    inner = nn.Linear(2, 2)
    long = "a_module_with_a_name_that_is_longer_than_any_row_of_the_tree_could_ever_be"
    net = nn.ModuleDict({"first": nn.Sequential(inner), long: nn.Sequential(inner)})
    view = shown(blank, net)
    row, said = view.row("first.0").bounding_box(), badge(view, "first.0").bounding_box()
    count = view.row("first.0").locator(".count").bounding_box()
    name = view.row("first.0").locator(".name").bounding_box()
    assert row
    assert said
    assert count
    assert name
    assert name["width"] > 5
    assert said["x"] + said["width"] <= count["x"] + 1
    assert said["width"] > 60
