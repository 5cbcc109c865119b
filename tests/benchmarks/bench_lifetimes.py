"""A cell that is run again and again with a new 4 MiB model: what stays alive, and the memory.

``python tests/benchmarks/bench_lifetimes.py [times]``, in JupyterLab and in Notebook 7.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import browser as browsers
from benchmarks.report import heading, line
from hosts.kit import Lab, Notebook7
from hosts.lifetimes import COUNTING, WAYS, alive
from hosts.server import jupyter


def main(times: int) -> None:
    heading(f"A cell run {times} times, each time with a new model of 4 MiB")
    with (
        tempfile.TemporaryDirectory() as home,
        jupyter(Path(home)) as server,
        sync_playwright() as playwright,
    ):
        browser = browsers.launch(playwright)
        for kind in (Lab, Notebook7):
            for way, code in WAYS.items():
                host = kind(browser.new_page(), server)
                host.open()
                host.run(COUNTING)
                cell = host.add_cell(code)
                host.run_cell(cell)  # what is loaded at the first display is no leak
                before = alive(host)
                for _ in range(times):
                    host.run_cell(cell)
                host.run("1")
                after = alive(host)
                host.close()
                host.page.close()
                figures = ", ".join(
                    f"{what} {was:.0f} to {now:.0f}"
                    for what, was, now in zip(
                        ("models", "comms", "MiB"), before, after, strict=True
                    )
                )
                line(f"{kind.__name__}: {way}", figures)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
