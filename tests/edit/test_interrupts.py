"""Ctrl-C at every line: an edit happened or it did not, and the journal says which."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

import paramwidget
from edit.kit import contents
from paramwidget.edit.step import Step, step
from paramwidget.workbench import Workbench

#: At how many of an operation's lines it is interrupted; more than it has: at each.
LINES = int(os.environ.get("PARAMWIDGET_LINES", "30"))
PACKAGE = str(Path(paramwidget.__file__).parent)


#: An interrupt in mid-read leaves a file of the system's to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def interrupts_arrive() -> Iterator[None]:
    """A shell that runs the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def model() -> nn.Sequential:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3))
    net[2].weight = net[0].weight
    parametrizations.orthogonal(net[1])
    return net


def custom(tensor: torch.Tensor) -> None:
    tensor.fill_(float(torch.rand(())))


def visit(module: nn.Module) -> None:
    for parameter in module.parameters(recurse=False):
        nn.init.ones_(parameter)


OPERATIONS: dict[str, Callable[[Workbench], Any]] = {
    "initialize": lambda bench: bench.initialize("", "normal_", seed=1),
    "own": lambda bench: bench.initialize("0", custom, seed=1),
    "reset": lambda bench: bench.initialize("0", "reset_parameters", seed=1),
    "assign": lambda bench: bench.assign("0.weight", (0, 0), 42),
    "compute": lambda bench: bench.compute("0.weight", "w * 2", (slice(0, 2), ...)),
    "parametrized": lambda bench: bench.compute("1.weight", "0 - w"),
    "apply": lambda bench: bench.apply(visit, "0", seed=1),
    "freeze": lambda bench: bench.set_requires_grad("", False),
    "tie": lambda bench: bench.tie("0.bias", "1.bias"),
    "untie": lambda bench: bench.untie("2.weight"),
    "undo": lambda bench: bench.undo(),
    "redo": lambda bench: bench.redo(),
    "skip": lambda bench: bench.skip(),
    "bring back": lambda bench: bench.bring_back(bench.log.entries[0]),
}


def prepared(operation: str) -> tuple[nn.Module, Workbench]:
    net = model()
    bench = Workbench(net)
    bench.initialize("", "uniform_", parameters="bias", seed=3)
    if operation in ("redo", "bring back"):
        bench.undo()
    if operation == "bring back":
        bench.assign("0.bias", (0,), 7)
    return net, bench


