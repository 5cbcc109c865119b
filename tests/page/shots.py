"""Takes the pictures that a person looks at: ``PYTHONPATH=tests python -m page.shots [WHICH]``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from playwright.sync_api import Page, sync_playwright
from torch import nn

import browser as browsers
from page import made
from page.eyes import View
from page.kit import Bench, Blank
from zoo.structure import chapter

FOLDER = Path(__file__).resolve().parent.parent / ".cache" / "shots"
SIZES = {"wide": (1280, 720), "narrow": (400, 900)}
THEMES = ("light", "dark")


@dataclass
class Scene:
    name: str
    make: Callable[[Blank], View]


def first_sight(blank: Blank) -> View:
    blank.show(chapter_net())
    return seen(blank)


def panels(blank: Blank) -> View:
    blank.show(tied_net())
    view = seen(blank)
    view.row("2.weight").click()
    view.row("4.weight").click()
    return view


def at_work(blank: Blank) -> View:
    """Form, panel and journal at once."""
    widget = blank.show(chapter_net())
    view = seen(blank)
    view.row("Linear_1.weight").click()
    widget.bench.initialize("", "xavier_uniform_", types="Linear", parameters="weight", seed=3)
    widget.bench.assign("Linear_1.weight", (0, 0), 42)
    widget.bench.compute("Linear_2.weight", "w + 1")
    widget.bench.undo()
    widget.flush()
    view.button("Initialize…").first.click()
    view.button("Journal").click()
    return view


def lecture(blank: Blank) -> View:
    """As the last row of a hall needs it: larger text, a walk by keys."""
    blank.show(tied_net())
    view = seen(blank)
    view.tree.focus()
    view.press("+", "+", "+", "b", "b", "Enter", "2")
    return view


def keys(blank: Blank) -> View:
    """The list of keys, over a tree with a panel beside it."""
    blank.show(chapter_net())
    view = seen(blank)
    view.row("Linear_1.weight").click()
    view.press("?")
    return view


def busy(blank: Blank) -> View:
    widget = blank.show(chapter_net())
    view = seen(blank)
    widget.kernel.cell_began()
    widget.flush()
    view.filter.fill("type:Linear weight")
    return view


def saved(blank: Blank) -> View:
    source = Bench(blank.page, "source", tied_net())
    source.kernel.receive({"kind": "hello", "view": "v", "protocol": 1})
    blank.show_saved(source.kernel.saved_messages())
    return seen(blank)


def badges(blank: Blank) -> View:
    blank.show_recorded(made.conversation(made.tree(made.every_badge())))
    return seen(blank)


def freezing(blank: Blank) -> View:
    """A block frozen from the form of its module."""
    blank.show(tied_net())
    view = seen(blank)
    view.button("Initialize…").first.click()
    view.button("weight 4").click()
    view.host.get_by_role("button", name="Freeze", exact=True).click()
    return view


def version(blank: Blank) -> View:
    """A page of another version than its kernel."""
    widget = blank.show(chapter_net())
    view = seen(blank)
    widget.kernel.receive({"kind": "hello", "view": "v", "protocol": 99})
    widget.flush()
    return view


def functions(blank: Blank) -> View:
    """The list of what an expression may hold, open over its panel."""
    blank.show(chapter_net())
    view = seen(blank)
    view.row("Linear_1.weight").click()
    view.button("Functions").focus()
    return view


SCENES = [
    Scene(f.__name__, f)
    for f in (
        first_sight, panels, at_work, functions, lecture, keys, busy, saved, badges,
        freezing, version,
    )
]  # fmt: skip


def chapter_net() -> nn.Module:
    torch.manual_seed(0)
    return chapter()


def tied_net() -> nn.Module:
    torch.manual_seed(0)
    shared = nn.Linear(8, 8)
    first, last = nn.Linear(16, 8), nn.Linear(8, 10)
    return nn.Sequential(first, nn.ReLU(), shared, nn.ReLU(), shared, nn.ReLU(), last)


def seen(blank: Blank) -> View:
    return View(blank.page.locator(".paramwidget").first).ready()


def shoot(page: Page, scene: Scene, theme: str, path: Path) -> None:
    blank = Blank(page)
    page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")
    scene.make(blank)
    page.evaluate("new Promise((done) => setTimeout(done, 1800))")  # what moves comes to rest
    page.screenshot(path=path, full_page=True)


def main(folder: Path, only: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = browsers.launch(playwright)
        for scene in SCENES:
            for size, (width, height) in SIZES.items():
                for theme in THEMES:
                    name = f"{scene.name}-{size}-{theme}"
                    if only in name:
                        page = chromium.new_page(viewport={"width": width, "height": height})
                        shoot(page, scene, theme, folder / f"{name}.png")
                        page.close()


if __name__ == "__main__":
    main(FOLDER, sys.argv[1] if len(sys.argv) > 1 else "")
