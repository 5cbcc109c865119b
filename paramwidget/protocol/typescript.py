"""The same declaration as TypeScript: the text of ``js/shared/protocol.ts``."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from paramwidget.protocol import fields
from paramwidget.protocol.message import (
    Intent,
    LabAnswer,
    LabQuestion,
    Message,
    ToBrowser,
    ToKernel,
    hints_of,
    messages,
    not_none,
    optional,
)

_NAMED = {name: hint for name, hint in vars(fields).items() if get_origin(hint) is Literal}
_GROUPS: tuple[type[Message], ...] = (ToKernel, ToBrowser, LabQuestion, LabAnswer)


def typescript() -> str:
    """The text of ``js/shared/protocol.ts``."""
    nested: dict[str, type[Any]] = {}
    declared = [message for group in _GROUPS for message in messages(group)]
    for message in declared:
        for hint in hints_of(message).values():
            _collect(hint, nested)
    parts = [
        "// Printed by `python -m paramwidget.protocol` out of paramwidget/protocol.",
        f"export const PROTOCOL = {fields.PROTOCOL};",
        "/** Of a slot, say; sent back as it came: half a character is escaped in it. */\n"
        "export type Name = string;",
        f"/** At most {fields.LONGEST_ID} characters; sent back as it came. */\n"
        "export type Id = string;",
        "/** An index into the buffers beside the message. */\nexport type Buffer = number;",
        *(f"export type {name} = {_ts(hint, named=False)};" for name, hint in _NAMED.items()),
        *(_interface(part) for part in nested.values()),
        *(_interface(message) for message in declared),
        *(_union(group) for group in (*_GROUPS, Intent)),
        _fields(messages(ToBrowser)),
    ]
    return "\n\n".join(parts) + "\n"


def _union(group: type[Message]) -> str:
    names = " | ".join(message.__name__ for message in messages(group))
    return f"export type {group.__name__} = {names};"


def _collect(hint: Any, found: dict[str, type[Any]]) -> None:
    """Adds the dataclasses inside an annotation, innermost first."""
    for part in get_args(hint):
        _collect(part, found)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type) and hint.__name__ not in found:
        for inner in hints_of(hint).values():
            _collect(inner, found)
        found[hint.__name__] = hint


def _fields(declared: Iterable[type[Message]]) -> str:
    """The fields of every message to the browser and of all its parts, for a check."""
    parts: dict[str, type[Any]] = {message.kind: message for message in declared}
    for message in tuple(parts.values()):
        for hint in hints_of(message).values():
            _collect(hint, parts)
    lines = []
    for name, part in parts.items():
        sorts = (
            (f'"{field}?"' if field in optional(part) else field, json.dumps(_sort(hint)))
            for field, hint in hints_of(part).items()
        )
        lines.append(f"  {name}: {{ {', '.join(f'{field}: {sort}' for field, sort in sorts)} }},")
    return _FIELDS + "\n".join(lines) + "\n};"


_FIELDS = """\
/** What a field holds: the name of a plain type or of a part, or a list, a record of it or null. */
export type Sort = string | readonly ["list" | "record" | "maybe", Sort];

/** The fields of each message to the browser, by its kind, and of the parts that they hold. */
export const FIELDS: Readonly<Record<string, Readonly<Record<string, Sort>>>> = {
"""


def _sort(hint: Any) -> str | list[Any]:
    """A type as the check reads it; of a Literal it has to be a string, known or not."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return ["maybe", _sort(not_none(hint))]
    if origin is Annotated:
        return _sort(args[0])
    if origin is Literal:
        return "string"
    if origin is list:
        return ["list", _sort(args[0])]
    if origin is dict:
        return ["record", _sort(args[1])]
    plain = {str: "string", bool: "boolean", int: "integer", float: "number"}
    return plain.get(hint) or str(hint.__name__)


def _interface(declared: type[Any]) -> str:
    """A message or a part of one. The browser may leave out a field that has a default."""
    lines = [f'  kind: "{declared.kind}";'] if issubclass(declared, Message) else []
    left_out = optional(declared) if issubclass(declared, (ToKernel, LabQuestion)) else ()
    for name, hint in hints_of(declared).items():
        lines.append(f"  {name}{'?' if name in left_out else ''}: {_ts(hint)};")
    doc = (declared.__doc__ or "").strip()
    if doc.startswith(declared.__name__ + "("):  # the docstring that dataclass generates
        doc = ""
    comment = "/** " + " ".join(doc.split()) + " */\n" if doc else ""
    return f"{comment}export interface {declared.__name__} {{\n" + "\n".join(lines) + "\n}"


def _ts(hint: Any, named: bool = True) -> str:
    if named:
        for name, alias in _NAMED.items():
            if hint == alias:
                return name
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return str(args[1])
    if origin is Literal:
        return " | ".join(f'"{arg}"' for arg in args)
    if origin in (Union, types.UnionType):
        return " | ".join(_ts(arg) for arg in args)
    if origin is list:
        inner = _ts(args[0])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if origin is dict:
        return f"Record<string, {_ts(args[1])}>"
    if hint is type(None):
        return "null"
    return {str: "string", bool: "boolean", int: "number", float: "number"}.get(
        hint, getattr(hint, "__name__", "unknown")
    )
