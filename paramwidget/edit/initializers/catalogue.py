"""The catalogue: every initializer of torch.nn.init, reset_parameters, and the user's own."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar, overload

import torch

from paramwidget.edit.errors import EditError, listed, quoted
from paramwidget.edit.script import function_name

RESET: Final = "reset_parameters"
REQUIRED: Final = inspect.Parameter.empty  # the default of an argument that has none

_DETERMINISTIC = {"constant_", "ones_", "zeros_", "eye_", "dirac_"}
_NONLINEARITIES = ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
                   "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu")  # fmt: skip
_CHOICES = {"mode": ("fan_in", "fan_out"), "nonlinearity": _NONLINEARITIES}

#: What ``bench.initialize`` calls its own arguments, so that none of a function's is meant.
_TAKEN = ("self", "target", "function", "types", "parameters", "index", "seed")

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)


@dataclass(frozen=True)
class Argument:
    """One argument of an initializer beside the tensor."""

    name: str
    type: Literal["number", "integer", "boolean", "choice", "text", "any"]
    fallback: Any = REQUIRED  # the default value
    choices: tuple[str, ...] = ()

    @property
    def default(self) -> str | None:
        """The default as it would be typed; None if the argument is required."""
        if self.fallback is REQUIRED:
            return None
        return "" if self.fallback is None else str(self.fallback)


@dataclass(frozen=True)
class Initializer:
    """One initializer."""

    name: str
    source: Literal["torch", "module", "user"]
    summary: str  # the first paragraph of its documentation
    doc: str
    arguments: tuple[Argument, ...]
    random: bool  # whether a seed matters; assumed for user functions
    function: Function | None = None  # None for reset_parameters: each module has its own


_users: dict[str, Initializer] = {}


@overload
def initializer(function: F, /) -> F: ...
@overload
def initializer(*, name: str | None = None) -> Callable[[F], F]: ...
def initializer(function: Any = None, /, *, name: str | None = None) -> Any:
    """Register a function that fills one tensor in place, to be listed with torch's own.

    >>> @initializer
    ... def bizarre(tensor, low=5.0, high=10.0):
    ...     tensor.uniform_(-high, high)
    ...     tensor *= tensor.abs() >= low

    It runs under ``no_grad`` on a copy of the tensor, so that an exception leaves the model
    unchanged; its return value is ignored. The function itself is returned unchanged. Defining it
    again under the same name replaces it. Raises ValueError for a name that torch.nn.init has, and
    for an argument that ``bench.initialize`` has itself, such as ``seed``.
    """
    if function is None:
        return lambda decorated: _register(decorated, name)
    return _register(function, name)


def _register(function: F, name: str | None) -> F:
    if not callable(function):
        raise TypeError(f"@initializer expects a function, got {quoted(function)}")
    name = name if name is not None else getattr(function, "__name__", "")
    if not isinstance(name, str) or not name.strip():
        raise ValueError("an initializer needs a name; pass it as @initializer(name=...)")
    if name == RESET or name in _torch() or f"{name}_" in _torch():
        raise ValueError(f"{name!r} is a function of torch.nn.init; choose another name")
    entry = _described(name, function)
    for argument in entry.arguments:
        if argument.name in _TAKEN:
            raise ValueError(
                f"an initializer may have no argument called {argument.name!r}, which "
                "bench.initialize has itself; call it something else"
            )
    _users[name] = entry
    return function


def catalogue() -> list[Initializer]:
    """Every initializer: torch's in its order, the module's own, then the user's."""
    return [*_torch().values(), _RESET, *_users.values()]


def find(asked: str | Function) -> Initializer:
    """The initializer of a name (with or without its underscore) or of a function."""
    if isinstance(asked, str):
        name = asked.strip().removeprefix("torch.").removeprefix("nn.").removeprefix("init.")
        for table in (_torch(), {RESET: _RESET, "_reset_parameters": _RESET}, _users):
            for key in (asked, name, f"{name}_"):
                if key in table:
                    return table[key]
        raise EditError(
            f"unknown initializer {quoted(asked)}; the initializers are "
            f"{listed([entry.name for entry in catalogue()], 40)}",
            "name",
        )
    if not callable(asked):
        raise EditError(f"{quoted(asked)} is neither a name nor a function", "name")
    for entry in (*_torch().values(), *_users.values()):
        if entry.function is asked:
            return entry
    old = getattr(asked, "__name__", "")
    if getattr(torch.nn.init, old, None) is asked and f"{old}_" in _torch():
        return _torch()[f"{old}_"]  # the deprecated spelling without an underscore
    return _described(function_name(asked), asked)


_torch_table: dict[str, Initializer] = {}


def _torch() -> dict[str, Initializer]:
    """torch.nn.init's functions: those whose name ends in _, which there means in place."""
    if not _torch_table:
        for name, function in vars(torch.nn.init).items():
            if name.endswith("_") and not name.startswith("_") and inspect.isfunction(function):
                _torch_table[name] = _described(name, function, "torch")
    return _torch_table


def _described(
    name: str, function: Function, source: Literal["torch", "user"] = "user"
) -> Initializer:
    signature = signature_of(function)
    found = list(signature.parameters.values())[1:] if signature is not None else []
    plain = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    arguments = tuple(
        _argument(parameter)
        for parameter in found
        if parameter.kind in plain and not (source == "torch" and parameter.name == "generator")
    )
    doc = inspect.getdoc(function) or ""
    random = source != "torch" or name not in _DETERMINISTIC
    return Initializer(name, source, _summary(doc), doc, arguments, random, function)


def signature_of(function: Function | None) -> inspect.Signature | None:
    """The signature, with annotations that are strings resolved where they can be."""
    if function is None:
        return None
    try:
        return inspect.signature(function, eval_str=True)
    except Exception:  # an annotation may name anything
        pass
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _argument(parameter: inspect.Parameter) -> Argument:
    default, name, annotation = parameter.default, parameter.name, parameter.annotation
    choices = typing.get_args(annotation)
    if choices and all(isinstance(choice, str) for choice in choices):
        return Argument(name, "choice", default, choices)
    if isinstance(default, str) and default in _CHOICES.get(name, ()):
        return Argument(name, "choice", default, _CHOICES[name])
    if isinstance(default, str) or annotation in (str, "str"):
        return Argument(name, "text", default)
    if isinstance(default, bool) or annotation in (bool, "bool"):
        return Argument(name, "boolean", default)
    if default is None or (default is REQUIRED and annotation is inspect.Parameter.empty):
        return Argument(name, "any", default)
    if isinstance(default, int) and annotation not in (float, "float"):
        return Argument(name, "integer" if name == "groups" else "number", default)
    return Argument(name, "integer" if annotation in (int, "int") else "number", default)


def _summary(doc: str) -> str:
    """The first paragraph as plain text, without the markup of a formula."""
    paragraph = " ".join(doc.strip().split("\n\n")[0].split())
    plain = re.sub(r":\w+:`([^`]*)`", r"\1", paragraph).replace("`", "")
    return re.sub(r"\\(?:mathcal|text)\{([^}]*)\}", r"\1", plain)


_RESET = Initializer(
    RESET,
    "module",
    "What the layer itself does when it is created.",
    "Calls the module's own reset_parameters(), with a private seed.",
    (),
    True,
)
