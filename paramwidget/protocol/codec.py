"""Messages as JSON objects and back, strictly: nothing is coerced, guessed or left over."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from paramwidget.protocol.lab import LabAnswer, LabQuestion
from paramwidget.protocol.to_browser import (
    Briefs,
    Catalog,
    Facts,
    Frame,
    Journal,
    Panels,
    Reply,
    Status,
    Tree,
    TreeChange,
)
from paramwidget.protocol.to_kernel import (
    Ask,
    Assign,
    Close,
    Compute,
    Hello,
    Initialize,
    Look,
    Open,
    Pace,
    Redo,
    Require,
    Restart,
    Rows,
    Undo,
    View,
    Withdraw,
)

SAFE_INTEGER = 2**53 - 1  # the largest integer of which a JavaScript number is sure


class ProtocolError(ValueError):
    """A message that is none of ours: what was found, and where."""


ToKernel = (
    Hello | View | Pace | Open | Close | Look | Rows | Ask | Withdraw
    | Initialize | Assign | Compute | Require | Undo | Redo | Restart
)  # fmt: skip
Intent = Initialize | Assign | Compute | Require | Undo | Redo | Restart
ToBrowser = (
    Tree | TreeChange | Briefs | Panels | Facts | Frame | Journal | Catalog | Status | Reply
)  # fmt: skip

TO_KERNEL: tuple[type[Any], ...] = get_args(ToKernel)
TO_BROWSER: tuple[type[Any], ...] = get_args(ToBrowser)
LAB_QUESTIONS: tuple[type[Any], ...] = get_args(LabQuestion)
LAB_ANSWERS: tuple[type[Any], ...] = get_args(LabAnswer)


def kind_of(message: type[Any]) -> str:
    """The ``kind`` a message travels under: its class name in lower case."""
    return message.__name__.lower()


# --- encoding ----------------------------------------------------------------------------------


def encode(message: ToBrowser | ToKernel | LabAnswer | LabQuestion) -> dict[str, Any]:
    """The JSON object of a message; raises ProtocolError for a number that JSON cannot carry."""
    return {"kind": kind_of(type(message)), **_plain(message, kind_of(type(message)))}


def _plain(value: Any, where: str) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) > SAFE_INTEGER:
            raise ProtocolError(f"{where}: {value} does not fit a JavaScript number")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ProtocolError(f"{where}: {value} is no JSON number")
        return value
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name), f"{where}.{f.name}")
                for f in dataclasses.fields(value)}  # fmt: skip
    if isinstance(value, Mapping):
        return {key: _plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item, where) for item in value]
    raise ProtocolError(f"{where}: {type(value).__name__} cannot travel")


# --- strict decoding ---------------------------------------------------------------------------

M = TypeVar("M")


def decode(content: object) -> ToKernel:
    """The message of the browser in ``content``; raises ProtocolError for anything else."""
    return typing.cast(ToKernel, _decode_one_of(TO_KERNEL, content))


def decode_frame(content: object) -> ToBrowser:
    """The message of the kernel in ``content``, for saved files and tests."""
    return typing.cast(ToBrowser, _decode_one_of(TO_BROWSER, content))


def decode_question(content: object) -> LabQuestion:
    """What the JupyterLab extension asks; raises ProtocolError for anything else."""
    return typing.cast(LabQuestion, _decode_one_of(LAB_QUESTIONS, content))


def _decode_one_of(messages: tuple[type[Any], ...], content: object) -> Any:
    if not isinstance(content, dict):
        raise ProtocolError(f"a message is an object, not {type(content).__name__}")
    for message in messages:
        if content.get("kind") == kind_of(message):
            fields = {key: value for key, value in content.items() if key != "kind"}
            return _decode(message, fields, kind_of(message))
    raise ProtocolError(f"no message is of the kind {content.get('kind')!r:.80}")


def _decode(wanted: Any, value: object, where: str) -> Any:
    """``value`` as the annotated type ``wanted``; no coercion but int to float."""
    origin, args = get_origin(wanted), get_args(wanted)
    if origin is Annotated:
        return _decode(args[0], value, where)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        (wanted,) = (arg for arg in args if arg is not type(None))
        return _decode(wanted, value, where)
    if origin is Literal:
        if any(value == arg and type(value) is type(arg) for arg in args):
            return value
        raise ProtocolError(f"{where}: one of {', '.join(map(str, args))}, not {value!r:.80}")
    if origin is list and isinstance(value, list):
        return [_decode(args[0], item, f"{where}[{i}]") for i, item in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return {_decode(args[0], key, where): _decode(args[1], item, f"{where}.{key!s:.40}")
                for key, item in value.items()}  # fmt: skip
    if dataclasses.is_dataclass(wanted) and isinstance(value, dict):
        return _decode_fields(typing.cast(type[Any], wanted), value, where)
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is wanted and not (isinstance(value, float) and not math.isfinite(value)):
        return value
    name = getattr(wanted, "__name__", str(wanted))
    raise ProtocolError(f"{where}: {name} wanted, not {value!r:.80}")


def _decode_fields(message: type[M], content: dict[Any, Any], where: str) -> M:
    hints = hints_of(message)
    unknown = [key for key in content if key not in hints]
    if unknown:
        raise ProtocolError(f"{where}: no field {unknown[0]!r:.80}")
    missing = [key for key in hints if key not in content]
    if missing:
        raise ProtocolError(f"{where}: the field {missing[0]} is missing")
    return message(
        **{key: _decode(hint, content[key], f"{where}.{key}") for key, hint in hints.items()}
    )


def hints_of(message: type[Any]) -> dict[str, Any]:
    """The annotated fields of a message."""
    return typing.get_type_hints(message, include_extras=True)
