"""One Jupyter server for all host tests, and each host in turn on a fresh page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from browser import Console
from hosts.kit import Host, Lab, Notebook7, VSCode
from hosts.server import Jupyter, jupyter

HERE = Path(__file__).parent
HOSTS = {"lab": Lab, "notebook7": Notebook7, "vscode": VSCode}


@pytest.hookimpl(tryfirst=True)  # before ``-m`` and the workers look at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.host)
            item.add_marker(pytest.mark.xdist_group("hosts"))  # one server, one browser


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    with jupyter(tmp_path_factory.mktemp("jupyter")) as running:
        yield running


def forget_settings(server: Jupyter) -> None:
    """The settings that an earlier test chose for our extension are its own."""
    shutil.rmtree(server.settings / "paramwidget-lab", ignore_errors=True)


@pytest.fixture
def console(page: Page) -> Console:
    """What goes wrong in the page, from its first request on."""
    return Console(page)


@pytest.fixture(params=HOSTS)
def host(
    request: pytest.FixtureRequest, page: Page, console: Console, server: Jupyter
) -> Iterator[Host]:
    """Each notebook host in turn, opened on an empty notebook with a kernel that is ready."""
    forget_settings(server)
    opened = HOSTS[request.param](page, server)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def lab(page: Page, console: Console, server: Jupyter) -> Iterator[Lab]:
    """JupyterLab on an empty notebook with a kernel that is ready."""
    forget_settings(server)
    opened = Lab(page, server)
    opened.open()
    yield opened
    opened.close()
