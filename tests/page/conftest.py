"""A blank page for each test; at its end the view has logged no error of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from playwright.sync_api import Page
from torch import nn

from browser import Console
from page.eyes import View
from page.kit import Bench, Blank
from page.panels import Opened, matrix, show


@pytest.fixture
def blank(page: Page) -> Iterator[Blank]:
    console = Console(page)
    yield Blank(page)
    assert console.of_ours() == []


@pytest.fixture
def small(blank: Blank) -> Opened:
    """A widget over a 2×3 matrix with its panel open."""
    bench, [panel] = show(blank, matrix([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]), "weight")
    return bench, panel


@pytest.fixture
def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))


@pytest.fixture
def widget(blank: Blank, net: nn.Module) -> Bench:
    return blank.show(net)


@pytest.fixture
def view(widget: Bench) -> View:
    return View(widget.page.locator(".paramwidget").first).ready()
