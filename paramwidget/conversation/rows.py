"""The rows of the tree for the browser: the structure, and a summary of the visible rows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import torch

from paramwidget import protocol
from paramwidget.edit.actions.outcome import display_name
from paramwidget.picture import scale, text
from paramwidget.picture.values import Values
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.names import tensor_of
from paramwidget.slots.tree import Node, Tree
from paramwidget.tensors import Unreadable, outcome_of
from paramwidget.workbench import Workbench, told

WHOLE = 2**20  # elements; a larger tensor's row shows a sample, and is looked at through one
SAMPLE = 4096
BARS = 24
NOTE = 500  # characters
MOST_WARNINGS = 50
PROVED = 4  # places of a shared module


def tree_message(tree: Tree, revision: int, words: Words) -> protocol.Tree:
    """The whole structure in columns; ``words`` are the class and dtype names of this widget."""
    rows = tree.rows
    shapes = {shape: list(shape) for shape in set(rows.shapes) if shape is not None}
    return protocol.Tree(
        revision=revision,
        model=tree.root.type_name,
        names=rows.names,
        parents=rows.parents,
        kinds=rows.kinds,
        type_of=words.types.indices(rows.types),
        types=words.types.words,
        shapes=[None if shape is None else shapes[shape] for shape in rows.shapes],
        dtype_of=words.dtypes.indices(rows.dtypes),
        dtypes=words.dtypes.words,
        counts=rows.counts,
        trainable=rows.trainable,
        states=rows.states,
        notes={str(row): note[:NOTE] for row, note in rows.notes()},
        ties=[protocol.TieRows(kind, tied) for kind, tied in tree.tied_rows],
        shared_modules=[
            protocol.SharedModule([rows.row(node.place) for node in places], _proof(places))
            for places in tree.shared_modules
        ],
        totals=_totals(tree),
        warnings=[
            f"{display_name(name, tree.called)}: {warning}"
            for name, warning in tree.warnings[:MOST_WARNINGS]
        ],
        name=tree.called,
    )


def _proof(places: list[Node]) -> str:
    """A Python expression that is true: these places hold one object."""
    return " is ".join(node.access[0] for node in places[:PROVED])


class Numbered:
    """Words that occur often, each once; a word keeps its number."""

    def __init__(self) -> None:
        self._index: dict[str | None, int] = {None: -1}

    def indices(self, words: Sequence[str | None]) -> list[int]:
        """Where each word stands among ``words``; -1 for None."""
        for word in dict.fromkeys(words):
            self._index.setdefault(word, len(self._index) - 1)
        return list(map(self._index.__getitem__, words))

    @property
    def words(self) -> list[str]:
        """All words, in order."""
        return [word for word in self._index if word is not None]


class Words:
    """The class and dtype names that a widget's trees have used so far."""

    def __init__(self) -> None:
        self.types, self.dtypes = Numbered(), Numbered()


class Briefs:
    """What was last sent for the rows on screen."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Hashable, protocol.Brief]] = {}

    def forget(self) -> None:
        """Start again with other rows."""
        self._known.clear()

    def known(self) -> list[protocol.Brief]:
        """All briefs that were sent."""
        return [brief for _, brief in self._known.values()]

    def fresh(
        self,
        bench: Workbench,
        tree: Tree,
        rows: list[int],
        whole: int = WHOLE,
    ) -> list[protocol.Brief]:
        """The briefs of the rows whose content has changed since they were last sent.

        A tensor with more than ``whole`` elements is sampled.
        """
        fresh = []
        for row in rows:
            if 0 <= row < len(tree.rows):
                with told("a row could not be summed up"):
                    brief = self._fresh(bench, tree, row, whole)
                    fresh += [] if brief is None else [brief]
        return fresh

    def _fresh(self, bench: Workbench, tree: Tree, row: int, whole: int) -> protocol.Brief | None:
        node = tree.rows.node(row)
        tensor = tensor_of(bench.net, node) if node.state == "ready" else None
        if tensor is None:
            return None
        known = self._known.get(row)
        sent = None if known is None else known[0]
        try:
            brief = (_packed_brief if node.packed else _content_brief)(row, tensor, whole, sent)
        except Unreadable:  # it is no longer what the tree says
            return None
        if brief is None:
            return None
        self._known[row] = brief
        return brief[1]


def _content_brief(
    row: int, tensor: torch.Tensor, whole: int, sent: Hashable
) -> tuple[Hashable, protocol.Brief] | None:
    """A token of the content, and the brief of it; None if the token is the one that was sent."""
    values = Values(tensor)
    looked_at = scale.sample(values, whole, SAMPLE)
    content = fingerprint(looked_at.elements)
    if content == sent:
        return None
    return content, _brief(row, looked_at, sampled=looked_at is not values)


def _packed_brief(
    row: int, tensor: torch.Tensor, whole: int, sent: Hashable
) -> tuple[Hashable, protocol.Brief] | None:
    """The same of a packed tensor: what came of the last look at its values, without another.

    To dequantize it may take seconds.
    """
    outcome = outcome_of(tensor)
    alarm = "" if outcome is None else outcome.alarm
    if alarm == (sent or ""):
        return None
    return alarm, protocol.Brief(row, mean="", std="", bars=[], sampled=False, alarm=alarm)


def _brief(row: int, tensor: Values, sampled: bool) -> protocol.Brief:
    seen = scale.brief(tensor, BARS)
    return protocol.Brief(
        row=row,
        mean=text.short(seen.mean),
        std=text.short(seen.std),
        bars=list(seen.bars),
        sampled=sampled,
        alarm=", ".join(text.alarms(seen.nan, seen.inf)),
    )


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