class Lines:
    """Counts the lines of the package that run on this thread, and acts at one of them."""

    def __init__(self, at: int, act: Callable[[], None]) -> None:
        self.count, self._at, self._act = 0, at, act
        self.first: dict[tuple[CodeType, int], int] = {}  # when a line ran first, by count
        self.last: dict[tuple[CodeType, int], int] = {}

    def __enter__(self) -> Lines:
        sys.settrace(self._calls)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _calls(self, frame: FrameType, event: str, arg: object) -> Any:
        return self._lines if frame.f_code.co_filename.startswith(PACKAGE) else None

    def _lines(self, frame: FrameType, event: str, arg: object) -> Any:
        if event in ("line", "return"):
            self.count += 1
            line = (frame.f_code, frame.f_lineno)
            self.first.setdefault(line, self.count)
            self.last[line] = self.count
            if self.count == self._at:
                self._act()
        return self._lines


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def moments(operation: str, most: int) -> list[int]:
    """When to interrupt: the first and the last time that each line runs, or some of those."""
    _, bench = prepared(operation)
    with Lines(-1, interrupt) as lines:
        OPERATIONS[operation](bench)
    found = sorted({*lines.first.values(), *lines.last.values()})
    return found[:: max(1, len(found) // most)]


def states(operation: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The model before and after, with the identity of what is tied."""
    net, bench = prepared(operation)
    before = seen(net, bench)
    OPERATIONS[operation](bench)
    return before, seen(net, bench)


def seen(net: nn.Module, bench: Workbench) -> dict[str, Any]:
    return {
        "contents": contents(net),
        "ties": [group.names for group in bench.ties()],
        "history": [edit.title for edit in bench.history],
        "stands": [(entry.kind, entry.stands) for entry in bench.log.entries],
    }


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_interrupt_at_any_line_tears_nothing(operation: str) -> None:
    before, after = states(operation)
    generator = torch.get_rng_state()
    happened = 0
    for at in moments(operation, LINES):
        net, bench = prepared(operation)
        torch.set_rng_state(generator)
        try:
            with Lines(at, interrupt):
                OPERATIONS[operation](bench)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        now = seen(net, bench)
        assert now in (before, after), f"torn at line {at}"
        assert torch.equal(torch.get_rng_state(), generator)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        happened += now == after
        while bench.undo() is not None:
            pass
        assert contents(net) == contents(model()) or operation == "skip", at
        bench.assign("0.weight", (0, 0), 1)
    assert happened > 0


@pytest.mark.parametrize("operation", OPERATIONS)
def test_two_interrupts_tear_nothing(operation: str) -> None:
    before, after = states(operation)
    for at in moments(operation, LINES // 3):
        net, bench = prepared(operation)
        count = 0

        def twice(frame: FrameType, event: str, arg: object, at: int = at) -> Any:
            nonlocal count
            if not frame.f_code.co_filename.startswith(PACKAGE):
                return None
            if event in ("line", "return"):
                count += 1
                if count in (at, at + 3, at + 11):
                    interrupt()
            return twice

        try:
            sys.settrace(twice)
            OPERATIONS[operation](bench)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        assert seen(net, bench) in (before, after), f"torn at line {at}"
        bench.assign("0.weight", (0, 0), 1)


def strike(rng: torch.Generator, action: Callable[[], Any]) -> bool:
    """Do something while a real signal arrives; whether it was interrupted."""
    delay = float(torch.rand((), generator=rng)) * 0.006
    timer = threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))
    interrupted = False
    try:
        timer.start()
        action()
        timer.join()
    except KeyboardInterrupt:
        interrupted = True
    while timer.is_alive():
        try:
            timer.join()
        except KeyboardInterrupt:
            interrupted = True
    return interrupted


def test_200_real_signals_at_random_times_tear_nothing() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(*(nn.Linear(200, 200) for _ in range(4)))
    bench = Workbench(net)
    rng = torch.Generator().manual_seed(5)
    left = {0: contents(net)}  # what so many edits have left
    actions: list[Callable[[], Any]] = [
        lambda: bench.initialize("", "normal_"),
        lambda: bench.undo(),
        lambda: bench.redo(),
        lambda: bench.apply(visit),
        lambda: bench.undo(),
        lambda: bench.compute("0.weight", "w * 2"),
    ]
    arrived = 0
    for number in range(200):
        before, history = contents(net), bench.history
        arrived += strike(rng, actions[number % len(actions)])
        now = bench.history
        if now == history:
            assert contents(net) == before
        elif len(now) < len(history):
            assert contents(net) == left[len(now)]
        left[len(now)] = contents(net)
        assert [entry.edit for entry in bench.log.entries if entry.stands] == now
    assert arrived > 0
    while bench.undo() is not None:
        pass
    assert contents(net) == left[0]


def test_an_interrupt_while_another_thread_edits_leaves_the_bench_usable() -> None:
    net = model()
    bench = Workbench(net)
    inside, go_on = threading.Event(), threading.Event()

    def slow(tensor: torch.Tensor) -> None:
        inside.set()
        go_on.wait(10)
        tensor.fill_(1)

    editing = threading.Thread(target=bench.initialize, args=("0.bias", slow))
    editing.start()
    inside.wait(10)
    threading.Timer(0.2, go_on.set).start()
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        bench.assign("0.weight", (0, 0), 42)
    editing.join()
    assert [edit.title for edit in bench.history][:1] == ["slow on 0.bias"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    bench.assign("0.weight", (0, 0), 1)
    assert float(net[0].weight.detach()[0, 0]) == 1


def test_what_a_user_function_computes_can_be_interrupted() -> None:
    net = model()
    bench = Workbench(net)
    before = contents(net)

    def slow(tensor: torch.Tensor) -> None:
        tensor.fill_(1)
        interrupt()
        raise AssertionError("the interrupt was held back")

    with pytest.raises(KeyboardInterrupt):
        bench.initialize("0", slow)
    with pytest.raises(KeyboardInterrupt):
        bench.apply(lambda module: slow(module.bias.data) if hasattr(module, "bias") else None)
    assert contents(net) == before
    assert bench.history == []
    assert bench.initialize("0.bias", "ones_").changed == ["0.bias"]


def test_a_task_that_is_scheduled_in_a_step_is_not_in_it() -> None:
    def later() -> Step:
        with step() as own:
            return own

    with step() as ended:
        scheduled = copy_context()  # as asyncio does for a task
    assert scheduled.run(later) is not ended
