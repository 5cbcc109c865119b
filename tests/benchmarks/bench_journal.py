"""What one small edit costs as the journal grows, and what the journal takes.

python tests/benchmarks/bench_journal.py [edits without a view] [edits with one]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from torch import nn

from benchmarks.report import heading, line
from conversation.talk import Talk

STOPS = (1_000, 3_000, 10_000, 30_000, 100_000)


def main() -> None:
    heading("Small edits: ms for one, as a ratio to the first thousand, MiB of the process")
    for view, most in ((False, _asked(1, 100_000)), (True, _asked(2, 10_000))):
        _run(view, most)


def _asked(place: int, usual: int) -> int:
    return int(sys.argv[place]) if len(sys.argv) > place else usual


def _run(view: bool, most: int) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    talk = Talk(net, opened=view)
    if view:
        talk.open("0", "weight")
        talk.open("2", "weight")
    done, first = 0, 0.0
    for stop in (stop for stop in STOPS if stop <= most):
        began = time.perf_counter()
        for number in range(done, stop):
            talk.bench.assign("0.weight", (number % 64, number // 64 % 64), number % 7)
            talk.hush()
        each = (time.perf_counter() - began) / (stop - done)
        done, first = stop, first or each
        name = f"{stop:,} edits, {'two panels open' if view else 'no view'}"
        line(name, f"{each * 1e3:.2f} ms, {each / first:.2f} x, {_resident()} MiB", "1 x")


def _resident() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * 4096 >> 20


if __name__ == "__main__":
    main()
