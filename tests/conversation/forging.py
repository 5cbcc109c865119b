"""Forged messages: every kind of message, every field of it mutated, from a seed."""

from __future__ import annotations

import copy
import os
import random
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from paramwidget import protocol

#: How many messages are forged; the whole proof is 20000.
COUNT = int(os.environ.get("PARAMWIDGET_FORGED", "4000"))

CYCLE: list[Any] = []
CYCLE.append(CYCLE)

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3, 2**31, 2**53, -(2**63), 10**400, 0.0, -0.5, 1e308, 1e-320,
    float("nan"), float("inf"), "", " ", "0", "weight", "0.weight", "value", "grad", "w", "w * 2",
    "w" * 5000, "\ud800", "half \udfff", "\x00", "__class__", "__import__('os')", "💥", "1" * 300,
    "1e999", "nan", "-inf", "(" * 500, "*", "..", [], [[]], [0], [0, 0], [-1, -1], [10**9, 10**9],
    [0, 4, 0, 4], [9, 3, 9, 3], [0.5], ["0"], ["0", "weight"], ["4", "bias"], ["none"], ["lazy"],
    ["ghost"], [""], ["0"] * 2000, [None], [True], ["\ud800"], list(range(3000)), {}, {"a": 1},
    {"a": "1", "b": "2"}, {"std": "-1"}, {"": ""}, {"mean": "\ud800"}, {1: 2}, {"a": {"b": []}},
    set(), {1, 2}, b"bytes", bytearray(b"x"), object(), 1j, range(3), (), ("0", "weight"), CYCLE,
    OrderedDict(a=1), type("Sly", (str,), {})("0"), type("Slow", (int,), {})(3), [CYCLE],
)  # fmt: skip


class Trap(dict[str, Any]):
    """A dict whose every method raises."""

    def get(self, *_: object) -> Any:
        raise RuntimeError("get")

    def items(self) -> Any:
        raise RuntimeError("items")

    def __iter__(self) -> Any:
        raise RuntimeError("iter")

    def __getitem__(self, _: object) -> Any:
        raise RuntimeError("getitem")


