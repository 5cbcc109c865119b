"""Pages without a server or a kernel: what nbconvert exports, every request answered from files."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from playwright.sync_api import Page, Route

import node
from hosts.kit import write_notebook
from hosts.server import environment

ADDRESS = "http://exported.test/"
NBEXTENSION = Path(sys.prefix, "share", "jupyter", "nbextensions", "anywidget", "index.js")


def executed(home: Path, cells: list[str]) -> Path:
    """A notebook file that was run from top to bottom, the state of its widgets saved in it."""
    path = home / "executed.ipynb"
    write_notebook(path, cells)
    nbconvert(home, "--execute", "--to=notebook", "--inplace", str(path))
    return path


def exported(home: Path, notebook: Path) -> str:
    """The HTML page of a notebook, by nbconvert."""
    nbconvert(home, "--to=html", str(notebook))
    return notebook.with_suffix(".html").read_text("utf-8")


def nbconvert(home: Path, *arguments: str) -> None:
    node.run([sys.executable, "-m", "nbconvert", *arguments], home, environment(home))


def show(page: Page, html: str) -> list[str]:
    """Open the page; what it asks of the outside comes from packages. The addresses refused."""
    manager = node.package("@jupyter-widgets/html-manager", "1.0.15") / "dist" / "embed-amd.js"
    local = [
        (r"/require\.js/[^/]+/require\.min\.js", node.package("requirejs", "2.3.8") / "require.js"),
        (r"@jupyter-widgets/html-manager@[^/]+/dist/embed-amd\.js", manager),
        (r"/npm/anywidget@[^/]+/dist/index\.js", NBEXTENSION),
    ]
    refused: list[str] = []

    def answer(route: Route) -> None:
        url = route.request.url
        if url == ADDRESS:
            return route.fulfill(body=html, content_type="text/html")
        for pattern, file in local:
            if re.search(pattern, url):
                headers = {"Access-Control-Allow-Origin": "*"}
                return route.fulfill(path=file, content_type="text/javascript", headers=headers)
        if not url.startswith(ADDRESS) and "mathjax" not in url.lower():
            refused.append(url)  # beside the page itself it may look, and finds nothing
        return route.abort()

    page.route("**/*", answer)
    page.goto(ADDRESS)
    return refused
