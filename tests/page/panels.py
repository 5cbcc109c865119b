"""Hands and eyes for panels: opening them, the pixels of a heatmap, the colours they must have."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from playwright.sync_api import Locator, Page, expect
from torch import nn

import node
from page.kit import Bench, Blank

Rgba = tuple[int, int, int, int]

COLOURS = """
import { colourOf, markColour } from "./widget/src/heatmap/colours";
const number = (text) => Number(text.replace("inf", "Infinity"));
const { values, limits, theme } = JSON.parse(process.argv[2]);
console.log(JSON.stringify(values.map((v) => colourOf(number(v), limits, theme))));
"""


def colours(values: Sequence[float], limits: Sequence[float], theme: str) -> list[Rgba]:
    """What the pure function of the view says of values; Node runs it."""
    asked = {"values": [str(value) for value in values], "limits": [*limits], "theme": theme}
    said = subprocess.run(
        [node.node(), "-e", _script(), "-", json.dumps(asked)],
        capture_output=True,
        text=True,
        check=True,
    )
    return [(red, green, blue, 255) for red, green, blue in json.loads(said.stdout)]


@functools.cache
def _script() -> str:
    js = node.tools()
    esbuild = str(js / "node_modules" / "esbuild" / "bin" / "esbuild")
    command = [node.node(), esbuild, "--bundle", "--platform=node", "--format=cjs", "--loader=ts"]
    done = subprocess.run(
        command, input=COLOURS, cwd=js, capture_output=True, text=True, check=True
    )
    return done.stdout


@dataclass
class Panel:
    """One open panel of a page."""

    root: Locator

    @property
    def page(self) -> Page:
        return self.root.page

    @property
    def heatmap(self) -> Locator:
        return self.root.locator(".heatmap")

    @property
    def canvas(self) -> Locator:
        return self.root.locator("canvas.cells")

    @property
    def readout(self) -> Locator:
        return self.root.locator(".readout")

    @property
    def editor(self) -> Locator:
        return self.root.locator(".cell-editor input")

    def said(self, name: str) -> str:
        """What the canvas says of itself."""
        return self.canvas.get_attribute(f"data-{name}") or ""

    def numbers(self, name: str) -> list[float]:
        return [float(word) for word in self.said(name).split()]

    def waits_for(self, name: str, value: str) -> None:
        expect(self.canvas).to_have_attribute(f"data-{name}", value)

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def middle(self, row: int, col: int) -> dict[str, float]:
        """The middle of a cell, in CSS pixels from the corner of the heatmap."""
        x, y = self.canvas.evaluate(
            """(canvas, [row, col]) => {
                const [high, wide] = canvas.dataset.cell.split(" ").map(Number);
                const ratio = window.devicePixelRatio;
                return [canvas.offsetLeft + (col + 0.5) * wide / ratio,
                        canvas.offsetTop + (row + 0.5) * high / ratio];
            }""",
            [row, col],
        )
        return {"x": x, "y": y}

    def click(self, row: int, col: int) -> None:
        self.heatmap.click(position=self.middle(row, col))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def hover(self, row: int, col: int) -> None:
        self.heatmap.hover(position=self.middle(row, col))

    def at(self, row: int, col: int) -> tuple[float, float]:
        """The middle of a cell on the page."""
        box = self.heatmap.bounding_box()
        assert box is not None
        middle = self.middle(row, col)
        return box["x"] + middle["x"], box["y"] + middle["y"]

    def pixels(self, cells: Sequence[tuple[int, int]]) -> list[Rgba]:
        """The colour in the middle of each cell, as the canvas holds it."""
        found = self.canvas.evaluate(
            """(canvas, cells) => {
                const [high, wide] = canvas.dataset.cell.split(" ").map(Number);
                const context = canvas.getContext("2d");
                return cells.map(([row, col]) => [...context.getImageData(
                    Math.floor((col + 0.5) * wide), Math.floor((row + 0.5) * high), 1, 1).data]);
            }""",
            [[*cell] for cell in cells],
        )
        return [tuple(pixel) for pixel in found]

    def pixel(self, row: int, col: int) -> Rgba:
        return self.pixels([(row, col)])[0]

    def figure(self, name: str) -> str:
        return self.root.locator(f"[data-figure={name}]").inner_text()


def open_panel(bench: Bench, name: str) -> Panel:
    """Opens the panel of a slot from the tree, and waits until it is painted or says why not."""
    page = bench.page
    panels = page.locator(".panel")
    before = panels.count()
    row = page.get_by_role("treeitem").filter(has=page.locator(f"bdi[title='{name}']"))
    row.locator("bdi").click()
    expect(panels).to_have_count(before + 1)
    panel = Panel(panels.nth(before))
    expect(panel.root.locator("h3")).to_have_text(name)
    expect(panel.root.locator("canvas.cells[data-revision], .nothing").first).to_be_attached()
    return panel


def show(
    blank: Blank, net: nn.Module, *names: str, theme: str = "light"
) -> tuple[Bench, list[Panel]]:
    """A widget over ``net`` with panels open."""
    page = blank.page
    page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")
    bench = blank.show(net)
    page.get_by_role("treeitem").first.wait_for()
    return bench, [open_panel(bench, name) for name in names]


Opened = tuple[Bench, Panel]


def weight(bench: Bench) -> torch.Tensor:
    """The parameter ``weight`` of what is shown, as the kernel has it."""
    return bench.net.get_parameter("weight").detach()


def matrix(*rows: Sequence[float]) -> nn.Module:
    """A module with one parameter, ``weight``."""
    return holding(torch.tensor(rows))


def holding(tensor: torch.Tensor) -> nn.Module:
    net = nn.Module()
    net.register_parameter("weight", nn.Parameter(tensor))
    return net


def tied() -> nn.Sequential:
    """The chapter's net: one layer at two places."""
    shared = nn.Linear(4, 4, bias=False)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), shared, shared)


def plain(text: str) -> str:
    """With the minus sign of keyboards."""
    return re.sub("−", "-", text)
