"""Ctrl-C while the bench looks at the model: what others have changed is told, and nothing else."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn

from edit.test_interrupts import LINES, Lines, interrupt
from paramwidget.workbench import Workbench

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

LOOKS: dict[str, Callable[[Workbench], Any]] = {
    "journal": lambda bench: bench.journal,
    "code": lambda bench: bench.code(),
    "refresh": lambda bench: bench.refresh(),
    "assign": lambda bench: bench.assign("0.bias", (0,), 42),
    "initialize": lambda bench: bench.initialize("0", "normal_", seed=1),
    "apply": lambda bench: bench.apply(lambda module: None),
    "freeze": lambda bench: bench.set_requires_grad("0", False),
    "tie": lambda bench: bench.tie("1.bias", "0.bias"),
    "reset": lambda bench: bench.initialize("0", "reset_parameters"),
    "undo": lambda bench: bench.undo(),
}


@pytest.fixture(autouse=True)
def interrupts_arrive() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def trained() -> tuple[nn.Sequential, Workbench]:
    """A model of which one slot has been changed since the bench looked at it."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(2100, 2100))
    bench = Workbench(net)
    bench.initialize("0.bias", "ones_")
    bench.refresh()
    net[0].bias.data.fill_(7)
    return net, bench


def moments(look: Callable[[Workbench], Any]) -> list[int]:
    _, bench = trained()
    with Lines(-1, interrupt) as lines:
        look(bench)
    found = sorted({*lines.first.values(), *lines.last.values()})
    return found[:: max(1, len(found) // LINES)]


@pytest.mark.parametrize("name", LOOKS)
def test_an_interrupt_at_any_line_loses_no_change_and_invents_none(name: str) -> None:
    for at in moments(LOOKS[name]):
        _, bench = trained()
        try:
            with Lines(at, interrupt):
                LOOKS[name](bench)
        except KeyboardInterrupt:
            pass
        done = {slot for edit in bench.history for slot in edit.changed}
        told = [one.names for one in bench.journal if one.kind == "outside"]
        assert told == [["0.bias"]], f"interrupted at line {at}"
        assert "differ" in bench.code() or bench.history == []  # undone: they were put away
        assert set(bench.refresh()) <= {"0.bias"} | done
        assert bench.refresh() == []
