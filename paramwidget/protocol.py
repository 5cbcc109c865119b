"""Every message between kernel and browser: one frozen dataclass each, decoded strictly.

This file is the one declaration of the conversation. ``python -m paramwidget.protocol`` prints it
as TypeScript (``js/shared/protocol.ts``). A message is a JSON object with a ``kind``, and a list of
binary buffers beside it; a field of type ``Buffer`` is an index into that list. NaN, infinities and
integers that a double cannot hold never travel as JSON numbers: Python writes them as text.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

PROTOCOL = 1

Kind = Literal["module", "parameter", "buffer", "constant", "computed", "none"]
State = Literal["ready", "uninitialized", "meta", "unreadable"]
Lens = Literal["value", "grad", "angle"]
Cause = Literal["view", "edit", "cell", "step", "ask"]
Buffer = Annotated[int, "Buffer"]  # an index into the buffers that travel beside the message

SAFE_INTEGER = 2**53 - 1  # the largest integer of which a JavaScript number is sure


class ProtocolError(ValueError):
    """A message that is none of ours: what was found, and where."""


# --- what the browser says ---------------------------------------------------------------------


@dataclass(frozen=True)
class Hello:
    """A view has come: it is told everything (tree, catalog, journal, panels, frames)."""

    view: str
    protocol: int


@dataclass(frozen=True)
class View:
    """What a view's life is: Python drops one that was closed or is silent too long."""

    view: str
    what: Literal["opened", "closed", "hidden", "shown", "alive"]


@dataclass(frozen=True)
class Open:
    """Open a panel on a slot; ``panel`` is an id the browser makes, shared by all views."""

    panel: str
    path: list[str]
    lens: Lens


@dataclass(frozen=True)
class Close:
    panel: str


@dataclass(frozen=True)
class Look:
    """How a panel looks at its tensor from now on.

    ``window`` is (row0, row1, col0, col1) of the plane or null for all of it, ``cells`` the most
    rows and columns that the canvas can show, ``sliders`` the index on each axis the plane leaves
    out. A frame repeats the ``generation`` of the look it answers.
    """

    panel: str
    generation: int
    lens: Lens
    window: list[int] | None
    cells: list[int]
    sliders: list[int]


@dataclass(frozen=True)
class Pace:
    """The most frames a second while a cell is running; 0 for Python's own."""

    view: str
    rate: float


@dataclass(frozen=True)
class Rows:
    """The tree rows a view has on screen, as indices of the tree with this revision."""

    view: str
    revision: int
    rows: list[int]


@dataclass(frozen=True)
class Ask:
    """Has anything changed? Sent about once a second where no hook tells Python of a cell's end."""

    view: str


@dataclass(frozen=True)
class Initialize:
    """Re-initialize a slot or all below a module; ``dry`` only says what would happen.

    ``arguments`` and ``seed`` are what the person typed; Python alone makes values of them.
    An empty ``seed`` asks for a new one. Empty ``types`` and ``parameters`` do not narrow.
    """

    id: str
    path: list[str]
    name: str
    arguments: dict[str, str]
    types: list[str]
    parameters: list[str]
    seed: str
    dry: bool


@dataclass(frozen=True)
class Assign:
    """One element becomes what was typed."""

    id: str
    path: list[str]
    index: list[int]
    value: str


@dataclass(frozen=True)
class Compute:
    """A slice (as numpy writes it; empty for all) becomes an expression of ``w``."""

    id: str
    path: list[str]
    index: str
    expression: str


@dataclass(frozen=True)
class Require:
    """Switch ``requires_grad``."""

    id: str
    path: list[str]
    value: bool


@dataclass(frozen=True)
class Undo:
    id: str


@dataclass(frozen=True)
class Redo:
    id: str


@dataclass(frozen=True)
class Restart:
    """Back to the start: undo every edit that stands."""

    id: str


# --- what the kernel says ----------------------------------------------------------------------


