"""Messages from JSON objects, strictly: nothing is coerced, guessed or left over."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from paramwidget.protocol.fields import PROTOCOL, SAFE_INTEGER
from paramwidget.protocol.message import (
    LabQuestion,
    Message,
    ProtocolError,
    ToBrowser,
    ToKernel,
    hints_of,
    messages,
    not_none,
    optional,
)

_M = TypeVar("_M", bound=Message)
_T = TypeVar("_T")


class OtherVersion(ProtocolError):
    """The hello of a page with another version of the protocol."""


def decode(content: object) -> ToKernel:
    """The message of the browser in ``content``.

    Raises ProtocolError for anything else, and OtherVersion for a hello of another version.
    """
    _check_version(content)
    return _decode_one_of(ToKernel, content)


def decode_frame(content: object) -> ToBrowser:
    """The message of the kernel in ``content``."""
    return _decode_one_of(ToBrowser, content)


def decode_question(content: object) -> LabQuestion:
    """What the JupyterLab extension asks; raises ProtocolError for anything else."""
    return _decode_one_of(LabQuestion, content)


def _check_version(content: object) -> None:
    """Checked before the fields, which may be different in another version."""
    if not isinstance(content, dict) or content.get("kind") != "hello":
        return
    version = content.get("protocol")
    if type(version) is int and version != PROTOCOL:
        raise OtherVersion(
            f"This page and the kernel use different versions of paramwidget (protocol {version}"
            f" and {PROTOCOL}). Restart the kernel, reload the page and run the cell again."
        )


def _decode_one_of(group: type[_M], content: object) -> _M:
    if not isinstance(content, dict):
        raise ProtocolError(f"a message must be an object, got {type(content).__name__}")
    for message in messages(group):
        if content.get("kind") == message.kind:
            fields = {key: value for key, value in content.items() if key != "kind"}
            return _decode_fields(message, fields, message.kind)
    raise ProtocolError(f"unknown kind of message: {content.get('kind')!r:.80}")


def _decode(wanted: Any, value: object, where: str) -> Any:
    """``value`` as the annotated type ``wanted``; no coercion but int to float."""
    origin, args = get_origin(wanted), get_args(wanted)
    if origin is Annotated:
        return _decode(args[0], value, where)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        return _decode(not_none(wanted), value, where)
    if origin is Literal:
        if any(value == arg and type(value) is type(arg) for arg in args):
            return value
        raise ProtocolError(
            f"{where}: expected one of {', '.join(map(str, args))}, got {value!r:.80}"
        )
    if origin is list and isinstance(value, list):
        return [_decode(args[0], item, f"{where}[{i}]") for i, item in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return {_decode(args[0], key, where): _decode(args[1], item, f"{where}.{key!s:.40}")
                for key, item in value.items()}  # fmt: skip
    if dataclasses.is_dataclass(wanted) and isinstance(value, dict):
        return _decode_fields(typing.cast(type[Any], wanted), value, where)
    if type(value) is int and abs(value) > SAFE_INTEGER:
        bits = value.bit_length()
        raise ProtocolError(f"{where}: an integer of {bits} bits is not exact in JavaScript")
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is wanted and not (isinstance(value, float) and not math.isfinite(value)):
        return value
    name = getattr(wanted, "__name__", str(wanted))
    raise ProtocolError(f"{where}: expected {name}, got {value!r:.80}")


def _decode_fields(message: type[_T], content: dict[Any, Any], where: str) -> _T:
    """A message or a part of one; a field that has a default may be missing."""
    hints = hints_of(message)
    unknown = [key for key in content if key not in hints]
    if unknown:
        raise ProtocolError(f"{where}: unknown field {unknown[0]!r:.80}")
    missing = [key for key in hints if key not in content and key not in optional(message)]
    if missing:
        raise ProtocolError(f"{where}: the field {missing[0]} is missing")
    return message(
        **{
            key: _decode(hint, content[key], f"{where}.{key}")
            for key, hint in hints.items()
            if key in content
        }
    )
