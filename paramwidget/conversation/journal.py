"""The journal as the browser shows it: lines, what undo and redo would do, the script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from paramwidget import protocol
from paramwidget.conversation.intents import FEW
from paramwidget.edit.actions.outcome import by_reason, display_name
from paramwidget.edit.errors import counted, listed
from paramwidget.edit.journal import Entry, Journal
from paramwidget.slots.ties import Name

MOST_ENTRIES = 200  # lines of a journal are sent, the newest
MOST_CODE = 100_000  # characters
LONG_CODE = "# The script is long: print(Workbench.of(net).code()) shows it.\n"


class SentJournal:
    """What the browsers have of a journal; they are sent what is new."""

    def __init__(self) -> None:
        self._revision = -1
        self._code = ""
        self._sent: dict[int, tuple[bool, bool]] = {}  # of each line sent what may change alone

    def is_behind(self, journal: Journal) -> bool:
        """Whether there is anything that they have not been sent."""
        if journal.revision != self._revision:
            return True
        return any(map(self._is_new, journal.entries[-MOST_ENTRIES:]))

    def _is_new(self, entry: Entry) -> bool:
        """An undo in another model and the budget change an entry without a revision."""
        return entry.revision > self._revision or self._sent.get(entry.number) != _alone(entry)

    def message(self, journal: Journal, whole: bool = False) -> protocol.Journal:
        """What has changed since the last message; all of it if ``whole``, or at first."""
        whole = whole or self._revision < 0
        newest = journal.entries[-MOST_ENTRIES:]
        changed = [entry for entry in newest if whole or self._is_new(entry)]
        code = _code(journal)
        kept = 0 if whole else _kept(self._code, code)
        self._revision, self._code = journal.revision, code
        self._sent = {entry.number: _alone(entry) for entry in newest}
        return protocol.Journal(
            entries=[_line(entry) for entry in changed],
            undo=journal.next_undo,
            redo=journal.next_redo,
            code=code[kept:],
            whole=whole,
            code_kept=_units(code[:kept]),
            first=newest[0].number if newest else 0,
        )


def _alone(entry: Entry) -> tuple[bool, bool]:
    return entry.stands, entry.can_be_brought_back


def whole_journal(journal: Journal) -> protocol.Journal:
    """All of the journal, for a page that has nothing of it yet."""
    return SentJournal().message(journal)


def _code(journal: Journal) -> str:
    return journal.code() if journal.code_size <= MOST_CODE else LONG_CODE


def _kept(before: str, now: str) -> int:
    """How many characters need not be sent again: an edit adds to the end, undo takes from it."""
    return min(len(before), len(now)) if now.startswith(before) or before.startswith(now) else 0


def _units(text: str) -> int:
    """Its length as a browser counts, to which a character beyond U+FFFF is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _line(entry: Entry) -> protocol.Entry:
    line = protocol.Entry(
        title=entry.title,
        names=[display_name(name) for name in entry.names[:FEW]],
        changed=len(entry.names),
        skipped=[],
        seed="",
        warnings=[],
        code="",
        stands=entry.stands,
        error=entry.error,
        of=entry.kind,
        number=entry.number,
        can_be_brought_back=entry.can_be_brought_back,
    )
    edit = entry.edit
    if edit is None:
        return line
    return replace(
        line,
        skipped=list(_left_out(edit.skipped)),
        left_out=len(edit.skipped),
        seed="" if edit.seed is None else str(edit.seed),
        warnings=list(edit.warnings),
        code=edit.code,
    )


def _left_out(skipped: dict[Name, str]) -> Iterator[str]:
    """The slots that were left out, by reason."""
    reasons = by_reason(skipped)
    for why, names in islice(reasons.items(), FEW):
        yield f"{listed(map(display_name, names), FEW)}: {why}"
    if len(reasons) > FEW:
        yield f"and {counted(len(reasons) - FEW, 'more reason')}"
