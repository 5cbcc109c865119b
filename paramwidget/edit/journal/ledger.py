"""The numbered lines of a journal, what others have done among them, and the script they make."""

from __future__ import annotations

from collections.abc import Callable

from paramwidget.edit.errors import EditError, counted
from paramwidget.edit.journal.entry import Entry
from paramwidget.edit.journal.lines import Lines
from paramwidget.edit.journal.whole import append_all
from paramwidget.slots.ties import Name


class Ledger:
    """The entries, the oldest first. ``revision`` grows with each change of one.

    ``called`` says what the user calls the model.
    """

    def __init__(self, called: Callable[[], str]) -> None:
        self.called = called
        self.revision = 0
        self.entries: list[Entry] = []
        self._lines = Lines()

    def entry(self, number: int) -> Entry:
        """The entry with this number; raises EditError if there is none."""
        if not 0 <= number < len(self.entries):
            raise EditError(f"the journal has no entry {number}", "entry")
        return self.entries[number]

    def code(self, name: str | None = None) -> str:
        """The edits in effect as one script for the model in ``name``, or as the user calls it.

        A comment says where something else has changed the model, from where on a fresh copy
        differs.
        """
        return self._lines.code(self.called() if name is None else name)

    @property
    def code_size(self) -> int:
        """About how many characters the script has."""
        return self._lines.size

    def _note_outside(self, changed: list[Name]) -> None:
        if not changed:
            return
        last = self.entries[-1] if self.entries else None
        if last is None or last.kind != "outside":
            last = Entry("outside", "", [])
            self._add(last, (self._lines.entries, last))
        last.names = list(dict.fromkeys([*last.names, *changed]))
        last.restored.difference_update(changed)
        last.title = f"changed outside: {counted(len(last.names), 'slot')}"
        self._touch(last)

    def _add(self, entry: Entry, *further: tuple[list[Entry], Entry]) -> Entry:
        """One more entry, also in further lists: in all of them or, without memory, in none."""
        entry.number = len(self.entries)
        self._touch(entry)
        append_all((self.entries, entry), *further)
        return entry

    def _touch(self, entry: Entry) -> Entry:
        self.revision += 1
        entry.revision = self.revision
        return entry
