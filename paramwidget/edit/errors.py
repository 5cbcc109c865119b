"""EditError: what was asked, why it cannot be done, and which argument is at fault."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from paramwidget.protocol.halves import shown

#: Slots that a warning or a refusal names one by one.
MOST_NAMES = 100

#: How torch's allocators say that memory has ended, and how much was asked for.
_ALLOCATION = re.compile("out of memory|not enough memory|can't allocate memory", re.IGNORECASE)
_ASKED = re.compile(r"tried to allocate (\d+(?:\.\d+)? ?\w+)", re.IGNORECASE)


class EditError(ValueError):
    """An edit that was refused; the model is unchanged.

    ``where`` names the argument at fault ("value", "expression", "index", "target", "seed", or an
    argument of the initializer), so that a view can show it beside the right control. Half a
    character in the message is escaped, so that it can be printed.
    """

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(shown(message))
        self.where = where


def no_memory(error: BaseException) -> str | None:
    """What to say of an error by which Python or torch tells that memory has ended, else None."""
    text = str(error) if isinstance(error, (MemoryError, RuntimeError)) else ""
    if not isinstance(error, MemoryError) and not _ALLOCATION.search(text):
        return None
    asked = _ASKED.search(text)
    return "not enough memory" + (f": {asked[1]} could not be allocated" if asked else "")


def listed(words: Iterable[object], most: int = 6) -> str:
    """A list for a sentence: "a, b and 3 more"."""
    names = [str(word) for word in words]
    if len(names) > most:
        names, rest = names[:most], len(names) - most
        return f"{', '.join(names)} and {rest} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


@dataclass(frozen=True)
class Problem:
    """Why some slots cannot be given back what they held.

    ``of_one`` goes on after one name, ``of_many`` after several. ``detail`` follows it where it is
    the same for all that share the problem.
    """

    names: tuple[str, ...]
    of_one: str
    of_many: str
    detail: str = ""


def in_words(problems: Iterable[Problem]) -> str:
    """Each problem once, after the names of all that have it; "" if there is none."""
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.of_one, problem.of_many), []).append(problem)
    said = []
    for about, group in groups.items():
        names = dict.fromkeys(name for problem in group for name in problem.names)
        details = dict.fromkeys(problem.detail for problem in group)
        detail = "".join(details) if len(details) == 1 else ""
        said.append(f"{listed(names, MOST_NAMES)} {about[len(names) > 1]}{detail}")
    return "; ".join(said)


def counted(number: int, noun: str) -> str:
    """ "1 slot", "2 slots"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def quoted(value: object, most: int = 60) -> str:
    """A value as one short line, for a sentence; never raises, even if the value's repr does."""
    if type(value) is int and value.bit_length() > 3 * most:
        return f"an integer of {value.bit_length()} bits"
    try:
        text = repr(value[: most * 10] if type(value) is str else value)
    except Exception:
        text = f"<{type(value).__name__}>"
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
