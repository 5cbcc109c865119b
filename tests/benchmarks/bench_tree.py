"""Reading a model's structure beside torch's own walk, and a fingerprint beside ``aminmax``.

python tests/benchmarks/bench_tree.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from torch import nn

from benchmarks.report import heading, in_turn, line, ratios, spread
from paramwidget import Workbench
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.tree import read_tree

BAR = "at most 3"


def wide() -> nn.Module:
    return nn.Sequential(*[nn.Linear(4, 4) for _ in range(12_000)])


def blocks() -> nn.Module:
    def block() -> nn.Module:
        return nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.BatchNorm1d(4))

    return nn.ModuleList([nn.Sequential(block(), block()) for _ in range(1_333)])


def tied() -> nn.Module:
    net: Any = wide()
    for layer in list(net)[1::2]:
        layer.weight = net[0].weight
    return net


def doubled() -> nn.Module:
    net: nn.Module = nn.Linear(4, 4)
    for _ in range(16):
        net = nn.Sequential(net, net)
    return net


def walk(net: nn.Module) -> Callable[[], object]:
    return lambda: list(net.named_parameters(remove_duplicate=False))


def everything(net: nn.Module) -> object:
    tree = read_tree(net)
    return tree.slots, tree.ties


def again(bench: Workbench) -> Callable[[], object]:
    """What a look costs if nothing has moved: one reading, its slots and its ties."""

    def look() -> object:
        tree = bench.read()
        return list(tree.slots), list(tree.ties)

    return look


def benches(build: Callable[[], nn.Module], times: int) -> list[float]:
    """The first bench of a model, over naming its parameters just before."""
    nets = [build() for _ in range(times + 1)]  # a second bench of one model costs nothing
    todo = list(nets)
    torchs, ours = in_turn([lambda: walk(todo[-1])(), lambda: Workbench(todo.pop())], times)
    return ratios(ours, torchs)


def main() -> None:
    heading("A structure, as multiples of list(net.named_parameters(remove_duplicate=False))")
    for name, build, times in (
        ("12,000 modules in a row", wide, 15),
        ("12,000 modules in blocks, with buffers", blocks, 15),
        ("12,000 modules, half of the weights tied", tied, 15),
        ("17 modules, 2**16 aliases", doubled, 5),
    ):
        net = build()
        calls = [walk(net), lambda net=net: read_tree(net), lambda net=net: everything(net)]
        torchs, structure, rows, same = in_turn([*calls, again(Workbench(net))], times)
        line(name, spread(ratios(structure, torchs)), BAR)
        line(f"{name}; slots, ties", spread(ratios(rows, torchs)), BAR)
        line(f"{name}; again", spread(ratios(same, torchs)), BAR)

    for name, build in (("in a row", wide), ("in blocks, with buffers", blocks)):
        line(f"12,000 modules {name}: Workbench(net)", spread(benches(build, 9)), BAR)

    heading("A fingerprint, as multiples of torch.aminmax")
    for rows_, columns in ((1024, 1024), (4096, 4096), (32_000, 4096)):
        tensor = torch.randn(rows_, columns)
        calls = [lambda x=tensor: torch.aminmax(x), lambda x=tensor: fingerprint(x)]
        bare, ours = in_turn(calls, 9)
        line(f"{rows_} x {columns} float32", spread(ratios(ours, bare)))


if __name__ == "__main__":
    main()
