"""Models that share tensors: an undo in one may take back what an edit of another has done."""

from __future__ import annotations

import weakref
from collections.abc import Iterable

from paramwidget.edit.journal.entry import Entry
from paramwidget.edit.memory.transaction import Bytes

_all: weakref.WeakSet[Sharing] = weakref.WeakSet()

#: Entries on one memory above which those that have no way back any more are sorted out.
FEW = 1024


class Sharing:
    """The entries of one journal by the memory that they wrote to; known to all journals."""

    def __init__(self) -> None:
        self._entries: dict[int, list[Entry]] = {}
        self._most: dict[int, int] = {}
        _all.add(self)

    def add(self, entry: Entry) -> None:
        """An edit was done."""
        for storage in _storages(entry):
            held = self._entries.setdefault(storage, [])
            held.append(entry)
            if len(held) > self._most.get(storage, FEW):
                held[:] = [one for one in held if one.inverses or one.marks]
                self._most[storage] = max(FEW, 2 * len(held))

    def newer(self, storages: Iterable[int], than: Entry) -> list[Entry]:
        """The newer edits in effect whose bytes lie in this memory and are as they left them."""
        found = {id(one): one for storage in storages for one in self._entries.get(storage, ())}
        newer = [one for one in found.values() if one.stands and one.moment > than.moment]
        return [one for one in newer if holds(one)]

    def above(self, entry: Entry) -> list[Entry]:
        """The edits in effect in other journals that undoing or redoing this may take back."""
        storages = _storages(entry)
        others = (sharing for sharing in list(_all) if sharing is not self)
        return [one for sharing in others for one in sharing.newer(storages, entry)]


def note_taken_back(entry: Entry, before: Iterable[Entry]) -> list[Entry]:
    """Of the edits that were in effect before, those whose bytes are all gone no longer stand.

    Returns those of whose bytes a part is gone.
    """
    partly = []
    for one in before:
        if holds(one):
            continue
        if _within(one, entry):
            one.stands = False
            entry.taken_back.append(one)
        else:
            partly.append(one)
    return partly


def note_given_back(entry: Entry) -> list[Entry]:
    """The edits that this entry had taken back and whose bytes are there again."""
    returned = [one for one in entry.taken_back if holds(one)]
    for one in returned:
        one.stands = True
        one.on_top()
    entry.taken_back = [one for one in entry.taken_back if not one.stands]
    return returned


def _storages(entry: Entry) -> set[int]:
    return {one.storage for one in entry.inverses or () if isinstance(one, Bytes) and one.storage}


def holds(entry: Entry) -> bool:
    """Whether the bytes of an entry are as it left them."""
    mine = written(entry)
    return bool(mine) and all(one.stands() for one in mine)


def written(entry: Entry) -> list[Bytes]:
    """The bytes that an edit has written."""
    return entry.marks or [one for one in entry.inverses or () if isinstance(one, Bytes)]


def _within(one: Entry, outer: Entry) -> bool:
    """Whether all that an entry changed is bytes that another one has exchanged."""
    only_bytes = all(isinstance(inverse, Bytes) for inverse in one.inverses or ())
    return only_bytes and all(
        any(theirs.covers(mine) for theirs in written(outer)) for mine in written(one)
    )
