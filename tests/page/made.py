"""Messages made by hand: trees of any size and with names that no model would have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from paramwidget import protocol
from paramwidget.protocol import Brief, Briefs, Catalog, Journal, Panels, Status, Tie, Totals, Tree


@dataclass
class Slot:
    """One tensor of a made tree; slots with the same ``tie`` are one tensor."""

    name: str
    shape: tuple[int, ...] = (4, 3)
    kind: protocol.Kind = "parameter"
    dtype: str = "float32"
    trainable: bool = True
    state: protocol.State = "ready"
    note: str = ""
    tie: str = ""


@dataclass
class Module:
    name: str
    type_name: str
    children: Sequence[Module | Slot] = field(default_factory=list)


def tree(root: Module, revision: int = 1, warnings: Sequence[str] = ()) -> Tree:
    """The message of a made tree."""
    columns = _Columns()
    columns.add(root, -1)
    ties = [Tie("same", rows) for rows in columns.ties.values() if len(rows) > 1]
    slots = [n for n, kind in enumerate(columns.kinds) if kind == "parameter"]
    total = sum(columns.counts[n] for n in slots)
    return Tree(
        revision=revision,
        model=root.type_name,
        names=columns.names,
        parents=columns.parents,
        kinds=columns.kinds,
        types=list(columns.types),
        type_of=columns.type_of,
        shapes=columns.shapes,
        dtypes=list(columns.dtypes),
        dtype_of=columns.dtype_of,
        counts=columns.counts,
        trainable=columns.trainable,
        states=columns.states,
        notes=columns.notes,
        ties=ties,
        shared_modules=[],
        totals=Totals(total, total, 4 * total, f"{total / 256:.1f} KiB", *[len(slots)] * 3),
        warnings=list(warnings),
    )


class _Columns:
    def __init__(self) -> None:
        self.names: list[str] = []
        self.parents: list[int] = []
        self.kinds: list[protocol.Kind] = []
        self.types: dict[str, int] = {}
        self.type_of: list[int] = []
        self.shapes: list[list[int] | None] = []
        self.dtypes: dict[str, int] = {}
        self.dtype_of: list[int] = []
        self.counts: list[int] = []
        self.trainable: list[bool | None] = []
        self.states: list[protocol.State] = []
        self.notes: dict[str, str] = {}
        self.ties: dict[str, list[int]] = {}

    def add(self, node: Module | Slot, parent: int) -> int:
        row = len(self.names)
        self.names.append(node.name)
        self.parents.append(parent)
        if isinstance(node, Slot):
            self._slot(node, row)
            return self.counts[row]
        self.kinds.append("module")
        self.type_of.append(self.types.setdefault(node.type_name, len(self.types)))
        self.shapes.append(None)
        self.dtype_of.append(-1)
        self.trainable.append(None)
        self.states.append("ready")
        self.counts.append(0)
        self.counts[row] = sum(self.add(child, row) for child in node.children)
        return self.counts[row]

    def _slot(self, node: Slot, row: int) -> None:
        empty = node.kind == "none"
        kind = "Parameter" if node.kind == "parameter" else "Tensor"
        self.kinds.append(node.kind)
        self.type_of.append(-1 if empty else self.types.setdefault(kind, len(self.types)))
        self.shapes.append(None if empty else list(node.shape))
        self.dtype_of.append(-1 if empty else self.dtypes.setdefault(node.dtype, len(self.dtypes)))
        self.counts.append(0 if empty else math.prod(node.shape))
        self.trainable.append(None if empty else node.trainable)
        self.states.append(node.state)
        if node.note:
            self.notes[str(row)] = node.note
        if node.tie:
            self.ties.setdefault(node.tie, []).append(row)


def briefs(message: Tree) -> Briefs:
    """A brief for each slot of a tree, each with another histogram."""
    found = []
    for row, kind in enumerate(message.kinds):
        if kind not in ("module", "none"):
            shift, width = row % 7, 6 + row % 5
            bars = [round(255 * math.exp(-((n - 7.5 - shift) ** 2) / width)) for n in range(16)]
            found.append(Brief(row, f"{shift / 100:.4f}", "0.1312", bars, False, ""))
    return Briefs(message.revision, found)


def conversation(message: Tree, glances: bool = True) -> list[dict[str, Any]]:
    """What a kernel answers to hello, in its order, and briefs of all slots at once."""
    said: list[protocol.ToBrowser] = [
        Status(False, 0, False),
        Catalog([], [], []),
        Journal([], "", "", ""),
        message,
        Panels([], []),
        *([briefs(message)] if glances else []),
    ]
    return [protocol.encode(one) for one in said]


def tied_net() -> Module:
    """The chapter's tied network: one Linear at two places."""

    def linear(name: str, shape: tuple[int, int], tie: str = "") -> Module:
        weight = Slot("weight", shape, tie=tie and f"{tie}.weight")
        bias = Slot("bias", shape[:1], tie=tie and f"{tie}.bias")
        return Module(name, "Linear", [weight, bias])

    relu = [Module(str(n), "ReLU") for n in (1, 3, 5)]
    return Module(
        "",
        "Sequential",
        [
            linear("0", (8, 16)),
            relu[0],
            linear("2", (8, 8), "shared"),
            relu[1],
            linear("4", (8, 8), "shared"),
            relu[2],
            linear("6", (10, 8)),
        ],
    )


def every_badge() -> Module:
    """A tree with one row for each thing that a row can say."""
    deep = Module("leaf", "Linear", [Slot("weight", (7, 7))])
    for name in ("e", "d", "c", "b", "a"):
        deep = Module(name, "Block", [deep])
    return Module(
        "",
        "Zoo",
        [
            Slot("scale", ()),
            Slot("running_mean", (64,), "buffer", trainable=False),
            Slot("mask", (64, 64), "constant", "bool", False),
            Slot("weight_v", (64, 3), "computed", note="Computed by weight_norm at each access"),
            Slot("bias", kind="none"),
            Slot("frozen_weight", (3, 3, 5, 5), trainable=False),
            Slot("lazy", (), state="uninitialized", note="Has no shape before the first forward"),
            Slot("on_meta", (1000, 1000), dtype="bfloat16", state="meta", note="No data"),
            Slot("line\nbreak\ttab", (2, 2)),
            Slot("right\u202eto left\u2066", (2, 2)),
            Slot("ש\u05dc\u05d5\u05dd", (2, 2)),
            Slot("<b>bold</b><img src=x onerror=alert(1)>", (2, 2)),
            Slot("long" * 2500, (2, 2)),
            Slot(" ", (2, 2)),
            deep,
        ],
    )


def huge(modules: int) -> Module:
    """``modules`` Linears in one list: three rows each."""
    slots = [Slot("weight", (8, 8)), Slot("bias", (8,))]
    layers = [Module(str(n), "Linear", slots) for n in range(modules)]
    return Module("", "Huge", [Module("layers", "ModuleList", layers)])
