"""Which ties were lost or gained since a model was first read, by other hands than the bench's."""

from __future__ import annotations

from paramwidget.slots.content.baseline import Baseline
from paramwidget.slots.ties import Name, Pairs, TieGroup, tie_changes, tied_together
from paramwidget.slots.tree import Tree


class TieWatch:
    """The ties that a load, a cast or a cell has broken or made, as long as it is so.

    ``lost``: each slot that was tied, and the one whose tensor it held. ``gained``: each slot that
    is tied now, and the one that it is tied with; not what is as it was before it was lost.
    """

    def __init__(self) -> None:
        self.lost: Pairs = {}
        self.gained: Pairs = {}
        self._new: Pairs = {}  # which were not tied before
        self._again: Pairs = {}  # which were, before one of them was lost
        self._tree: Tree | None = None

    def look(self, tree: Tree, start: Baseline | None = None, expected: bool = False) -> None:
        """Compare a reading with the last one, the first with the model at the ``start``.

        What is ``expected``, of an edit that ties or unties, is no news.
        """
        last, self._tree = self._tree, tree
        if tree is last:
            return
        if not expected:
            lost, gained = _changes(tree, last, start)
            once = [*(last.ties if last is not None else []), *_as_groups(self.lost)]
            known = tied_together(once) if gained else {}
            again = {name: one for name, one in gained.items() if one in known.get(name, ())}
            self._again.update(again)
            self._new.update({name: one for name, one in gained.items() if name not in again})
            self.lost.update(lost)
        self._keep_what_is_so(tree)

    def _keep_what_is_so(self, tree: Tree) -> None:
        groups = tied_together(tree.ties)
        self.lost = {
            name: one
            for name, one in self.lost.items()
            if one not in groups.get(name, ()) and _holds(tree, name) and _holds(tree, one)
        }
        for pairs in (self._new, self._again):
            for name, one in [*pairs.items()]:
                if one not in groups.get(name, ()):
                    del pairs[name]
        again = {n: one for n, one in self._again.items() if n in self.lost or one in self.lost}
        self.gained = {**self._new, **again}


def _changes(tree: Tree, last: Tree | None, start: Baseline | None) -> tuple[Pairs, Pairs]:
    """The ties that were lost and gained since the last reading, else since the start."""
    if last is not None:
        return tie_changes(
            last.ties, tree.ties, lambda name: _holds(tree, name) and _holds(last, name)
        )
    if start is None:
        return {}, {}
    before = start.ties()
    lost, _ = tie_changes(before, tree.ties, lambda name: _holds(tree, name))
    _, gained = tie_changes(
        before, tree.ties, lambda name: _holds(tree, name) and start.holds_plain(name)
    )
    return lost, gained


def _as_groups(pairs: Pairs) -> list[TieGroup]:
    return [TieGroup("same", pair) for pair in pairs.items()]


def _holds(tree: Tree, name: Name) -> bool:
    node = tree.find(name)
    return node is not None and node.tensor_number >= 0
