"""Which ties were lost or gained since a model was first read, by other hands than the bench's."""

from __future__ import annotations

from collections.abc import Sequence

from paramwidget.slots.ties import Name, Pairs, TieGroup, tie_changes, tied_together
from paramwidget.slots.tree import Tree


class TieWatch:
    """The ties that a load, a cast or a cell has broken or made, as long as it is so.

    ``lost``: each slot that was tied, and the one whose tensor it held. ``gained``: each slot that
    is tied now, and the one that it is tied with.
    """

    def __init__(self) -> None:
        self.lost: Pairs = {}
        self.gained: Pairs = {}
        self._tree: Tree | None = None

    def look(self, tree: Tree, start: Sequence[TieGroup] = (), expected: bool = False) -> None:
        """Compare a reading with the last one, the first with the ties at the ``start``.

        What is ``expected``, of an edit that ties or unties, is no news.
        """
        last, self._tree = self._tree, tree
        if tree is last:
            return

        def stays(name: Name) -> bool:
            return _holds(tree, name) and (last is None or _holds(last, name))

        before = start if last is None else last.ties
        lost, gained = tie_changes(before, tree.ties, stays)
        if not expected:
            new = gained if last is not None else {}  # what is there at the start is no news
            self.gained.update({name: one for name, one in new.items() if name not in self.lost})
            self.lost.update(lost)
        groups = tied_together(tree.ties)
        self.lost = {
            name: one
            for name, one in self.lost.items()
            if one not in groups.get(name, ()) and _holds(tree, name) and _holds(tree, one)
        }
        self.gained = {
            name: one for name, one in self.gained.items() if one in groups.get(name, ())
        }


def _holds(tree: Tree, name: Name) -> bool:
    node = tree.find(name)
    return node is not None and node.tensor_number >= 0
