"""What a live panel costs a training loop, beside the same loop with none: ``python THIS``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from torch import nn

from benchmarks.report import heading, in_turn, line, ratios, spread
from conversation.talk import Talk

TIMES = 7


def small() -> nn.Module:
    return nn.Sequential(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 10))


def large() -> nn.Module:
    return nn.Sequential(nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 1024))


def train(net: nn.Module, width: int, steps: int) -> None:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    x = torch.randn(32, width)
    for _ in range(steps):
        optimizer.zero_grad()
        net(x).square().mean().backward()
        optimizer.step()


def main() -> None:
    heading("A training cell of about a second with a live panel, over the same without a bench")
    for name, make, width, steps in (
        ("20-256-10", small, 20, 8000),
        ("1024-1024-1024", large, 1024, 300),
    ):
        plain, closed, shown = make(), make(), make()
        Talk(closed, opened=False)
        talk = Talk(shown)
        talk.open("0", "weight")
        talk.say("rows", view="v", revision=1, rows=list(range(8)))

        def run_shown(
            talk: Talk = talk, net: nn.Module = shown, width: int = width, steps: int = steps
        ) -> None:
            talk.say("view", view="v", what="opened")
            talk.session.cell_began()
            train(net, width, steps)
            talk.session.cell_ended()

        def run_closed(
            talk: Talk = talk, net: nn.Module = closed, width: int = width, steps: int = steps
        ) -> None:
            talk.say("view", view="v", what="closed")
            train(net, width, steps)

        def run_plain(net: nn.Module = plain, width: int = width, steps: int = steps) -> None:
            train(net, width, steps)

        frames = len(talk.frames())
        base, none, live = in_turn((run_plain, run_closed, run_shown), TIMES)
        line(f"{name}: a step without", spread([t / steps for t in base], "µs", 1e6))
        line(f"{name}: bench, no view open", spread(ratios(none, base), "x"), "no measurable cost")
        line(f"{name}: a panel and 8 rows on screen", spread(ratios(live, base), "x"), "≤ 1.02 x")
        sent = talk.frames()[frames:]
        per_second = len(sent) / sum(live)
        size = max(sum(map(len, buffers)) for _, buffers in sent)
        line(f"{name}: frames", f"{per_second:.1f} a second, ≤ {size / 1024:.0f} KiB each")


if __name__ == "__main__":
    main()
