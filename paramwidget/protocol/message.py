"""What a message is: one frozen dataclass, which is the whole declaration of it.

A subclass of a group (``ToKernel``, ``Intent``, ``ToBrowser``, ``LabQuestion``, ``LabAnswer``) is a
message of that group from then on: the codec and the TypeScript follow from its fields.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Callable
from dataclasses import MISSING, dataclass
from typing import Any, ClassVar, Protocol, TypeVar

from paramwidget.protocol.fields import Id


class ProtocolError(ValueError):
    """A message that does not follow the protocol: what was found, and where."""


class Message:
    """A message, sent under its ``kind``, by default its class name in lower case."""

    kind: ClassVar[str]

    def __init_subclass__(cls, kind: str = "", group: bool = False) -> None:
        super().__init_subclass__()
        if group:
            return
        cls.kind = kind or cls.__name__.lower()
        for other in _messages:
            if other.kind == cls.kind:
                raise TypeError(f"{cls.__name__} and {other.__name__} are both of the kind "
                                f"{cls.kind!r}")  # fmt: skip
        _messages.append(cls)


_messages: list[type[Message]] = []  # in the order in which they are declared


class ToKernel(Message, group=True):
    """Messages from a browser to the kernel."""


@dataclass(frozen=True)
class Intent(ToKernel, group=True):
    """Something to be done to the model. It has exactly one reply, which repeats the ``id``."""

    id: Id


class ToBrowser(Message, group=True):
    """Messages from the kernel to its browsers."""


@dataclass(frozen=True)
class LabQuestion(Message, group=True):
    """What the JupyterLab extension asks; ``n`` numbers the questions.

    Not an ``id``: ipykernel 7.4 would remember the shell of every string with that name until it
    comes back.
    """

    n: int


@dataclass(frozen=True)
class LabAnswer(Message, group=True):
    """The one answer to a question, which repeats its ``n``."""

    n: int


_M = TypeVar("_M", bound=Message)
_F = TypeVar("_F", bound=Callable[..., Any])


def messages(group: type[_M]) -> list[type[_M]]:
    """Every message of a group, in the order in which they are declared."""
    return [message for message in _messages if issubclass(message, group)]


def cached(function: _F) -> _F:
    """``functools.cache`` for functions of a class, which mypy does not accept as hashable."""
    return typing.cast("_F", functools.cache(function))


@cached
def hints_of(declared: type[Any]) -> dict[str, Any]:
    """The fields of a message, or of a part of one, with their annotated types."""
    if "__dataclass_fields__" not in vars(declared):
        raise TypeError(f"{declared.__name__} is not a dataclass: it needs @dataclass(frozen=True)")
    hints = typing.get_type_hints(declared, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(declared)}


@cached
def optional(declared: type[Any]) -> frozenset[str]:
    """The fields that have a default."""
    return frozenset(
        field.name
        for field in dataclasses.fields(declared)
        if field.default is not MISSING or field.default_factory is not MISSING
    )


def not_none(hint: Any) -> Any:
    """X of ``X | None``."""
    (wanted,) = (arg for arg in typing.get_args(hint) if arg is not type(None))
    return wanted


class Dispatcher(Protocol):
    """What ``functools.singledispatch`` makes of a function."""

    def dispatch(self, cls: type[Any]) -> Callable[..., Any]: ...


def check_handled(group: type[Message], by: Dispatcher) -> None:
    """Raises TypeError if a message of the group has no function registered for it."""
    nobody = by.dispatch(object)
    for message in messages(group):
        if by.dispatch(message) is nobody:
            raise TypeError(
                f"nothing handles the message {message.__name__} (kind {message.kind!r}): "
                f"register a function for it beside the others of {nobody.__module__}"
            )
