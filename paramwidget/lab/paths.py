"""From the user's variables to a module and back: the steps between, and the Python they mean."""

from __future__ import annotations

from itertools import islice
from typing import Any

from IPython import get_ipython

from paramwidget.lab.finding import Found, follow, held_in, variables
from paramwidget.protocol import LabStep

MOST_ROWS = 200  # of one list; the rest is counted


def namespace() -> tuple[dict[str, Any], dict[str, Any]]:
    """A copy of the user's namespace, and the names that IPython put into it."""
    shell = get_ipython()
    if shell is None:
        return {}, {}
    return shell.user_ns.copy(), shell.user_ns_hidden.copy()


def follow_path(names: dict[str, Any], path: list[LabStep]) -> tuple[Found, str] | None:
    """What a path leads to and the Python expression for it; None if it leads nowhere."""
    if not path or path[0].kind != "name" or path[0].key not in names:
        return None
    held, expression = Found(path[0], names[path[0].key], ""), path[0].key
    for step in path[1:]:
        found = follow(held.value, step)
        if found is None:
            return None
        held, expression = found, expression + found.suffix
    return held, expression


def path_to(module: Any) -> list[LabStep]:
    """The path to a module from the user's variables: a variable itself, or one step inside."""
    found = list(variables(*namespace()))
    for held in found:
        if held.value is module:
            return [held.step]
    for holder in found:
        for held in islice(held_in(holder.value), MOST_ROWS):
            if held.value is module:
                return [holder.step, held.step]
    return []


def path_text(path: list[LabStep]) -> str:
    """A path for a sentence: "models ▸ 0"."""
    return " ▸ ".join(sendable(step.key) for step in path) or "It"


def sendable(text: str) -> str:
    """The text as valid UTF-8: a class may have any string as its name."""
    return text.encode("utf-8", "replace").decode("utf-8")[:200]
