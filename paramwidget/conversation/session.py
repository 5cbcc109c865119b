"""One widget's conversation: messages of its browsers in, messages for them out.

Python pushes; nothing here waits for a browser. All of it may run on any thread: every look at the
model and every send happens under the bench's lock.
"""

from __future__ import annotations

import logging
import os
import time
import weakref
from collections.abc import Callable
from functools import singledispatchmethod
from typing import Any

from paramwidget import protocol
from paramwidget.compat import cell_runs_elsewhere
from paramwidget.conversation.catalog import catalog_message
from paramwidget.conversation.errands import CLOSED, IntentErrand, Withdrawal
from paramwidget.conversation.gate import Gate
from paramwidget.conversation.intents import is_dry
from paramwidget.conversation.presenter import Presenter
from paramwidget.conversation.pulse import Pulse
from paramwidget.conversation.replies import refused
from paramwidget.conversation.views import Views
from paramwidget.conversation.weak import weakly
from paramwidget.edit.journal import Edit
from paramwidget.protocol import Cause, OtherVersion, ProtocolError
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Tree, UnknownName
from paramwidget.tensors import error_text, neutral
from paramwidget.workbench import Workbench, told

Send = Callable[[dict[str, Any], list[bytes]], None]

_log = logging.getLogger("paramwidget")

LIVE_PERIOD = 0.1  # s between frames while a cell runs
PACES = (0.1, 60)  # frames per second that a view may ask for
GLANCE_BYTES = 1 << 26  # of the model are read when a cell ends
LIVE_SHARE = 0.015  # share of a training cell's time that looking at the model may take


