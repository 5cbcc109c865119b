"""Takes the pictures that a person looks at: `python tests/page/shots.py [FOLDER]`."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from playwright.sync_api import Browser, sync_playwright

import browser as browsers
from page import made
from page.kit import Blank

SIZES = {"wide": (1280, 720), "narrow": (400, 900)}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = browsers.launch(playwright)
        for size in SIZES:
            for theme in ("light", "dark"):
                for name, root in (("tied", made.tied_net()), ("zoo", made.every_badge())):
                    shoot(chromium, folder / f"{name}-{size}-{theme}.png", size, theme, root)


def shoot(chromium: Browser, path: Path, size: str, theme: str, root: made.Module) -> None:
    width, height = SIZES[size]
    page = chromium.new_page(viewport={"width": width, "height": height})
    blank = Blank(page)
    page.evaluate("theme => document.body.classList.toggle('dark', theme === 'dark')", theme)
    blank.show_recorded(made.conversation(made.tree(root)))
    page.wait_for_selector("[role=treeitem]")
    page.wait_for_timeout(300)
    page.screenshot(path=path)
    page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / ".cache" / "shots")
