"""What the JupyterLab extension and the kernel say to each other, on a comm of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from paramwidget.protocol.message import LabAnswer, LabQuestion


@dataclass(frozen=True)
class LabStep:
    """One step of the way to a module: a variable, or what is held by what was reached so far.

    ``child``: a registered module; ``attribute``: a plain one; ``item``: a place in a sequence;
    ``key``: the repr of a dict's key; ``dotted``: what ``.key`` means there, child or attribute.
    """

    kind: Literal["name", "child", "attribute", "item", "key", "dotted"]
    key: str


@dataclass(frozen=True)
class LabBond:
    """A docked view: the way to its module, and which object stood there when it was docked."""

    path: list[LabStep]
    object: str


@dataclass(frozen=True)
class LabList(LabQuestion):
    """Which modules are there (none asked for where ``rows`` is false), and what of the docks?"""

    rows: bool
    bonds: list[LabBond]


@dataclass(frozen=True)
class LabExpand(LabQuestion):
    """What does this hold?"""

    path: list[LabStep]


@dataclass(frozen=True)
class LabDock(LabQuestion):
    """A widget for the module at the end of this path, for the docked view ``view``."""

    view: str
    path: list[LabStep]


@dataclass(frozen=True)
class LabFind(LabQuestion):
    """Which module does the widget with this model id show?"""

    view: str
    model: str


@dataclass(frozen=True)
class LabUndock(LabQuestion):
    """The docked view is gone."""

    view: str


@dataclass(frozen=True)
class LabJournal(LabQuestion):
    """The script of a module's journal, by its path or by a widget's model id."""

    path: list[LabStep]
    model: str


@dataclass(frozen=True)
class LabRow:
    """A module, or something that holds modules.

    ``names`` are the variable's names, or how it is reached from its holder. ``parameters`` is
    null for a holder, and where counting has to wait for the next question.
    """

    names: list[str]
    path: list[LabStep]
    object: str
    type_name: str
    module: bool
    opens: bool
    parameters: int | None
    trainable: int | None
    bytes_text: str
    mode: Literal["training", "evaluation", ""]


@dataclass(frozen=True)
class LabRows(LabAnswer):
    """The rows of a list or of one holder; ``more`` were left out.

    ``torch`` is false where nothing has imported it yet. ``bonds`` says of each dock what its
    path leads to now; ``unfinished`` that some modules are yet to be counted.
    """

    torch: bool
    rows: list[LabRow]
    more: int
    unfinished: bool
    bonds: list[Literal["same", "other", "gone"]]


@dataclass(frozen=True)
class LabDocked(LabAnswer):
    """The widget to show. ``path`` is empty where no variable leads to its module."""

    model: str
    object: str
    path: list[LabStep]
    expression: str
    type_name: str


@dataclass(frozen=True)
class LabCode(LabAnswer):
    """The script that was asked for."""

    code: str


@dataclass(frozen=True)
class LabDone(LabAnswer):
    """It was done."""


@dataclass(frozen=True)
class LabRefused(LabAnswer):
    """Why not, in a sentence."""

    reason: str
