"""Messages from JSON objects, strictly: nothing is coerced, guessed or left over."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from paramwidget.protocol.bounds import check_bounds, type_name
from paramwidget.protocol.fields import LONGEST_ID, PROTOCOL, SAFE_INTEGER, Id, Name
from paramwidget.protocol.halves import name_sent
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
    check_bounds(content)
    _check_version(content)
    return _decode_one_of(ToKernel, content)


def decode_frame(content: object) -> ToBrowser:
    """The message of the kernel in ``content``."""
    return _decode_one_of(ToBrowser, content)


def decode_question(content: object) -> LabQuestion:
    """What the JupyterLab extension asks; raises ProtocolError for anything else."""
    check_bounds(content)
    return _decode_one_of(LabQuestion, content)


def _check_version(content: object) -> None:
    """Checked before the fields, which may be different in another version."""
    fields = _object(content, "a message")
    if not _is_kind(fields, "hello"):
        return
    version = fields.get("protocol")
    if type(version) is int and version != PROTOCOL and abs(version) <= SAFE_INTEGER:
        raise OtherVersion(
            f"This page and the kernel use different versions of paramwidget (protocol {version}"
            f" and {PROTOCOL}). Restart the kernel, reload the page and run the cell again."
        )


def _decode_one_of(group: type[_M], content: object) -> _M:
    given = _object(content, "a message")
    for message in messages(group):
        if _is_kind(given, message.kind):
            fields = {key: value for key, value in given.items() if key != "kind"}
            return _decode_fields(message, fields, message.kind)
    raise ProtocolError(f"unknown kind of message: {_shown(given.get('kind'))}")


def _object(value: object, where: str) -> dict[str, Any]:
    """A plain dict with plain strings for keys: a class of its own could do anything here."""
    if type(value) is not dict:
        raise ProtocolError(f"{where} must be an object, got {type_name(value)}")
    for key in value:
        if type(key) is not str:
            raise ProtocolError(f"{where}: a key must be a string, got {type_name(key)}")
    return value


def _is_kind(fields: dict[str, Any], kind: str) -> bool:
    given = fields.get("kind")
    return type(given) is str and given == kind


def _shown(value: object) -> str:
    """A plain value, cut to a few words; of any other its type, since its repr may do anything."""
    if type(value) is str:
        return f"{value[:80]!r:.80}"
    if type(value) is int and abs(value) > SAFE_INTEGER:
        return f"an integer of {value.bit_length()} bits"
    if value is None or type(value) in (int, float, bool):
        return repr(value)
    return f"a value of the type {type_name(value)}"


def _decode(wanted: Any, value: object, where: str) -> Any:
    """``value`` as the annotated type ``wanted``; no coercion but int to float."""
    origin, args = get_origin(wanted), get_args(wanted)
    if wanted == Name and type(value) is str:
        return name_sent(value)
    if wanted == Id and type(value) is str and len(value) > LONGEST_ID:
        raise ProtocolError(f"{where}: an id has at most {LONGEST_ID} characters, got {len(value)}")
    if origin is Annotated:
        return _decode(args[0], value, where)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        return _decode(not_none(wanted), value, where)
    if origin is Literal:
        if any(type(value) is type(arg) and value == arg for arg in args):
            return value
        raise ProtocolError(
            f"{where}: expected one of {', '.join(map(str, args))}, got {_shown(value)}"
        )
    if origin is list and type(value) is list:
        return [_decode(args[0], item, f"{where}[{i}]") for i, item in enumerate(value)]
    if origin is dict and type(value) is dict:
        return {key: _decode(args[1], item, f"{where}.{key:.40}")
                for key, item in _object(value, where).items()}  # fmt: skip
    if dataclasses.is_dataclass(wanted) and type(value) is dict:
        return _decode_fields(typing.cast(type[Any], wanted), _object(value, where), where)
    if type(value) is int and abs(value) > SAFE_INTEGER:
        bits = value.bit_length()
        raise ProtocolError(f"{where}: an integer of {bits} bits is not exact in JavaScript")
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is wanted and not (isinstance(value, float) and not math.isfinite(value)):
        return value
    name = getattr(wanted, "__name__", str(wanted))
    raise ProtocolError(f"{where}: expected {name}, got {_shown(value)}")


def _decode_fields(message: type[_T], content: dict[str, Any], where: str) -> _T:
    """A message or a part of one; a field that has a default may be missing."""
    hints = hints_of(message)
    unknown = [key for key in content if key not in hints]
    if unknown:
        raise ProtocolError(f"{where}: unknown field {_shown(unknown[0])}")
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
