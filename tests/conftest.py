"""What tests of every wing share: one browser, a fresh page each, a picture of a failed one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import browser as browsers

FAILED = Path(__file__).parent / ".failed"
REPORT = pytest.StashKey[pytest.TestReport]()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = browsers.launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that shares no state with another test's; ``console(page)`` holds its errors."""
    name = re.sub(r"\W+", "-", request.node.nodeid).strip("-")
    picture = FAILED / f"{name}.png"
    picture.unlink(missing_ok=True)  # of an earlier run
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(30_000)
    page = context.new_page()
    console = browsers.Console(page)
    yield page
    report = request.node.stash.get(REPORT, None)
    if report is not None and report.failed:
        FAILED.mkdir(exist_ok=True)
        page.screenshot(path=picture)
        print("console:", *console.errors[:20], sep="\n  ")
    context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[REPORT] = report
    return report
