"""A page of another version of the protocol is told so, and is sent nothing that it cannot read."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from conversation.talk import Talk


@pytest.fixture
def talk() -> Talk:
    return Talk(nn.Linear(3, 2), opened=False)


def test_another_version_gets_a_sentence_and_nothing_else(talk: Talk) -> None:
    talk.say("hello", view="v", protocol=99, colour="green")
    (status,) = [content for content, _ in talk.told]
    assert status["kind"] == "status"
    assert "(protocol 99 and 1)" in status["notice"]
    talk.hush()
    talk.say("view", view="v", what="opened")
    talk.say("open", panel="p", path=["weight"], lens="value")
    talk.bench.assign("weight", (0, 0), 1)
    assert not talk.told


def test_what_it_asks_for_is_refused_with_the_sentence(talk: Talk) -> None:
    talk.say("hello", view="v", protocol=0)
    before = talk.bench.net.weight.detach().clone()
    reply = talk.ask("assign", path=["weight"], index=[0, 0], value="42")
    assert not reply["ok"]
    assert "different versions" in reply["error"]
    assert torch.equal(talk.bench.net.weight, before)


def test_a_page_of_this_version_is_answered_with_everything(talk: Talk) -> None:
    talk.say("hello", view="v", protocol=0)
    talk.hush()
    talk.say("hello", view="w", protocol=1)
    assert talk.of("status")[-1]["notice"] == ""
    assert talk.of("tree")
    assert talk.ask("undo")["ok"]


@pytest.mark.parametrize("version", [None, "1", True, 1.0])
def test_a_hello_that_names_no_version_is_dropped(talk: Talk, version: object) -> None:
    talk.say("hello", view="v", protocol=version)
    assert not talk.told
