"""What is done to the model: the journal, what the forms offer, and the replies to intents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from paramwidget.protocol.fields import Name
from paramwidget.protocol.message import ToBrowser


@dataclass(frozen=True)
class Entry:
    """One line of the journal. ``error`` is the traceback of a user's function that raised.

    ``of`` is what the line tells: an edit, a change by something else, values that an undo put
    away, an undone edit that another one followed, a function that failed.
    """

    title: str
    names: list[str]  # the first few
    changed: int
    skipped: list[str]  # the slots that were left out and why, for the first few reasons
    seed: str
    warnings: list[str]
    code: str
    stands: bool
    error: str
    of: Literal["edit", "outside", "replaced", "dropped", "failed"] = "edit"
    number: int = -1  # its place in the whole journal
    can_be_brought_back: bool = False
    left_out: int = 0


@dataclass(frozen=True)
class Journal(ToBrowser):
    """The edits, oldest first; what undo and redo would do next ("" for nothing).

    Unless it is ``whole``, only the lines that are new or have changed are sent, to be put in place
    by their numbers; of the code, what follows the first ``code_kept`` characters. Lines before
    ``first`` are no longer shown.
    """

    entries: list[Entry]
    undo: str
    redo: str
    code: str
    whole: bool = True
    code_kept: int = 0
    first: int = 0


@dataclass(frozen=True)
class Argument:
    """One argument of an initializer; ``default`` as typed, null if the argument is required."""

    name: str
    type: Literal["number", "integer", "boolean", "choice", "text", "any"]
    default: str | None
    choices: list[str]


@dataclass(frozen=True)
class Initializer:
    name: Name
    source: Literal["torch", "module", "user"]
    summary: str
    doc: str
    arguments: list[Argument]
    random: bool


@dataclass(frozen=True)
class Function:
    """What an expression may hold: how it is written, and what it means."""

    call: str  # "clamp(w, low, high)"
    means: str


@dataclass(frozen=True)
class Catalog(ToBrowser):
    """What the forms offer: every initializer, and the language of expressions."""

    initializers: list[Initializer]
    functions: list[Function]
    examples: list[str]  # whole expressions


@dataclass(frozen=True)
class Status(ToBrowser):
    """Whether a cell is running, and how many edits are waiting for a safe moment.

    ``polls``: nobody tells Python that a cell has ended, so a visible view asks about once a
    second. ``notice`` is a sentence for the person: why the page is sent nothing else.
    """

    busy: bool
    waiting: int
    polls: bool
    notice: str = ""


@dataclass(frozen=True)
class Skipped:
    reason: str
    count: int
    names: list[str]  # the first few


@dataclass(frozen=True)
class Preview:
    """A dry run: how many tensors, which are skipped and why, and what it would give."""

    count: int
    names: list[str]  # the first few
    skipped: list[Skipped]
    promise: str  # "fan_in 20, fan_out 256, bound 0.147, std 0.085"
    warnings: list[str] = field(default_factory=list)  # what else it would do, as write a file


@dataclass(frozen=True)
class Reply(ToBrowser):
    """The one reply to an intent. ``where`` names the control that an error belongs to.

    Where it can be answered, ``entry`` is the number of the journal's entry that it is about, and
    ``stake`` stands for the slots that it names: an answer says both.
    """

    id: str
    ok: bool
    error: str
    where: str
    title: str
    changed: int
    seed: str
    warnings: list[str]
    preview: Preview | None
    entry: int = -1
    stake: str = ""
