"""The changes of a tree since it was sent, and the part of it that a notebook file saves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from paramwidget import protocol

WHOLE = 2000  # rows; a tree of no more is sent again when it has changed
SAVED = 400  # rows; of a larger tree the notebook file has the uppermost

T = TypeVar("T")


def depths_of(tree: protocol.Tree) -> list[int]:
    """How many rows are above each."""
    depths: list[int] = []
    for parent in tree.parents:
        depths.append(0 if parent < 0 else depths[parent] + 1)
    return depths


def tree_change(
    before: protocol.Tree, now: protocol.Tree, whole: int = WHOLE
) -> protocol.TreeChange | None:
    """The message that turns one tree into the other; None if sending the whole tree is better.

    That is a tree of at most ``whole`` rows, or one with more than half of its rows new.
    """
    if len(now.names) <= whole:
        return None
    depths_before, depths = depths_of(before), depths_of(now)
    old = list(zip(before.names, depths_before, before.kinds, strict=True))
    new = list(zip(now.names, depths, now.kinds, strict=True))
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    removed, added = len(old) - start - end, len(new) - start - end
    kept = [*zip(range(start), range(start), strict=True)]
    kept += zip(range(start + removed, len(old)), range(start + added, len(new)), strict=True)
    looks_before, looks = _looks(before), _looks(now)
    changed = [row for row_before, row in kept if looks_before[row_before] != looks[row]]
    if added + len(changed) > len(new) // 2:
        return None
    return protocol.TreeChange(
        revision=now.revision,
        before=before.revision,
        start=start,
        removed=removed,
        rows=_rows(now, depths, range(start, start + added)),
        changed=changed,
        changed_rows=_rows(now, depths, changed),
        types=now.types,
        dtypes=now.dtypes,
        notes=now.notes,
        ties=now.ties,
        shared_modules=now.shared_modules,
        totals=now.totals,
        warnings=now.warnings,
    )


def _alike(old: Sequence[object], new: Sequence[object]) -> int:
    """How many entries from the first on are equal."""
    shorter = min(len(old), len(new))
    pairs = zip(old, new, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), shorter)


def _looks(tree: protocol.Tree) -> list[tuple[object, ...]]:
    columns = (tree.type_of, tree.shapes, tree.dtype_of, tree.counts, tree.trainable, tree.states)
    return list(zip(*columns, strict=True))


def _rows(tree: protocol.Tree, depths: list[int], rows: Sequence[int]) -> protocol.TreeRows:
    return protocol.TreeRows(
        names=_taken(tree.names, rows),
        depths=_taken(depths, rows),
        kinds=_taken(tree.kinds, rows),
        type_of=_taken(tree.type_of, rows),
        shapes=_taken(tree.shapes, rows),
        dtype_of=_taken(tree.dtype_of, rows),
        counts=_taken(tree.counts, rows),
        trainable=_taken(tree.trainable, rows),
        states=_taken(tree.states, rows),
    )


def _taken(column: list[T], rows: Iterable[int]) -> list[T]:
    return [column[row] for row in rows]


def saved_rows(tree: protocol.Tree, wanted: Iterable[int]) -> list[int]:
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


def saved_tree(tree: protocol.Tree, rows: list[int]) -> protocol.Tree:
    """The tree with these rows only; where something was left out, a row says so."""
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
        names=_taken(tree.names, rows),
        parents=[place.get(parent, -1) for parent in _taken(tree.parents, rows)],
        kinds=_taken(tree.kinds, rows),
        type_of=_taken(tree.type_of, rows),
        shapes=_taken(tree.shapes, rows),
        dtype_of=_taken(tree.dtype_of, rows),
        counts=_taken(tree.counts, rows),
        trainable=_taken(tree.trainable, rows),
        states=_taken(tree.states, rows),
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
