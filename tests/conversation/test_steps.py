"""Widgets come and go on one thread while another one trains."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.optim import optimizer as of_torch

from conversation.talk import Talk
from paramwidget.conversation import steps
from paramwidget.conversation.session import Session


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No widget of an earlier test listens."""
    monkeypatch.setattr(of_torch, "_global_optimizer_post_hooks", OrderedDict())
    monkeypatch.setattr(steps, "_listeners", {})
    monkeypatch.setattr(steps, "_hook", None)


def small_net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 4))


def while_training(others: Callable[[], None]) -> int:
    """Steps of an optimizer that fail while another thread does this over and over."""
    ended = threading.Event()

    def again_and_again() -> None:
        while not ended.is_set():
            others()

    weight = nn.Parameter(torch.zeros(2))
    weight.grad = torch.ones(2)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    thread = threading.Thread(target=again_and_again)
    thread.start()
    failed = 0
    for _ in range(100):
        try:
            optimizer.step()
        except RuntimeError:
            failed += 1
    ended.set()
    thread.join()
    return failed


def test_no_hook_is_left_when_no_view_is_open() -> None:
    first, second = Talk(small_net()), Talk(small_net())
    for talk in (first, second):
        assert len(of_torch._global_optimizer_post_hooks) == 1
        talk.say("view", view="v", what="closed")
    assert not of_torch._global_optimizer_post_hooks


def test_no_step_fails_where_another_widget_comes_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "stepped", lambda _: time.sleep(0.002))
    staying, passing = Talk(small_net()), Talk(small_net(), opened=False)

    def come_and_go() -> None:
        passing.say("view", view="v", what="opened")
        time.sleep(0.0005)
        passing.say("view", view="v", what="closed")

    assert while_training(come_and_go) == 0
    staying.say("view", view="v", what="closed")
    assert not of_torch._global_optimizer_post_hooks


def test_no_step_fails_where_the_last_widget_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "stepped", lambda _: time.sleep(0.002))
    talk = Talk(small_net(), opened=False)

    def come_and_go() -> None:
        talk.say("view", view="v", what="opened")
        time.sleep(0.003)
        talk.say("view", view="v", what="closed")

    assert while_training(come_and_go) == 0
    assert not of_torch._global_optimizer_post_hooks
