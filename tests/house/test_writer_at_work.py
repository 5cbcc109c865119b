"""Only edit/memory/write.py changes bytes: watched while torch does what a bench asks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from house.sources import PACKAGE
from paramwidget import ParamWidget, Workbench, compat, initializer


class Watch(TorchDispatchMode):
    """Notes, for each operation that writes into the model's memory, whose code asked for it."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        tensors = [*net.parameters(), *net.buffers()]
        self.memory = {tensor.untyped_storage().data_ptr() for tensor in tensors}
        self.writers: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for argument, value in zip(func._schema.arguments, args, strict=False):
            written = argument.alias_info is not None and argument.alias_info.is_write
            if written and value.untyped_storage().data_ptr() in self.memory:
                self.writers.append(_asked_by())
        return func(*args, **(kwargs or {}))


def _asked_by() -> str:
    """The innermost file of ours on the stack, or the test's own where it is nearer."""
    frame = sys._getframe(2)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path == Path(__file__):
            return "the user"
        if PACKAGE.name in path.parts:
            return "/".join(path.parts[path.parts.index(PACKAGE.name) + 1 :])
        frame = frame.f_back
    return "?"


@pytest.fixture(autouse=True)
def _leave_the_watch_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bench puts aside the modes of a calling cell, and ``Watch`` is one."""
    monkeypatch.setattr(compat, "put_modes_aside", lambda aside: None)


@pytest.fixture
def net() -> nn.Module:
    torch.manual_seed(0)
    shared = nn.Linear(4, 4)
    return nn.Sequential(
        nn.Conv2d(1, 2, 3),
        nn.BatchNorm2d(2),
        shared,
        shared,
        nn.Linear(300, 301, dtype=torch.float64),  # needs no copy to be computed with
        nn.Linear(300, 301, dtype=torch.bfloat16),
    )


@initializer
def sawtooth(tensor: torch.Tensor) -> None:
    tensor.copy_(torch.arange(tensor.numel()).reshape(tensor.shape) % 3)


def everything_that_reads(bench: Workbench) -> Iterator[object]:
    yield bench.tree
    yield bench.ties()
    yield bench.select("*")
    for node in bench.slots():
        yield node.access
        yield bench.stats(node.path)
        yield bench.raster(node.path)
        yield bench.histogram(node.path)
    yield bench.refresh()
    yield bench.code()
    yield ParamWidget(bench.net)


def test_looking_writes_nothing(net: nn.Module) -> None:
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    versions = [tensor._version for tensor in net.parameters()]
    random = torch.get_rng_state()
    with Watch(net) as watch:
        assert all(seen is not False for seen in everything_that_reads(Workbench(net)))
    assert watch.writers == []
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
    assert versions == [tensor._version for tensor in net.parameters()]
    assert torch.equal(random, torch.get_rng_state())


EDITS: dict[str, Callable[[Workbench], object]] = {
    "initialize": lambda bench: bench.initialize("", "normal_", parameters="weight", std=0.01),
    "an initializer of the user's": lambda bench: bench.initialize("", sawtooth),
    "assign": lambda bench: bench.assign("2.weight", (0, 0), 42),
    "compute": lambda bench: bench.compute("0.weight", "w * 2 + 1"),
    "a part": lambda bench: bench.compute("0.weight", "clamp(w, 0, 1)", (0, ...)),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_every_edit_goes_through_the_writer(net: nn.Module, edit: Callable[..., object]) -> None:
    bench = Workbench(net)
    for step in (lambda: edit(bench), bench.undo, bench.redo):
        with Watch(net) as watch:
            step()
        assert set(watch.writers) == {"edit/memory/write.py"}


FOREIGN: dict[str, Callable[[Workbench], object]] = {
    "apply": lambda bench: bench.apply(_ones),
    "reset_parameters": lambda bench: bench.initialize("2", "reset_parameters"),
}


def _ones(module: nn.Module) -> None:
    if type(module) is nn.Linear:
        nn.init.ones_(module.weight)


@pytest.mark.parametrize("edit", FOREIGN.values(), ids=FOREIGN)
def test_what_foreign_code_wrote_is_taken_back_by_the_writer(
    net: nn.Module, edit: Callable[..., object]
) -> None:
    """These edits call code that writes by itself: the user's function, the module's method."""
    bench = Workbench(net)
    with Watch(net) as watch:
        edit(bench)
    ours = {"edit/actions/reset_parameters.py", "edit/memory/write.py"}
    assert set(watch.writers) <= {"the user", *ours}
    with Watch(net) as watch:
        bench.undo()
    assert set(watch.writers) == {"edit/memory/write.py"}
