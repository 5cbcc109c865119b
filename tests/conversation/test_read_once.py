"""What a look and an edit cost: each tensor is found, judged and read once."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from conversation.talk import Talk
from paramwidget import compat
from paramwidget.slots.names import resolve
from paramwidget.slots.reading.trace import places_of, trace_of
from paramwidget.tensors import condition, readable


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the calls of what finds, judges and reads a tensor, from any module."""
    counted: Counter[str] = Counter()

    def counting(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def count(*arguments: Any, **named: Any) -> Any:
            counted[name] += 1
            return function(*arguments, **named)

        return count

    for function in (condition, readable, resolve, trace_of, places_of):
        name = function.__name__
        stand_in = counting(function, name)
        for module_name, module in list(sys.modules.items()):
            held = vars(module).get(name) if module_name.startswith("paramwidget") else None
            if held is function:
                monkeypatch.setattr(module, name, stand_in)
    now = compat.MemoryMap.now
    monkeypatch.setattr(compat.MemoryMap, "now", counting(now, "memory map"))
    return counted


@pytest.fixture
def talk() -> Talk:
    talk = Talk(nn.Sequential(nn.Linear(4, 6), nn.Linear(6, 3)))
    talk.open("0", "weight")
    talk.hush()
    return talk


def change(talk: Talk) -> None:
    with torch.no_grad():
        talk.bench.net[0].weight.add_(1)


ONE_LOOK = {"resolve": 1, "condition": 1, "readable": 1}


def test_a_frame_while_training_reads_its_tensor_once(talk: Talk, calls: Counter[str]) -> None:
    change(talk)
    talk.session.presenter.look_live()
    assert len(talk.frames()) == 1
    assert calls == ONE_LOOK


def test_a_frame_with_its_facts_reads_its_tensor_once(talk: Talk, calls: Counter[str]) -> None:
    change(talk)
    talk.session.presenter.show_panels()
    assert len(talk.frames()) == 1
    assert calls == ONE_LOOK


def test_an_idle_look_at_two_panels_reads_nothing(talk: Talk, calls: Counter[str]) -> None:
    talk.open("1", "bias")
    talk.hush()
    calls.clear()
    talk.session.presenter.show_panels()
    assert not talk.frames()
    assert calls == {"resolve": 2, "condition": 2}


def test_an_edit_goes_through_the_modules_once(talk: Talk, calls: Counter[str]) -> None:
    talk.ask("assign", path=["0", "weight"], index=[0, 0], value="3")
    assert calls["trace_of"] + calls["places_of"] == 1
