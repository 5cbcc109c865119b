"""Counts the parameters of the models in a list, within the time that one answer may take."""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Callable
from typing import Any

from paramwidget.slots.tree import Totals, read_tree
from paramwidget.tensors import neutral

COUNTING = 0.1  # s that one answer may spend on counting parameters

_log = logging.getLogger("paramwidget")
_known: dict[int, tuple[weakref.ref[Any], Totals]] = {}


class Counter:
    """Counts parameters within the time of one answer; after that, uses earlier counts."""

    def __init__(self) -> None:
        self._end = 0.0
        self.unfinished = False

    @neutral()
    def totals(self, module: Any) -> Totals | None:
        """The module's totals; None if there is no time left and nothing is known."""
        known = _known.get(id(module))
        self._end = self._end or time.monotonic() + COUNTING
        if time.monotonic() < self._end:
            try:
                totals = read_tree(module).totals
            except Exception:  # a model that cannot be read does not hide the others
                _log.exception("paramwidget: a model could not be counted")
                return None
            _known[id(module)] = (weakref.ref(module, _forget(id(module))), totals)
            return totals
        self.unfinished = True
        return known[1] if known is not None and known[0]() is module else None


def _forget(key: int) -> Callable[[weakref.ref[Any]], None]:
    def forget(gone: weakref.ref[Any]) -> None:
        if key in _known and _known[key][0] is gone:
            del _known[key]

    return forget