@dataclass(frozen=True)
class Tie:
    """The rows of one tie group."""

    kind: Literal["same", "memory"]
    rows: list[int]


@dataclass(frozen=True)
class Totals:
    """Counts of the whole model, every shared tensor once, and the counts the chapter compares."""

    parameters: int
    trainable: int
    bytes: int
    bytes_text: str
    parameter_tensors: int  # len(list(net.parameters()))
    named_slots: int  # len(list(net.named_parameters()))
    state_entries: int  # len(net.state_dict())


@dataclass(frozen=True)
class Tree:
    """The module tree in columns, one entry per row, in the order of a depth-first walk.

    ``parents`` holds row indices (-1 for the root), ``type_of`` and ``dtype_of`` indices into
    ``types`` and ``dtypes`` (-1 for none). ``shapes`` is null for modules and where a tensor
    has none to tell. ``counts`` are elements: a slot's own, a module's parameters below it, each
    shared one once. ``trainable`` is requires_grad for slots, null for modules and empty slots.
    ``notes`` has a sentence for the rows (by index) that need one.
    """

    revision: int
    model: str  # the class of the root
    names: list[str]
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
    ties: list[Tie]
    totals: Totals
    warnings: list[str]


@dataclass(frozen=True)
class Brief:
    """One row at a glance: a tiny histogram (bar heights 0..255), mean and deviation as text."""

    row: int
    mean: str
    std: str
    bars: list[int]
    sampled: bool
    alarm: str  # "3 NaN", "" where all is well


@dataclass(frozen=True)
class Briefs:
    revision: int
    briefs: list[Brief]


@dataclass(frozen=True)
class PanelState:
    """An open panel as Python remembers it; the same for every view."""

    panel: str
    path: list[str]
    lens: Lens
    generation: int
    window: list[int] | None
    cells: list[int]
    sliders: list[int]


@dataclass(frozen=True)
class ClosedPanel:
    """A panel that Python closed, with a word why (its slot is gone)."""

    panel: str
    reason: str


@dataclass(frozen=True)
class Panels:
    """All open panels, in order."""

    panels: list[PanelState]
    closed: list[ClosedPanel]


@dataclass(frozen=True)
class TieFact:
    kind: Literal["same", "memory"]
    names: list[str]
    paths: list[list[str]]
    proof: str  # "net[2][0].weight is net[3][0].weight"


@dataclass(frozen=True)
class Facts:
    """What a panel says of its slot beside the picture; sent again when it changes."""

    panel: str
    path: list[str]
    name: str
    slot_kind: Kind
    type_name: str
    shape: list[int] | None
    dtype: str
    device: str
    requires_grad: bool | None  # null: there is no switch, as for a buffer
    state: State
    reason: str
    note: str
    access: list[str]
    ties: list[TieFact]
    lenses: list[Lens]
    locked: str  # why the values cannot be edited; "" where they can
    unfit: dict[str, str]  # initializer -> why it cannot be done here


@dataclass(frozen=True)
class Layout:
    """How an N-d shape lies on the plane; see ``picture/layout.py`` for the two functions.

    Kernels of ``kernel`` (height, width) stand on a grid of ``outer`` (rows, columns), ``gap``
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
    a double cannot hold.
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


@dataclass(frozen=True)
class Statistics:
    """Exact statistics, as text; an empty text where there is none."""

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
    """A histogram: bar heights 0..1, the two ends as text, where zero lies (0..1) if inside."""

    heights: list[float]
    counts: list[int]
    low: str
    high: str
    zero: float | None
    sampled: bool


@dataclass(frozen=True)
class Frame:
    """What one panel shows now. Without a ``picture``, ``message`` says why there is none."""

    panel: str
    generation: int
    revision: int  # rises with each frame of a panel; a lower one is stale
    cause: Cause
    lens: Lens
    message: str
    picture: Picture | None
    statistics: Statistics | None
    bars: Bars | None


@dataclass(frozen=True)
class Entry:
    """One line of the journal. ``error`` is the traceback of a user's function that raised."""

    title: str
    names: list[str]  # the first few
    changed: int
    skipped: list[str]
    seed: str
    warnings: list[str]
    code: str
    stands: bool
    error: str


