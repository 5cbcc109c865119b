"""A tie that a cell broke is told with the click that ties again; twins stand in the panel."""

from __future__ import annotations

import copy
from typing import Any

import torch
from playwright.sync_api import expect
from torch import nn

from page.kit import Blank
from page.panels import show


def test_a_lost_tie_is_told_and_one_click_ties_again(blank: Blank) -> None:
    net: Any = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
    net[1].weight = net[0].weight
    bench, _ = show(blank, net)
    with bench.cell():
        net[1].weight = nn.Parameter(torch.ones(8, 8))
    news = blank.page.locator(".tie-news")
    expect(news).to_contain_text("no longer tied: 1.weight (it was tied with 0.weight)")
    news.get_by_role("button", name="Tie again").click()
    expect(news).to_have_count(0)
    assert net[1].weight is net[0].weight


def test_what_cannot_be_tied_says_why_and_can_be_dismissed(blank: Blank) -> None:
    net: Any = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
    net[1].weight = net[0].weight
    bench, _ = show(blank, net)
    with bench.cell():
        net[1].weight = nn.Parameter(torch.ones(8, 8).half())
    news = blank.page.locator(".tie-news")
    expect(news).to_contain_text("float16")
    expect(news.get_by_role("button", name="Tie again")).to_have_count(0)
    news.get_by_role("button", name="Dismiss").click()
    expect(news).to_have_count(0)


def test_of_many_lost_ties_the_first_are_told_and_one_click_ties_all(blank: Blank) -> None:
    net: Any = nn.ModuleList([nn.Linear(8, 8) for _ in range(12)])
    for layer in net[1:]:
        layer.weight, layer.bias = net[0].weight, net[0].bias
    page = blank.page
    page.set_viewport_size({"width": 1280, "height": 720})
    bench, _ = show(blank, net)
    with bench.cell():
        for place in range(12):
            net[place] = copy.deepcopy(net[place])
    news = page.locator(".tie-news")
    expect(news.locator("li")).to_have_count(3)
    news.get_by_role("button", name="and 19 more").click()
    expect(news.locator("li")).to_have_count(22)
    expect(page.get_by_role("treeitem").first).to_be_in_viewport()
    news.get_by_role("button", name="Tie all again").click()
    expect(news).to_have_count(0, timeout=30_000)  # 22 edits
    expect(page.get_by_role("tree")).to_be_focused()
    assert len(set(map(id, net.parameters()))) == 2
    assert all(layer.weight is net[0].weight for layer in net)
    assert len(bench.said("tie")) == 22


def test_the_first_tie_that_is_refused_ends_it_and_says_why(blank: Blank) -> None:
    net: Any = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])
    for layer in net[1:]:
        layer.weight = net[0].weight
    bench, _ = show(blank, net)
    with bench.cell():
        for layer in net[1:]:
            layer.weight = nn.Parameter(torch.ones(8, 8))
    net[1].weight = nn.Parameter(torch.ones(2, 2))  # behind the page's back
    news = blank.page.locator(".tie-news")
    news.get_by_role("button", name="Tie all again").click()
    expect(news).to_contain_text("1.weight has the shape (2, 2), and 0.weight (8, 8)")
    assert len(bench.said("tie")) == 1


def test_what_was_dismissed_is_told_again_only_if_it_happens_again(blank: Blank) -> None:
    net: Any = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
    net[1].weight = net[0].weight
    bench, _ = show(blank, net)

    def untie() -> None:
        with bench.cell():
            net[1].weight = nn.Parameter(torch.ones(8, 8))

    untie()
    news = blank.page.locator(".tie-news")
    news.get_by_role("button", name="Dismiss").click()
    expect(news).to_have_count(0)
    heard = len(bench.said("hello"))
    bench.cut(dead=False)
    expect(blank.page.locator(".marks")).to_have_text("")
    assert len(bench.said("hello")) == heard + 1
    expect(news).to_have_count(0)
    with bench.cell():
        net[1].weight = net[0].weight
    expect(news).to_have_count(0)
    untie()
    expect(news).to_contain_text("no longer tied: 1.weight")


def test_a_twin_is_tied_from_its_panel(blank: Blank) -> None:
    layer = nn.Linear(8, 8)
    net = nn.Sequential(layer, copy.deepcopy(layer))
    _, [panel] = show(blank, net, "1.weight")
    line = panel.root.locator(".twin")
    expect(line).to_contain_text("same values as 0.weight, in memory of its own")
    line.get_by_role("button", name="Tie").click()
    expect(line).to_have_count(0)
    assert net[1].weight is net[0].weight
