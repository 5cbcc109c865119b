"""A blank page for each test; at its end the view has logged no error of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from browser import Console
from page.kit import Blank


@pytest.fixture
def blank(page: Page) -> Iterator[Blank]:
    console = Console(page)
    yield Blank(page)
    assert console.of_ours() == []
