"""Memory that ends in an edit, an undo or a redo: it happened or it did not, and says which."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edit.kit import contents, refusal
from paramwidget.workbench import Workbench

#: Where tensors and arrays are allocated, or read in a way that allocates.
PLACES: list[tuple[Any, str]] = [
    *((torch.Tensor, name) for name in (
        "clone", "contiguous", "cpu", "to", "new_empty", "detach", "resolve_conj", "expand", "view",
        "reshape", "any", "all", "copy_", "sum", "item", "float", "__getitem__",
    )),
    *((torch, name) for name in ("empty", "empty_like", "zeros", "ones", "tensor", "split")),
    *((np, name) for name in ("empty", "asarray", "concatenate", "dot")),
]  # fmt: skip
ERRORS = [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")]


def model() -> nn.Sequential:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 5), nn.BatchNorm1d(5), nn.Linear(5, 5), nn.Linear(5, 5))
    net[3].weight = net[0].weight
    return net


def visit(module: nn.Module) -> None:
    for parameter in module.parameters(recurse=False):
        nn.init.ones_(parameter)


def fill(tensor: torch.Tensor) -> None:
    tensor.fill_(2)


def to_bring_back(bench: Workbench) -> Any:
    return bench.bring_back(next(e for e in bench.log.entries if e.kind == "dropped"))


OPERATIONS: dict[str, Callable[[Workbench], Any]] = {
    "initialize": lambda bench: bench.initialize("", "normal_", parameters="weight", seed=1),
    "own": lambda bench: bench.initialize("", fill, parameters="weight", seed=1),
    "compute": lambda bench: bench.compute("0.weight", "w * 2 + mean(w)"),
    "apply": lambda bench: bench.apply(visit, seed=1),
    "untie": lambda bench: bench.untie("3.weight"),
    "freeze": lambda bench: bench.set_requires_grad("", False),
    "reset": lambda bench: bench.initialize("", "reset_parameters", seed=1),
    "undo": lambda bench: bench.undo(),
    "redo": lambda bench: bench.redo(),
    "skip": lambda bench: bench.skip(),
    "bring back": to_bring_back,
}


def prepared(operation: str) -> tuple[nn.Module, Workbench]:
    net = model()
    bench = Workbench(net)
    bench.initialize("", "uniform_", seed=3)
    if operation in ("redo", "bring back"):
        bench.undo()
    if operation == "bring back":
        bench.assign("0.bias", (0,), 7)
    return net, bench


def seen(net: nn.Module, bench: Workbench) -> dict[str, Any]:
    return {
        "contents": contents(net),
        "ties": [group.names for group in bench.ties()],
        "history": [edit.title for edit in bench.history],
        "lines": [(one.kind, one.stands) for one in bench.log.entries if one.kind != "failed"],
        "next": (bench.log.next_undo, bench.log.next_redo),
    }


class Ending:
    """Counts the calls at all places, and ends memory at one of them."""

    def __init__(self, at: int, error: Exception) -> None:
        self.count, self.at, self.error = 0, at, error

    def at_call(self) -> None:
        self.count += 1
        if self.count == self.at:
            raise self.error


@contextmanager
def memory_ends(at: int, error: Exception) -> Iterator[Ending]:
    ending = Ending(at, error)
    with pytest.MonkeyPatch.context() as patch:
        for holder, name in PLACES:
            patch.setattr(holder, name, ended(ending, getattr(holder, name)), raising=True)
        yield ending


def ended(ending: Ending, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **named: Any) -> Any:
        ending.at_call()
        return function(*args, **named)

    return call


@pytest.mark.parametrize("operation", OPERATIONS)
def test_it_happens_or_does_not_wherever_memory_ends(operation: str) -> None:
    net, bench = prepared(operation)
    before = seen(net, bench)
    OPERATIONS[operation](bench)
    after = seen(net, bench)
    at, ended_at = 1, True
    while ended_at:
        net, bench = prepared(operation)
        with memory_ends(at, ERRORS[at % 2]) as ending:
            refused = refusal(lambda bench=bench: OPERATIONS[operation](bench))
        assert refused is None or "the model was not changed" in str(refused)
        expected = after if refused is None else before
        assert seen(net, bench) == expected, at
        bench.assign("0.weight", (1, 1), 5)
        bench.undo()
        if expected is after and operation not in ("skip", "undo"):
            bench.undo()
            assert contents(net) == before["contents"], at
        ended_at, at = ending.count >= at, at + 1 + at // 10


CHILD = """
import json, logging, resource, sys
logging.disable(logging.CRITICAL)
import torch
from torch import nn
torch.set_num_threads(1)
from paramwidget.edit.errors import EditError
from paramwidget.workbench import Workbench

