"""One widget's conversation: messages of its browsers in, messages for them out.

Python pushes; nothing here waits for a browser. All of it may run on any thread: every look at the
model and every send happens under the bench's lock.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import singledispatchmethod
from typing import Any

from paramwidget import protocol
from paramwidget.compat import cell_runs_elsewhere
from paramwidget.conversation.catalog import catalog_message
from paramwidget.conversation.gate import Gate
from paramwidget.conversation.intents import carry_out, is_dry, preview
from paramwidget.conversation.presenter import Presenter
from paramwidget.conversation.pulse import Pulse
from paramwidget.conversation.replies import refused, replied
from paramwidget.conversation.views import Views
from paramwidget.edit.errors import EditError
from paramwidget.edit.journal import Edit
from paramwidget.protocol import Cause, OtherVersion, ProtocolError
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Tree
from paramwidget.tensors import neutral
from paramwidget.workbench import Workbench

Send = Callable[[dict[str, Any], list[bytes]], None]

_log = logging.getLogger("paramwidget")

LIVE_PERIOD = 0.1  # s between frames while a cell runs
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
        self.gate = Gate()
        self.pulse = Pulse(self)
        self._send_out = send
        self._keep = keep
        self.presenter = Presenter(bench, self.views, self._send)
        self._notice = ""  # why the page that last said hello is sent nothing else
        self._busy = False
        self._next_live = 0.0
        self._period = LIVE_PERIOD
        self._stale = False
        self._newest: tuple[str, Edit | None] = ("", None)  # the last intent that was carried out
        bench.listen(self)

    @neutral()
    def open(self, name: Name) -> None:
        """Open a panel from Python."""
        with self.bench.lock:
            node = self.bench.read().node(name)
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
            self._refuse(content, f"{type(error).__name__}: {error}")

    def _refuse(self, content: object, error: str) -> None:
        """A message that cannot be handled; if it is an intent, its control is told why."""
        asked = content.get("id") if isinstance(content, dict) else None
        if isinstance(asked, str):
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
        with self.bench.lock:
            self._send_status()
            self._send(catalog_message())
            self.presenter.show_everything()
            self._keep()

    @_handle.register
    def _note_view(self, message: protocol.View) -> None:
        if message.what == "closed":
            self.views.closed(message.view)
        else:
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
        self._period = 1 / min(message.rate, 60) if message.rate > 0 else LIVE_PERIOD

    @_handle.register
    def _note_rows(self, message: protocol.Rows) -> None:
        view = self.views.heard(message.view)
        view.revision, view.rows = message.revision, message.rows
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
            self._keep()

    @_handle.register
    def _close_panel(self, message: protocol.Close) -> None:
        with self.bench.lock:
            self.presenter.close_panel(message.panel)
            self.presenter.show_panels()
            self._keep()

    @_handle.register
    def _look_differently(self, message: protocol.Look) -> None:
        with self.bench.lock:
            self.views.look(message)
            self.presenter.show_panels()

    # --- intents -------------------------------------------------------------------------------

    @_handle.register
    def _intend(self, intent: protocol.Intent) -> None:
        """Pass an intent to the gate; the browser is told while it waits."""
        if is_dry(intent):
            self._carry_out(intent)  # changes nothing: no need to wait
        elif not self.gate.pass_or_wait(intent.id, lambda: self._carry_out(intent)):
            self._send_status()

    @_handle.register
    def _withdraw(self, message: protocol.Withdraw) -> None:
        """Cancel an intent: it is not done, or it is undone if nothing came after it."""
        intent = message.intent
        if self.gate.withdraw(intent):
            self._send(refused(intent, "It was cancelled before it ran."))
            self._send_status()
        else:
            self.gate.pass_or_wait("", lambda: self._undo_newest(intent))

    def _undo_newest(self, intent: str) -> None:
        name, edit = self._newest
        with self.bench.lock:
            history = self.bench.history
            if name == intent and history and history[-1] is edit:
                self.bench.undo()

    def _carry_out(self, intent: protocol.Intent) -> None:
        with self.bench.lock:
            try:
                reply = self._done(intent)
            except EditError as error:
                reply = refused(intent.id, str(error), error.where or "")
            except Exception as error:
                _log.exception("paramwidget: an edit failed")
                reply = refused(intent.id, f"{type(error).__name__}: {error}")
            self._send(reply)

    def _done(self, intent: protocol.Intent) -> protocol.Reply:
        if is_dry(intent):
            return replied(intent.id, preview=preview(self.bench, intent))
        self._newest = (intent.id, carry_out(intent, self.bench))
        return replied(intent.id, self._newest[1])

    @neutral()
    def edited(self, edit: Edit | None, tree: Tree) -> None:
        """The bench reports an edit, whoever made it: repaint now, or later.

        A cell that edits in a loop is shown at the live rate; the rest is shown when it ends.
        """
        if not self.views.any_open:
            return
        if self._busy and time.monotonic() < self._next_live:
            self._stale = True
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
        self.gate.open()
        with self.bench.lock:
            if self._stale:
                self.presenter.show_journal()
            self._stale = False
            self._push("cell")
            self._send_status()
        self.views.drop_silent()
        self._mind_pulse()

    @neutral()
    def stepped(self) -> None:
        """An optimizer has stepped: a safe moment for edits, sometimes for a live frame."""
        self.bench.remember("step")
        if self.gate.waiting:
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

    def close(self) -> None:
        """The widget is gone: remove its hooks and everything kept for it."""
        self.bench.remembered.want(self.presenter, {})
        self.pulse.stop()

    def _mind_pulse(self) -> None:
        if self.views.any_open:
            if not self.pulse.runs:
                self.pulse.start()
                self._busy = cell_runs_elsewhere()  # it may have started before anybody listened
                self._send_status()
        else:
            self.pulse.stop()

    # --- out -----------------------------------------------------------------------------------

    def _push(self, cause: Cause, tree: Tree | None = None) -> None:
        """Look at everything that is open and send what has changed.

        ``tree`` is the model's present one, if the caller has it.
        """
        if not self.views.any_open:
            return
        with self.bench.lock:
            self.presenter.look(cause, tree or self.bench.read())
            if self.presenter.unsaved:
                self._keep()

    def _send_status(self) -> None:
        polls = not self.pulse.hears_cells
        self._send(protocol.Status(self._busy, self.gate.waiting, polls, self._notice))

    def _send(self, message: protocol.ToBrowser, buffers: list[bytes] | None = None) -> None:
        if self._notice and not isinstance(message, protocol.Status | protocol.Reply):
            return  # the page could not read it
        with self.bench.lock:
            self._send_out(protocol.encode(message), buffers or [])

    @neutral()
    def saved_messages(self) -> list[tuple[dict[str, Any], list[bytes]]]:
        """The messages that show tree and open panels without a kernel, in few bytes."""
        with self.bench.lock:
            return [
                (protocol.encode(message), parts)
                for message, parts in self.presenter.saved_messages()
            ]


protocol.check_handled(protocol.ToKernel, vars(Session)["_handle"].dispatcher)
