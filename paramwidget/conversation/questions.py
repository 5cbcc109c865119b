"""What is asked before an undo goes on, and whether an answer is about what was asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

from paramwidget import protocol
from paramwidget.edit.actions.outcome import display_name
from paramwidget.edit.errors import EditError, listed
from paramwidget.edit.journal.stake import Stake
from paramwidget.edit.journal.words import WAY_ON, by_another_model
from paramwidget.workbench import Workbench


class Question(EditError):
    """A refusal that can be answered; ``where`` is the field of the answer."""

    def __init__(self, message: str, where: str, stake: Stake) -> None:
        super().__init__(message, where)
        self.entry = -1 if stake.entry is None else stake.entry.number
        self.stake = token(stake)


def token(stake: Stake) -> str:
    """Stands for the slots that are at stake."""
    text = repr(stake.names).encode("utf-8", "backslashreplace")
    return blake2b(text, digest_size=8).hexdigest() if stake.names else ""


def agreed(intent: protocol.Undo | protocol.Restart, stake: Stake) -> None:
    """Refuse until it is confirmed that these slots lose what something else wrote to them."""
    if not stake.names or (intent.confirmed and intent.stake in ("", token(stake))):
        return
    were = "was" if len(stake.names) == 1 else "were"
    by = by_another_model(stake.by) if stake.by else "a cell or by training"
    raise Question(
        f"{listed(map(display_name, stake.names))} {were} changed by {by} since. "
        "Undo puts those values away; they stay in the journal and can be brought back.",
        "confirmed",
        stake,
    )


def still_newest(number: int, bench: Workbench) -> None:
    """Refuse an answer about an entry that is not the newest any more."""
    top = bench.log.top
    if number >= 0 and (top is None or top.number != number):
        now = "there is nothing to undo" if top is None else f"the newest edit is {top.title!r}"
        raise EditError(f"the journal has changed since that was asked, and now {now}")


@contextmanager
def way_on(bench: Workbench) -> Iterator[None]:
    """A browser has a button for what ``bench.skip()`` does."""
    try:
        yield
    except EditError as error:
        said = str(error).removesuffix(WAY_ON)
        said = f"{said[:1].upper()}{said[1:]}. Undo can go on with the edits before it."
        raise Question(said, "skip", Stake(bench.log.top)) from None
