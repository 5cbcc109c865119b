"""The content of a static picture: a title, one line per slot, a few tensors as cells.

Reads the structure and samples of the tensors only, so a model of any size takes a moment; a line
or picture that fails says why, and the others remain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from paramwidget.fallback import colours
from paramwidget.picture import scale, text
from paramwidget.picture.layout import layout_of
from paramwidget.picture.matrix import gapless
from paramwidget.picture.raster import raster_with_stats
from paramwidget.picture.statistics import stats
from paramwidget.picture.values import Values
from paramwidget.slots.names import tensor_of
from paramwidget.slots.ties import TieGroup
from paramwidget.slots.tree import Node, Path, Tree
from paramwidget.tensors import Unreadable
from paramwidget.workbench import Workbench

LINES = 40
NAME = 48  # characters
WHOLE = 2**17  # elements; a larger tensor is sampled
SAMPLE = 4096
PICTURES = 4
TIES = 6  # groups in the legend
TIED = 4  # names of a group there


@dataclass(frozen=True)
class Line:
    """One slot in words."""

    name: str
    shape: str
    dtype: str
    count: str
    spread: str
    tie: str

    @property
    def words(self) -> tuple[str, ...]:
        """Its cells in the order of ``HEADS``."""
        return self.name, self.shape, self.dtype, self.count, self.spread, self.tie


HEADS = ("slot", "shape", "dtype", "elements", "μ ± σ", "tied")


@dataclass(frozen=True)
class Heat:
    """One tensor as cells, palette indices; None if there is none, as ``notes`` say."""

    name: str
    facts: tuple[str, ...]
    notes: tuple[str, ...]
    cells: colours.Bytes | None


@dataclass(frozen=True)
class Sheet:
    """All of it; ``more`` slots have no line; ``ties`` say what the letters mean.

    ``note`` says why there is no more than a picture.
    """

    model: str
    totals: str
    lines: tuple[Line, ...]
    more: int
    ties: tuple[str, ...]
    heats: tuple[Heat, ...]
    note: str = ""

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """Heads and lines, without empty columns."""
        rows = [HEADS, *(line.words for line in self.lines)]
        kept = [at for at in range(len(HEADS)) if any(row[at] for row in rows[1:])]
        return [tuple(row[at] for at in kept) for row in rows] if kept else []


def read_sheet(
    bench: Workbench, slots: Iterable[str | Path] | None, cells: int, lines: int
) -> Sheet:
    """Read a bench; ``cells`` is how many rows and columns a picture has at most, 0 for none."""
    with bench.lock:
        tree = bench.read()
        shown = tree.slots[:lines]
        letters = Letters()
        read = tuple(_line(bench, node, letters) for node in shown)
        chosen = _chosen(tree, slots)[:PICTURES] if cells else []
        return Sheet(
            model=printable(tree.root.type_name),
            totals=_totals(tree),
            lines=read,
            more=len(tree.slots) - len(shown),
            ties=(*letters.legend(), *_shared_modules(tree)),
            heats=tuple(_heat(bench, node, cells) for node in chosen),
        )


def _totals(tree: Tree) -> str:
    totals = tree.totals
    return (
        f"{totals.parameters:,} parameters, {totals.trainable:,} trainable, "
        f"{text.bytes_of(totals.bytes)}"
    )


# --- a slot in words -----------------------------------------------------------------------------


class Letters:
    """A letter for each tie group, in the order in which they are met."""

    def __init__(self) -> None:
        self._met: dict[TieGroup, str] = {}

    def of(self, tie: TieGroup | None) -> str:
        """A to Z, then A2 and so on; empty without a tie."""
        if tie is None:
            return ""
        if tie not in self._met:
            turn, letter = divmod(len(self._met), 26)
            self._met[tie] = chr(ord("A") + letter) + (str(turn + 1) if turn else "")
        return self._met[tie]

    def legend(self) -> list[str]:
        """What the letters mean, as far as there is room."""
        lines = []
        for tie, letter in list(self._met.items())[:TIES]:
            names = [n if isinstance(n, str) else ".".join(n) for n in tie.names[:TIED]]
            what = "one tensor" if tie.kind == "same" else "shared memory"
            lines.append(f"{letter}: {what} {_at(names, len(tie.names))}")
        return lines


def _shared_modules(tree: Tree) -> list[str]:
    """Which modules are used at several places, as far as there is room."""
    return [
        f"one module {_at([node.name or node.type_name for node in places[:TIED]], len(places))}"
        for places in tree.shared_modules[:TIES]
    ]


def _at(names: list[str], places: int) -> str:
    """The first names of a group, and how many there are beside them."""
    more = f" and {places - TIED:,} more" if places > TIED else ""
    return f"at {', '.join(map(printable, names))}{more}"


def _line(bench: Workbench, node: Node, letters: Letters) -> Line:
    name = "?"
    try:
        name = printable(node.name)
        shape = node.shape
        return Line(
            name=name,
            shape="" if shape is None else shape_of(shape),
            dtype=node.dtype or "",
            count="" if shape is None else f"{torch.Size(shape).numel():,}",
            spread=_spread(node, _values(bench, node)),
            tie=letters.of(node.tie),
        )
    except Exception as error:
        return Line(name, "", "", "", f"unreadable: {type(error).__name__}", "")


def _values(bench: Workbench, node: Node) -> Values | None:
    """What a slot holds, None if that cannot be read."""
    tensor = tensor_of(bench.net, node) if node.state == "ready" and not node.packed else None
    return None if tensor is None else Values(tensor)


def _spread(node: Node, values: Values | None) -> str:
    """μ ± σ, marked if only a sample was read, or why there is none."""
    if node.kind in ("none", "computed"):
        return "None" if node.kind == "none" else "computed"
    if node.packed:
        return "packed"
    if node.state != "ready":
        return node.state
    if values is None:
        return "None"
    try:
        looked_at = scale.sample(values, WHOLE, SAMPLE)
        seen = stats(looked_at)
    except Unreadable:
        return "unreadable"
    alarms = text.alarms(seen.nan, seen.inf)
    if seen.mean is None:
        return ", ".join(alarms) or "–"
    around = "" if seen.std is None else f" ± {text.short(seen.std)}"
    sampled = "" if looked_at is values else "≈ "
    return ", ".join([f"{sampled}{text.short(seen.mean)}{around}", *alarms])


def shape_of(shape: Sequence[int]) -> str:
    """A shape for display: "256 × 20"; a single number is "()"."""
    return " × ".join(map(str, shape)) or "()"


def printable(name: str, longest: int = NAME) -> str:
    """A name on one line, the middle of a long one left out, invisible characters spelled out."""
    if len(name) > 4 * longest:
        name = name[: 2 * longest] + name[-2 * longest :]
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
    if len(plain) <= longest:
        return plain
    tail = longest // 2
    return plain[: longest - tail - 1] + "…" + plain[-tail:]


# --- a tensor as cells ---------------------------------------------------------------------------


def _chosen(tree: Tree, slots: Iterable[str | Path] | None) -> list[Node]:
    """The named slots that exist; without names the first two, matrices before vectors."""
    if slots is not None:
        found = (tree.find(name) for name in slots)
        return [node for node in found if node is not None and node.kind != "module"]
    ready = [
        node
        for node in tree.slots
        if node.state == "ready" and node.kind in ("parameter", "buffer")
    ]
    wide = [node for node in ready if node.shape is not None and len(node.shape) > 1]
    first: dict[object, Node] = {}
    for node in wide or ready:
        first.setdefault(node.path if node.tie is None else node.tie, node)
        if len(first) == 2:
            break
    return list(first.values())


def _heat(bench: Workbench, node: Node, cells: int) -> Heat:
    name = printable(node.name)
    try:
        shape = () if node.shape is None else (shape_of(node.shape),)
        values = _values(bench, node)
        spread = _spread(node, values)
        if values is None:
            return Heat(name, shape, (spread,), None)
        painted, notes = _painted(values, cells)
        return Heat(name, (*shape, *spread.split(", ")), notes, painted if painted.size else None)
    except Exception as error:
        why = str(error) if isinstance(error, Unreadable) else type(error).__name__
        return Heat(name, (), (printable(why, 80),), None)


def _painted(values: Values, cells: int) -> tuple[colours.Bytes, tuple[str, ...]]:
    """The palette index of each cell, and a description of the picture."""
    thin, left_out = _thinned(values.elements, cells)
    seen, known = raster_with_stats(values.part(thin), cells=(cells, cells))
    low, high, limits = scale.limits(known, seen.values, not seen.exact)
    painted = colours.indices(seen.values, low, high)
    rows, cols = seen.window[:2], seen.window[2:]
    kernel, gap = seen.layout.kernel, seen.layout.gap
    painted[~gapless(rows, kernel[0], gap[0], seen.block[0])[1], :] = colours.GAP
    painted[:, ~gapless(cols, kernel[1], gap[1], seen.block[1])[1]] = colours.GAP
    if not painted.size:
        return painted, ("empty",)
    sigmas = " (3 σ)" if limits.startswith("±3σ") else ""
    return painted, (f"colours ±{text.short(high)}{sigmas}", *left_out)


def _thinned(values: torch.Tensor, cells: int) -> tuple[torch.Tensor, list[str]]:
    """Evenly spaced rows and columns, kernels whole, and which: single elements, quick to read.

    Means of blocks would look pale, and blur kernels.
    """
    layout = layout_of(tuple(values.shape))
    kernels = values.dim() > 2 and not layout.stacked
    words = []
    for axis, size in enumerate(values.shape):
        wanted = cells
        if kernels and axis < 2:
            gap = layout.gap[axis]
            wanted = max(1, (cells + gap) // (layout.kernel[axis] + gap))
        elif layout.stacked and axis == 0:
            wanted = max(1, cells // layout.kernel[0])
        elif 2 <= axis < 2 + len(layout.sliders):
            wanted = 1
        step = max(1, -(-size // wanted))
        if step > 1:
            values = values[(slice(None),) * axis + (slice(None, None, step),)]
            words.append(_part(values.dim(), axis, step))
    return values, words


def _part(axes: int, axis: int, step: int) -> str:
    if axes == 2:
        return f"1 {('row', 'column')[axis]} in {step}"
    return f"1 in {step} of axis {axis}"