@dataclass(frozen=True)
class Journal:
    """What was done, oldest first; what undo and redo would do next ("" for nothing)."""

    entries: list[Entry]
    undo: str
    redo: str
    code: str


@dataclass(frozen=True)
class Argument:
    """One argument of an initializer; ``default`` as typed, null where it is required."""

    name: str
    type: Literal["number", "integer", "boolean", "choice"]
    default: str | None
    choices: list[str]


@dataclass(frozen=True)
class Initializer:
    name: str
    source: Literal["torch", "module", "yours"]
    summary: str
    doc: str
    arguments: list[Argument]
    random: bool


@dataclass(frozen=True)
class Catalog:
    initializers: list[Initializer]


@dataclass(frozen=True)
class Status:
    """Whether a cell is running, and how many edits wait for a safe moment."""

    busy: bool
    waiting: int
    polls: (
        bool  # nobody tells Python that a cell has ended: a visible view asks about once a second
    )


@dataclass(frozen=True)
class Skipped:
    reason: str
    count: int
    names: list[str]  # the first few


@dataclass(frozen=True)
class Preview:
    """A dry run: how many tensors, which not and why, and what the initializer promises."""

    count: int
    names: list[str]  # the first few
    skipped: list[Skipped]
    promise: str  # "fan_in 20, fan_out 256, bound 0.147, std 0.085"


@dataclass(frozen=True)
class Reply:
    """The one answer to an intent. ``where`` names the control an error belongs to."""

    id: str
    ok: bool
    error: str
    where: str
    title: str
    changed: int
    seed: str
    warnings: list[str]
    preview: Preview | None


# --- the JupyterLab extension and the kernel, on a comm of their own ---------------------------
# Each question has a number ``n``, which its one answer repeats. (Not an ``id``: ipykernel 7.4
# would remember the shell of every string with that name until it comes back.)


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
class LabList:
    """Which modules are there (none asked for where ``rows`` is false), and what of the docks?"""

    n: int
    rows: bool
    bonds: list[LabBond]


@dataclass(frozen=True)
class LabExpand:
    """What does this hold?"""

    n: int
    path: list[LabStep]


@dataclass(frozen=True)
class LabDock:
    """A widget for the module at the end of this path, for the docked view ``view``."""

    n: int
    view: str
    path: list[LabStep]


@dataclass(frozen=True)
class LabFind:
    """Which module does the widget with this model id show?"""

    n: int
    view: str
    model: str


@dataclass(frozen=True)
class LabUndock:
    """The docked view is gone."""

    n: int
    view: str


@dataclass(frozen=True)
class LabJournal:
    """The script of a module's journal, by its path or by a widget's model id."""

    n: int
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
class LabRows:
    """The rows of a list or of one holder; ``more`` were left out.

    ``torch`` is false where nothing has imported it yet. ``bonds`` says of each dock what its
    path leads to now; ``unfinished`` that some modules are yet to be counted.
    """

    n: int
    torch: bool
    rows: list[LabRow]
    more: int
    unfinished: bool
    bonds: list[Literal["same", "other", "gone"]]


@dataclass(frozen=True)
class LabDocked:
    """The widget to show. ``path`` is empty where no variable leads to its module."""

    n: int
    model: str
    object: str
    path: list[LabStep]
    expression: str
    type_name: str


@dataclass(frozen=True)
class LabCode:
    n: int
    code: str


@dataclass(frozen=True)
class LabDone:
    n: int


@dataclass(frozen=True)
class LabRefused:
    """Why not, in a sentence."""

    n: int
    reason: str


LabQuestion = LabList | LabExpand | LabDock | LabFind | LabUndock | LabJournal
LabAnswer = LabRows | LabDocked | LabCode | LabDone | LabRefused


