"""What a notebook file saves of a tree: all of it, or the uppermost rows of a large one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from paramwidget import protocol
from paramwidget.conversation.tree_change import columns, depths_of

SAVED = 400  # rows


class SavedTree:
    """What is saved of the tree that was sent; made again only if the tree or the panels change."""

    def __init__(self) -> None:
        self._of: tuple[protocol.Tree, list[int]] | None = None
        self._tree: protocol.Tree | None = None
        self._place: dict[int, int] = {}

    def tree(self, sent: protocol.Tree, wanted: list[int]) -> protocol.Tree:
        """The tree to save, with the ``wanted`` rows and those above them."""
        known = self._of is not None and self._of[0] is sent and self._of[1] == wanted
        if self._tree is None or not known:
            rows = _rows_to_save(sent, wanted)
            self._of, self._tree = (sent, wanted), _with_rows(sent, rows)
            self._place = {row: at for at, row in enumerate(rows)}
        return self._tree

    def briefs(self, briefs: Iterable[protocol.Brief]) -> list[protocol.Brief]:
        """Those of the rows that are saved, by their place there."""
        place = self._place
        return [replace(one, row=place[one.row]) for one in briefs if one.row in place]


def _rows_to_save(tree: protocol.Tree, wanted: Iterable[int]) -> list[int]:
    """The rows of a tree that are saved: the ``wanted``, those above them, the uppermost others."""
    if len(tree.names) <= SAVED:
        return list(range(len(tree.names)))
    kept: set[int] = {0}
    for row in wanted:
        while row >= 0 and row not in kept:
            kept.add(row)
            row = tree.parents[row]
    depths = depths_of(tree)
    for row in sorted(range(len(depths)), key=depths.__getitem__):
        if len(kept) >= SAVED:
            break
        kept.add(row)
    return sorted(kept)


def _with_rows(tree: protocol.Tree, rows: list[int]) -> protocol.Tree:
    """The tree with these rows only; where something was left out, a row says so.

    It has no revision of its own, so that no page takes it for the tree that a change is to.
    """
    if len(rows) == len(tree.names):
        return tree
    place = {row: at for at, row in enumerate(rows)}
    missing: dict[int, int] = {}
    for row, parent in enumerate(tree.parents):
        if row not in place and parent in place:
            missing[parent] = missing.get(parent, 0) + 1
    notes = {str(place[int(row)]): note for row, note in tree.notes.items() if int(row) in place}
    for row, count in missing.items():
        left_out = f"{count:,} of its rows were not saved in this picture"
        notes[str(place[row])] = "; ".join(filter(None, (notes.get(str(place[row])), left_out)))
    return replace(
        tree,
        revision=-1,
        **columns(tree, rows),
        parents=[place.get(tree.parents[row], -1) for row in rows],
        notes=notes,
        ties=[
            replace(tie, rows=[place[row] for row in tie.rows if row in place])
            for tie in tree.ties
            if not place.keys().isdisjoint(tie.rows)
        ],
        shared_modules=[
            replace(one, rows=[place[row] for row in one.rows if row in place])
            for one in tree.shared_modules
            if not place.keys().isdisjoint(one.rows)
        ],
        warnings=[
            f"The saved picture has {len(rows):,} of the {len(tree.names):,} rows; run the cell "
            "for all of them.",
            *tree.warnings,
        ],
    )
