"""The user's functions that ran, by name, and held weakly: one may hold the model."""

from __future__ import annotations

import types
import weakref
from collections.abc import Callable
from typing import Any

from paramwidget.edit.script import function_name


class Functions:
    """Which function ran first under each name."""

    def __init__(self) -> None:
        self._first: dict[str, Callable[[], Any]] = {}

    def is_another(self, function: Any) -> bool:
        """Whether another function ran before under the name of this one."""
        first = self._first.setdefault(function_name(function), _weakly(function))()
        if isinstance(function, types.MethodType) and isinstance(first, types.MethodType):
            # a method is a new object each time that it is looked up
            same = first.__self__ is function.__self__ and first.__func__ is function.__func__
            return not same
        return first is not function


def _weakly(function: Any) -> Callable[[], Any]:
    try:
        if isinstance(function, types.MethodType):
            return weakref.WeakMethod(function)
        return weakref.ref(function)
    except TypeError:  # a class of the user's with __slots__
        return lambda: function
