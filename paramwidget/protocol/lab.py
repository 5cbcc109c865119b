"""The messages between the JupyterLab extension and the kernel, on their own comm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from paramwidget.protocol.fields import Name
from paramwidget.protocol.message import LabAnswer, LabQuestion


@dataclass(frozen=True)
class LabStep:
    """One step of the path to a module: a variable, or something held by the step before.

    ``child``: a registered module; ``attribute``: a plain one; ``item``: a place in a sequence;
    ``key``: the repr of a dict's key; ``dotted``: what ``.key`` means there, child or attribute.
    """

    kind: Literal["name", "child", "attribute", "item", "key", "dotted"]
    key: Name


@dataclass(frozen=True)
class LabBond:
    """A docked view: the path to its module, and which object was there when it was docked."""

    path: list[LabStep]
    object: str


@dataclass(frozen=True)
class LabList(LabQuestion):
    """Asks for the modules (unless ``rows`` is false) and the state of the docks."""

    rows: bool
    bonds: list[LabBond]


@dataclass(frozen=True)
class LabExpand(LabQuestion):
    """Asks what one module or holder contains."""

    path: list[LabStep]


@dataclass(frozen=True)
class LabDock(LabQuestion):
    """Asks for a widget of the module at this path, for the docked view ``view``."""

    view: str
    path: list[LabStep]


@dataclass(frozen=True)
class LabFind(LabQuestion):
    """Asks which module the widget with this model id shows."""

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

    ``names`` are the variable's names, or how it is reached from its holder. ``parameters`` is null
    for a holder, and if counting has to wait for the next question.
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

    ``torch`` is false if it has not been imported yet. ``bonds`` says for each dock what its path
    leads to now; ``unfinished`` says that some modules have not been counted yet.
    """

    torch: bool
    rows: list[LabRow]
    more: int
    unfinished: bool
    bonds: list[Literal["same", "other", "gone"]]


@dataclass(frozen=True)
class LabDocked(LabAnswer):
    """The widget to show. ``path`` is empty if no variable leads to its module."""

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
    """The question was carried out."""


@dataclass(frozen=True)
class LabRefused(LabAnswer):
    """The reason for a refusal, as a sentence."""

    reason: str
