"""The arguments of an initializer: typed or passed, checked before anything runs."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from paramwidget.edit.errors import EditError, listed, quoted
from paramwidget.edit.initializers.catalogue import REQUIRED, Argument, Initializer, signature_of
from paramwidget.edit.values.literals import python_of
from paramwidget.edit.values.numbers import number_of, parse_number, plain_number
from paramwidget.namespace import is_name

_MOST = 100  # arguments of a function that takes any
_LONGEST = 1000  # characters of an argument's name


def arguments_of(entry: Initializer, given: Mapping[str, Any]) -> dict[str, Any]:
    """The given arguments as values of their types, torch's with every default filled in.

    A string is what was typed; an empty one asks for the default. Raises EditError with the
    argument as its ``where``.
    """
    known = {argument.name: argument for argument in entry.arguments}
    values: dict[str, Any] = {}
    if len(given) > _MOST or any(len(name) > _LONGEST for name in given):
        raise EditError(
            f"an initializer takes at most {_MOST} arguments, with names of at most {_LONGEST} "
            "characters",
            "arguments",
        )
    for name, value in given.items():
        if name not in known and not (entry.source == "user" and _takes_keywords(entry)):
            raise EditError(_unknown_argument(entry, name), name)
        if not (isinstance(value, str) and not value.strip()):
            values[name] = _value(entry, known.get(name), name, value)
    for argument in entry.arguments:
        if argument.name not in values:
            if argument.fallback is REQUIRED:
                raise EditError(f"{entry.name} needs the argument {argument.name}", argument.name)
            if entry.source == "torch":
                values[argument.name] = argument.fallback
    if entry.source == "torch":
        _check_values(entry.name, values)
    return values


def _takes_keywords(entry: Initializer) -> bool:
    signature = signature_of(entry.function)
    return signature is None or any(
        parameter.kind is inspect.Parameter.VAR_KEYWORD
        for parameter in signature.parameters.values()
    )


def _unknown_argument(entry: Initializer, name: str) -> str:
    if name == "generator":
        return "a generator cannot be passed: each edit draws from its own; pass seed= instead"
    takes = listed([argument.name for argument in entry.arguments]) or "none"
    return f"{entry.name} has no argument {quoted(name, 30)}; its arguments: {takes}"


def _value(entry: Initializer, argument: Argument | None, name: str, value: Any) -> Any:
    if entry.source == "user" and not isinstance(value, str):
        return value
    if argument is None or argument.type == "any":
        return _typed_freely(value)
    if argument.type == "text":
        return value
    if argument.type == "choice":
        if entry.source == "torch" and value not in argument.choices:
            raise EditError(
                f"{name} must be one of {listed(argument.choices, 20)}, got {quoted(value)}", name
            )
        return value
    if argument.type == "boolean":
        if not isinstance(value, bool) and str(value).strip().lower() not in ("true", "false"):
            raise EditError(f"{name} must be true or false, got {quoted(value)}", name)
        return str(value).strip().lower() == "true"
    if entry.name == "constant_":
        return number_of(value, torch.complex128, name)  # each dtype decides later
    number = real_number(value, name)
    if argument.type == "integer":
        if number != number or math.isinf(number) or int(number) != number:
            raise EditError(f"{name} must be an integer, got {quoted(value)}", name)
        return int(number)
    return number


def _typed_freely(value: Any) -> Any:
    """A string for an argument of the user's function that may be anything: a number if it can."""
    try:
        return parse_number(value, torch.float64)
    except EditError:
        return value


def real_number(value: Any, name: str) -> float | int:
    """A real number, typed or passed; bool, complex and words are refused."""
    if isinstance(value, str):
        value = parse_number(value, torch.float64, name)
    elif isinstance(value, torch.Tensor) and not value.dim() and not value.is_meta:
        value = value.detach().item()
    elif isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise EditError(f"{name} must be a real number, got {quoted(value)}", name)
    if isinstance(value, int) and abs(value) > 2**1023:
        raise EditError(f"{name} is too large for float64", name)
    plain = plain_number(value)
    assert not isinstance(plain, complex)
    return plain


def _check_values(name: str, values: dict[str, Any]) -> None:
    """Refuse what torch would refuse halfway, or accept silently with meaningless results."""
    for key, value in values.items():
        if isinstance(value, float) and not math.isfinite(value) and key != "val":
            raise EditError(f"{key} must be a finite number, got {value}", key)
    for key in ("std", "gain") if name != "orthogonal_" else ():
        if key in values and values[key] < 0:
            raise EditError(f"{key} must be 0 or more, got {_short(values[key])}", key)
    if name == "uniform_" and values["a"] > values["b"]:
        raise EditError(_order(values, "no greater than"), "a")
    if name == "trunc_normal_":
        _check_truncated(**values)
    if name == "sparse_" and not 0 <= values["sparsity"] <= 1:
        raise EditError(
            f"sparsity must be between 0 and 1, got {_short(values['sparsity'])}", "sparsity"
        )
    if name == "dirac_" and values["groups"] < 1:
        raise EditError(f"groups must be 1 or more, got {values['groups']}", "groups")
    if "nonlinearity" in values:
        try:
            torch.nn.init.calculate_gain(values["nonlinearity"], values["a"])
        except ValueError as error:
            raise EditError(str(error), "nonlinearity") from None


def _short(value: float) -> str:
    return f"{value:.6g}"


def _order(values: dict[str, Any], relation: str) -> str:
    return f"a must be {relation} b, got a={_short(values['a'])} and b={_short(values['b'])}"


def _check_truncated(mean: float, std: float, a: float, b: float) -> None:
    if std <= 0:
        raise EditError(f"std must be greater than 0, got {_short(std)}", "std")
    if a >= b:
        raise EditError(_order({"a": a, "b": b}, "less than"), "a")
    away = max(a - mean, mean - b, 0.0) / std
    if away > 8:
        raise EditError(
            f"mean is {_short(away)} std outside [a, b], where almost no draw would fall; "
            "at most 8 std are supported",
            "mean",
        )


def call_text(arguments: Mapping[str, Any], entry: Initializer) -> tuple[str, list[str]]:
    """``, gain=2.0``: the arguments of a call in Python; torch's without the defaults.

    Then a sentence for each that the script cannot hold. A keyword that is not a name that Python
    can read, which a function with ``**keywords`` accepts, stands in a dict.
    """
    known = {argument.name: argument.fallback for argument in entry.arguments}
    defaults = known if entry.source == "torch" else {}
    parts, lacks = [], []
    for key, value in arguments.items():
        if _same(defaults.get(key, REQUIRED), value):
            continue
        name, (text, lack) = str.__str__(key), python_of(value)
        parts.append(f"{name}={text}" if is_name(name) else f"**{{{name!r}: {text}}}")
        if lack:
            lacks.append(f"the argument {name if is_name(name) else quoted(name, 30)} {lack}")
    return "".join(f", {part}" for part in parts), lacks


def _same(default: Any, value: Any) -> bool:
    """Whether a value is the default; -0.0 is not 0.0."""
    return type(default) in (int, float, str, bool) and bool(
        default == value and str(default)[:1] == str(value)[:1]
    )
