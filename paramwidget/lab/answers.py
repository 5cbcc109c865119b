"""The connection to the JupyterLab extension: each question on its comm gets one answer.

The extension opens one comm for each kernel and asks; only answers are sent on it, so that
ipykernel keeps routing it to the subshell that the browser chose, and questions are answered while
a cell runs. A question may arrive on any thread. Modules that use torch are loaded only once the
user has imported it.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from functools import singledispatch
from typing import Any

from comm import get_comm_manager

from paramwidget import protocol
from paramwidget.protocol import LabRefused, LabRows

TARGET = "paramwidget.lab"  # as js/lab/src/kernel/line.ts has it

_log = logging.getLogger("paramwidget")
_one_at_a_time = threading.RLock()


def _renew_lock() -> None:
    """In a forked process it may be held by a thread that does not exist there."""
    global _one_at_a_time
    _one_at_a_time = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def serve() -> None:
    """Register the comm target of the extension. Binds no name; may be called repeatedly."""
    get_comm_manager().register_target(TARGET, _opened)


def _opened(comm: Any, message: dict[str, Any]) -> None:
    """A browser has opened a comm, with its first question."""

    def hear(message: dict[str, Any]) -> None:
        try:
            comm.send(sent(answer(message["content"]["data"])))
        except Exception:
            _log.exception("paramwidget: an answer to JupyterLab could not be sent")

    comm.on_msg(hear)
    hear(message)


def sent(said: protocol.LabAnswer) -> dict[str, Any]:
    """The JSON object of an answer, or of a refusal where it cannot travel."""
    try:
        return protocol.encode(said)
    except protocol.ProtocolError as error:
        return protocol.encode(LabRefused(said.n, f"The answer cannot be sent: {error}"))


def answer(content: object) -> protocol.LabAnswer:
    """The one answer to a question; never raises."""
    asked = dict.get(content, "n") if isinstance(content, dict) else None
    number = asked if type(asked) is int and abs(asked) <= protocol.SAFE_INTEGER else -1
    try:
        question = protocol.decode_question(content)
        with _one_at_a_time:
            return _answer(question) if "torch" in sys.modules else _without_torch(question)
    except Exception as error:
        _log.exception("paramwidget: a request from JupyterLab could not be answered")
        return LabRefused(number, _words(error))


def _words(error: Exception) -> str:
    """An exception's class and text; the class alone if the text cannot be read."""
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:
        text = type(error).__name__
    return text.encode("utf-8", "backslashreplace").decode()


def _without_torch(question: protocol.LabQuestion) -> protocol.LabAnswer:
    if isinstance(question, protocol.LabUndock):
        return protocol.LabDone(question.n)
    if isinstance(question, protocol.LabList):
        return LabRows(question.n, False, [], 0, False, ["gone" for _ in question.bonds])
    return LabRefused(question.n, "PyTorch has not been imported in this kernel yet.")


@singledispatch
def _answer(question: protocol.LabQuestion) -> protocol.LabAnswer:
    """The answer to one kind of question; what needs torch is imported when it is asked for."""
    raise protocol.ProtocolError(f"nothing answers {question.kind}")


@_answer.register
def _list(question: protocol.LabList) -> protocol.LabAnswer:
    from paramwidget.lab.listing import variables_asked

    return variables_asked(question)


@_answer.register
def _expand(question: protocol.LabExpand) -> protocol.LabAnswer:
    from paramwidget.lab.listing import held_asked

    return held_asked(question)


@_answer.register
def _dock(question: protocol.LabDock) -> protocol.LabAnswer:
    from paramwidget.lab.docks import dock

    return dock(question)


@_answer.register
def _undock(question: protocol.LabUndock) -> protocol.LabAnswer:
    from paramwidget.lab.docks import undock

    return undock(question)


@_answer.register
def _find(question: protocol.LabFind) -> protocol.LabAnswer:
    from paramwidget.lab.docks import find

    return find(question)


@_answer.register
def _journal(question: protocol.LabJournal) -> protocol.LabAnswer:
    from paramwidget.lab.scripts import script_asked

    return script_asked(question)


protocol.check_handled(protocol.LabQuestion, _answer)
