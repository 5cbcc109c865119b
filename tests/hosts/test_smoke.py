"""The widget in every host: tree, pixels, an edit that repaints its tied partner."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from browser import Console
from hosts.kit import TIED, Host
from hosts.view import Colour, Panel, View
from paramwidget.fallback.colours import scale


def expected(panel: Panel, value: float) -> Colour:
    """The colour that a value calls for on a light page, by Python's own scale."""
    low, high = panel.limits()
    part = (value - low) / (high - low)
    red, green, blue = scale(255)[round(part * 254)].tolist()
    return red, green, blue


def near(left: Colour, right: Colour) -> bool:
    return max(abs(a - b) for a, b in zip(left, right, strict=True)) <= 3


def test_the_widget_in_a_host(host: Host, console: Console) -> None:
    host.run(TIED)
    view = View(host.output().locator(".paramwidget"))
    host.dark(False)
    expect(view.tree).to_be_visible()
    for name in ("0.weight", "2.weight", "2.bias", "4.weight", "5.bias"):
        expect(view.row(name)).to_have_count(1)
    expect(view.row("4.weight").get_by_title("The same tensor as 2.weight")).to_be_visible()

    panels = [view.open("2.weight"), view.open("4.weight")]
    values = host.value("net[2].weight.tolist()")
    for panel in panels:
        panel.painted()
        low, high = panel.limits()
        for row, col in ((0, 0), (3, 5), (7, 7)):
            if low <= values[row][col] <= high:
                colour = panel.colour(row, col)
                assert near(colour, expected(panel, values[row][col])), (panel.name, row, col)

    before = [panel.revision() for panel in panels]
    panels[0].type(0, 0, "-0.1")
    for panel, revision in zip(panels, before, strict=True):
        panel.repainted(revision)
    assert host.value("[net[2].weight[0, 0].item(), net[4].weight is net[2].weight]") == [
        json.loads(host.ask("print(torch.tensor(-0.1).item())")),
        True,
    ]
    colours = [panel.colour(0, 0) for panel in panels]
    assert colours[0] == colours[1]
    assert near(colours[1], expected(panels[1], -0.1))
    assert not console.of_ours(*host.foreign)
