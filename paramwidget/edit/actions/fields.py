"""The types that the fields of an action can have, each with its JSON codec."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from torch import nn

from paramwidget.edit.errors import EditError, quoted
from paramwidget.edit.script import function_name
from paramwidget.edit.values.index import parse_index, unparsed
from paramwidget.edit.values.numbers import number_text

Functions: TypeAlias = Mapping[str, Callable[..., Any]]  # the user's own, by name


@dataclass(frozen=True)
class JsonField:
    """How a field is written, and read strictly: from its JSON, its name and the user's functions.

    ``read`` raises EditError with the field's name as ``where``.
    """

    write: Callable[[Any], Any]
    read: Callable[[Any, str, Functions], Any]


def _of_type(*types: type) -> Callable[[Any, str, Functions], Any]:
    """Reads a value of one of these types as it is; a bool is not an int."""

    def read(given: Any, name: str, _: Functions) -> Any:
        if type(given) not in types:
            raise EditError(f"{name} cannot be {quoted(given)}", name)
        return given

    return read


_text, _list = _of_type(str), _of_type(list)


def _strings(given: Any, name: str, functions: Functions) -> tuple[str, ...]:
    if not all(isinstance(part, str) for part in _list(given, name, functions)):
        raise EditError(f"{name} must be a list of strings, got {quoted(given)}", name)
    return tuple(given)


def _or_none(codec: JsonField) -> JsonField:
    """The same for a field that may be None."""
    return JsonField(
        lambda value: None if value is None else codec.write(value),
        lambda given, name, functions: (
            None if given is None else codec.read(given, name, functions)
        ),
    )


def _several(given: Any) -> list[Any]:
    return [given] if isinstance(given, (str, type)) else list(given)


# --- one function each -------------------------------------------------------------------------


def _written_name(name: Any) -> str | list[str]:
    return name if isinstance(name, str) else [str(part) for part in name]


def _read_name(given: Any, name: str, functions: Functions) -> str | tuple[str, ...]:
    if isinstance(given, list):
        return _strings(given, name, functions)
    text: str = _text(given, name, functions)
    return text


def _read_index(given: Any, name: str, functions: Functions) -> str:
    parse_index(_text(given, name, functions))
    return str(given)


def _written_types(types: Any) -> list[str | dict[str, str]]:
    return [_written_class(one) for one in _several(types)]


def _written_class(given: str | type) -> str | dict[str, str]:
    """A class includes its subclasses, which a class name does not."""
    if isinstance(given, str):
        return given
    return {"class": f"{given.__module__}:{given.__qualname__}"}


def _read_types(given: Any, name: str, functions: Functions) -> tuple[str | type, ...]:
    return tuple(_read_class(one, name) for one in _list(given, name, functions))


def _read_class(given: object, name: str) -> str | type:
    """A module class that is already loaded."""
    if isinstance(given, str):
        return given
    if isinstance(given, dict) and given.keys() == {"class"} and isinstance(given["class"], str):
        module, _, path = given["class"].partition(":")
        found: Any = sys.modules.get(module)
        for part in path.split("."):
            found = vars(found).get(part) if hasattr(found, "__dict__") else None
        if isinstance(found, type) and issubclass(found, nn.Module):
            return found
    raise EditError(f"{quoted(given)} is not the name of a loaded module class", name)


def _written_arguments(arguments: Mapping[str, Any]) -> dict[str, str]:
    return {key: number_text(value) for key, value in arguments.items()}


def _read_arguments(given: Any, name: str, functions: Functions) -> dict[str, str]:
    arguments: dict[str, str] = _of_type(dict)(given, name, functions)
    if not all(isinstance(value, str) for value in arguments.values()):
        raise EditError("the arguments of an initializer must be strings", name)
    return arguments


def _written_function(function: Any) -> str:
    return function if isinstance(function, str) else function_name(function)


def _read_initializer(given: Any, name: str, functions: Functions) -> Any:
    """The user's own function of that name, else a name of the catalogue."""
    return functions.get(_text(given, name, functions), given)


def _read_function(given: Any, name: str, functions: Functions) -> Callable[..., Any]:
    if _text(given, name, functions) not in functions:
        raise EditError(f"unknown function {quoted(given)}", name)
    return functions[given]


# --- the types ---------------------------------------------------------------------------------
# Any, where several types are accepted that the action itself checks.

INITIALIZER = JsonField(_written_function, _read_initializer)
FUNCTION = JsonField(_written_function, _read_function)
FUNCTIONS = (INITIALIZER, FUNCTION)  # of the fields that may hold a function of the user's
SEED = _or_none(JsonField(number_text, _text))

Target = Annotated[Any, JsonField(_written_name, _read_name)]  # a dotted name, or a path of names
IndexText = Annotated[Any, JsonField(unparsed, _read_index)]
NumberText = Annotated[Any, JsonField(number_text, _text)]
Seed = Annotated[Any, SEED]  # in an edit's JSON the one that was drawn
Types = Annotated[Any, _or_none(JsonField(_written_types, _read_types))]
Parameters = Annotated[Any, _or_none(JsonField(_several, _strings))]
Arguments = Annotated[Mapping[str, Any], JsonField(_written_arguments, _read_arguments)]
InitializerName = Annotated[str | Callable[..., Any], INITIALIZER]
FunctionName = Annotated[Callable[[Any], Any], FUNCTION]
Expression = Annotated[Any, JsonField(str, _text)]
Switch = Annotated[bool, JsonField(bool, _of_type(bool))]
