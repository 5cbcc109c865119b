"""The message that turns one tree that was sent into another, by what is different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from paramwidget import protocol

WHOLE = 2000  # rows; a tree of at most so many is always sent whole

_COLUMNS = [field.name for field in fields(protocol.TreeRows) if field.name != "depths"]


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

    It is better for a tree of at most ``whole`` rows, and if more than half of the rows are new.
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
    return list(zip(*(getattr(tree, name) for name in _COLUMNS), strict=True))


def _rows(tree: protocol.Tree, depths: list[int], rows: Sequence[int]) -> protocol.TreeRows:
    return protocol.TreeRows(depths=[depths[row] for row in rows], **columns(tree, rows))


def columns(tree: protocol.Tree, rows: Sequence[int]) -> dict[str, Any]:
    """Every column of the tree that a part of one has too, with these rows only."""
    whole = {name: getattr(tree, name) for name in _COLUMNS}
    return {name: [column[row] for row in rows] for name, column in whole.items()}
