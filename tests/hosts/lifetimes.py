"""A kernel that counts its models, for the tests of lifetimes and their figures."""

from __future__ import annotations

from hosts.kit import Host

COUNTING = """
import weakref
from comm import get_comm_manager
from torch import nn
from paramwidget import ParamWidget

models = weakref.WeakSet()

def make():
    net = nn.Linear(1024, 1023)  # 4 MiB
    models.add(net)
    return net

def resident():
    import os
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
"""

#: Cells that make a new model each time they are run.
WAYS = {
    "last line": "ParamWidget(make())",
    "display": "display(ParamWidget(make()))",
    "variables": "net = make()\nw = ParamWidget(net)\nw",
}


def alive(host: Host) -> tuple[int, int, float]:
    """How many models and comms there are, and the resident memory in MiB."""
    models, comms, resident = host.value("[len(models), len(get_comm_manager().comms), resident()]")
    return models, comms, resident
