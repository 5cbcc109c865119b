"""What the journal keeps for its ways back, within a budget: the oldest is dropped first."""

from __future__ import annotations

from collections import deque

from paramwidget.edit.journal.entry import Entry

BUDGET = 1 << 30  # bytes kept for undo and redo; the newest edit can be undone whatever its size

#: What an entry takes beside its bytes: objects, script, title.
ENTRY_BYTES = 4096


class Kept:
    """The entries that have a way back. What was dropped by a new edit goes before what stands."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._bytes = 0
        self._sizes: dict[int, int] = {}
        self._entries: deque[Entry] = deque()
        self._dropped: deque[Entry] = deque()

    def add(self, entry: Entry) -> None:
        """Keep the way back of a new entry; drop the oldest ones beyond the budget."""
        self._sizes[id(entry)] = size = entry.nbytes + ENTRY_BYTES
        self._bytes += size
        self._entries.append(entry)
        while self._bytes > self.budget:
            oldest = self._dropped or self._entries
            if oldest[0] is entry:
                return
            self.drop(oldest.popleft())

    def weigh(self, entry: Entry) -> None:
        """An undo or redo has exchanged what an entry keeps, which may be larger now."""
        if id(entry) in self._sizes:
            size = entry.nbytes + ENTRY_BYTES
            self._bytes += size - self._sizes[id(entry)]
            self._sizes[id(entry)] = size

    def put_last(self, entry: Entry) -> None:
        """An entry whose redo a new edit has ended: it is dropped before those in effect."""
        if id(entry) in self._sizes:
            self._dropped.append(entry)

    def drop(self, entry: Entry) -> None:
        """Drop the way back of one entry."""
        self._bytes -= self._sizes.pop(id(entry), 0)
        entry.drop()
