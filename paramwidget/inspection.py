"""Inspection: what can be seen of one model, without changing it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from paramwidget.namespace import checked
from paramwidget.picture.lenses import Slot, lens_named, look
from paramwidget.picture.raster import Raster, raster
from paramwidget.picture.remembered import Moment, Remembered
from paramwidget.picture.statistics import Histogram, Stats, histogram, stats
from paramwidget.picture.values import Values
from paramwidget.record import Record
from paramwidget.slots.names import condition_at, resolve, slot_at
from paramwidget.slots.targets import Selection, select
from paramwidget.slots.ties import Name, Pairs, TieGroup
from paramwidget.slots.tree import Node, Path, Tree, UnknownName
from paramwidget.tensors import Unreadable, neutral

Narrow = str | type | Sequence[str | type] | None


class Inspection:
    """The half of a Workbench that reads."""

    net: nn.Module
    _record: Record

    @property
    def lock(self) -> threading.RLock:
        """Held by every method; one of several calls at a time sees and changes the model."""
        return self._record.lock

    @property
    def name(self) -> str:
        """What the user calls the model: expressions, proofs, titles and scripts say it.

        The first variable of the user's that is the model, looked up anew, unless it was given
        (``ParamWidget(net, name="encoder")``); ``net`` where there is none.
        """
        return self._record.name()

    @name.setter
    def name(self, name: str | None) -> None:
        self._record.name.given = None if name is None else checked(name)

    # --- what is there -------------------------------------------------------------------------

    @neutral()
    def read(self) -> Tree:
        """The present structure, with its slots, ties and totals.

        The same object until something moves.
        """
        with self.lock:
            tree = self._record.current.read(self.net)
            self._watch_ties(tree)
            return tree

    def _places(self) -> Tree:
        """A tree whose names and ties are up to date."""
        tree = self._record.current.places(self.net)
        self._watch_ties(tree)
        return tree

    def _watch_ties(self, tree: Tree, expected: bool = False) -> None:
        record = self._record
        record.ties.look(tree, record.known.start, expected)

    def tie_news(self) -> tuple[Pairs, Pairs]:
        """The ties that others than the bench broke, and those that they made, as long as it is so.

        Each is a dict from a slot to the one that it was, or is, tied with: what a load, a cast or
        a cell did to the model. ``tie`` with the two names ties a lost one again.
        """
        with self.lock:
            self.read()
            return self.last_tie_news

    @property
    def last_tie_news(self) -> tuple[Pairs, Pairs]:
        """The same as of the last look, without another one."""
        return dict(self._record.ties.lost), dict(self._record.ties.gained)

    @property
    def tree(self) -> Node:
        """The root of the present module tree."""
        return self.read().root

    def slots(self) -> list[Node]:
        """Every slot in registration order, including each occurrence of a shared one."""
        return list(self.read().slots)

    @neutral()
    def ties(self) -> list[TieGroup]:
        """The groups of slots that share a tensor ("same") or memory ("memory")."""
        with self.lock:
            return list(self._places().ties)

    @neutral()
    def select(self, target: Name, *, types: Narrow = None, parameters: Any = None) -> Selection:
        """A dry run: which slots a target selects, and which are skipped and why."""
        tree = self.read()
        return select(tree, target, types=types, parameters=parameters, net=self.net)

    # --- what is seen --------------------------------------------------------------------------

    @neutral()
    def tensor(self, name: Name, lens: str = "value") -> torch.Tensor | None:
        """The tensor that a lens shows, None if there is none (no gradient yet).

        Raises ValueError if there is no such lens, or if it fails.
        """
        values = self._values(name, lens)
        return None if values is None else values.tensor

    def _values(self, name: Name, lens: str) -> Values | None:
        chosen, path = lens_named(lens), self._path(name)
        tensor = resolve(self.net, path)
        if tensor is None:
            return None
        values = Values(tensor, condition_at(self.net, path, tensor))
        shown = look(chosen, Slot(tensor, values, self.remembered.before((lens, path))))
        return None if isinstance(shown, str) else shown

    def _path(self, name: Name) -> Path:
        """The path of a slot; reads the tree only if the name does not lead to a tensor directly.

        Raises UnknownName.
        """
        path = slot_at(self.net, name)
        if path is not None:
            return path
        node = self.read().node(name)
        if node.kind == "module":
            raise UnknownName(f"{name!r} is a module; name one of its slots")
        if node.namesake:
            raise UnknownName(f"{name!r} cannot be read: {node.namesake}")
        return node.path

    @neutral()
    def stats(self, name: Name, lens: str = "value") -> Stats | None:
        """Exact statistics over the finite elements, in float64; None if the lens shows nothing.

        Raises ValueError with the reason if a slot has no values: meta, uninitialized, freed.
        """
        with self.lock:
            values = self._values(name, lens)
            return None if values is None else stats(values)

    @neutral()
    def raster(
        self,
        name: Name,
        lens: str = "value",
        window: tuple[int, int, int, int] | None = None,
        cells: tuple[int, int] = (256, 256),
        sliders: Sequence[int] = (),
    ) -> Raster | None:
        """A window of the tensor's plane in at most ``cells`` (rows, columns).

        ``window`` is (row0, row1, col0, col1) of the plane, half-open; ``sliders`` the index on
        each axis that the plane leaves out (tensors of five axes and more).
        """
        with self.lock:
            values = self._values(name, lens)
            return None if values is None else raster(values, window, cells, tuple(sliders))

    @neutral()
    def histogram(self, name: Name, lens: str = "value", bins: int = 64) -> Histogram | None:
        """Counts between the smallest and the largest finite element."""
        with self.lock:
            values = self._values(name, lens)
            return None if values is None else histogram(values, bins)

    @property
    def remembered(self) -> Remembered:
        """What lenses remember of this model's tensors."""
        return self._record.remembered

    @neutral()
    def remember(self, moment: Moment) -> None:
        """Copy what some lenses need at this moment; usually none does."""
        for lens, path in self.remembered.due(moment):
            with self.lock:
                try:
                    tensor = resolve(self.net, path)
                except Unreadable:
                    tensor = None
                self.remembered.keep((lens, path), tensor)
