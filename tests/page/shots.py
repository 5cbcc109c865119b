"""Takes the pictures that a person looks at: ``PYTHONPATH=tests python -m page.shots [WHICH]``."""

from __future__ import annotations

import copy
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from playwright.sync_api import Page, sync_playwright
from torch import nn

import browser as browsers
from page import made
from page.eyes import View
from page.kit import Bench, Blank
from paramwidget import EditError
from zoo import quantized
from zoo.packed import bitsandbytes_4bit
from zoo.structure import chapter

FOLDER = Path(__file__).resolve().parent.parent / ".cache" / "shots"
SIZES = {"wide": (1280, 720), "narrow": (400, 900)}
THEMES = ("light", "dark")

#: A heatmap is painted once it comes into sight.
TO_THE_END_AND_BACK = """async () => {
    for (const top of [1e6, 0]) {
        scrollTo(0, top);
        await new Promise((done) => setTimeout(done, 200));
    }
}"""


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


def asked(blank: Blank) -> View:
    """An undo that would put away what a cell has written, asked for from the tree."""
    widget = blank.show(chapter_net())
    view = seen(blank)
    widget.bench.initialize("", "xavier_uniform_", types="Linear", parameters="weight", seed=3)
    widget.flush()
    overwritten(widget)
    view.button("Journal").click()
    view.tree.focus()
    view.press("ArrowDown", "ArrowDown", "Control+z")
    return view


def refused(blank: Blank) -> View:
    """An undo that cannot be done, from a hall: text two sizes larger."""
    widget = blank.show(tied_net())
    view = seen(blank)
    widget.bench.initialize("", "zeros_", types="Linear")
    widget.flush()
    with widget.cell():
        widget.net[0] = nn.Linear(20, 8)  # type: ignore[operator]
    view.tree.focus()
    view.press("+", "+", "Control+z")
    return view


def told_all(blank: Blank) -> View:
    """Every kind of line that a journal has."""
    widget = blank.show(chapter_net())
    bench, view = widget.bench, seen(blank)
    bench.initialize("", "xavier_uniform_", types="Linear", parameters="weight", seed=3)
    bench.assign("Linear_1.weight", (0, 0), 42)
    bench.undo()
    bench.initialize("Linear_1.weight", "normal_", seed=4)
    widget.flush()
    overwritten(widget)
    bench.undo()
    with suppress(EditError):
        bench.apply(breaks, "Linear_2")
    bench.compute("Linear_2.weight", "w + 1")
    bench.bring_back(next(entry for entry in bench.journal if entry.kind == "replaced"))
    bench.assign("Linear_2.weight", (1, 1), 1)
    bench.undo()
    widget.flush()
    view.button("Journal").click()
    return view


def all_told_large(blank: Blank) -> View:
    """The same with larger text."""
    view = told_all(blank)
    view.button("Larger text").click()
    view.button("Larger text").click()
    return view


def untied(blank: Blank) -> View:
    """Ties that a cell has broken, twins in a panel."""
    net = tied_net()
    widget = blank.show(net)
    view = seen(blank)
    view.row("2.weight").click()
    with widget.cell():
        net[4] = copy.deepcopy(net[2])  # type: ignore[operator,index]
    view.row("4.weight").click()
    return view


def packed(blank: Blank) -> View:
    """Packed weights, and a file behind a tensor."""
    blank.show(Mapped())
    view = seen(blank)
    for name in ("mapped", "four_bit.0.weight", "scaled.weight"):
        view.row(name).click()
    view.button("Initialize…").first.click()
    return view


def troubled(blank: Blank) -> View:
    """What the kernel said cannot be shown, and a notice."""
    widget = blank.show(chapter_net())
    view = seen(blank)
    widget.send({"kind": "frame", "panel": 3})
    widget.bench.assign("Linear_1.weight", (0, 0), 42)
    widget.flush()
    return view


def damaged(blank: Blank) -> View:
    """A saved picture that is damaged."""
    source = Bench(blank.page, "source", tied_net())
    source.kernel.receive({"kind": "hello", "view": "v", "protocol": 1})
    packets = source.kernel.saved_messages()
    for content, _ in packets:
        if content["kind"] == "tree":
            content["parents"] = content["parents"][:-1]
    blank.show_saved(packets)
    return View(blank.page.locator(".paramwidget").first)


def named(blank: Blank) -> View:
    """The user's own variable in what can be copied."""
    net = chapter_net()
    widget = Bench(blank.page, "w", net)
    widget.bench.name = "model.encoder"
    blank.widgets["w"] = widget
    widget.start()
    widget.render()
    widget.bench.initialize("", "xavier_uniform_", types="Linear", parameters="weight", seed=3)
    widget.flush()
    view = seen(blank)
    view.row("Linear_1.weight").click()
    view.button("Journal").click()
    return view


SCENES = [
    Scene(f.__name__, f)
    for f in (
        first_sight, panels, at_work, functions, lecture, keys, busy, saved, badges,
        freezing, version, asked, refused, told_all, all_told_large, untied, packed, troubled,
        damaged, named,
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


def overwritten(widget: Bench) -> None:
    """A cell that writes to every parameter."""
    with widget.cell():
        for parameter in widget.net.parameters():
            parameter.data += 0.5


def breaks(module: nn.Module) -> None:
    raise RuntimeError("my own mistake")


class Mapped(nn.Module):
    """Packed weights of two kinds, and a parameter that lies in a file."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.four_bit = bitsandbytes_4bit()
        self.scaled = quantized.layer(quantized.scaled(4, 8))
        file = Path(tempfile.mkdtemp()) / "weights.bin"
        torch.randn(64).numpy().tofile(file)
        stored = torch.from_file(str(file), shared=True, size=64).reshape(8, 8)
        self.mapped = nn.Parameter(stored)


def seen(blank: Blank) -> View:
    return View(blank.page.locator(".paramwidget").first).ready()


def shoot(page: Page, scene: Scene, theme: str, path: Path) -> None:
    blank = Blank(page)
    page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")
    scene.make(blank)
    page.evaluate(TO_THE_END_AND_BACK)
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
