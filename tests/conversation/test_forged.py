"""Forged messages: nothing is raised, each intent has one reply, and the reply is true."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from conversation.forging import COUNT, CYCLE, Trap, forged, has_reply, hostile_net
from conversation.talk import Talk
from paramwidget.protocol.halves import shown

PARTS = 4


def state_of(net: nn.Module) -> tuple[Any, ...]:
    """All that an edit may change: objects, bytes and requires_grad."""
    found = [
        (name, id(tensor), tensor.requires_grad, _bytes(tensor))
        for name, tensor in [*net.named_parameters(remove_duplicate=False), *net.named_buffers()]
    ]
    return tuple(found)


def _bytes(tensor: torch.Tensor) -> bytes:
    if isinstance(tensor, nn.parameter.UninitializedParameter):
        return b""
    return tensor.detach().numpy().tobytes()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What is refused is logged, here some ten thousand times."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", range(PARTS))
def test_each_reply_to_thousands_of_forged_messages_is_true(seed: int) -> None:
    net = hostile_net()
    talk = Talk(net)
    for number, message in enumerate(forged(seed, COUNT // PARTS)):
        talk.hush()
        before, newest = state_of(net), talk.bench.log.newest
        talk.session.receive(message)
        replies = talk.of("reply")
        if has_reply(message):
            assert len(replies) == 1, message
            assert replies[0]["id"] == shown(dict.get(message, "id")), ascii(message)
        if not replies or not replies[0]["ok"]:
            withdrawn = isinstance(message, dict) and dict.get(message, "kind") == "withdraw"
            assert withdrawn or state_of(net) == before, message
        elif replies[0]["changed"]:
            assert talk.bench.log.newest is not newest, message
        if number % 500 == 0:
            talk.say("hello", view="v", protocol=1)  # one of another version may have come
            assert talk.ask("assign", path=["0", "weight"], index=[0, 0], value="1")["ok"]
    talk.say("hello", view="v", protocol=1)
    assert talk.ask("assign", path=["0", "weight"], index=[0, 0], value="42")["ok"]
    assert net[0].weight[0, 0].item() == 42
    assert len(talk.session.views.panels) <= 64


LOOK = {"kind": "look", "panel": "p0", "generation": 1, "lens": "value", "window": None}


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "rows", "view": "v", "revision": 1, "rows": list(range(10**6))},
        {"kind": "rows", "view": "v", "revision": 1, "rows": [1] * 40_000},
        {**LOOK, "cells": [8, 8], "sliders": [0] * 10**6},
        {**LOOK, "cells": [8, 8], "sliders": [0] * 1000},
        {"kind": "open", "panel": "x", "path": ["0"] * 10**6, "lens": ""},
        {"kind": "open", "panel": "x" * 10**7, "path": ["0"], "lens": ""},
        {"kind": "initialize", "id": "i", "path": [], "name": "normal_", "types": [],
         "arguments": {f"a{n}": "1" for n in range(10**5)}, "parameters": [], "seed": "",
         "dry": True},
        {"kind": "compute", "id": "i", "path": ["0", "weight"], "index": "",
         "expression": "w" + " + w" * 10**6},
        {"kind": "assign", "id": "i", "path": ["0", "weight"], "index": CYCLE, "value": "1"},
        Trap(kind="assign", id="i", path=["0", "weight"], index=[0, 0], value="1"),
        {"kind": "assign", "id": "i", "path": {"0", "weight"}, "index": [0, 0], "value": b"1"},
    ],
)  # fmt: skip
def test_what_is_too_large_or_not_json_is_refused_at_once(message: dict[str, Any]) -> None:
    talk = Talk(hostile_net())
    talk.open("0", "weight")
    talk.hush()
    began = time.perf_counter()
    talk.session.receive(message)
    assert time.perf_counter() - began < 1
    replies = talk.of("reply")
    assert len(replies) == has_reply(message)
    assert not any(reply["ok"] for reply in replies)
    assert talk.ask("assign", path=["0", "weight"], index=[0, 0], value="1")["ok"]


def test_cells_beyond_all_measure_give_a_picture_of_the_usual_size() -> None:
    talk = Talk(nn.Sequential(nn.Linear(400, 400)))
    talk.open("0", "weight")
    talk.hush()
    talk.session.receive({**LOOK, "cells": [10**9, 10**9], "sliders": [10**9] * 3})
    ((_, buffers),) = talk.frames()
    assert sum(map(len, buffers)) <= 256 * 1024


def test_a_forged_crowd_of_views_and_panels_stays_small() -> None:
    talk = Talk(hostile_net())
    for number in range(1000):
        talk.say("view", view=f"v{number}", what="opened")
    for number in range(70):
        talk.say("open", panel=f"x{number}", path=["1"] if number % 2 else ["count"], lens="")
    for number in range(64):
        talk.say("open", panel=f"y{number}", path=["0", "bias"], lens="")
    assert len(talk.session.views.panels) == 64
    closed = [one for message in talk.of("panels") for one in message["closed"]]
    assert closed[-1] == {"panel": "y63", "reason": "at most 64 can be open; close one first"}
    assert closed[0] == {"panel": "x1", "reason": "1 is a module"}
    assert len(talk.session.views._views) <= 64
