"""What travels and what is saved: the bundle, a panel's bytes, a notebook's state, an import.

python tests/benchmarks/bench_sizes.py
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from ipywidgets import Widget
from torch import nn

from benchmarks.report import heading, line, spread
from conversation.talk import Talk
from paramwidget import ParamWidget
from paramwidget.widget import BUNDLE

KIB = 1024
IMPORT = (
    "import time; {before}; t = time.perf_counter(); import {what}; print(time.perf_counter() - t)"
)


def block(width: int) -> nn.Module:
    found = nn.Module()
    found.ln_1, found.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
    found.attn, found.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
    found.fc, found.out = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
    return found


def gpt2() -> nn.Module:
    """124 million parameters in 12 blocks, the head tied to the embedding."""
    net = nn.Module()
    net.wte, net.wpe = nn.Embedding(50257, 768), nn.Embedding(1024, 768)
    net.h, net.ln_f = nn.ModuleList([block(768) for _ in range(12)]), nn.LayerNorm(768)
    net.lm_head = nn.Linear(768, 50257, bias=False)
    net.lm_head.weight = net.wte.weight
    return net


def main() -> None:
    heading("Sizes")
    raw = BUNDLE.read_bytes()
    packed = len(gzip.compress(raw, 9)) / KIB
    line("browser bundle, gzip -9", f"{packed:.1f} KiB ({len(raw) / KIB:.0f} raw)", "≤ 60 KiB")

    for shape in ((256, 20), (256, 256), (4096, 4096), (32000, 4096), (512, 512, 3, 3)):
        net = nn.Module()
        net.weight = nn.Parameter(torch.zeros(shape).normal_())
        talk = Talk(net)
        talk.open("weight")
        content, buffers = talk.frames()[-1]
        size = sum(map(len, buffers)) + len(json.dumps(content))
        line(f"a panel on {tuple(shape)}", f"{size / KIB:.1f} KiB", "≤ 256 KiB")

    widget = ParamWidget(gpt2(), open=["wte.weight", "h.0.fc.weight"])
    state = Widget.get_manager_state(widgets=[widget])
    saved = (len(json.dumps(state)) - len(json.dumps(BUNDLE.read_text("utf-8")))) / KIB
    line("saved beside the bundle, GPT-2 size, two panels", f"{saved:.0f} KiB", "≤ 150 KiB")

    before = "import torch, ipywidgets, anywidget"
    for what in ("paramwidget", "paramwidget.widget"):
        code = IMPORT.format(before=before, what=what)
        run = [sys.executable, "-c", code]
        taken = [float(subprocess.check_output(run)) for _ in range(5)]
        line(f"import {what} on top of them", spread(taken, "ms", 1000))


if __name__ == "__main__":
    main()
