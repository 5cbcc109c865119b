"""Whether attribute lookup on a class asks the registries first; nothing of the class is run.

Wrappers (PEFT's, and many of the user's) define ``__getattr__`` as "what nn.Module finds, else what
the inner model has". Of a method that begins so, the rest does not matter for what is registered.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

import torch
from torch import nn

from paramwidget import compat

_mro = vars(type)["__mro__"].__get__
_class_dict = vars(type)["__dict__"].__get__

# What has no effect of its own before the first return; SETUP_FINALLY begins a ``try``.
_SILENT = ("RESUME", "NOP", "COPY_FREE_VARS", "SETUP_FINALLY", "NOT_TAKEN")

_VARIABLE_ARGUMENTS = 0x04 | 0x08  # the flags of *args and **keywords
_OWNER = ("LOAD_GLOBAL", "_AnyClass")

#: An instruction: its name and what it is about; of a local variable, which one.
_Step = tuple[str, Any]


def asks_registries_first(owner: type) -> bool:
    """True if an attribute that no class and no ``__dict__`` has is what the registries hold."""
    mro = list(_mro(owner))
    known = (vars(nn.Module)["__getattr__"], *compat.faithful_getattr())
    while mro:
        method = _class_dict(mro.pop(0)).get("__getattr__")
        if method is None:
            continue
        if any(method is one for one in known):
            return True
        after = _asked_first(method)
        if after is nn.Module:
            return True
        if after is None or not any(base is after for base in _mro(owner)):
            return False
        mro = list(_mro(owner))
        while mro.pop(0) is not after:
            pass
    return False


def _asked_first(method: Any) -> type | None:
    """Where a method that begins by returning what ``__getattr__`` of another class finds looks.

    The class after which ``super()`` begins, or nn.Module where that is named; None for any other
    method.
    """
    if type(method) is not FunctionType:
        return None
    code = method.__code__
    if code.co_argcount != 2 or code.co_kwonlyargcount or code.co_flags & _VARIABLE_ARGUMENTS:
        return None
    steps = list(_beginning(code))
    for usual in _USUAL:
        found: Any = _start(steps, usual, method)
        if issubclass(type(found), type):
            named: type = found
            return named
    return None


def _beginning(code: CodeType) -> Iterator[_Step]:
    """The instructions up to the first return."""
    for step in dis.get_instructions(code):
        if step.opname in _SILENT:
            continue
        yield step.opname, step.arg if step.opname.startswith("LOAD_FAST") else step.argval
        if step.opname == "RETURN_VALUE":
            return


def _start(steps: list[_Step], usual: FunctionType, method: FunctionType) -> Any:
    """The class that a method names where it begins as ``usual`` does; None if it does not."""
    start: Any = nn.Module
    if "__class__" in usual.__code__.co_freevars:
        start = _held(("LOAD_DEREF", "__class__"), method)
    expected = list(_beginning(usual.__code__))
    if len(steps) != len(expected):
        return None
    for own, step in zip(steps, expected, strict=True):
        if step == _OWNER:  # super(Wrapper, self), whatever the class is called
            start = _held(own, method)
        elif own != step or (own[0] == "LOAD_GLOBAL" and not _means_the_same(own[1], method)):
            return None
    return start


def _held(step: _Step, method: FunctionType) -> Any:
    """What a variable that a function reads holds now."""
    opname, name = step
    if opname == "LOAD_GLOBAL":
        return method.__globals__.get(name)
    free = method.__code__.co_freevars
    if opname != "LOAD_DEREF" or name not in free:
        return None
    try:
        return (method.__closure__ or ())[free.index(name)].cell_contents
    except ValueError:  # not assigned yet
        return None


def _means_the_same(name: str, method: FunctionType) -> bool:
    """Whether a global name means to the function what it means in this file."""
    nothing = object()
    here = globals().get(name, nothing)
    return method.__globals__.get(name, nothing) is here or (
        here is nothing and name not in method.__globals__
    )


class _AnyClass(nn.Module):
    """Stands for the class that a method of the user's names."""


class _Usual(_AnyClass):
    """The usual ways to begin; Python compiles them as it compiles those of the user's."""

    def first(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.module, name)

    def first_of_class(self, name: str) -> Any:
        try:
            return super(_AnyClass, self).__getattr__(name)
        except AttributeError:
            return getattr(self.module, name)

    def first_of_module(self, name: str) -> Any:
        try:
            return nn.Module.__getattr__(self, name)
        except AttributeError:
            return getattr(self.module, name)

    def first_of_torch(self, name: str) -> Any:
        try:
            return torch.nn.Module.__getattr__(self, name)
        except AttributeError:
            return getattr(self.module, name)

    def only(self, name: str) -> Any:
        return super().__getattr__(name)

    def only_of_class(self, name: str) -> Any:
        return super(_AnyClass, self).__getattr__(name)


_USUAL = [value for value in vars(_Usual).values() if type(value) is FunctionType]