ToKernel = (
    Hello | View | Pace | Open | Close | Look | Rows | Ask
    | Initialize | Assign | Compute | Require | Undo | Redo | Restart
)  # fmt: skip
Intent = Initialize | Assign | Compute | Require | Undo | Redo | Restart
ToBrowser = (
    Tree | Briefs | Panels | Facts | Frame | Journal | Catalog | Status | Reply
)  # fmt: skip

TO_KERNEL: tuple[type[Any], ...] = get_args(ToKernel)
TO_BROWSER: tuple[type[Any], ...] = get_args(ToBrowser)
LAB_QUESTIONS: tuple[type[Any], ...] = get_args(LabQuestion)
LAB_ANSWERS: tuple[type[Any], ...] = get_args(LabAnswer)


def kind_of(message: type[Any]) -> str:
    """The ``kind`` a message travels under: its class name in lower case."""
    return message.__name__.lower()


# --- encoding ----------------------------------------------------------------------------------


def encode(message: ToBrowser | ToKernel | LabAnswer | LabQuestion) -> dict[str, Any]:
    """The JSON object of a message; raises ProtocolError for a number that JSON cannot carry."""
    return {"kind": kind_of(type(message)), **_plain(message, kind_of(type(message)))}


def _plain(value: Any, where: str) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) > SAFE_INTEGER:
            raise ProtocolError(f"{where}: {value} does not fit a JavaScript number")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ProtocolError(f"{where}: {value} is no JSON number")
        return value
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name), f"{where}.{f.name}")
                for f in dataclasses.fields(value)}  # fmt: skip
    if isinstance(value, Mapping):
        return {key: _plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item, where) for item in value]
    raise ProtocolError(f"{where}: {type(value).__name__} cannot travel")


# --- strict decoding ---------------------------------------------------------------------------

M = TypeVar("M")


def decode(content: object) -> ToKernel:
    """The message of the browser in ``content``; raises ProtocolError for anything else."""
    return typing.cast(ToKernel, _decode_one_of(TO_KERNEL, content))


def decode_frame(content: object) -> ToBrowser:
    """The message of the kernel in ``content``, for saved files and tests."""
    return typing.cast(ToBrowser, _decode_one_of(TO_BROWSER, content))


def decode_question(content: object) -> LabQuestion:
    """What the JupyterLab extension asks; raises ProtocolError for anything else."""
    return typing.cast(LabQuestion, _decode_one_of(LAB_QUESTIONS, content))


def _decode_one_of(messages: tuple[type[Any], ...], content: object) -> Any:
    if not isinstance(content, dict):
        raise ProtocolError(f"a message is an object, not {type(content).__name__}")
    for message in messages:
        if content.get("kind") == kind_of(message):
            fields = {key: value for key, value in content.items() if key != "kind"}
            return _decode(message, fields, kind_of(message))
    raise ProtocolError(f"no message is of the kind {content.get('kind')!r:.80}")


