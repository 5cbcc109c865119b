"""The same declaration as TypeScript: the text of ``js/shared/protocol.ts``."""

from __future__ import annotations

import dataclasses
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from paramwidget.protocol.codec import (
    LAB_ANSWERS,
    LAB_QUESTIONS,
    TO_BROWSER,
    TO_KERNEL,
    Intent,
    hints_of,
    kind_of,
)
from paramwidget.protocol.fields import PROTOCOL, Cause, Kind, State

_NAMED = {"Kind": Kind, "State": State, "Cause": Cause}


def typescript() -> str:
    """The text of ``js/shared/protocol.ts``."""
    nested: dict[str, type[Any]] = {}
    messages = (*TO_KERNEL, *TO_BROWSER, *LAB_QUESTIONS, *LAB_ANSWERS)
    for message in messages:
        for hint in hints_of(message).values():
            _collect(hint, nested)
    parts = [
        "// Printed by `python -m paramwidget.protocol` out of paramwidget/protocol.",
        f"export const PROTOCOL = {PROTOCOL};",
        "/** An index into the buffers beside the message. */\nexport type Buffer = number;",
        *(f"export type {name} = {_ts(hint, named=False)};" for name, hint in _NAMED.items()),
        *(_interface(part, None) for part in nested.values()),
        *(_interface(message, kind_of(message)) for message in messages),
        "export type ToKernel = " + " | ".join(m.__name__ for m in TO_KERNEL) + ";",
        "export type Intent = " + " | ".join(m.__name__ for m in get_args(Intent)) + ";",
        "export type ToBrowser = " + " | ".join(m.__name__ for m in TO_BROWSER) + ";",
        "export type LabQuestion = " + " | ".join(m.__name__ for m in LAB_QUESTIONS) + ";",
        "export type LabAnswer = " + " | ".join(m.__name__ for m in LAB_ANSWERS) + ";",
    ]
    return "\n\n".join(parts) + "\n"


def _collect(hint: Any, found: dict[str, type[Any]]) -> None:
    """Adds the dataclasses inside an annotation, innermost first."""
    for part in get_args(hint):
        _collect(part, found)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type) and hint.__name__ not in found:
        for inner in hints_of(hint).values():
            _collect(inner, found)
        found[hint.__name__] = hint


def _interface(message: type[Any], kind: str | None) -> str:
    lines = [f'  kind: "{kind}";'] if kind else []
    lines += [f"  {name}: {_ts(hint)};" for name, hint in hints_of(message).items()]
    doc = (message.__doc__ or "").strip()
    if doc.startswith(message.__name__ + "("):  # the docstring that dataclass makes up
        doc = ""
    comment = "/** " + " ".join(doc.split()) + " */\n" if doc else ""
    return f"{comment}export interface {message.__name__} {{\n" + "\n".join(lines) + "\n}"


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
