"""How large what is sent to the kernel may be, and that it is JSON; the fields are for decoding.

One walk that ends at the bound, before anything is made of a message.
"""

from __future__ import annotations

from typing import Any

from paramwidget.protocol.message import ProtocolError

MOST_VALUES = 50_000  # keys, items and numbers of one message
MOST_TEXT = 2**20  # characters of all its strings

_PLAIN = (int, float, bool, type(None))


def check_bounds(content: object) -> None:
    """Raises ProtocolError for what is too large, or holds what JSON has no form for.

    A list that holds itself is too large as well.
    """
    values = text = 0
    ahead: list[Any] = [content]
    while ahead:
        value = ahead.pop()
        kind = type(value)
        if kind is str:
            text += len(value)
        elif kind is list:
            values += len(value)
            ahead += value if values <= MOST_VALUES else ()
        elif kind is dict:
            values += len(value)
            if values <= MOST_VALUES:
                ahead += value.keys()
                ahead += value.values()
        elif kind not in _PLAIN:
            raise ProtocolError(
                f"a message must be JSON, but it holds a value of type {type_name(value):.80}"
            )
        if values > MOST_VALUES:
            raise ProtocolError(f"a message may hold at most {MOST_VALUES:,} values, and has more")
        if text > MOST_TEXT:
            raise ProtocolError(f"a message may hold at most {MOST_TEXT:,} characters of text")


def type_name(value: object) -> str:
    """The name of a value's class, past whatever that class overrides."""
    name: str = vars(type)["__name__"].__get__(type(value))
    return name
