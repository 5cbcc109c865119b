"""Notebook 7 looks at a key before the widget does, unlike JupyterLab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from browser import Console
from hosts.kit import TIED, Notebook7
from hosts.server import Jupyter
from hosts.view import View

NOTEBOOK = "window.jupyterapp.shell.currentWidget"


@pytest.fixture
def notebook7(page: Page, console: Console, server: Jupyter) -> Iterator[Notebook7]:
    opened = Notebook7(page, server)
    opened.open()
    yield opened
    opened.close()


def test_keys_stay_in_the_widget_and_ctrl_s_is_the_hosts(notebook7: Notebook7) -> None:
    notebook7.run(TIED)
    page = notebook7.page
    view = View(page.locator(".paramwidget"))
    expect(view.tree).to_be_visible()
    cells = page.evaluate(f"{NOTEBOOK}.content.model.cells.length")
    view.press("b", "x", "a", "d", "d", "z", "ArrowDown", "ArrowUp", "Enter")
    view.filter.press_sequentially("abx")
    expect(view.filter).to_have_value("abx")
    assert page.evaluate(f"{NOTEBOOK}.content.model.cells.length") == cells
    assert page.evaluate(f"{NOTEBOOK}.context.model.dirty")
    view.press("Control+s")
    page.wait_for_function(f"() => !{NOTEBOOK}.context.model.dirty")
