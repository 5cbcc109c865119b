"""Where memory ends in an edit, it is said plainly, and neither an operator nor torch is blamed."""

from __future__ import annotations

import subprocess
import sys

import pytest

CHILD = """
import resource, warnings
import torch
from torch import nn
from paramwidget import EditError, Workbench

warnings.simplefilter("ignore")
net = nn.Sequential(nn.Linear(1000, 1000), nn.Linear(2, 2))
bench = Workbench(net)
huge = 1 << 34

def own(tensor):
    torch.ones(huge)

def at_once(tensor):
    raise MemoryError

def on_module(module):
    torch.ones(huge)

bench.compute("0.weight", "w * 2")
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
for room in (1 << 20, 9 << 20, 14 << 20):
    resource.setrlimit(resource.RLIMIT_AS, (size + room, -1))
    for edit in (
        lambda: bench.compute("0.weight", "w * 2 + exp(w) * w / (w + 1)"),
        lambda: bench.compute("0.weight", "w - mean(w * w)"),
        lambda: bench.initialize("0.weight", "orthogonal_"),
        lambda: bench.initialize("0.weight", "normal_"),
        lambda: bench.initialize("1.weight", own),
        lambda: bench.initialize("1.weight", at_once),
        lambda: bench.apply(on_module, "1"),
    ):
        try:
            edit()
        except EditError as error:
            print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS")
def test_where_memory_ends_it_is_said_plainly() -> None:
    found = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr[-2000:]
    said = found.stdout.splitlines()
    assert len(said) > 12
    for line in said:
        assert "not enough memory" in line or "no memory is left" in line, line
        assert "Allocator" not in line
        assert "cannot be computed" not in line
        assert line.endswith("the model was not changed")
    assert "own failed on 1.weight: not enough memory: 68719476736 bytes" in found.stdout
