"""What the JupyterLab extension takes: click to docked and painted, and the cost of a cell.

python tests/benchmarks/bench_lab.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import sync_playwright

import browser as browsers
from benchmarks.report import heading, line, ratios, spread
from hosts.extension import MODELS, Extension
from hosts.kit import PANEL, Lab
from hosts.server import jupyter

DOCKED, CELLS = 15, 40
VARIABLES = "globals().update({f'v{n}': [n] * (n % 50) for n in range(1000)})"

# From the click on the row until the docked tree has a row and that frame was painted.
CLICK = """async (name) => {
  const rows = [...document.querySelectorAll(".jp-paramwidget-Row")];
  const row = rows.find((row) => row.querySelector("bdi").textContent === name);
  const began = performance.now();
  row.click();
  for (;;) {
    await new Promise(requestAnimationFrame);
    const host = document.querySelector(".jp-paramwidget-Dock .paramwidget");
    if (host?.shadowRoot.querySelector("[role=treeitem]")) break;
  }
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - began;
}"""
CLOSE = """async () => {
  const { shell } = window.jupyterapp;
  for (const widget of [...shell.widgets("main")]) {
    if (widget.id.startsWith("paramwidget-dock")) widget.dispose();
  }
}"""
# Cells one after the other, as fast as the kernel takes them: seconds until the last has ended.
RUN = f"""async (cells) => {{
  const kernel = {PANEL}.sessionContext.session.kernel;
  const began = performance.now();
  for (let n = 0; n < cells; n++) {{
    await kernel.requestExecute({{ code: "sum(range(200000))", store_history: true }}).done;
  }}
  return (performance.now() - began) / 1000 / cells;
}}"""


def main() -> None:
    heading("The JupyterLab extension")
    with (
        tempfile.TemporaryDirectory() as home,
        jupyter(Path(home)) as server,
        sync_playwright() as playwright,
    ):
        page = browsers.launch(playwright).new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        lab = Lab(page, server)
        lab.open()
        lab.run(MODELS)
        lab.run(VARIABLES)
        closed, shown = cells(lab)
        line("a cell, extension there, panel closed", spread(closed, "ms", 1000))
        line("the same with the panel open, 1,000 variables", spread(shown, "ms", 1000))
        line("open over closed", spread(ratios(shown, closed), "x"))
        answers = lab.value(
            "(lambda lab, time: [(lambda t: (lab.answer({'kind': 'lablist', 'n': 1, 'rows': True,"
            " 'bonds': []}), time() - t)[1])(time()) for _ in range(20)])"
            "(__import__('paramwidget.lab.answers').lab.answers, __import__('time').perf_counter)"
        )
        line("the kernel's answer, 1,000 variables", spread(answers, "ms", 1000))
        docked = []
        for _ in range(DOCKED):
            docked.append(page.evaluate(CLICK, "rgnet") / 1000)
            page.evaluate(CLOSE)
        line("click to docked and painted", spread(docked, "ms", 1000))
        lab.close()


def cells(lab: Lab) -> tuple[list[float], list[float]]:
    """Seconds of a cell with the panel closed and open, in turn."""
    extension = Extension(lab)
    extension.row("net").wait_for()
    closed, shown = [], []
    for _ in range(7):
        lab.command("application:toggle-right-area")
        closed.append(lab.page.evaluate(RUN, CELLS))
        lab.command("application:toggle-right-area")
        extension.row("net").wait_for()
        shown.append(lab.page.evaluate(RUN, CELLS))
    return closed, shown


if __name__ == "__main__":
    main()
