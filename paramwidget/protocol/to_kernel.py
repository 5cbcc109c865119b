"""Messages from a browser to the kernel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from paramwidget.protocol.fields import Id, Name
from paramwidget.protocol.message import Intent, ToKernel


@dataclass(frozen=True)
class Hello(ToKernel):
    """A view has been opened: it is sent everything (tree, catalog, journal, panels, frames)."""

    view: Id
    protocol: int


@dataclass(frozen=True)
class View(ToKernel):
    """The state of a view: Python drops one that was closed or is silent for too long.

    ``left``: it was closed with its page, which may be reloaded and show it again.
    """

    view: Id
    what: Literal["opened", "closed", "hidden", "shown", "alive"]
    left: bool = False


@dataclass(frozen=True)
class Open(ToKernel):
    """Open a panel on a slot; ``panel`` is an id the browser makes, shared by all views.

    ``lens`` is one by name; "" is the usual one.
    """

    panel: Id
    path: list[Name]
    lens: str


@dataclass(frozen=True)
class Close(ToKernel):
    panel: Id


@dataclass(frozen=True)
class Look(ToKernel):
    """How a panel looks at its tensor from now on.

    ``window`` is (row0, row1, col0, col1) of the plane or null for all of it, ``cells`` the most
    rows and columns that the canvas can show, ``sliders`` the index on each axis the plane leaves
    out. A frame repeats the ``generation`` of the look it answers.
    """

    panel: Id
    generation: int
    lens: str
    window: list[int] | None
    cells: list[int]
    sliders: list[int]


@dataclass(frozen=True)
class Pace(ToKernel):
    """The maximum number of frames per second while a cell is running; 0 for the default."""

    view: Id
    rate: float


@dataclass(frozen=True)
class Rows(ToKernel):
    """The tree rows a view has on screen, as indices of the tree with this revision."""

    view: Id
    revision: int
    rows: list[int]


@dataclass(frozen=True)
class Ask(ToKernel):
    """Asks for changes, about once a second if no hook reports the end of a cell."""

    view: Id


@dataclass(frozen=True)
class Withdraw(ToKernel):
    """Cancel an intent: it is refused if it still waits, undone if it was done in the meantime.

    A kernel that does not read messages while it is busy finds both when the cell has ended.
    """

    intent: Id


@dataclass(frozen=True)
class Initialize(Intent):
    """Re-initialize a slot or all below a module; ``dry`` only says what would happen.

    ``arguments`` and ``seed`` are as typed; only Python turns them into values. An empty ``seed``
    asks for a new one. Empty ``types`` and ``parameters`` select everything.
    """

    path: list[Name]
    name: Name
    arguments: dict[str, str]
    types: list[str]
    parameters: list[Name]
    seed: str
    dry: bool


@dataclass(frozen=True)
class Assign(Intent):
    """Set one element to what was typed."""

    path: list[Name]
    index: list[int]
    value: str


@dataclass(frozen=True)
class Compute(Intent):
    """Set a slice (in numpy's syntax; empty for all) to an expression of ``w``."""

    path: list[Name]
    index: str
    expression: str


@dataclass(frozen=True)
class SetRequiresGrad(Intent, kind="set_requires_grad"):
    """Freeze a slot or the parameters below a module, or unfreeze them.

    Empty ``types`` and ``parameters`` do not narrow.
    """

    path: list[Name]
    value: bool
    types: list[str] = field(default_factory=list)
    parameters: list[Name] = field(default_factory=list)


@dataclass(frozen=True)
class Tie(Intent):
    """Let the second slot hold the first one's tensor."""

    first: list[Name]
    second: list[Name]


@dataclass(frozen=True)
class Undo(Intent):
    """Undo the newest edit.

    Where that would put away values of a whole tensor that something else has written, it is
    refused with ``where`` "confirmed", unless it is ``confirmed``. Where it cannot be done at all,
    ``where`` is "skip". An answer says which ``entry`` and ``stake`` the refusal was about, so that
    nothing else is undone than was agreed to; without them it is about whatever is the newest.
    """

    confirmed: bool = False
    entry: int = -1
    stake: str = ""


@dataclass(frozen=True)
class Skip(Intent):
    """Leave the newest edit as it is, so that undo goes on with the one before it.

    ``entry`` as for undo.
    """

    entry: int = -1


@dataclass(frozen=True)
class BringBack(Intent, kind="bring_back"):
    """Restore an entry of the journal that was replaced or dropped."""

    entry: int


@dataclass(frozen=True)
class Redo(Intent):
    """Redo the edit that was undone last."""


@dataclass(frozen=True)
class Restart(Intent):
    """Back to the start: undo every edit in effect. ``confirmed`` and ``stake`` as for undo."""

    confirmed: bool = False
    stake: str = ""
