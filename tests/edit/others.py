"""Changes that others than the bench make to a model, for these tests."""

from __future__ import annotations

import torch
from torch import nn

from paramwidget.edit.journal import Entry
from paramwidget.workbench import Workbench


def chain() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))


def train(net: nn.Module) -> None:
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        net(torch.randn(8, 4)).square().sum().backward()
        optimizer.step()


def load(net: nn.Module) -> None:
    net.load_state_dict({key: value + 1 for key, value in net.state_dict().items()})


def add(net: nn.Module) -> None:
    for parameter in net.parameters():
        parameter.data += 1


def point_elsewhere(net: nn.Module) -> None:
    for parameter in net.parameters():
        parameter.data = parameter.data * 2


def kinds(bench: Workbench) -> list[str]:
    return [entry.kind for entry in bench.journal]


def the(bench: Workbench, kind: str) -> Entry:
    (entry,) = [entry for entry in bench.journal if entry.kind == kind]
    return entry
