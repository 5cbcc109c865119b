"""Many small edits of one model: does the cost of one grow with the journal, and the memory?

``python tests/benchmarks/bench_journal.py [edits]``. The time is the thread's own, per edit, over
the last tenth of each mark; the first 1,000 are the measure of the others.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.report import heading, line
from conversation.talk import Talk
from paramwidget.workbench import Workbench

MARKS = [1_000, 10_000, 30_000, 100_000]


def resident() -> float:
    """The resident memory of this process, in MiB; Linux only."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def run(edits: int, view: bool) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    talk = Talk(net) if view else None
    if talk is not None:
        talk.open("0", "weight")
    bench, first, start = Workbench(net), 0.0, resident()
    began, since = time.thread_time(), 0
    for number in range(1, edits + 1):
        bench.assign("0.weight", (number % 64, number // 64 % 64), number % 7)
        if talk is not None:
            talk.hush()
        if number in [mark * 9 // 10 for mark in MARKS]:
            began, since = time.thread_time(), number
        if number in MARKS:
            each = (time.thread_time() - began) / (number - since) * 1e3
            first = first or each
            grown = (resident() - start) * 1024 / number
            line(
                f"{number:,} edits, {'with' if view else 'without'} a view",
                f"{each:.2f} ms, {each / first:.2f} times the first",
                f"{resident():.0f} MiB, {grown:.1f} KiB an edit",
            )
    began = time.thread_time()
    for _ in range(100):
        bench.undo()
    line("an undo then", f"{(time.thread_time() - began) * 10:.2f} ms")


if __name__ == "__main__":
    heading("Small edits: time of each and memory, as the journal grows")
    for view in (False, True):
        run(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, view)
