"""Who holds a widget: the user, or nobody but the registry of widgets and IPython's outputs.

Python counts the references to an object. Those that are not the user's are known one by one, so
what is left over is a variable, a container, a closure, or a call that is running. Where something
unknown holds the widget, it counts as the user's.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any

from paramwidget import compat


def users(held: weakref.ref[Any], known: int = 0) -> bool:
    """Whether the user holds this widget; ``known`` counts references that the caller knows of."""
    return references(held) > known + _not_the_users(held)


def references(held: weakref.ref[Any]) -> int:
    """How many references there are to an object."""
    return sys.getrefcount(held()) - _COUNTING


def in_outputs(held: weakref.ref[Any]) -> int:
    """How many references IPython keeps to what a cell has shown: ``Out``, ``_`` and their kin."""
    widget = held()
    return sum(one is widget for one in compat.kept_outputs())


def containers(held: weakref.ref[Any]) -> list[weakref.ref[Any]]:
    """The boxes of ipywidgets that have this widget among their children, once for each place."""
    widget = held()
    found = []
    for box in list(compat.widget_registry().values()):
        children = compat.children(box)
        found += [weakref.ref(box)] * sum(child is widget for child in children)
    return found


def _not_the_users(held: weakref.ref[Any]) -> int:
    """References by ipywidgets, by IPython, and by boxes that the user does not hold either."""
    return (
        compat.registrations(held)
        + in_outputs(held)
        + sum(not _box_is_held(box) for box in containers(held))
    )


def _box_is_held(box: weakref.ref[Any]) -> bool:
    """Whether the user holds a box, or the tuple of its children."""
    values = vars(box())["_trait_values"]
    return sys.getrefcount(values["children"]) > _COUNTING + 1 or users(box)


class _Probe:
    pass


def _counting() -> int:
    """What the count itself adds; it depends on the version of Python."""
    probe = _Probe()
    return sys.getrefcount(weakref.ref(probe)()) - 1


_COUNTING = _counting()
