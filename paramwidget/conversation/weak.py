"""Calls of a method that do not keep its object alive."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any


def weakly(method: Callable[..., None]) -> Callable[..., None]:
    """The bound method without its hold on the object; once that is gone, nothing happens."""
    held: weakref.WeakMethod[Any] = weakref.WeakMethod(method)

    def call(*given: Any) -> None:
        alive = held()
        if alive is not None:
            alive(*given)

    return call
