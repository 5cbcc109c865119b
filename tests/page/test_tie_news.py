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


def test_a_twin_is_tied_from_its_panel(blank: Blank) -> None:
    layer = nn.Linear(8, 8)
    net = nn.Sequential(layer, copy.deepcopy(layer))
    _, [panel] = show(blank, net, "1.weight")
    line = panel.root.locator(".twin")
    expect(line).to_contain_text("same values as 0.weight, in memory of its own")
    line.get_by_role("button", name="Tie").click()
    expect(line).to_have_count(0)
    assert net[1].weight is net[0].weight
