"""Models that are large: 100,000 tensors, and one of the shape of a 7-billion-parameter model.

python tests/benchmarks/bench_large.py
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import time

import torch
from ipywidgets import Widget
from torch import nn

from benchmarks.report import heading, line, seconds, spread
from paramwidget import ParamWidget, Workbench
from paramwidget.widget import BUNDLE

KIB = 1024


def many_layers() -> nn.Module:
    """1,000 blocks of 50 linear layers: 100,000 tensors, 150,001 rows."""
    return nn.Sequential(
        *[nn.Sequential(*[nn.Linear(2, 2) for _ in range(50)]) for _ in range(1000)]
    )


def seven_billion() -> nn.Module:
    """32 layers 4096 wide in half precision, memory that nobody has written to; a 500 MB head."""

    def layer() -> nn.Module:
        found: Any = nn.Module()
        for name in ("q", "k", "v", "o"):
            found.add_module(name, nn.Linear(4096, 4096, bias=False))
        found.gate, found.up = (nn.Linear(4096, 11008, bias=False) for _ in range(2))
        found.down = nn.Linear(11008, 4096, bias=False)
        return found

    with torch.device("meta"):
        net: Any = nn.Module()
        net.embed = nn.Embedding(32000, 4096)
        net.layers = nn.ModuleList([layer() for _ in range(32)])
        net.head = nn.Linear(4096, 32000, bias=False)
    net = net.half().to_empty(device="cpu")
    net.head = nn.Linear(4096, 32000, bias=False)  # float32
    return net


def once(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def measure(name: str, net: nn.Module, slot: tuple[str, ...], bar: str) -> None:
    """``bar`` is for a panel and a number in it: those of a 500 MB matrix follow its size."""
    naming = seconds(lambda: list(net.named_parameters(remove_duplicate=False)), 5)
    line(f"{name}: naming its parameters", spread(naming, "ms", 1000))
    made: list[ParamWidget] = []
    first = once(lambda: made.append(ParamWidget(net)))
    widget = made[0]
    session = widget._session
    session.receive({"kind": "view", "view": "v", "what": "opened"})
    hello = once(lambda: session.receive({"kind": "hello", "view": "v", "protocol": 1}))
    line("ParamWidget(net)", f"{first * 1000:.0f} ms")
    line("hello", f"{hello * 1000:.0f} ms")
    line("both: to the first picture", f"{(first + hello) * 1000:.0f} ms", "≤ 1500 ms")
    opening = {"kind": "open", "panel": "p", "path": [*slot], "lens": "value"}
    line("open a panel", f"{once(lambda: session.receive(opening)) * 1000:.0f} ms", bar)
    number = {"kind": "assign", "path": [*slot], "index": [0, 0]}
    typed = [
        once(lambda n=n: session.receive({**number, "id": str(n), "value": str(n)}))
        for n in range(9)
    ]
    line("store a typed number", spread(typed, "ms", 1000), bar)
    bench = Workbench(net)
    line(
        "slots() and ties() again",
        spread(seconds(lambda: (bench.slots(), bench.ties()), 5), "ms", 1000),
    )
    state = json.dumps(Widget.get_manager_state(widgets=[widget]))
    beside = len(state) / KIB - len(json.dumps(BUNDLE.read_text("utf-8"))) / KIB
    line("saved beside the bundle, a panel open", f"{beside:.0f} KiB", "≤ 150 KiB")
    widget.close()


def main() -> None:
    heading("Large models")
    measure("100,000 tensors", many_layers(), ("500", "25", "weight"), "≤ 100 ms")
    measure("7 billion parameters", seven_billion(), ("head", "weight"), "")


if __name__ == "__main__":
    main()
