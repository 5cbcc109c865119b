"""The user's variables, and the names that Python can read; runs none of the user's code."""

from __future__ import annotations

import sys
import weakref
from itertools import compress, repeat
from keyword import iskeyword
from operator import is_
from typing import Any
from unicodedata import normalize

from paramwidget import compat

#: What a model is called that no variable holds.
NET = "net"


def is_name(text: object) -> bool:
    """Whether Python reads exactly this as an identifier; it folds some letters into others."""
    return (
        type(text) is str
        and text.isidentifier()
        and not iskeyword(text)
        and text != "__debug__"
        and normalize("NFKC", text) == text
    )


def is_shown(name: object) -> bool:
    """Whether a variable of this name is the user's own and public."""
    return is_name(name) and not str(name).startswith("_")


def checked(name: object) -> str:
    """A name for a model: a variable, or attributes of one (``model.encoder``).

    Raises ValueError for anything else.
    """
    if type(name) is str and name and all(map(is_name, name.split("."))):
        return name
    shown = repr(name)[:60] if type(name) is str else type(name).__name__
    raise ValueError(f'name must be a variable such as "encoder" or "model.encoder", got {shown}')


def variables() -> dict[str, Any]:
    """The user's namespace itself: IPython's, else that of ``__main__``."""
    shell = compat.interactive_shell()
    found = sys.modules.get("__main__") if shell is None else None
    names: Any = getattr(found, "__dict__", {}) if shell is None else shell.user_ns
    return names if isinstance(names, dict) else {}


class ModelName:
    """What the user calls a model at the moment of asking; keeps no reference to the model."""

    def __init__(self, net: Any) -> None:
        self._net = weakref.ref(net)
        self._last = ""  # the variable that was found; valid as long as it is the model
        self.given: str | None = None  # by the user, instead of what is found

    def __call__(self) -> str:
        """The name that was given, else the first public variable that is the model."""
        if self.given is not None:
            return self.given
        net, names = self._net(), variables()
        if net is None:
            return NET
        if not self._last or dict.get(names, self._last) is not net:
            self._last = _variable_of(net, names)
        return self._last or NET


def _variable_of(net: Any, names: dict[str, Any]) -> str:
    """The first public variable that is this object; "" if there is none.

    In a copy, since another thread may be adding variables.
    """
    names = dict.copy(names)
    found = compress(names, map(is_, names.values(), repeat(net)))
    return next(filter(is_shown, found), "")
