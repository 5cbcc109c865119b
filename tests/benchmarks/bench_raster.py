"""Raster with exact statistics, over one torch.aminmax of the same tensor.

python tests/benchmarks/bench_raster.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from benchmarks.report import heading, in_turn, line, ratios, spread
from paramwidget.picture.raster import raster_with_stats

CASES = [
    ((256, 20), torch.float32, 200),
    ((1024, 1024), torch.float32, 50),
    ((4096, 4096), torch.float32, 15),
    ((32000, 4096), torch.float32, 9),
    ((4096, 4096), torch.bfloat16, 9),
]


def main() -> None:
    heading("Raster 256 x 256 with exact statistics over one torch.aminmax")
    for shape, dtype, times in CASES:
        tensor = torch.empty(shape).normal_(0, 0.02).to(dtype)
        measure(f"{tuple(shape)} {str(dtype).removeprefix('torch.')}", tensor, times)
    tensor = torch.empty(4096, 4096).normal_(0, 0.02).t()
    measure("(4096, 4096) float32, transposed", tensor, 9)


def measure(name: str, tensor: torch.Tensor, times: int) -> None:
    peer, ours = in_turn((lambda: torch.aminmax(tensor), lambda: raster_with_stats(tensor)), times)
    bar = "≤ 3 x" if tensor.shape == (32000, 4096) else ""
    line(f"{name}: aminmax", spread(peer, "ms", 1000))
    line(f"{name}: raster with statistics", spread(ours, "ms", 1000))
    line(f"{name}: ratio", spread(ratios(ours, peer), "x"), bar)


if __name__ == "__main__":
    main()
