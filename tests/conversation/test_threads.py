"""Edits from several threads, while views come and go and the widget is closed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from conversation.talk import Talk
from paramwidget import EditError


def small_net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 3), nn.Linear(3, 2))


def together(*calls: Callable[[], object]) -> list[BaseException]:
    """What the calls raised, each on its own thread; none may take a minute."""
    raised: list[BaseException] = []

    def run(call: Callable[[], object]) -> None:
        try:
            call()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(call,), daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return raised


def test_edits_from_several_threads_while_views_open_and_close() -> None:
    net = small_net()
    talk = Talk(net)
    talk.open("0", "weight")
    stop = threading.Event()

    def edit(row: int) -> None:
        for value in range(40):
            at = {"path": ["0", "weight"], "index": [0, row], "value": str(value)}
            talk.session.receive({"kind": "assign", "id": f"{row}-{value}", **at})

    def by_code() -> None:
        for value in range(40):
            talk.bench.assign("1.weight", (0, 0), value)

    def come_and_go() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            view = f"w{number % 5}"
            what = ("opened", "hidden", "shown", "alive", "closed")[number % 7 % 5]
            talk.session.receive({"kind": "view", "view": view, "what": what})
            talk.session.receive({"kind": "hello", "view": view, "protocol": 1})
            talk.session.receive({"kind": "open", "panel": view, "path": ["1", "bias"], "lens": ""})
            talk.session.receive({"kind": "close", "panel": view})
            talk.session.views.drop_silent()

    def step() -> None:
        optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
        while not stop.is_set():
            optimizer.step()
            talk.session.cell_began()
            talk.session.cell_ended()

    def edits() -> None:
        raised.extend(together(*[lambda row=row: edit(row) for row in range(3)], by_code))
        stop.set()

    raised: list[BaseException] = []
    assert together(edits, come_and_go, come_and_go, step) == raised == []
    replies = talk.of("reply")
    assert len(replies) == len({reply["id"] for reply in replies}) == 120
    assert all(reply["ok"] for reply in replies)
    assert net[0].weight[0, :3].tolist() == [39, 39, 39]
    assert len(talk.bench.history) == 160


def test_a_widget_that_is_closed_during_an_edit_lets_it_finish() -> None:
    net = small_net()
    talk = Talk(net)
    talk.open("0", "weight")
    inside, closed = threading.Event(), threading.Event()

    def slow(tensor: torch.Tensor) -> None:
        inside.set()
        closed.wait(30)
        tensor.zero_()

    def close() -> None:
        inside.wait(30)
        talk.session.close()
        closed.set()

    assert together(lambda: talk.bench.initialize("0.weight", slow), close) == []
    assert not net[0].weight.any()
    assert talk.bench.undo() is not None


def test_two_benches_of_two_models_edit_inside_each_other() -> None:
    first, second = Talk(small_net()), Talk(small_net())

    def other(tensor: torch.Tensor) -> None:
        second.bench.assign("0.weight", (0, 0), 1)
        tensor.zero_()

    assert first.bench.initialize("0.weight", other).changed == ["0.weight"]
    assert len(second.bench.history) == 1

    def own(tensor: torch.Tensor) -> None:
        first.bench.undo()

    refused: list[Any] = []
    try:
        first.bench.initialize("0.weight", own)
    except EditError as error:
        refused.append(error)
    assert "an edit is already running" in str(refused[0])
    assert first.bench.undo() is not None
