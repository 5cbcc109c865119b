"""What a browser says to the kernel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from paramwidget.protocol.message import Intent, ToKernel


@dataclass(frozen=True)
class Hello(ToKernel):
    """A view has come: it is told everything (tree, catalog, journal, panels, frames)."""

    view: str
    protocol: int


@dataclass(frozen=True)
class View(ToKernel):
    """What a view's life is: Python drops one that was closed or is silent too long."""

    view: str
    what: Literal["opened", "closed", "hidden", "shown", "alive"]


@dataclass(frozen=True)
class Open(ToKernel):
    """Open a panel on a slot; ``panel`` is an id the browser makes, shared by all views.

    ``lens`` is one by name; "" is the usual one.
    """

    panel: str
    path: list[str]
    lens: str


@dataclass(frozen=True)
class Close(ToKernel):
    panel: str


@dataclass(frozen=True)
class Look(ToKernel):
    """How a panel looks at its tensor from now on.

    ``window`` is (row0, row1, col0, col1) of the plane or null for all of it, ``cells`` the most
    rows and columns that the canvas can show, ``sliders`` the index on each axis the plane leaves
    out. A frame repeats the ``generation`` of the look it answers.
    """

    panel: str
    generation: int
    lens: str
    window: list[int] | None
    cells: list[int]
    sliders: list[int]


@dataclass(frozen=True)
class Pace(ToKernel):
    """The most frames a second while a cell is running; 0 for Python's own."""

    view: str
    rate: float


@dataclass(frozen=True)
class Rows(ToKernel):
    """The tree rows a view has on screen, as indices of the tree with this revision."""

    view: str
    revision: int
    rows: list[int]


@dataclass(frozen=True)
class Ask(ToKernel):
    """Has anything changed? Sent about once a second where no hook tells Python of a cell's end."""

    view: str


@dataclass(frozen=True)
class Withdraw(ToKernel):
    """Take an intent back: refused where it still waits, undone where it was done meanwhile.

    A kernel that reads no messages while it is busy finds both together, when the cell has ended.
    """

    intent: str


@dataclass(frozen=True)
class Initialize(Intent):
    """Re-initialize a slot or all below a module; ``dry`` only says what would happen.

    ``arguments`` and ``seed`` are what the person typed; Python alone makes values of them.
    An empty ``seed`` asks for a new one. Empty ``types`` and ``parameters`` do not narrow.
    """

    path: list[str]
    name: str
    arguments: dict[str, str]
    types: list[str]
    parameters: list[str]
    seed: str
    dry: bool


@dataclass(frozen=True)
class Assign(Intent):
    """One element becomes what was typed."""

    path: list[str]
    index: list[int]
    value: str


@dataclass(frozen=True)
class Compute(Intent):
    """A slice (as numpy writes it; empty for all) becomes an expression of ``w``."""

    path: list[str]
    index: str
    expression: str


@dataclass(frozen=True)
class SetRequiresGrad(Intent, kind="set_requires_grad"):
    """Freeze a slot or the parameters below a module, or let them learn again.

    Empty ``types`` and ``parameters`` do not narrow.
    """

    path: list[str]
    value: bool
    types: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Undo(Intent):
    """Take the newest edit back."""


@dataclass(frozen=True)
class Redo(Intent):
    """Do the edit again that was undone last."""


@dataclass(frozen=True)
class Restart(Intent):
    """Back to the start: undo every edit that stands."""
