"""The open panels: which there are, the facts about the slot of one, and its picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from paramwidget.protocol.fields import Buffer, Cause, Kind, Name, State
from paramwidget.protocol.message import ToBrowser
from paramwidget.protocol.to_browser.tree import TieOffer


@dataclass(frozen=True)
class PanelState:
    """An open panel, as Python keeps it; the same for every view."""

    panel: str
    path: list[Name]
    lens: str
    generation: int
    window: list[int] | None
    cells: list[int]
    sliders: list[int]


@dataclass(frozen=True)
class ClosedPanel:
    """A panel that Python closed, and why (its slot is gone)."""

    panel: str
    reason: str


@dataclass(frozen=True)
class Panels(ToBrowser):
    """All open panels, in order."""

    panels: list[PanelState]
    closed: list[ClosedPanel]


@dataclass(frozen=True)
class TieFact:
    kind: Literal["same", "memory"]
    names: list[str]
    paths: list[list[Name]]
    proof: str  # "net[2][0].weight is net[3][0].weight"


@dataclass(frozen=True)
class Twin:
    """A slot in memory of its own that might be tied with this one: same values, or declared so."""

    offer: TieOffer
    same_values: bool
    declared: str  # by whom: "GPT2LMHeadModel"; "" if nobody says so


@dataclass(frozen=True)
class LensFact:
    """A way to look at this slot, with the label of its button."""

    name: str
    label: str
    locked: str  # why the values cannot be edited under it; "" if they can


@dataclass(frozen=True)
class Facts(ToBrowser):
    """What a panel shows of its slot beside the picture; sent again when it changes."""

    panel: str
    path: list[Name]
    name: str
    slot_kind: Kind
    type_name: str
    shape: list[int] | None
    dtype: str
    device: str
    requires_grad: bool | None  # null: it cannot be switched, as for a buffer
    state: State
    reason: str
    note: str
    access: list[str]
    ties: list[TieFact]
    lenses: list[LensFact]
    locked: str  # why the values cannot be edited; "" if they can
    unfit: dict[Name, str]  # initializer -> why it cannot be used here
    twins: list[Twin] = field(default_factory=list)
    untrainable: str = ""  # why it must stay frozen; "" if it need not


@dataclass(frozen=True)
class Layout:
    """How an N-d shape is laid out on the plane; see ``picture/layout.py`` for the functions.

    Kernels of ``kernel`` (height, width) are on a grid of ``outer`` (rows, columns), with ``gap``
    (rows, columns) empty cells between them. ``sliders`` are the sizes of the axes left out.
    """

    shape: list[int]
    rows: int
    cols: int
    outer: list[int]
    kernel: list[int]
    gap: list[int]
    sliders: list[int]


@dataclass(frozen=True)
class Plane:
    """Row-major cells, little-endian: float32, float64, or bfloat16 (the upper half of float32)."""

    role: Literal["value", "low", "high"]
    encoding: Literal["f4", "f8", "bf16"]
    buffer: Buffer


@dataclass(frozen=True)
class Picture:
    """The cells of one window.

    There are ceil(window rows / block rows) x ceil(window columns / block columns) cells; one cell
    is the mean of its block, with ``low`` and ``high`` its extremes; ``exact`` where a block is one
    element. ``limits`` are the ends of the colour scale, ``texts`` the cells (by index) whose value
    a double cannot hold. ``dtype`` is that of what is shown; of complex numbers it is the
    magnitude. The ``scale`` is this picture's own, one to be shared with others of its lens (and
    then called ``shared_scale``), or that of angles.
    """

    layout: Layout
    sliders: list[int]
    window: list[int]
    block: list[int]
    exact: bool
    planes: list[Plane]
    texts: dict[str, str]
    limits: list[float]
    limits_text: str
    dtype: str = ""
    scale: Literal["own", "shared", "cyclic"] = "own"
    shared_scale: str = ""


@dataclass(frozen=True)
class Statistics:
    """Exact statistics, as text; empty if there is none."""

    numel: str
    min: str
    max: str
    mean: str
    std: str
    zeros: str
    nan: str
    inf: str


@dataclass(frozen=True)
class Bars:
    """A histogram: bar heights 0..1, the ends as text, zero's position (0..1) if inside."""

    heights: list[float]
    counts: list[int]
    low: str
    high: str
    zero: float | None
    sampled: bool


@dataclass(frozen=True)
class Frame(ToBrowser):
    """What one panel shows now. Without a ``picture``, ``message`` says why."""

    panel: str
    generation: int
    revision: int  # rises with each frame of a panel; a lower one is stale
    cause: Cause
    lens: str
    message: str
    picture: Picture | None
    statistics: Statistics | None
    bars: Bars | None
