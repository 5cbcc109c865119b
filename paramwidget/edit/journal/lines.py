"""The lines of the script: the edits in effect, in order, and where something else came between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from paramwidget.edit.actions.outcome import display_name
from paramwidget.edit.errors import listed
from paramwidget.edit.journal.entry import Entry
from paramwidget.edit.journal.words import CHANGED_OUTSIDE, OVER_SKIPPED
from paramwidget.edit.script import Script, assembled, comment
from paramwidget.slots.ties import Name


class Lines:
    """The entries that have a line, the oldest first; ``size`` is about the script's characters."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.size = 0

    def remove(self, entry: Entry) -> None:
        """It is near the end, if it is there."""
        for place in reversed(range(len(self.entries))):
            if self.entries[place] is entry:
                del self.entries[place]
                self.size -= entry.code_size
                return

    def put_before(self, entry: Entry, skipped: Sequence[Entry]) -> None:
        """An entry was redone below newer ones that were skipped: it comes before them again."""
        if entry.below is not None:
            self.remove(entry.below)
        lines = enumerate(self.entries) if skipped else ()
        later = [place for place, one in lines if one in skipped]
        if later:
            self.remove(entry)
            self.entries.insert(later[0], entry)
            self.size += entry.code_size

    def note_below(self, entry: Entry, skipped: Sequence[Entry]) -> None:
        """An entry was undone below newer ones that were skipped, whose objects may be gone."""
        told = {name for one in skipped if entry.held or one.held for name in one.names}
        names = [name for name in entry.names if name in told]
        entry.below = Entry("replaced", "", names) if names else None
        if entry.below is not None:
            self.entries.append(entry.below)

    def put_away(self, entry: Entry, names: Iterable[Name]) -> None:
        """Undoing an entry has put away what was changed outside in these slots since."""
        for one in self._changed_outside_since(entry):
            one.restored.update(names)

    def put_back(self, entry: Entry, names: Iterable[Name]) -> None:
        """Redoing it has put it back."""
        for one in self._changed_outside_since(entry):
            one.restored.difference_update(names)

    def _changed_outside_since(self, entry: Entry) -> Iterator[Entry]:
        for one in reversed(self.entries):
            if one.number < entry.number:
                return
            if one.kind == "outside":
                yield one

    def written_over(self, after: Entry | None = None) -> list[Name]:
        """The slots that a later edit has set as a whole and something else has changed since."""
        first = -1 if after is None else after.number
        whole: set[Name] = set()
        found: dict[Name, None] = {}
        for entry in self.entries:
            if entry.kind == "outside":
                found.update((n, None) for n in entry.names if n in whole - entry.restored)
            elif entry.number > first and entry.sets_whole and entry.stands:
                whole.update(entry.names)
        return list(found)

    def code(self, name: str) -> str:
        """One script for the model in ``name``."""
        scripts: list[Script] = []
        outside: dict[Name, None] = {}  # not told yet
        for entry in self.entries:
            if entry.kind == "outside":
                outside.update((n, None) for n in entry.names if n not in entry.restored)
            elif entry.kind == "replaced" or entry.stands:
                scripts += _differing(CHANGED_OUTSIDE, outside)
                scripts += _script(entry)
                outside.clear()
        return assembled([*scripts, *_differing(CHANGED_OUTSIDE, outside)], name)


def _script(entry: Entry) -> list[Script]:
    if entry.kind == "replaced":
        return _differing(OVER_SKIPPED, entry.names)
    return [] if entry.edit is None else [entry.edit.script]


def _differing(about: str, names: Iterable[Name]) -> list[Script]:
    """The comment from where on a fresh copy has other values in these slots, if there are any."""
    shown = [display_name(name) for name in names]
    return [Script((comment(about.format(listed(shown))),))] if shown else []
