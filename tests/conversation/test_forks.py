"""A forked process (a DataLoader's worker, say) leaves browsers and waiting edits to its parent."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from conversation.talk import Talk
from paramwidget import ParamWidget, Workbench
from paramwidget.lab import answers as lab

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


def small_net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))


def in_child(call: Callable[[], Any]) -> Any:
    """What ``call`` returns in a forked process, which has 20 s for it."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        threading.Timer(20, lambda: os._exit(1)).start()
        try:
            said = json.dumps(call())
        except BaseException as error:  # it must not go on with the parent's tests
            said = json.dumps(f"{type(error).__name__}: {error}")
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return json.loads(said) if said else "no answer"


def waiting(net: nn.Module) -> Talk:
    """An edit waits, and a panel shows what it is going to change."""
    talk = Talk(net)
    talk.open("0", "weight")
    talk.say("assign", id="a", path=["0", "weight"], index=[0, 0], value="7")
    talk.hush()
    return talk


def test_an_edit_that_waits_is_applied_by_the_parent_alone(busy: list[bool]) -> None:
    net = small_net()
    talk = waiting(net)

    def child() -> Any:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.0)
        net(torch.ones(1, 4)).sum().backward()
        optimizer.step()
        talk.session.cell_ended()
        talk.session.stepped()
        talk.session.edited(None, talk.bench.read())
        return [len(talk.told), talk.kept, net[0].weight[0, 0].item(), talk.session.gate.waiting]

    kept, value = talk.kept, net[0].weight[0, 0].item()
    assert in_child(child) == [0, kept, value, 0]
    talk.session.cell_ended()
    (reply,) = talk.of("reply")
    assert reply["ok"]
    assert net[0].weight[0, 0].item() == 7
    assert talk.frames()


def test_a_bench_works_in_the_child_though_a_thread_of_the_parent_held_its_locks() -> None:
    net = small_net()
    talk = Talk(net)
    talk.open("0", "weight")
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with talk.bench.lock, lab._one_at_a_time:
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()

    def child() -> Any:
        lab.answer({"kind": "lablist", "n": 1, "rows": False, "bonds": []})
        bench = Workbench(net)
        bench.assign("0.weight", (0, 0), 5)
        Workbench(nn.Linear(2, 2)).initialize("", "zeros_", parameters="weight")
        fresh = Talk(net)
        fresh.open("0", "weight")
        said = fresh.ask("assign", path=["0", "weight"], index=[0, 1], value="6")
        return [net[0].weight[0, :2].tolist(), said["ok"], len(fresh.frames()) > 1]

    try:
        assert in_child(child) == [[5, 6], True, True]
    finally:
        done.set()
        thread.join()
    assert talk.bench.assign("0.weight", (0, 0), 4).changed == ["0.weight"]


def test_a_widget_of_the_parent_sends_nothing_from_the_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = small_net()
    widget = ParamWidget(net, open=["0.weight"])
    widget._session.receive({"kind": "view", "view": "v", "what": "opened"})
    sent: list[Any] = []
    monkeypatch.setattr(type(widget.comm), "publish_msg", lambda *_, **__: sent.append(True))
    widget.workbench.assign("0.weight", (0, 0), 1)
    assert sent
    sent.clear()

    def child() -> Any:
        widget.workbench.assign("0.weight", (0, 0), 5)
        widget._session.receive({"kind": "hello", "view": "v", "protocol": 1})
        widget.close()
        return [len(sent), net[0].weight[0, 0].item(), widget.is_open]

    assert in_child(child) == [0, 5, False]
    assert widget.is_open
    widget.close()


class Numbers(Dataset[torch.Tensor]):
    """Each item says whether this process has the parent's waiting edits or its hooks."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> torch.Tensor:
        self.talk.session.stepped()
        told = len(self.talk.told)
        return torch.tensor([told, self.talk.session.gate.waiting, self.talk.session.pulse.runs])


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux")
@pytest.mark.filterwarnings("ignore")
def test_the_workers_of_a_dataloader_leave_the_edit_to_the_training_loop(busy: list[bool]) -> None:
    net = small_net()
    talk = waiting(net)
    loader = DataLoader(Numbers(talk), num_workers=2, multiprocessing_context="fork")
    for batch in loader:
        assert batch.tolist() == [[0, 0, 0]]
    assert not talk.told
    talk.session.stepped()
    assert net[0].weight[0, 0].item() == 7
    assert len(talk.of("reply")) == 1
