"""What a person sees and does with the JupyterLab extension: the side panel and docked views."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from hosts.kit import Notebook
from hosts.view import View

MODELS = """
import torch
from torch import nn
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
shared = nn.Linear(8, 8)
rgnet = nn.Sequential(nn.Linear(4, 8), shared, nn.ReLU(), shared, nn.Linear(8, 1))
models = {"enc": nn.Linear(3, 3), "dec": [nn.Linear(3, 2)]}
"""


class Extension:
    """The extension on a notebook's page; the panel is opened, so the list is asked for."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook, page = notebook, notebook.page
        self.panel = page.locator(".jp-paramwidget-Live")
        self.rows = self.panel.get_by_role("treeitem")
        self.silent = self.panel.get_by_role("status")
        self.docks = page.locator(".jp-paramwidget-Dock:visible")
        self.notice = self.docks.locator(".jp-paramwidget-Notice")
        notebook.command("paramwidget:show-panel")

    def row(self, name: str) -> Locator:
        exact = self.notebook.page.locator("bdi").get_by_text(name, exact=True)
        return self.rows.filter(has=exact)

    def dock(self, name: str) -> View:
        """Click the row, and wait until its widget is there."""
        self.row(name).click()
        return self.docked(name)

    def docked(self, name: str) -> View:
        """The docked view in front, whose tab has this name."""
        tab = self.notebook.page.get_by_role("tab", name=name, exact=True)
        expect(tab).to_have_attribute("aria-selected", "true")
        view = View(self.docks.locator(".paramwidget"))
        expect(view.tree).to_be_visible()
        return view

    def press(self, remedy: str) -> None:
        self.notice.get_by_role("button", name=remedy).click()

    def layout_saved(self) -> None:
        """Wait until the workspace on the server has the dock: a moment after it was opened."""
        self.notebook.page.evaluate(
            """async () => {
              const { workspaces } = window.jupyterapp.serviceManager;
              for (;;) {
                const { data } = await workspaces.fetch("default");
                const layout = JSON.stringify(data["layout-restorer:data"]);
                if (layout.includes("paramwidget-dock:")) return;
              }
            }"""
        )

    def restart(self) -> None:
        self.notebook.page.evaluate(
            """async () => {
              const { shell } = window.jupyterapp;
              const isNotebook = (widget) => widget.sessionContext && widget.content?.deselectAll;
              const panel = [...shell.widgets("main")].find(isNotebook);
              await panel.sessionContext.session.kernel.restart();
            }"""
        )