class Forger:
    """Messages in an order that a seed decides; ``panels`` are ids that may be open."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.panels = [f"p{i}" for i in range(6)]
        self._sent: list[Any] = []
        self._ids = 0

    def honest(self) -> dict[str, Any]:
        """A message as a page would send it, though not always of something that is there."""
        draw = self.draw
        path = copy.copy(
            draw.choice(
                [["0", "weight"], ["2", "weight"], ["4", "bias"], ["none"], ["0"], [], ["gone"],
                 ["count"], ["lazy", "weight"], ["0", "weight", "x"]]
            )
        )  # fmt: skip
        panel = draw.choice(self.panels)
        self._ids += 1
        intent = {"id": f"i{self._ids}"}
        return draw.choice(
            [
                {"kind": "hello", "view": draw.choice("vw"), "protocol": 1},
                {"kind": "view", "view": draw.choice("vw"), "what": draw.choice(
                    ["opened", "closed", "hidden", "shown", "alive"])},
                {"kind": "open", "panel": panel, "path": path, "lens": ""},
                {"kind": "close", "panel": panel},
                {"kind": "look", "panel": panel, "generation": self._ids, "lens": draw.choice(
                    ["value", "grad", "angle"]), "window": draw.choice([None, [0, 2, 0, 2],
                    [90, 99, 90, 99], [-5, 5, 3, 1]]), "cells": [16, 16], "sliders": []},
                {"kind": "rows", "view": "v", "revision": draw.randrange(3), "rows": [1, 2, 99]},
                {"kind": "pace", "view": "v", "rate": draw.choice([0.0, 5.0, 1e300])},
                {"kind": "ask", "view": "v"},
                {"kind": "withdraw", "intent": f"i{self._ids - draw.randrange(1, 4)}"},
                {"kind": "initialize", **intent, "path": path, "name": draw.choice(
                    ["zeros_", "normal_", "xavier_uniform_", "reset_parameters", "dirac_"]),
                    "arguments": {}, "types": [], "parameters": [], "seed": "1",
                    "dry": draw.random() < 0.3},
                {"kind": "assign", **intent, "path": path, "index": [0, 0],
                 "value": draw.choice(["1", "2.5", "1e3", "True"])},
                {"kind": "compute", **intent, "path": path, "index": draw.choice(["", "0", ":1"]),
                 "expression": draw.choice(["w * 2", "w + 1", "w / 0", "u"])},
                {"kind": "set_requires_grad", **intent, "path": path, "value": False},
                {"kind": "undo", **intent},
                {"kind": "redo", **intent},
                {"kind": "restart", **intent},
            ]
        )  # fmt: skip

    def question(self) -> dict[str, Any]:
        """What the JupyterLab extension asks, though not always of a variable that is there."""
        draw = self.draw
        kinds = ["name", "child", "attribute", "item", "key", "dotted"]
        keys = ["net", "models", "0", "weight", "'a'", "__class__", "x", "9" * 5000]
        path = [{"kind": "name", "key": draw.choice(keys)}]
        for _ in range(draw.randrange(3)):
            path.append({"kind": draw.choice(kinds), "key": draw.choice(keys)})
        self._ids += 1
        kind, fields = draw.choice(
            [
                ("lablist", {"rows": True, "bonds": [{"path": path, "object": "1"}] * 2}),
                ("labexpand", {"path": path}),
                ("labdock", {"view": draw.choice("vw"), "path": path}),
                ("labfind", {"view": "v", "model": draw.choice(["", "0" * 32])}),
                ("labundock", {"view": draw.choice("vw")}),
                ("labjournal", {"path": path, "model": ""}),
            ]
        )
        return {"kind": kind, "n": self._ids, **fields}

    def forged(self, honest: Callable[[], dict[str, Any]]) -> Any:
        """The next message: honest, replayed, mutated in one field or two, or none at all."""
        draw = self.draw
        roll = draw.random()
        if roll < 0.02:
            return draw.choice(ODD)
        if roll < 0.08 and self._sent:
            return draw.choice(self._sent[-200:])
        message: Any = honest()
        if roll > 0.25:
            for _ in range(draw.choice([1, 1, 1, 2, 3])):
                self._mutate(message)
        if roll > 0.985:
            message = draw.choice([Trap, OrderedDict])(message)
        self._sent.append(message)
        return message

    def _mutate(self, message: dict[str, Any]) -> None:
        draw = self.draw
        fields = [key for key in message if key != "id" or draw.random() < 0.2]
        key = draw.choice(fields) if fields else "x"
        roll = draw.random()
        if roll < 0.08:
            message.pop(key, None)
        elif roll < 0.16:
            message[draw.choice(["x", "__class__", "self", "dry", "", "confirmed"])] = 1
        elif roll < 0.6 or not isinstance(message.get(key), list):
            message[key] = draw.choice(ODD)
        else:
            inside = message[key] = list(message[key])
            inside.insert(draw.randrange(len(inside) + 1), draw.choice(ODD))


INTENTS = frozenset(message.kind for message in protocol.messages(protocol.Intent))


def has_reply(message: Any) -> bool:
    """Whether a message is an intent by its kind, with an id that a reply can repeat."""
    if not isinstance(message, dict):
        return False
    kind, asked = dict.get(message, "kind"), dict.get(message, "id")
    return isinstance(kind, str) and kind in INTENTS and type(asked) is str


def for_json(value: Any) -> Any:
    """What JSON can carry of a forged message; the rest as its ``repr``. None for a cycle."""
    if type(value) is dict or isinstance(value, OrderedDict):
        return {str(key): for_json(held) for key, held in value.items()}
    if type(value) is list:
        return (
            None
            if value is CYCLE or (len(value) == 1 and value[0] is CYCLE)
            else [for_json(held) for held in value]
        )
    return value if isinstance(value, (str, int, float, bool, type(None))) else type(value).__name__


def forged(seed: int, count: int) -> Iterator[Any]:
    """So many messages of a page."""
    forger = Forger(seed)
    for _ in range(count):
        yield forger.forged(forger.honest)


def forged_questions(seed: int, count: int) -> Iterator[Any]:
    """So many questions of the JupyterLab extension."""
    forger = Forger(seed)
    for _ in range(count):
        yield forger.forged(forger.question)


def hostile_net() -> nn.Sequential:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 2))
    net[2].bias = net[0].bias
    net.register_parameter("none", None)
    net.register_buffer("count", torch.tensor([1, 2**60]))
    net.add_module("lazy", nn.LazyLinear(3))
    return net
