"""Messages from the kernel to its browsers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from paramwidget.protocol.fields import Buffer, Cause, Kind, Name, State
from paramwidget.protocol.message import ToBrowser


@dataclass(frozen=True)
class TieRows:
    """The rows of one tie group."""

    kind: Literal["same", "memory"]
    rows: list[int]


@dataclass(frozen=True)
class SharedModule:
    """The rows of one repeated module, in order; ``proof`` shows it for the first few.

    The modules inside it, which occur as often, are not listed.
    """

    rows: list[int]
    proof: str  # "net[2] is net[4]"


@dataclass(frozen=True)
class Totals:
    """Counts of the whole model, each shared tensor once, and the chapter's counts."""

    parameters: int
    trainable: int
    bytes: int
    bytes_text: str
    parameter_tensors: int  # len(list(net.parameters()))
    named_slots: int  # len(list(net.named_parameters()))
    state_entries: int  # len(net.state_dict())


@dataclass(frozen=True)
class Tree(ToBrowser):
    """The module tree in columns, one entry per row, in the order of a depth-first walk.

    ``parents`` holds row indices (-1 for the root), ``type_of`` and ``dtype_of`` indices into
    ``types`` and ``dtypes`` (-1 for none). ``shapes`` is null for modules and for tensors without a
    known shape. ``counts`` are elements: of a slot its own, of a module those of the parameters
    below it, each shared one once. ``trainable`` is requires_grad for slots, null for modules and
    empty slots. ``notes`` has a sentence for the rows (by index) that need one. ``name`` is the
    model's in Python.
    """

    revision: int
    model: str  # the class of the root
    names: list[Name]
    parents: list[int]
    kinds: list[Kind]
    types: list[str]
    type_of: list[int]
    shapes: list[list[int] | None]
    dtypes: list[str]
    dtype_of: list[int]
    counts: list[int]
    trainable: list[bool | None]
    states: list[State]
    notes: dict[str, str]
    ties: list[TieRows]
    shared_modules: list[SharedModule]
    totals: Totals
    warnings: list[str]
    name: str = "net"


@dataclass(frozen=True)
class TreeRows:
    """Some rows of a tree, in the columns of ``Tree``; ``depths`` counts the rows above each."""

    names: list[Name]
    depths: list[int]
    kinds: list[Kind]
    type_of: list[int]
    shapes: list[list[int] | None]
    dtype_of: list[int]
    counts: list[int]
    trainable: list[bool | None]
    states: list[State]


@dataclass(frozen=True)
class TreeChange(ToBrowser):
    """The changes of a large tree since the tree of revision ``before``.

    From row ``start`` on, ``removed`` rows are replaced by ``rows``. Of those that stay,
    ``changed`` are the ones (by their new index) that now read as in ``changed_rows``. Everything
    else is sent whole.
    """

    revision: int
    before: int
    start: int
    removed: int
    rows: TreeRows
    changed: list[int]
    changed_rows: TreeRows
    types: list[str]
    dtypes: list[str]
    notes: dict[str, str]
    ties: list[TieRows]
    shared_modules: list[SharedModule]
    totals: Totals
    warnings: list[str]


@dataclass(frozen=True)
class TieOffer:
    """Two slots that a click may tie: the second would hold the first one's tensor.

    ``locked`` is why they cannot be tied as they are, "" if they can.
    """

    first: list[str]
    second: list[str]
    first_name: str
    second_name: str
    locked: str = ""


@dataclass(frozen=True)
class TieNews(ToBrowser):
    """The ties that a load, a cast or a cell broke, and those that it made, as long as it is so."""

    lost: list[TieOffer]
    gained: list[TieOffer]


@dataclass(frozen=True)
class Brief:
    """The summary of one row: a histogram (bar heights 0..255), mean and std as text."""

    row: int
    mean: str
    std: str
    bars: list[int]
    sampled: bool
    alarm: str  # "3 NaN", "" where all is well


@dataclass(frozen=True)
class Briefs(ToBrowser):
    revision: int
    briefs: list[Brief]


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
    unfit: dict[str, str]  # initializer -> why it cannot be used here
    twins: list[Twin] = field(default_factory=list)


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


@dataclass(frozen=True)
class Entry:
    """One line of the journal. ``error`` is the traceback of a user's function that raised.

    ``of`` is what the line tells: an edit, a change by something else, values that an undo put
    away, an undone edit that another one followed, a function that failed.
    """

    title: str
    names: list[str]  # the first few
    changed: int
    skipped: list[str]
    seed: str
    warnings: list[str]
    code: str
    stands: bool
    error: str
    of: Literal["edit", "outside", "replaced", "dropped", "failed"] = "edit"
    number: int = -1  # its place in the whole journal
    can_be_brought_back: bool = False


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
    type: Literal["number", "integer", "boolean", "choice"]
    default: str | None
    choices: list[str]


@dataclass(frozen=True)
class Initializer:
    name: str
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
    """The one reply to an intent. ``where`` names the control that an error belongs to."""

    id: str
    ok: bool
    error: str
    where: str
    title: str
    changed: int
    seed: str
    warnings: list[str]
    preview: Preview | None
