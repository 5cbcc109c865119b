"""The Chromium that the tests drive: the one that is there, else one that is fetched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, Playwright, Request

import node

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # without these three it calls its makers at every start
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
]


def launch(playwright: Playwright) -> Browser:
    """Start the first Chromium that starts, installing one only where none is there."""
    tried = []
    with node.lock("browser"):
        for source in (_named, _on_path, _of_playwright, _fetched, _of_the_system):
            path = source(playwright)
            if path is None:
                continue
            try:
                return playwright.chromium.launch(executable_path=path, args=FLAGS)
            except Error as error:
                tried.append(f"{path}: {error.message.splitlines()[0]}")
    raise RuntimeError(
        "The tests need Chromium and none could be had. Name one by CHROMIUM=/path/to/it, "
        f"put {' or '.join(NAMES)} on PATH, or let `playwright install chromium` through. "
        f"Tried: {tried or 'none was found'}."
    )


def _named(playwright: Playwright) -> str | None:
    return os.environ.get("CHROMIUM")


def _on_path(playwright: Playwright) -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def _of_playwright(playwright: Playwright) -> str | None:
    path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _fetched(playwright: Playwright) -> str | None:
    _quietly(sys.executable, "-m", "playwright", "install", "--no-shell", "chromium")
    return _of_playwright(playwright)


def _of_the_system(playwright: Playwright) -> str | None:
    """Debian's package, where we may install one."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    _quietly("apt-get", "update")
    _quietly("apt-get", "install", "--yes", "--no-install-recommends", "chromium")
    return _on_path(playwright)


def _quietly(*command: str) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=env, capture_output=True, timeout=600, check=False)


class Console:
    """What went wrong in a page: errors of its console, uncaught ones, failed requests."""

    def __init__(self, page: Page) -> None:
        self.errors: list[str] = []
        page.on("console", lambda m: self._note(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self._note(f"uncaught: {error}"))
        page.on("requestfailed", self._note_failure)

    def _note_failure(self, request: Request) -> None:
        """A page that is left or reloaded aborts what it still waited for."""
        if request.failure != "net::ERR_ABORTED":
            self._note(f"failed: {request.url}")

    def _note(self, text: str) -> None:
        self.errors.append(text)

    def of_ours(self, *foreign: str) -> list[str]:
        """The errors that contain none of the host's known ones."""
        return [text for text in self.errors if not any(known in text for known in foreign)]
