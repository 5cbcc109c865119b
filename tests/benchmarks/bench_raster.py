"""Raster with exact statistics, over one torch.aminmax of the same tensor.

python tests/benchmarks/bench_raster.py

Beside the time of the clock stands the time that the process's threads computed, over that of
aminmax: on a machine shared with others the first says more of them than of this code.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch

from benchmarks.report import heading, line, ratios, spread
from paramwidget.picture.raster import raster, raster_with_stats
from paramwidget.picture.statistics import histogram, stats

CASES = [
    ((256, 20), torch.float32, 200),
    ((1024, 1024), torch.float32, 50),
    ((4096, 4096), torch.float32, 15),
    ((32000, 4096), torch.float32, 9),
    ((4096, 4096), torch.bfloat16, 9),
]


def main() -> None:
    heading("Raster 256 x 256 with exact statistics over one torch.aminmax")
    print(f"numpy {np.__version__}, {torch.get_num_threads()} threads")
    for shape, dtype, times in CASES:
        tensor = torch.empty(shape).normal_(0, 0.02).to(dtype)
        measure(f"{tuple(shape)} {str(dtype).removeprefix('torch.')}", tensor, times)
    tensor = torch.empty(4096, 4096).normal_(0, 0.02).t()
    measure("(4096, 4096) float32, transposed", tensor, 9)


def measure(name: str, tensor: torch.Tensor, times: int) -> None:
    clock, computed = in_turn(
        {
            "aminmax": lambda: torch.aminmax(tensor),
            "raster with statistics": lambda: raster_with_stats(tensor),
            "raster alone": lambda: raster(tensor),
            "statistics alone": lambda: stats(tensor),
            "histogram of 2^20": lambda: histogram(tensor, 64, 1 << 20),
        },
        times,
    )
    line(name, f"aminmax {spread(clock['aminmax'], 'ms', 1000)}")
    for what, taken in clock.items():
        if what == "aminmax":
            continue
        barred = what == "raster with statistics" and tensor.shape == (32000, 4096)
        ratio = spread(ratios(taken, clock["aminmax"]), "x")
        work = spread(ratios(computed[what], computed["aminmax"]), "x")
        line(f"    {what}, {spread(taken, 'ms', 1000)}", ratio, "≤ 3 x" if barred else "")
        line("        computed", work)


def in_turn(
    calls: dict[str, Callable[[], object]], times: int
) -> tuple[dict[str, list[float]], dict[str, Sequence[float]]]:
    """Seconds by the clock and seconds computed, of the calls one after the other."""
    clock: dict[str, list[float]] = {name: [] for name in calls}
    computed: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(times):
        for name, call in calls.items():
            began, began_computing = time.perf_counter(), time.process_time()
            call()
            clock[name].append(time.perf_counter() - began)
            computed[name].append(time.process_time() - began_computing)
    return clock, dict(computed)


if __name__ == "__main__":
    main()
