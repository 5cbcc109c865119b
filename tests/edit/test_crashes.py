"""Memory that ends the process when it is written to: tried in a child process, which lives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHILD = """
import sys, warnings
import numpy as np, torch
from torch import nn
warnings.simplefilter("ignore")
from paramwidget.edit.actions.apply import Apply
from paramwidget.edit.actions.assign import Assign
from paramwidget.edit.actions.compute import Compute
from paramwidget.edit.actions.initialize import Initialize
from paramwidget.edit.errors import EditError
from paramwidget.edit.journal import Journal
from paramwidget.slots.content.known import KnownContent
from paramwidget.slots.tree import read_tree

np.zeros((4, 4), np.float32).tofile(sys.argv[1])
net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4))
mapped = torch.from_numpy(np.memmap(sys.argv[1], np.float32, "r", shape=(4, 4)))
net[0].weight = nn.Parameter(mapped)
freed = nn.Parameter(torch.ones(4, 4))
freed.untyped_storage().resize_(0)
net[1].weight = freed
journal = Journal(KnownContent(net))

def do(action):
    return journal.do(net, read_tree(net), action)

for name in ("0.weight", "1.weight"):
    for action in (Assign(name, (0, 0), 1), Compute(name, "w + 1"), Compute(name, "1"),
                   Initialize(name, "normal_"), Initialize(name, lambda t: t.zero_())):
        try:
            do(action)
        except EditError as error:
            print(str(error)[-60:])
        else:
            raise SystemExit("it was not refused")
print(do(Initialize("", "normal_")).changed)
for action in (Apply(lambda m: nn.init.ones_(m.weight)), Apply(print, "0", False),
               Initialize("0", "reset_parameters"), Initialize("1.bias", "reset_parameters")):
    try:
        do(action)
    except EditError as error:
        print(str(error))
    else:
        raise SystemExit("it was not refused")
print(do(Apply(lambda m: m.bias.data.fill_(2), "2", False)).changed)
print(do(Initialize("", "reset_parameters")).changed)
journal.undo(net)
print("alive")
"""


def test_read_only_and_freed_memory_do_not_end_the_process(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path / "map")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert len([line for line in lines if "end the process" in line]) == 8
    assert len([line for line in lines if "are needed" in line or "was freed" in line]) == 6
    assert lines[-3:] == ["['2.bias']", "['2.weight', '2.bias']", "alive"]
