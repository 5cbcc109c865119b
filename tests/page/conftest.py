"""A blank page for each test; at its end the view has logged no error of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from browser import Console
from page.kit import Blank
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