def _decode(wanted: Any, value: object, where: str) -> Any:
    """``value`` as the annotated type ``wanted``; no coercion but int to float."""
    origin, args = get_origin(wanted), get_args(wanted)
    if origin is Annotated:
        return _decode(args[0], value, where)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        (wanted,) = (arg for arg in args if arg is not type(None))
        return _decode(wanted, value, where)
    if origin is Literal:
        if any(value == arg and type(value) is type(arg) for arg in args):
            return value
        raise ProtocolError(f"{where}: one of {', '.join(map(str, args))}, not {value!r:.80}")
    if origin is list and isinstance(value, list):
        return [_decode(args[0], item, f"{where}[{i}]") for i, item in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return {_decode(args[0], key, where): _decode(args[1], item, f"{where}.{key!s:.40}")
                for key, item in value.items()}  # fmt: skip
    if dataclasses.is_dataclass(wanted) and isinstance(value, dict):
        return _decode_fields(typing.cast(type[Any], wanted), value, where)
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is wanted and not (isinstance(value, float) and not math.isfinite(value)):
        return value
    name = getattr(wanted, "__name__", str(wanted))
    raise ProtocolError(f"{where}: {name} wanted, not {value!r:.80}")


def _decode_fields(message: type[M], content: dict[Any, Any], where: str) -> M:
    hints = _hints(message)
    unknown = [key for key in content if key not in hints]
    if unknown:
        raise ProtocolError(f"{where}: no field {unknown[0]!r:.80}")
    missing = [key for key in hints if key not in content]
    if missing:
        raise ProtocolError(f"{where}: the field {missing[0]} is missing")
    return message(
        **{key: _decode(hint, content[key], f"{where}.{key}") for key, hint in hints.items()}
    )


def _hints(message: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(message, include_extras=True)


# --- the same as TypeScript --------------------------------------------------------------------

_NAMED = {"Kind": Kind, "State": State, "Lens": Lens, "Cause": Cause}


def typescript() -> str:
    """The text of ``js/shared/protocol.ts``."""
    nested: dict[str, type[Any]] = {}
    messages = (*TO_KERNEL, *TO_BROWSER, *LAB_QUESTIONS, *LAB_ANSWERS)
    for message in messages:
        for hint in _hints(message).values():
            _collect(hint, nested)
    parts = [
        "// Printed by `python -m paramwidget.protocol` out of paramwidget/protocol.py.",
        f"export const PROTOCOL = {PROTOCOL};",
        "/** An index into the buffers beside the message. */\nexport type Buffer = number;",
        *(f"export type {name} = {_ts(hint, named=False)};" for name, hint in _NAMED.items()),
        *(_interface(part, None) for part in nested.values()),
        *(_interface(message, kind_of(message)) for message in messages),
        "export type ToKernel = " + " | ".join(m.__name__ for m in TO_KERNEL) + ";",
        "export type Intent = " + " | ".join(m.__name__ for m in get_args(Intent)) + ";",
        "export type ToBrowser = " + " | ".join(m.__name__ for m in TO_BROWSER) + ";",
        "export type LabQuestion = " + " | ".join(m.__name__ for m in LAB_QUESTIONS) + ";",
        "export type LabAnswer = " + " | ".join(m.__name__ for m in LAB_ANSWERS) + ";",
    ]
    return "\n\n".join(parts) + "\n"


def _collect(hint: Any, found: dict[str, type[Any]]) -> None:
    """Adds the dataclasses inside an annotation, innermost first."""
    for part in get_args(hint):
        _collect(part, found)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type) and hint.__name__ not in found:
        for inner in _hints(hint).values():
            _collect(inner, found)
        found[hint.__name__] = hint


def _interface(message: type[Any], kind: str | None) -> str:
    lines = [f'  kind: "{kind}";'] if kind else []
    lines += [f"  {name}: {_ts(hint)};" for name, hint in _hints(message).items()]
    doc = (message.__doc__ or "").strip()
    if doc.startswith(message.__name__ + "("):  # the docstring that dataclass makes up
        doc = ""
    comment = "/** " + " ".join(doc.split()) + " */\n" if doc else ""
    return f"{comment}export interface {message.__name__} {{\n" + "\n".join(lines) + "\n}"


def _ts(hint: Any, named: bool = True) -> str:
    if named:
        for name, alias in _NAMED.items():
            if hint == alias:
                return name
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return str(args[1])
    if origin is Literal:
        return " | ".join(f'"{arg}"' for arg in args)
    if origin in (Union, types.UnionType):
        return " | ".join(_ts(arg) for arg in args)
    if origin is list:
        inner = _ts(args[0])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if origin is dict:
        return f"Record<string, {_ts(args[1])}>"
    if hint is type(None):
        return "null"
    return {str: "string", bool: "boolean", int: "number", float: "number"}.get(
        hint, getattr(hint, "__name__", "unknown")
    )


if __name__ == "__main__":
    print(typescript(), end="")
