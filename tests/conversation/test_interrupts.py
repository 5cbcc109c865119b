"""Ctrl-C while an edit is under way: it has its one reply, and those behind it are done."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest
import torch
from torch import nn

from conversation.talk import Talk
from paramwidget import initializer
from paramwidget.conversation import errands, gate, session
from paramwidget.edit import step

WATCHED = {errands.__file__, gate.__file__, step.__file__, session.__file__}


def net_of_two() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))


class AtLine:
    """Presses Ctrl-C before the n-th line that runs in the files of the conversation."""

    def __init__(self, line: int) -> None:
        self.left = line
        self.where = ""

    def __call__(self, frame: FrameType, event: str, _: Any) -> AtLine | None:
        if frame.f_code.co_filename not in WATCHED:
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                self.where = f"{frame.f_code.co_name}:{frame.f_lineno}"
                signal.raise_signal(signal.SIGINT)
        return self

    def during(self, call: Callable[[], object]) -> bool:
        """Whether the interrupt reached the caller."""
        sys.settrace(self)
        try:
            call()
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(None)
        return False


@pytest.fixture(autouse=True)
def handled() -> Iterator[None]:
    """Python's own handler of Ctrl-C, which a shell may have switched off."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_edit_that_is_interrupted_at_any_line_has_one_true_reply(busy: list[bool]) -> None:
    hits = 0
    while True:
        net = net_of_two()
        talk = Talk(net)
        busy[0] = True
        for column, value in enumerate("789"):
            talk.say("assign", id=value, path=["0", "weight"], index=[0, column], value=value)
        ctrl_c = AtLine(hits + 1)
        interrupted = ctrl_c.during(talk.session.cell_ended)
        if not ctrl_c.where:
            break
        hits += 1
        assert interrupted, ctrl_c.where
        talk.session.cell_ended()  # as after the next cell
        replies = {reply["id"]: reply["ok"] for reply in talk.of("reply")}
        assert len(talk.of("reply")) == len(replies) == 3, ctrl_c.where
        for column, value in enumerate("789"):
            done = net[0].weight[0, column].item() == int(value)
            assert replies[value] == done, ctrl_c.where
        done = sum(replies.values())
        assert done >= 2, ctrl_c.where  # those that were not under way
        assert len(talk.bench.history) == done
        assert talk.session.gate.waiting == 0
        busy[0] = False
        assert talk.ask("assign", path=["1", "bias"], index=[0], value="5")["ok"]
    assert hits > 60


def stop(tensor: torch.Tensor) -> None:
    tensor.zero_()
    signal.raise_signal(signal.SIGINT)


@initializer
def talk_interrupted(tensor: torch.Tensor) -> None:
    stop(tensor)


@initializer
def talk_leaving(tensor: torch.Tensor) -> None:
    tensor.zero_()
    sys.exit("bye")


@pytest.mark.parametrize(
    ("name", "raised"), [("talk_interrupted", KeyboardInterrupt), ("talk_leaving", SystemExit)]
)
def test_a_function_that_is_interrupted_is_told_as_such_and_changes_nothing(
    name: str, raised: type[BaseException], busy: list[bool]
) -> None:
    net = net_of_two()
    before = net[0].weight.tolist()
    talk = Talk(net)
    rest = {"arguments": {}, "types": [], "parameters": [], "seed": "", "dry": False}
    talk.say("initialize", id="a", path=["0", "weight"], name=name, **rest)
    talk.say("assign", id="b", path=["1", "weight"], index=[0, 0], value="3")
    talk.say("undo", id="c")
    talk.say("redo", id="d")
    with pytest.raises(raised):
        talk.session.cell_ended()
    replies = talk.of("reply")
    assert [(reply["id"], reply["ok"]) for reply in replies] == [
        ("a", False), ("b", True), ("c", True), ("d", True),
    ]  # fmt: skip
    assert replies[0]["error"] == "It was interrupted; the model was not changed."
    assert net[0].weight.tolist() == before
    assert net[1].weight[0, 0].item() == 3
    assert free(talk)