class Session:
    """The conversation of one widget over one bench.

    ``send`` takes a JSON object and its buffers; ``keep`` is called when the saved picture
    (``saved_messages()``) has changed.
    """

    def __init__(
        self, bench: Workbench, send: Send, keep: Callable[[], None] = lambda: None
    ) -> None:
        self.bench = bench
        self.views = Views()
        self.gate = Gate(bench.lock)
        self.pulse = Pulse(self)
        self._send_out = send
        self._keep = keep
        self.presenter = Presenter(bench, self.views, weakly(self._send))
        self._notice = ""  # why the page that last said hello is sent nothing else
        self._busy = False
        self._next_live = 0.0
        self._period = LIVE_PERIOD
        self._newest: IntentErrand | None = None  # the last that was carried out
        self._mute = False
        bench.listen(self)
        _sessions.add(self)

    @neutral()
    def open(self, name: Name) -> None:
        """Open a panel from Python.

        Raises ValueError if there is no such slot, or if too many panels are open.
        """
        with self.bench.lock:
            node = self.bench.read().node(name)
            if node.slot < 0:
                raise UnknownName(f"{name!r} is a module; name one of its slots")
            panel = f"python-{len(self.views.panels)}"
            self.views.open(protocol.Open(panel, list(node.path), lens=""))

    # --- in ------------------------------------------------------------------------------------

    @neutral()
    def receive(self, content: object, buffers: object = ()) -> None:
        """Take one message of a browser; never raises, an intent gets its one reply."""
        try:
            self._take(protocol.decode(content))
        except OtherVersion as error:
            self._notice = str(error)
            self._send_status()
        except ProtocolError as error:
            self._refuse(content, str(error))
        except Exception as error:
            _log.exception("paramwidget: a message could not be handled")
            self._refuse(content, error_text(error))

    def _refuse(self, content: object, error: str) -> None:
        """A message that cannot be handled; if it is an intent, its control is told why."""
        asked = dict.get(content, "id") if isinstance(content, dict) else None
        if type(asked) is str:
            self._send(refused(asked, error))
        else:
            _log.warning("paramwidget: a message was dropped: %s", error)

    def _take(self, message: protocol.ToKernel) -> None:
        """Messages of another version may mean something else: only its hello counts."""
        if not self._notice or isinstance(message, protocol.Hello):
            self._handle(message)
        elif isinstance(message, protocol.Intent):
            self._send(refused(message.id, self._notice))

    @singledispatchmethod
    def _handle(self, message: protocol.ToKernel) -> None:
        """Each message has a function below, which check_handled() checks at import."""
        raise ProtocolError(f"nothing handles {message.kind}")

    @_handle.register
    def _answer_hello(self, _: protocol.Hello) -> None:
        self._notice = ""
        self.views.greeted()
        with self.bench.lock:
            self._send_status()
            with told("the forms could not be shown"):
                self._send(catalog_message())
            self.presenter.show_everything()
            self._save()

    @_handle.register
    def _note_view(self, message: protocol.View) -> None:
        if message.what == "closed":
            leave = self.views.left if message.left else self.views.closed
            leave(message.view)
        else:
            if message.what == "opened":
                self.views.opened(message.view)
            view = self.views.heard(message.view)
            hidden_before = not view.shown
            if message.what in ("opened", "hidden", "shown"):
                view.shown = message.what != "hidden"
            if hidden_before and view.shown:
                self._push("view")
        self.views.drop_silent()
        self._mind_pulse()

    @_handle.register
    def _note_pace(self, message: protocol.Pace) -> None:
        slowest, fastest = PACES
        rate = max(slowest, min(message.rate, fastest))
        self._period = 1 / rate if message.rate > 0 else LIVE_PERIOD

    @_handle.register
    def _note_rows(self, message: protocol.Rows) -> None:
        self.views.show_rows(message)
        with self.bench.lock:
            self.presenter.look_at_rows()

    @_handle.register
    def _look_again(self, message: protocol.Ask) -> None:
        self.views.heard(message.view)
        self._push("ask")
        self._send_status()  # always answered: the browser asks again only after an answer

    @_handle.register
    def _open_panel(self, message: protocol.Open) -> None:
        with self.bench.lock:
            self.presenter.open_panel(message)
            self.presenter.show_panels()
            self._save()

    @_handle.register
    def _close_panel(self, message: protocol.Close) -> None:
        with self.bench.lock:
            self.presenter.close_panel(message.panel)
            self.presenter.show_panels()
            self._save()

    @_handle.register
    def _look_differently(self, message: protocol.Look) -> None:
        with self.bench.lock:
            self.views.look(message)
            self.presenter.show_panels()

    # --- intents -------------------------------------------------------------------------------

    @_handle.register
    def _intend(self, intent: protocol.Intent) -> None:
        """Pass an intent to the gate; the browser is told while it waits."""
        errand = IntentErrand(intent, self.bench, self._answer)
        if is_dry(intent) or self.bench.editing:  # changes nothing, or cannot: no need to wait
            errand.carry_out()
            return
        if not self.gate.pass_or_wait(errand):
            self._send_status()

    def _answer(self, errand: IntentErrand, reply: protocol.Reply) -> None:
        if errand.edit is not None:
            self._newest = errand
        self._send(reply)

    @_handle.register
    def _withdraw(self, message: protocol.Withdraw) -> None:
        """Cancel an intent: it is not done, or it is undone if nothing came after it."""
        intent = message.intent
        if self.gate.withdraw(intent):
            self._send(refused(intent, "It was cancelled before it ran."))
            self._send_status()
        else:
            self.gate.pass_or_wait(Withdrawal(lambda: self._undo_newest(intent)))

    def _undo_newest(self, intent: str) -> None:
        with self.bench.lock:
            newest = self._newest
            if newest is None or newest.name != intent:
                return
            if newest.edit is self.bench.log.newest:
                self.bench.undo()

    @neutral()
    def edited(self, edit: Edit | None, tree: Tree) -> None:
        """The bench reports an edit, whoever made it: repaint now, or later.

        A cell that edits in a loop is shown at the live rate; the rest is shown when it ends.
        """
        if not self.views.any_open:
            return
        if self._busy and time.monotonic() < self._next_live:
            return
        self.presenter.show_journal()
        self._push("edit", tree)
        self._next_live = time.monotonic() + self._period

    # --- pulses --------------------------------------------------------------------------------

    def cell_began(self) -> None:
        """A cell has started."""
        self._busy = True
        self.views.deafen()
        self._send_status()

    @neutral()
    def cell_ended(self) -> None:
        """A cell has ended: run the waiting edits, and show what the cell did."""
        self._busy = False
        self.views.listen()
        try:
            self.gate.open()
        finally:
            self._show_cell()

    def _show_cell(self) -> None:
        """What the cell did, and the edits that waited for its end."""
        with self.bench.lock:
            if self.views.any_open:
                self._note_outside()
                self.presenter.show_new_journal()
            self._push("cell")
            self._send_status()
        self.views.drop_silent()
        self._mind_pulse()

    def _note_outside(self) -> None:
        """What the cell itself has changed stands in the journal; all of it, if a glance sees any.

        The glance costs little whatever the size of the model.
        """
        with told("what a cell has changed could not be noted"):
            before = self.bench.log.revision
            self.bench.look_outside(GLANCE_BYTES)
            if self.bench.log.revision != before:
                self.bench.look_outside()

    @neutral()
    def stepped(self) -> None:
        """An optimizer has stepped: a safe moment for edits, sometimes for a live frame."""
        with told("a lens could not remember a step"):
            self.bench.remember("step")
        if self.gate.waiting and not self.bench.editing:
            self.gate.open()
            self._send_status()
        began = time.monotonic()
        if began < self._next_live or not self.views.any_shown:
            return
        if not self.bench.lock.acquire(blocking=False):
            return  # another thread is looking right now
        try:
            self.presenter.look_live()
        finally:
            self.bench.lock.release()
            ended = time.monotonic()
            self._next_live = ended + max(self._period, (ended - began) / LIVE_SHARE)

    def settle(self) -> bool:
        """Carry out the edits that wait, unless a cell is running; whether none waits now."""
        if self.gate.waiting and not cell_runs_elsewhere():
            self.gate.open()
        return not self.gate.waiting

    def close(self) -> None:
        """The widget is gone: remove its hooks and everything kept for it."""
        for errand in self.gate.clear():
            errand.refuse(CLOSED)
        self.bench.remembered.want(self.presenter, {})
        self.pulse.stop()

    def leave_to_parent(self) -> None:
        """In a forked process the browsers, and the edits that wait, are the parent's."""
        self._mute = True
        self.gate = Gate(self.bench.lock)
        self.views = self.presenter.views = Views()
        self.pulse.stop()

    def _mind_pulse(self) -> None:
        """The hooks are there while somebody looks, or while an edit waits for them."""
        with self.bench.lock:
            if not self.views.any_open:
                if not self.gate.waiting:
                    self.pulse.stop()
            elif not self.pulse.runs:
                self.pulse.start()
                self._busy = cell_runs_elsewhere()  # it may have started before anybody listened
                self._send_status()

    # --- out -----------------------------------------------------------------------------------

    def _push(self, cause: Cause, tree: Tree | None = None) -> None:
        """Look at everything that is open and send what has changed.

        ``tree`` is the model's present one, if the caller has it.
        """
        if not self.views.any_open:
            return
        with self.bench.lock:
            self.presenter.look(cause, tree)
            if self.presenter.unsaved:
                self._save()

    def _save(self) -> None:
        with told("the saved picture could not be renewed"):
            if not self._mute:
                self._keep()

    def _send_status(self) -> None:
        polls = not self.pulse.hears_cells
        self._send(protocol.Status(self._busy, self.gate.waiting, polls, self._notice))

    def _send(self, message: protocol.ToBrowser, buffers: list[bytes] | None = None) -> None:
        """Send it, if anybody is there to read it.

        Raises ProtocolError for a message that cannot travel; a comm that is closed is no error.
        """
        if self._mute:
            return
        if self._notice and not isinstance(message, protocol.Status | protocol.Reply):
            return  # the page could not read it
        with self.bench.lock:
            content = protocol.encode(message)
            with told("a message could not be sent"):
                self._send_out(content, buffers or [])

    @neutral()
    def saved_messages(self) -> list[tuple[dict[str, Any], list[bytes]]]:
        """The messages that show tree and open panels without a kernel, in few bytes."""
        saved = []
        with self.bench.lock:
            for message, parts in self.presenter.saved_messages():
                with told("a part of the picture could not be saved"):
                    saved.append((protocol.encode(message), parts))
        return saved


_sessions: weakref.WeakSet[Session] = weakref.WeakSet()


def _leave_to_parent() -> None:
    """Locks are new by now: the workbench's hook was registered first."""
    for session in list(_sessions):
        session.leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)


protocol.check_handled(protocol.ToKernel, vars(Session)["_handle"].dispatcher)
