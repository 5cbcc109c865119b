"""The still picture in a browser: the page's own colours, and cells as the widget paints them."""

from __future__ import annotations

import pytest
import torch
from playwright.sync_api import Page
from torch import nn

from paramwidget.fallback import bundle, colours
from paramwidget.workbench import Workbench

CORNER = """image => {
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth, canvas.height = image.naturalHeight;
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  return Array.from(context.getImageData(3, 3, 1, 1).data);
}"""


@pytest.mark.parametrize(
    ("paper", "ink"), [("white", "rgb(20, 20, 20)"), ("black", "rgb(9, 200, 9)")]
)
def test_it_takes_the_colours_of_the_page(page: Page, paper: str, ink: str) -> None:
    net = nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[-1.0, 0.5], [0.25, 1.0]]))
    html = bundle(Workbench(net))["text/html"]
    page.set_content(f"<!doctype html><body style='background:{paper};color:{ink}'>{html}")
    elements = page.locator("body *").all()
    style = "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
    assert {tuple(e.evaluate(style)) for e in elements} == {(ink, "rgba(0, 0, 0, 0)")}
    image = page.locator("img")
    image.evaluate("image => image.decode()")
    assert image.evaluate(CORNER) == [*colours.scale(colours.STEPS)[0], 255]
    box = image.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (50, 50)  # 24 pixels a cell, and the border