def free(talk: Talk) -> bool:
    """Whether another thread can take the bench's lock."""
    got: list[bool] = []

    def take() -> None:
        got.append(talk.bench.lock.acquire(timeout=1))
        if got[0]:
            talk.bench.lock.release()

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    return got[0]


def test_an_interrupt_after_the_edit_is_told_as_a_warning() -> None:
    talk = Talk(net_of_two())

    class Late:
        now = True

        def edited(self, edit: object, tree: object) -> None:
            if self.now:
                raise KeyboardInterrupt

    late = Late()
    talk.bench.listen(late)
    with pytest.raises(KeyboardInterrupt):
        talk.say("assign", id="a", path=["0", "weight"], index=[0, 0], value="7")
    (reply,) = talk.of("reply")
    assert reply["ok"]
    assert reply["changed"] == 1
    assert reply["warnings"] == ["the model had been changed before the interrupt"]
    with pytest.raises(KeyboardInterrupt):
        talk.say("undo", id="b")
    assert talk.of("reply")[-1]["ok"]
    assert talk.of("reply")[-1]["title"] == reply["title"]
    late.now = False
    assert talk.ask("redo")["ok"]


def test_an_error_in_a_restart_half_way_is_not_told_as_a_refusal() -> None:
    net = net_of_two()
    talk = Talk(net)
    talk.bench.set_requires_grad("0.bias", False)
    talk.bench.assign("1.weight", (0, 0), 7)
    talk.bench.log.entries[0].drop()
    reply = talk.ask("restart")
    assert reply["ok"]
    assert "can no longer be undone" in reply["warnings"][0]
    assert len(talk.bench.history) == 1
    assert not talk.ask("restart")["ok"]


def test_a_step_inside_an_edit_leaves_those_that_wait_for_later(busy: list[bool]) -> None:
    net = net_of_two()
    talk = Talk(net)
    talk.say("assign", id="a", path=["1", "weight"], index=[0, 0], value="3")

    def training(tensor: torch.Tensor) -> None:
        talk.session.stepped()
        tensor.zero_()

    talk.bench.initialize("0.weight", training)
    assert not talk.of("reply")
    talk.session.stepped()
    assert talk.of("reply")[-1]["ok"]
    assert net[1].weight[0, 0].item() == 3


def test_an_edit_asked_for_inside_an_edit_is_refused_with_one_reply(busy: list[bool]) -> None:
    talk = Talk(net_of_two())

    def pumping(tensor: torch.Tensor) -> None:
        talk.say("assign", id="a", path=["1", "weight"], index=[0, 0], value="3")

    talk.bench.initialize("0.weight", pumping)
    (reply,) = talk.of("reply")
    assert not reply["ok"]
    assert "an edit is already running" in reply["error"]


def test_edits_that_wait_when_the_widget_is_closed_are_refused(busy: list[bool]) -> None:
    net = net_of_two()
    talk = Talk(net)
    before = net[1].weight[0, 0].item()
    talk.say("assign", id="a", path=["1", "weight"], index=[0, 0], value="3")
    talk.session.close()
    (reply,) = talk.of("reply")
    assert (reply["ok"], reply["error"]) == (False, "The widget was closed before it ran.")
    talk.session.cell_ended()
    assert net[1].weight[0, 0].item() == before
    assert len(talk.of("reply")) == 1


def test_edits_that_wait_are_done_though_the_page_is_gone(busy: list[bool]) -> None:
    net = net_of_two()
    talk = Talk(net)
    talk.say("assign", id="a", path=["1", "weight"], index=[0, 0], value="3")
    talk.say("view", view="v", what="closed")
    assert talk.session.pulse.runs
    talk.session.cell_ended()
    assert net[1].weight[0, 0].item() == 3
    assert not talk.session.pulse.runs


@pytest.mark.parametrize("twice", [1, 2])
def test_ctrl_c_in_a_step_comes_once_at_its_end(twice: int) -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012, SIM117
        with step.step():
            for _ in range(twice):
                signal.raise_signal(signal.SIGINT)
            reached.append("end")
    assert reached == ["end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
