"""Models that share tensors: an undo in one may take back what an edit of another has done."""

from __future__ import annotations

import weakref
from collections.abc import Iterable

from paramwidget.edit.journal.entry import Entry
from paramwidget.edit.memory.transaction import Bytes

_all: weakref.WeakSet[Sharing] = weakref.WeakSet()


class Sharing:
    """The entries of one journal by the memory that they wrote to; known to all journals."""

    def __init__(self) -> None:
        self._entries: dict[int, list[Entry]] = {}
        _all.add(self)

    def add(self, entry: Entry) -> None:
        """An edit was done."""
        for storage in _storages(entry):
            self._entries.setdefault(storage, []).append(entry)

    def standing(self, storages: Iterable[int]) -> list[Entry]:
        """The edits in effect whose bytes lie in this memory and are as they left them."""
        found = {id(e): e for storage in storages for e in self._entries.get(storage, ())}
        return [entry for entry in found.values() if entry.stands and _holds(entry)]

    def above(self, entry: Entry) -> list[Entry]:
        """The edits in effect that undoing or redoing this entry may take back, in any journal.

        Of this journal, those without a way back: the others are undone and redone in order.
        """
        storages = _storages(entry)
        mine = [one for one in self.standing(storages) if one.marks]
        others = (sharing for sharing in list(_all) if sharing is not self)
        return [*mine, *(one for sharing in others for one in sharing.standing(storages))]


def note_taken_back(entry: Entry, before: Iterable[Entry]) -> None:
    """Of the edits that were in effect before, those whose bytes are gone no longer stand."""
    for one in before:
        if not _holds(one):
            one.stands = False
            entry.taken_back.append(one)


def note_given_back(entry: Entry) -> list[Entry]:
    """The edits that this entry had taken back and whose bytes are there again."""
    returned = [one for one in entry.taken_back if _holds(one)]
    for one in returned:
        one.stands = True
    entry.taken_back = [one for one in entry.taken_back if not one.stands]
    return returned


def _storages(entry: Entry) -> set[int]:
    return {one.storage for one in entry.inverses or () if isinstance(one, Bytes) and one.storage}


def _holds(entry: Entry) -> bool:
    mine = entry.marks or [one for one in entry.inverses or () if isinstance(one, Bytes)]
    return bool(mine) and all(one.stands() for one in mine)
