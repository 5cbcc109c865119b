"""The one reply to an intent."""

from __future__ import annotations

from paramwidget import protocol
from paramwidget.edit.journal import Edit


def sendable(text: str) -> str:
    """The text with half characters written out, which no comm can send."""
    return text.encode("utf-8", "backslashreplace").decode()


def replied(
    intent: str, edit: Edit | None = None, preview: protocol.Preview | None = None
) -> protocol.Reply:
    """An intent was carried out, or had nothing to do."""
    return protocol.Reply(
        id=intent,
        ok=True,
        error="",
        where="",
        title="" if edit is None else sendable(edit.title),
        changed=0 if edit is None else len(edit.changed),
        seed="" if edit is None or edit.seed is None else str(edit.seed),
        warnings=[] if edit is None else list(map(sendable, edit.warnings)),
        preview=preview,
    )


def refused(intent: str, error: str, where: str = "") -> protocol.Reply:
    """An intent was refused: why, and at which control."""
    return protocol.Reply(
        id=intent,
        ok=False,
        error=sendable(error),
        where=where,
        title="",
        changed=0,
        seed="",
        warnings=[],
        preview=None,
    )
