"""Messages as JSON objects, without anything that JSON or a JavaScript number cannot hold."""

from __future__ import annotations

import dataclasses
import functools
import math
import types
from collections.abc import Callable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from paramwidget.protocol.fields import SAFE_INTEGER, Name
from paramwidget.protocol.halves import sendable, sent_name, shown
from paramwidget.protocol.message import Message, ProtocolError, cached, hints_of, not_none


def encode(message: Message) -> dict[str, Any]:
    """The JSON object of a message; raises ProtocolError for a value that its field cannot hold.

    Lists and dicts of plain values are those of the message, not copies.
    """
    check_of(type(message))([message], message.kind)
    return {"kind": message.kind, **_jsonable_dataclass(type(message))(message)}


# --- checks ------------------------------------------------------------------------------------
# A tree has columns of 100,000 entries, so a check takes all values of a field at once, in C.

Check = Callable[[Sequence[Any], str], None]


@cached
def check_of(hint: Any) -> Check:
    """The check that values of an annotated type can be sent; it raises ProtocolError.

    Raises TypeError for a type that a message cannot have.
    """
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return check_of(args[0])
    if origin in (Union, types.UnionType):
        return _check_optional(check_of(not_none(hint)))
    if origin is Literal:
        return _check_choice(frozenset(args))
    if origin is list:
        return _check_lists(check_of(args[0]))
    if origin is dict and args[0] in (str, Name):
        return _check_dicts(check_of(args[1]))
    if isinstance(hint, type) and (issubclass(hint, Message) or dataclasses.is_dataclass(hint)):
        return _check_dataclasses(hint, _check_of_fields(hint))
    if hint in _CHECKS:
        return _CHECKS[hint]
    raise TypeError(f"the type {getattr(hint, '__name__', hint)} cannot be sent as JSON")


def _check_of_fields(cls: type[Any]) -> dict[str, Check]:
    checks: dict[str, Check] = {}
    for name, wanted in hints_of(cls).items():
        try:
            checks[name] = check_of(wanted)
        except TypeError as error:
            raise TypeError(f"{cls.__name__}.{name}: {error}") from None
    return checks


def _check_types(values: Sequence[Any], allowed: tuple[type, ...], where: str) -> None:
    found_types = list(map(type, values))
    if found_types.count(allowed[0]) == len(values):
        return  # nearly always, and twice as fast as a set
    for found in set(found_types):
        if not issubclass(found, allowed):
            raise ProtocolError(f"{where}: expected {allowed[0].__name__}, got {found.__name__}")


def _check_strings(values: Sequence[Any], where: str) -> None:
    _check_types(values, (str,), where)


def _check_booleans(values: Sequence[Any], where: str) -> None:
    _check_types(values, (bool,), where)


def _check_integers(values: Sequence[Any], where: str) -> None:
    _check_types(values, (int,), where)
    if bool in map(type, values):
        raise ProtocolError(f"{where}: expected int, got bool")
    for extreme in (min(values, default=0), max(values, default=0)):
        if abs(extreme) > SAFE_INTEGER:
            bits = int(extreme).bit_length()
            what = extreme if bits <= 64 else f"an integer of {bits} bits"
            raise ProtocolError(f"{where}: {what} does not fit into a JavaScript number")


def _check_floats(values: Sequence[Any], where: str) -> None:
    _check_types(values, (float, int), where)
    for value in values:
        if isinstance(value, int):
            _check_integers([value], where)
        elif not math.isfinite(value):
            raise ProtocolError(f"{where}: {value} is not a JSON number")


_CHECKS: dict[Any, Check] = {
    str: _check_strings,
    bool: _check_booleans,
    int: _check_integers,
    float: _check_floats,
}


def _check_optional(inner: Check) -> Check:
    def check(values: Sequence[Any], where: str) -> None:
        inner([value for value in values if value is not None], where)

    return check


def _check_choice(choices: frozenset[Any]) -> Check:
    def check(values: Sequence[Any], where: str) -> None:
        _check_strings(values, where)
        for odd in set(values) - choices:
            raise ProtocolError(f"{where}: expected one of {', '.join(sorted(choices))}, got {odd}")

    return check


def _check_lists(inner: Check) -> Check:
    def check(values: Sequence[Any], where: str) -> None:
        _check_types(values, (list,), where)
        inner(values[0] if len(values) == 1 else list(chain.from_iterable(values)), where)

    return check


def _check_dicts(inner: Check) -> Check:
    def check(values: Sequence[Any], where: str) -> None:
        _check_types(values, (dict,), where)
        _check_strings(list(chain.from_iterable(values)), where)
        inner(list(chain.from_iterable(value.values() for value in values)), where)

    return check


def _check_dataclasses(cls: type[Any], fields: dict[str, Check]) -> Check:
    if issubclass(cls, Message) and "kind" in fields:
        raise TypeError(f"{cls.__name__} has a field 'kind', under which its own kind travels")

    def check(values: Sequence[Any], where: str) -> None:
        _check_types(values, (cls,), where)
        for name, inner in fields.items():
            inner(list(map(attrgetter(name), values)), f"{where}.{name}")

    return check


# --- JSON --------------------------------------------------------------------------------------

Jsonable = Callable[[Any], Any]


@cached
def jsonable_of(hint: Any) -> Jsonable | None:
    """The conversion of a value of this type to JSON; None if it is JSON already."""
    if hint is str:
        return shown
    if hint == Name:
        return sent_name
    origin, args = get_origin(hint), get_args(hint)
    if origin is list and args[0] in (str, Name):
        return functools.partial(_jsonable_texts, sent_name if args[0] == Name else shown)
    if origin in (Union, types.UnionType):
        return _jsonable_inside(
            jsonable_of(not_none(hint)),
            lambda inner, value: None if value is None else inner(value),
        )
    if origin is list:
        return _jsonable_inside(
            jsonable_of(args[0]), lambda inner, values: [inner(value) for value in values]
        )
    if origin is dict:
        written = sent_name if args[0] == Name else shown
        return _jsonable_inside(
            jsonable_of(args[1]),
            lambda inner, values: {written(key): inner(value) for key, value in values.items()},
        )
    return _jsonable_dataclass(hint) if dataclasses.is_dataclass(hint) else None


def _jsonable_texts(each: Callable[[str], str], texts: list[str]) -> list[str]:
    """The list itself where every text can be sent, as nearly always."""
    return texts if sendable(texts) else list(map(each, texts))


def _jsonable_inside(
    inner: Jsonable | None, walk: Callable[[Jsonable, Any], Any]
) -> Jsonable | None:
    return None if inner is None else functools.partial(walk, inner)


@cached
def _jsonable_dataclass(cls: Any) -> Jsonable:
    fields = [(name, jsonable_of(wanted)) for name, wanted in hints_of(cls).items()]
    return lambda value: {
        name: inner(getattr(value, name)) if inner else getattr(value, name)
        for name, inner in fields
    }
