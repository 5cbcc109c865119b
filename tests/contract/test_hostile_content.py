"""Whatever is given to the decoder, it is a message or a ProtocolError."""

from __future__ import annotations

import time
from typing import Any

import pytest

from paramwidget import protocol
from paramwidget.protocol import ProtocolError, decode
from paramwidget.protocol.decoding import decode_frame, decode_question


class Angry(dict[Any, Any]):
    """A dict, and everything that one does with it raises."""

    def _raise(self, *_: object, **__: object) -> Any:
        raise RuntimeError("angry")

    get = items = keys = values = __getitem__ = __iter__ = __contains__ = __len__ = _raise
    __eq__ = __repr__ = __bool__ = _raise


class AngryText(str):
    __slots__ = ()

    def __eq__(self, _: object) -> bool:
        raise RuntimeError("angry")

    def __repr__(self) -> str:
        raise RuntimeError("angry")

    def __format__(self, _: str) -> str:
        raise RuntimeError("angry")

    __hash__ = str.__hash__


def cyclic() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


def deep() -> list[Any]:
    found: list[Any] = []
    for _ in range(10**6):
        found = [found]
    return found


HUGE = 10**5000


class NoName(type):
    """The class of classes whose name raises."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise RuntimeError("angry")


VALUES = {
    "a dict with methods that raise": Angry(kind="undo"),
    "a text with methods that raise": AngryText("undo"),
    "a cyclic list": cyclic(),
    "a nested list": deep(),
    "a huge integer": HUGE,
    "a huge negative integer": -HUGE,
    "beyond 2**53": 2**53,
    "a number for an integer": 1.0,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "true": True,
    "None": None,
    "bytes": b"undo",
    "an object": object(),
    "a class": Angry,
    "an object of a class whose name raises": NoName("AngryClass", (), {})(),
    "half a character": "\ud800",
    "a tuple": (1, 2),
    "keys that are numbers": {1: 2},
    "keys that raise": {AngryText("kind"): 1},
}
MESSAGES: list[dict[str, Any]] = [
    {"kind": "hello", "view": "v", "protocol": 1},
    {"kind": "undo", "id": "1"},
    {"kind": "assign", "id": "1", "path": ["a"], "index": [0], "value": "1"},
    {"kind": "look", "panel": "p", "generation": 0, "lens": "", "window": [0, 1, 0, 1],
     "cells": [1, 1], "sliders": []},
    {"kind": "initialize", "id": "1", "path": [], "name": "ones_", "arguments": {"a": "1"},
     "types": [], "parameters": [], "seed": "", "dry": False},
    {"kind": "pace", "view": "v", "rate": 1.0},
]  # fmt: skip


def told(content: Any) -> str:
    """The refusal; "" for a message."""
    try:
        decode(content)
    except ProtocolError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_any_value_in_any_place_is_decoded_or_refused(value: Any) -> None:
    for decoder in (decode, decode_frame, decode_question):
        with pytest.raises(ProtocolError):
            decoder(value)
    for message in MESSAGES:
        told({**message, "unknown": value})
        told({**message, value: 1} if type(value) in (str, int, bytes) else message)
        for key, field in message.items():
            told({**message, key: value})
            if isinstance(field, list):
                told({**message, key: [value]})
                told({**message, key: [*field, value]})
            if isinstance(field, dict):
                told({**message, key: {"a": value}})
                told({**message, key: {value: "a"}} if type(value) in (str, int) else message)


@pytest.mark.parametrize(
    "wrong", [2**53, HUGE, -HUGE, 1.0, True, None, float("nan"), "1"], ids=range(8)
)
def test_only_whole_numbers_that_javascript_holds_are_integers(wrong: Any) -> None:
    assert told({**MESSAGES[3], "generation": wrong})
    assert told({**MESSAGES[2], "index": [0, wrong]})


def test_a_hello_of_a_version_that_is_no_number_is_refused() -> None:
    for version in (HUGE, -(2**53), 1.5, True, "1", None, [1]):
        with pytest.raises(ProtocolError) as refusal:
            decode({"kind": "hello", "view": "v", "protocol": version})
        assert not isinstance(refusal.value, protocol.OtherVersion)


@pytest.mark.parametrize("wrong", [True, 10**400, -(10**5000), 1.0, None], ids=range(5))
def test_what_is_no_safe_integer_is_not_sent(wrong: Any) -> None:
    with pytest.raises(ProtocolError):
        protocol.encode(protocol.Reply("1", True, "", "", "", wrong, "", [], None))


def test_a_long_message_is_read_in_linear_time() -> None:
    def seconds(length: int) -> float:
        message = {**MESSAGES[2], "path": ["a\\ud800"] * length, "index": [1] * length}
        began = time.perf_counter()
        told(message)
        told({**message, "value": "9" * 20 * length})
        return time.perf_counter() - began

    assert seconds(20_000) < 60 * seconds(2_000) + 1
