"""Functions that free a storage, as FSDP and offloading do; in a child process, which may crash."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

HEAD = '''
import sys

import torch
from torch import nn
from edit.kit import contents
from paramwidget import EditError, Workbench

class Own(nn.Parameter):
    pass

class Dispatched(torch.Tensor):
    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return super().__torch_dispatch__(function, types, args, kwargs or {})

def mk():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))

def storage(tensor):
    return tensor.untyped_storage()

def seen(net):
    held = [*net.parameters(), *net.buffers()]
    return [(one.data.tolist() if storage(one).nbytes() >= one.nbytes else "freed",
             storage(one).nbytes(), storage(one)._cdata) for one in held]

def back_and_forth(net, function, target=""):
    bench, before = Workbench(net), seen(net)
    edit = bench.apply(function, target)
    after = seen(net)
    assert after != before and edit.changed, (before, after, edit)
    for _ in range(2):
        assert bench.undo().warnings == edit.warnings
        assert seen(net) == before, seen(net)
        bench.redo()
        assert seen(net) == after
    bench.undo()
    assert bench.history == [] and bench.refresh() == []
    assert not any(one.kind == "outside" for one in bench.journal)
    return edit

def refused(function, target=""):
    net = function.net
    bench, before = Workbench(net), seen(net)
    try:
        bench.apply(function, target)
    except EditError as error:
        assert seen(net) == before and bench.history == []
        return str(error)
    raise SystemExit("it was not refused")

def failing(net, function):
    def fails(module):
        function(module)
        raise ValueError("in the end")
    fails.net = net
    return fails

FREES = """storage(m.bias).resize_(0)
storage(m.bias).resize_(4)
storage(m.bias.data).resize_(0)
m.bias.data.fill_(3); storage(m.bias).resize_(0)
s = storage(m.bias); m.bias.data = torch.ones(2); s.resize_(0)
s = storage(m.bias); m.bias = nn.Parameter(torch.ones(2)); s.resize_(0)
m.bias.requires_grad_(False); storage(m.bias).resize_(0)
m.bias.data = torch.ones(3)[:2]
m.weight.data = m.bias.data; storage(m.bias).resize_(0)""".splitlines()

def freeing():
    for line in FREES:
        print("now:", line, file=sys.stderr)
        yield lambda m, line=line: exec(line, globals(), {"m": m}) if type(m) is nn.Linear else None
'''


def run(body: str) -> str:
    """The last line that a script prints."""
    script = HEAD + textwrap.dedent(body)
    found = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert found.returncode == 0, (found.returncode, found.stderr[-2000:])
    return found.stdout.strip()


def test_a_function_that_frees_a_storage_is_undone_and_redone() -> None:
    run("""
    for free in freeing():
        back_and_forth(mk(), free)
        back_and_forth(nn.Linear(2, 2), free)
        back_and_forth(mk(), free, "1")
    """)


def test_a_function_that_frees_a_storage_and_fails_leaves_no_trace() -> None:
    run("""
    for free in freeing():
        said = refused(failing(nn.Linear(2, 2), free))
        assert said.endswith("in the end; the model was not changed"), said
    """)


def test_tied_and_partial_tensors_of_one_freed_storage_come_back() -> None:
    run("""
    class Flat(nn.Module):
        def __init__(self):
            super().__init__()
            self.flat = torch.arange(12.0)
            self.a = self.c = nn.Parameter(self.flat[:4].view(2, 2).t())
            self.b = nn.Parameter(self.flat[3:9])
            self.register_buffer("wide", self.flat[9:10].expand(5))
    for size in (0, 20, 40):
        def free(m):
            storage(m.flat).resize_(size)
        net = Flat()
        before = [one.tolist() for one in (net.flat, net.a, net.b, net.wide)]
        bench = Workbench(net)
        edit = bench.apply(free)
        assert len(edit.changed) == {0: 5, 20: 3, 40: 1}[size], edit
        bench.undo()
        assert [one.tolist() for one in (net.flat, net.a, net.b, net.wide)] == before
        assert net.a is net.c and storage(net.a)._cdata == storage(net.flat)._cdata
        bench.redo()
        assert storage(net.flat).nbytes() == size
        bench.undo()
        assert [one.tolist() for one in (net.flat, net.a, net.b, net.wide)] == before
    """)


def test_subclasses_are_freed_and_come_back_and_a_look_does_not_enlarge_them() -> None:
    run("""
    def free(m):
        storage(m.bias).resize_(0)
    for own in (Own(torch.ones(2)), torch.ones(2).as_subclass(Dispatched)):
        net = nn.Linear(2, 2, bias=False)
        del net.bias
        net.bias = own
        bench = Workbench(net)
        bench.apply(free)
        bench.journal, bench.refresh(), bench.code(), bench.tree
        assert storage(net.bias).nbytes() == 0
        bench.undo()
        assert (net.bias == 1).all()
        bench.redo()
        assert storage(net.bias).nbytes() == 0
        bench.undo()
        assert (net.bias == 1).all()
    """)


def test_a_function_that_fills_a_freed_storage_is_undone() -> None:
    run("""
    net = mk()
    storage(net[0].bias).resize_(0)
    def gather(m):
        storage(net[0].bias).resize_(8)
        net[0].bias.data.fill_(3)
    back_and_forth(net, gather, "1")
    gather.net = net
    refused(failing(net, gather), "1")
    """)


def test_a_larger_storage_is_no_change() -> None:
    run("""
    net = nn.Linear(2, 2)
    bench = Workbench(net)
    def grow(m):
        storage(m.bias).resize_(80)
    assert bench.apply(grow).changed == []
    bench.undo()
    """)


def test_freed_gradients_stay_the_functions_affair() -> None:
    run("""
    net = nn.Linear(2, 2)
    net(torch.ones(2)).sum().backward()
    def free(m):
        storage(m.bias.grad).resize_(0)
        m.bias.data.fill_(2)
    bench, before = Workbench(net), seen(net)
    bench.apply(free)
    bench.undo()
    assert seen(net) == before
    """)


def test_reset_parameters_that_frees_is_undone_or_refused() -> None:
    run("""
    class Freeing(nn.Linear):
        def reset_parameters(self):
            super().reset_parameters()
            if hasattr(self, "ready"):
                storage(self.bias).resize_(0)
                assert self.ready
    net = Freeing(2, 2)
    net.ready = True
    bench, before = Workbench(net), seen(net)
    bench.initialize("", "reset_parameters")
    assert storage(net.bias).nbytes() == 0
    bench.undo()
    assert seen(net) == before
    bench.initialize("weight", "reset_parameters")
    assert net.bias.tolist() == before[1][0]
    bench.undo()
    net.ready = False
    try:
        bench.initialize("", "reset_parameters")
    except EditError:
        assert seen(net) == before
    """)


def test_an_initializer_that_frees_is_refused() -> None:
    said = run("""
    net = mk()
    bench, before = Workbench(net), seen(net)
    def frees_scratch(t):
        storage(t).resize_(0)
    def frees_what_is_filled(t):
        storage(net[0].weight).resize_(0)
    try:
        bench.initialize("", frees_scratch)
    except EditError as error:
        print(error)
        assert seen(net) == before
    try:
        bench.initialize("0.weight", frees_what_is_filled)
    except EditError as error:
        print(error)
    """)
    assert said.count("storage was freed") == 2


@pytest.mark.parametrize(
    "edit",
    [
        'bench.assign("0.bias", (0,), 3)',
        'bench.compute("0.bias", "w * 2")',
        'bench.initialize("", "ones_")',
        'bench.apply(lambda m: nn.init.ones_(m.bias), "0")',
        'bench.apply(lambda m: setattr(m.bias, "data", torch.ones(2)), "0")',
    ],
)
def test_what_is_freed_after_an_edit_is_no_crash(edit: str) -> None:
    run(f"""
    for when in ("edit", "undo"):
        for freed in ("the present", "the one before"):
            net = mk()
            bench = Workbench(net)
            held = storage(net[0].bias)
            {edit}
            if when == "undo":
                bench.undo()
            (storage(net[0].bias) if freed == "the present" else held).resize_(0)
            for step in (bench.undo, bench.redo, bench.undo, bench.at_stake, bench.refresh,
                         bench.code, bench.restart, bench.skip, bench.undo):
                try:
                    step()
                except EditError as error:
                    assert "freed" in str(error), error
            for entry in bench.journal:
                try:
                    bench.bring_back(entry)
                except EditError:
                    pass
    """)


def test_what_is_freed_before_a_look_is_told_once() -> None:
    run("""
    net = mk()
    bench = Workbench(net)
    storage(net[0].bias).resize_(0)
    assert [one.names for one in bench.journal] == [["0.bias"]]
    assert bench.refresh() == ["0.bias"] and bench.refresh() == []
    """)