MIB = 1 << 20

class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.arange(MIB >> 2, dtype=torch.float32).view(1024, -1))

    def reset_parameters(self):
        nn.init.ones_(self.weight)

def fill(tensor):
    tensor.fill_(2)

def visit(module):
    if isinstance(module, Layer):
        nn.init.ones_(module.weight)

def prepared(operation):
    net = nn.Sequential(Layer(), Layer(), Layer())
    if operation == "untie":
        net[2].weight = net[0].weight
    bench = Workbench(net)
    bench.initialize("", "constant_", val=3)
    if operation in ("redo", "bring_back"):
        bench.undo()
    if operation == "bring_back":
        bench.assign("0.weight", (0, 0), 7)
    return net, bench

OPERATIONS = {
    "initialize": lambda bench: bench.initialize("", "ones_"),
    "own": lambda bench: bench.initialize("", fill),
    "compute": lambda bench: bench.compute("0.weight", "w * 2 + 1"),
    "apply": lambda bench: bench.apply(visit),
    "reset": lambda bench: bench.initialize("", "reset_parameters"),
    "untie": lambda bench: bench.untie("2.weight"),
    "undo": lambda bench: bench.undo(),
    "redo": lambda bench: bench.redo(),
    "bring_back": lambda bench: bench.bring_back(bench.log.entries[0]),
}

def content(net):
    return [layer.weight.detach().clone() for layer in net], net[0].weight is net[2].weight

def same(one, other):
    return all(map(torch.equal, one[0], other[0])) and one[1] == other[1]

def said(bench):
    lines = [(one.kind, one.stands) for one in bench.log.entries if one.kind != "failed"]
    return [one.title for one in bench.history], lines

def address_space():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()

wrong, refused, done = [], set(), set()
for operation, room in [(one, int(room)) for one in OPERATIONS for room in sys.argv[1:]]:
    net, bench = prepared(operation)
    before, lines = content(net), said(bench)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (address_space() + room, hard))
    message = None
    try:
        OPERATIONS[operation](bench)
    except EditError as error:
        message = str(error)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    if message is None:
        done.add(operation)
        if said(bench) == lines or same(content(net), before):
            wrong.append([operation, room, "done, and not noted"])
    else:
        refused.add(operation)
        if said(bench) != lines:
            wrong.append([operation, room, message])
        if not same(content(net), before):
            wrong.append([operation, room, "torn"])
    now = content(net)
    bench.assign("0.weight", (1, 1), 5)
    bench.undo()
    if not same(content(net), now):
        wrong.append([operation, room, "the next edit"])
    if message is None and operation not in ("undo", "redo"):
        bench.undo()
        if not same(content(net), before):
            wrong.append([operation, room, "the way back"])
    del net, bench, before, now
print(json.dumps([sorted(refused), sorted(done), wrong]))

"""

#: Bytes of address space that are left, for tensors of 1 MiB.
ROOMS = [0, 1 << 20, 3 << 19, *(k << 19 for k in (4, 6, 9, 12, 17, 40))]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS is Linux's")
def test_a_real_limit_tears_nothing() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", CHILD, *map(str, ROOMS)],
        capture_output=True,
        text=True,
        timeout=300,
        # large blocks go back to the system at once
        env={**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1"},
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    refused, done, wrong = json.loads(ran.stdout)
    assert wrong == []
    assert len(refused) == 9
    assert len(done) == 9
