"""The rows of the tree as the browser gets them: the structure, and visible rows at a glance."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

from paramwidget import protocol
from paramwidget.edit.actions.outcome import display_name
from paramwidget.picture import scale, text
from paramwidget.picture.values import Values
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.names import held_at
from paramwidget.slots.tree import Node, Tree
from paramwidget.workbench import Workbench

WHOLE = 2**20  # elements; a larger tensor's row shows a sample, and is looked at through one
SAMPLE = 4096
BARS = 24
NOTE = 500  # characters
MOST_WARNINGS = 50
PROVED = 4  # places of a shared module


def tree_message(tree: Tree, revision: int) -> protocol.Tree:
    """The whole structure in columns."""
    nodes = list(walk(tree.root))
    row_of = {node: row for row, (node, _) in enumerate(nodes)}
    types, dtypes = Words(), Words()
    counts = _counts_below(nodes)
    return protocol.Tree(
        revision=revision,
        model=tree.root.type_name,
        names=[node.path[-1] if node.path else "" for node, _ in nodes],
        parents=[parent for _, parent in nodes],
        kinds=[node.kind for node, _ in nodes],
        type_of=[types.index(node.type_name) for node, _ in nodes],
        types=types.words,
        shapes=[None if node.shape is None else list(node.shape) for node, _ in nodes],
        dtype_of=[-1 if node.dtype is None else dtypes.index(node.dtype) for node, _ in nodes],
        dtypes=dtypes.words,
        counts=counts,
        trainable=[node.requires_grad if has_tensor(node) else None for node, _ in nodes],
        states=[node.state for node, _ in nodes],
        notes={
            str(row): note
            for row, (node, _) in enumerate(nodes)
            if (note := (node.reason or node.note or "")[:NOTE])
        },
        ties=[
            protocol.Tie(group.kind, [row_of[tree.node(name)] for name in group.names])
            for group in tree.ties
        ],
        shared_modules=[
            protocol.SharedModule([row_of[node] for node in places], _proof(places))
            for places in tree.shared_modules
        ],
        totals=_totals(tree),
        warnings=[
            f"{display_name(name)}: {warning}" for name, warning in tree.warnings[:MOST_WARNINGS]
        ],
    )


def _proof(places: list[Node]) -> str:
    """True in Python: one object stands at these places."""
    return " is ".join(node.access[0] for node in places[:PROVED])


def walk(root: Node) -> list[tuple[Node, int]]:
    """Every node with its parent's row, depth-first, the root first."""
    found: list[tuple[Node, int]] = []
    stack: list[tuple[Node, int]] = [(root, -1)]
    while stack:
        node, parent = stack.pop()
        row = len(found)
        found.append((node, parent))
        stack.extend((child, row) for child in reversed(node.children))
    return found


def has_tensor(node: Node) -> bool:
    """Whether a tensor stands at this node."""
    return node.kind not in ("module", "none")


class Words:
    """Words that occur often, each once."""

    def __init__(self) -> None:
        self._index: dict[str, int] = {}

    def index(self, word: str) -> int:
        """Where a word stands among ``words``."""
        return self._index.setdefault(word, len(self._index))

    @property
    def words(self) -> list[str]:
        """All words, in order."""
        return list(self._index)


class Briefs:
    """What the rows on screen were last said to look like."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Hashable, protocol.Brief]] = {}

    def forget(self) -> None:
        """The rows are other rows now."""
        self._known.clear()

    def known(self) -> list[protocol.Brief]:
        """All that was said."""
        return [brief for _, brief in self._known.values()]

    def fresh(
        self,
        bench: Workbench,
        nodes: Sequence[tuple[Node, int]],
        rows: list[int],
        whole: int = WHOLE,
    ) -> list[protocol.Brief]:
        """The briefs of those rows whose content is not what it was when last said.

        Of a tensor with more elements than ``whole`` a sample is looked at.
        """
        fresh = []
        for row in rows:
            if not 0 <= row < len(nodes):
                continue
            node = nodes[row][0]
            tensor = held_at(bench.net, node.path) if node.state == "ready" else None
            if tensor is None:
                continue
            looked_at = scale.sample(tensor, whole, SAMPLE)
            content = fingerprint(looked_at.elements)
            known = self._known.get(row)
            if known is not None and known[0] == content:
                continue
            brief = _brief(row, looked_at, sampled=looked_at.elements.numel() < tensor.numel())
            self._known[row] = (content, brief)
            fresh.append(brief)
        return fresh


def _brief(row: int, tensor: Values, sampled: bool) -> protocol.Brief:
    seen = scale.brief(tensor, BARS)
    alarms = [f"{count} {what}" for count, what in ((seen.nan, "NaN"), (seen.inf, "Inf")) if count]
    return protocol.Brief(
        row=row,
        mean=text.short(seen.mean),
        std=text.short(seen.std),
        bars=list(seen.bars),
        sampled=sampled,
        alarm=", ".join(alarms),
    )


def _counts_below(nodes: Sequence[tuple[Node, int]]) -> list[int]:
    """Elements of each slot; for a module those of the parameters below it, shared ones once."""
    counts = [0] * len(nodes)
    below: list[dict[Hashable, int]] = [{} for _ in nodes]
    for row in range(len(nodes) - 1, -1, -1):
        node, parent = nodes[row]
        if node.kind == "module":
            counts[row] = sum(below[row].values())
            if parent >= 0:
                below[parent].update(below[row])
            below[row] = {}
        elif node.shape is not None:
            counts[row] = math.prod(node.shape)
            if node.kind == "parameter":
                below[parent][node.tensor_number] = counts[row]
    return counts


def _totals(tree: Tree) -> protocol.Totals:
    totals = tree.totals
    return protocol.Totals(
        parameters=totals.parameters,
        trainable=totals.trainable,
        bytes=totals.bytes,
        bytes_text=text.bytes_of(totals.bytes),
        parameter_tensors=totals.parameters_listed,
        named_slots=totals.named_parameters_listed,
        state_entries=totals.state_dict_listed,
    )
