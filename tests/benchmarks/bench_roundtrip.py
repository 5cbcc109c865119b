"""From Enter in a cell until the tied partner is repainted, in JupyterLab with an idle kernel.

python tests/benchmarks/bench_roundtrip.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import sync_playwright

import browser as browsers
from benchmarks.report import heading, line, spread
from hosts.kit import TIED, Lab
from hosts.server import jupyter
from hosts.view import View

TIMES = 50
BAR = 0.100  # s

# Both ends are seen by the page itself: Enter in the field, and the partner's next revision.
WATCH = """(canvas) => {
  window.taken = [];
  const field = canvas.getRootNode();
  let began = 0;
  const enter = (event) => { if (event.key === "Enter") began = performance.now(); };
  field.addEventListener("keydown", enter, true);
  new MutationObserver(() => {
    if (began) requestAnimationFrame(() => {
      if (began) window.taken.push(performance.now() - began);
      began = 0;
    });
  }).observe(canvas, { attributeFilter: ["data-revision"] });
}"""


def main() -> None:
    heading(f"Edit until the tied partner is repainted, {TIMES} times")
    with (
        tempfile.TemporaryDirectory() as home,
        jupyter(Path(home)) as server,
        sync_playwright() as playwright,
    ):
        page = browsers.launch(playwright).new_page(viewport={"width": 1280, "height": 1400})
        lab = Lab(page, server)
        lab.open()
        lab.run(TIED)
        view = View(lab.output().locator(".paramwidget"))
        edited, partner = view.open("2.weight"), view.open("4.weight")
        partner.cells.evaluate(WATCH)
        for number in range(TIMES):
            before = partner.revision()
            edited.type(number % 8, number // 8 % 8, str(0.01 * (number + 1)))
            partner.repainted(before)
        taken = [ms / 1000 for ms in page.evaluate("window.taken")]
        lab.close()
    ordered = sorted(taken)
    line("round trip", spread(taken, "ms", 1000), f"≤ {BAR * 1000:.0f} ms median")
    line("median over the limit", f"{ordered[len(ordered) // 2] / BAR:.2f} x", "≤ 1 x")
    line("measured", f"{len(taken)} of {TIMES}")


if __name__ == "__main__":
    main()
