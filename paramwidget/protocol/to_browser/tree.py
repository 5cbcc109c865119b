"""The model as a view shows it: its rows, their summaries, and the ties that came and went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from paramwidget.protocol.fields import Kind, Name, State
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

    first: list[Name]
    second: list[Name]
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
