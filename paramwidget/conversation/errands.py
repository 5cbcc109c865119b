"""Intents on their way through the gate: each is done at most once and gets exactly one reply."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from paramwidget import protocol
from paramwidget.conversation.intents import carry_out, is_dry, preview
from paramwidget.conversation.questions import Question
from paramwidget.conversation.replies import refused, replied, sendable
from paramwidget.edit.errors import EditError
from paramwidget.edit.journal import Edit
from paramwidget.edit.step import step
from paramwidget.tensors import error_text
from paramwidget.workbench import Workbench, told

_log = logging.getLogger("paramwidget")

UNCHANGED = "It was interrupted; the model was not changed."
CHANGED = "the model had been changed before the interrupt"
CLOSED = "The widget was closed before it ran."


class IntentErrand:
    """One intent. Its reply says what became of the model, whatever was raised on the way."""

    def __init__(
        self,
        intent: protocol.Intent,
        bench: Workbench,
        answer: Callable[[IntentErrand, protocol.Reply], None],
    ) -> None:
        self.name: str | None = intent.id
        self.begun = False
        self.edit: Edit | None = None
        self._intent, self._bench, self._answer = intent, bench, answer
        self._before: Edit | None = None
        self._replied = False

    def carry_out(self) -> None:
        """Do it and reply; an interrupt is raised again after the reply."""
        if self.begun:
            return self.give_up()
        with self._bench.lock:
            try:
                before = self._bench.log.newest
                self._before, self.begun = before, True
                reply = self._done()
            except BaseException as error:
                self._settle(error)
                if not isinstance(error, Exception):
                    raise
            else:
                self._reply(reply)

    def give_up(self) -> None:
        """The one reply, if there was none yet, after an interrupt."""
        with self._bench.lock:
            self._settle(KeyboardInterrupt())

    def refuse(self, why: str) -> None:
        """It is not going to be done."""
        self._reply(refused(self._intent.id, why))

    def _done(self) -> protocol.Reply:
        if is_dry(self._intent):
            return replied(self._intent.id, preview=preview(self._bench, self._intent))
        self.edit = carry_out(self._intent, self._bench)
        return replied(self._intent.id, self.edit)

    def _settle(self, error: BaseException) -> None:
        """The reply after ``error``: the journal knows whether the edit happened before it."""
        now = self._bench.log.newest
        if self.begun and now is not self._before:
            said = CHANGED
            if isinstance(error, Exception):
                said = f"not all of it could be done: {_words(error)}"
            reply = replied(self._intent.id, now or self._before)
            reply = replace(reply, warnings=[*reply.warnings, said])
        elif isinstance(error, EditError):
            reply = refused(self._intent.id, _words(error), error.where or "")
        elif isinstance(error, Exception):
            _log.error("paramwidget: an edit failed", exc_info=error)
            reply = refused(self._intent.id, error_text(error))
        else:
            reply = refused(self._intent.id, UNCHANGED)
        if isinstance(error, Question):
            said = sendable(_words(error))
            reply = replace(
                reply, where=error.where, error=said, entry=error.entry, stake=error.stake
            )
        self._reply(reply)

    def _reply(self, reply: protocol.Reply) -> None:
        with step(reserve=False):
            if not self._replied:
                self._replied = True
                self._answer(self, reply)


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, EditError) else error_text(error)


class Withdrawal:
    """Undoes what was done in the meantime; has no reply of its own and cannot be withdrawn."""

    def __init__(self, undo: Callable[[], None]) -> None:
        self.name: str | None = None
        self.begun = False
        self._undo = undo

    def carry_out(self) -> None:
        """Undo it, if that can be done."""
        if not self.begun:
            self.begun = True
            with told("what was cancelled could not be undone"):
                self._undo()

    def give_up(self) -> None:
        """Nobody waits for a reply."""

    def refuse(self, why: str) -> None:
        """Nobody waits for a reply."""
