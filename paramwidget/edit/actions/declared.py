"""Every kind of edit as a value: it can be run, written as JSON, and read from there strictly."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from torch import nn

from paramwidget.edit.actions.apply import Apply
from paramwidget.edit.actions.initialize import Initialize
from paramwidget.edit.actions.outcome import Outcome
from paramwidget.edit.actions.tie import Tie, Untie
from paramwidget.edit.actions.values import Assign, Compute, Require
from paramwidget.edit.errors import EditError, listed, quoted
from paramwidget.edit.script import function_name
from paramwidget.edit.values.index import parse_index, unparsed
from paramwidget.edit.values.numbers import number_text
from paramwidget.slots.tree import Tree


class Action(Protocol):
    """Something that can be done to a model."""

    @property
    def kind(self) -> str: ...

    def run(self, net: nn.Module, tree: Tree) -> Outcome:
        """Do it as a whole, or raise EditError with every byte as it was."""


def to_json(action: Action, seed: int | None = None) -> dict[str, Any]:
    """The action as a JSON object; numbers as text, functions by name, ``seed`` as it was drawn.

    An argument that no text can carry is its repr, and will be refused when it is read.
    """
    match action:
        case Initialize():
            name = action.function
            fields: dict[str, Any] = {
                "target": _name(action.target),
                "function": name if isinstance(name, str) else function_name(name),
                "types": None
                if action.types is None
                else [_type(t) for t in _several(action.types)],
                "parameters": None if action.parameters is None else _several(action.parameters),
                "seed": number_text(seed) if seed is not None else _seed(action.seed),
                "arguments": {key: number_text(value) for key, value in action.arguments.items()},
            }
        case Apply():
            fields = {
                "function": function_name(action.function),
                "target": _name(action.target),
                "recurse": action.recurse,
                "seed": number_text(seed) if seed is not None else _seed(action.seed),
            }
        case Assign():
            fields = {
                "target": _name(action.target),
                "index": unparsed(action.index),
                "value": number_text(action.value),
            }
        case Compute():
            fields = {
                "target": _name(action.target),
                "expression": str(action.expression),
                "index": unparsed(action.index),
            }
        case Require():
            fields = {"target": _name(action.target), "value": action.value}
        case Tie():
            fields = {"first": _name(action.first), "second": _name(action.second)}
        case Untie():
            fields = {"target": _name(action.target)}
        case _:
            raise EditError(f"{quoted(action)} is no action that JSON can hold")
    return {"kind": action.kind, **fields}


def _name(name: Any) -> str | list[str]:
    return name if isinstance(name, str) else [str(part) for part in name]


def _several(given: Any) -> list[Any]:
    return [given] if isinstance(given, (str, type)) else list(given)


def _type(given: str | type) -> str | dict[str, str]:
    """A class means its subclasses too, which a text does not."""
    if isinstance(given, str):
        return given
    return {"class": f"{given.__module__}:{given.__qualname__}"}


def _seed(seed: Any) -> str | None:
    return None if seed is None else number_text(seed)


_FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "initialize": {
        "target": (str, list), "function": (str,), "types": (list, type(None)),
        "parameters": (list, type(None)), "seed": (str, type(None)), "arguments": (dict,),
    },
    "apply": {
        "function": (str,), "target": (str, list), "recurse": (bool,), "seed": (str, type(None)),
    },
    "assign": {"target": (str, list), "index": (str,), "value": (str,)},
    "compute": {"target": (str, list), "expression": (str,), "index": (str,)},
    "require": {"target": (str, list), "value": (bool,)},
    "tie": {"first": (str, list), "second": (str, list)},
    "untie": {"target": (str, list)},
}  # fmt: skip


def from_json(content: object, functions: Mapping[str, Callable[..., Any]] | None = None) -> Action:
    """The action in a JSON object; ``functions`` are the user's own, by name.

    Raises EditError for a kind that is none, a field too many, missing or of a wrong type, and a
    function that is not there. Nothing is imported and no text is run.
    """
    if not isinstance(content, dict) or str(content.get("kind")) not in _FIELDS:
        raise EditError(f"{quoted(content)} is no action; there are {listed(list(_FIELDS))}")
    wanted = _FIELDS[str(content["kind"])]
    given = {key: value for key, value in content.items() if key != "kind"}
    if given.keys() != wanted.keys():
        raise EditError(f"{content['kind']} has the fields {listed(list(wanted))}, "
                        f"not {listed(sorted(map(str, given)))}")  # fmt: skip
    for key, types in wanted.items():
        if type(given[key]) not in types:
            raise EditError(f"{key} cannot be {quoted(given[key])}", key)
    for key in ("target", "first", "second"):
        if isinstance(given.get(key), list):
            given[key] = _strings(given[key], key)
    return _built(content["kind"], given, functions or {})


def _strings(given: list[Any], key: str) -> tuple[str, ...]:
    if not all(isinstance(part, str) for part in given):
        raise EditError(f"{key} is a list of texts, not {quoted(given)}", key)
    return tuple(given)


def _built(kind: str, given: dict[str, Any], functions: Mapping[str, Callable[..., Any]]) -> Action:
    if kind == "initialize":
        if not all(isinstance(value, str) for value in given["arguments"].values()):
            raise EditError("the arguments of an initializer travel as text", "arguments")
        types, parameters = given["types"], given["parameters"]
        given["types"] = None if types is None else tuple(_class(one) for one in types)
        given["parameters"] = None if parameters is None else _strings(parameters, "parameters")
        given["function"] = functions.get(given["function"], given["function"])
        return Initialize(**given)
    if kind == "apply":
        if given["function"] not in functions:
            raise EditError(f"there is no function {quoted(given['function'])}", "function")
        given["function"] = functions[given["function"]]
        return Apply(**given)
    if kind == "assign":
        return Assign(**given)
    if kind == "compute":
        given["index"] = parse_index(given["index"])
        return Compute(**given)
    if kind == "require":
        return Require(**given)
    return Tie(**given) if kind == "tie" else Untie(**given)


def _class(given: object) -> str | type:
    """A module class of those that are loaded already."""
    if isinstance(given, str):
        return given
    if isinstance(given, dict) and given.keys() == {"class"} and isinstance(given["class"], str):
        module, _, path = given["class"].partition(":")
        found: Any = sys.modules.get(module)
        for name in path.split("."):
            found = vars(found).get(name) if hasattr(found, "__dict__") else None
        if isinstance(found, type) and issubclass(found, nn.Module):
            return found
    raise EditError(f"{quoted(given)} is no class of modules that is loaded", "types")


__all__ = [
    "Action",
    "Apply",
    "Assign",
    "Compute",
    "Initialize",
    "Require",
    "Tie",
    "Untie",
    "from_json",
    "to_json",
]
