"""The journal as the browser shows it: lines, what undo and redo would do, the script."""

from __future__ import annotations

from itertools import islice

from paramwidget import protocol
from paramwidget.conversation.intents import FEW
from paramwidget.edit.actions.outcome import display_name
from paramwidget.edit.journal import Journal

MOST_ENTRIES = 200  # lines of a journal are sent, the newest
MOST_CODE = 100_000  # characters
LONG_CODE = "# The script is long: print(Workbench.of(net).code()) shows it.\n"


def journal_message(journal: Journal) -> protocol.Journal:
    """The journal's lines, what undo and redo would do, and the script."""
    called = journal.called()
    entries = [
        protocol.Entry(
            title=entry.edit.title,
            names=[display_name(name) for name in entry.edit.changed[:FEW]],
            changed=len(entry.edit.changed),
            skipped=[
                f"{display_name(name)}: {why}"
                for name, why in islice(entry.edit.skipped.items(), FEW)
            ],
            seed="" if entry.edit.seed is None else str(entry.edit.seed),
            warnings=list(entry.edit.warnings),
            code=entry.edit.script.text(called),
            stands=entry.stands,
            error=entry.error,
        )
        for entry in journal.entries[-MOST_ENTRIES:]
    ]
    code = journal.code(called)
    return protocol.Journal(
        entries=entries,
        undo=journal.next_undo,
        redo=journal.next_redo,
        code=code if len(code) <= MOST_CODE else LONG_CODE,
    )
