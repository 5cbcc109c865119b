"""One widget's conversation: messages of its browsers in, messages for them out.

Python pushes; nothing here waits for a browser. All of it may run on any thread: every look at the
model and every send happens under the bench's lock.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from paramwidget import protocol
from paramwidget.compat import cell_runs_elsewhere
from paramwidget.conversation.catalog import catalog_message
from paramwidget.conversation.gate import Gate
from paramwidget.conversation.intents import carry_out, preview
from paramwidget.conversation.presenter import Presenter
from paramwidget.conversation.pulse import Pulse
from paramwidget.conversation.replies import refused, replied
from paramwidget.conversation.views import Views
from paramwidget.edit.errors import EditError
from paramwidget.edit.journal import Edit
from paramwidget.protocol import Cause, ProtocolError
from paramwidget.slots.ties import Name
from paramwidget.workbench import Workbench

Send = Callable[[dict[str, Any], list[bytes]], None]

_log = logging.getLogger("paramwidget")

LIVE_PERIOD = 0.1  # s between frames while a cell runs
LIVE_SHARE = 0.015  # of the time of a training cell may go into looking at it


class Session:
    """The loop of one widget over one bench.

    ``send`` takes a JSON object and its buffers; ``keep`` is called where the saved picture
    (``saved_messages()``) has become another one.
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
        self._busy = False
        self._next_live = 0.0
        self._period = LIVE_PERIOD
        self._stale = False
        self._newest: tuple[str, Edit | None] = ("", None)  # the last intent that was done
        bench.listen(self)

    def open(self, name: Name, lens: str = "") -> None:
        """Open a panel from Python."""
        with self.bench.lock:
            node = self.bench.read().node(name)
            panel = f"python-{len(self.views.panels)}"
            self.views.open(protocol.Open(panel, list(node.path), lens))

    # --- in ------------------------------------------------------------------------------------

    def receive(self, content: object, buffers: object = ()) -> None:
        """Take one message of a browser; never raises, an intent gets its one reply."""
        try:
            message = protocol.decode(content)
            self._take(message)
        except ProtocolError as error:
            self._refuse(content, str(error))
        except Exception as error:
            _log.exception("paramwidget: a message could not be handled")
            self._refuse(content, f"{type(error).__name__}: {error}")

    def _take(self, message: protocol.ToKernel) -> None:
        match message:
            case protocol.Hello():
                self._answer_hello()
            case protocol.View():
                self._note_view(message)
            case protocol.Pace():
                self._period = 1 / min(message.rate, 60) if message.rate > 0 else LIVE_PERIOD
            case protocol.Rows():
                self._note_rows(message)
            case protocol.Ask():
                self.views.heard(message.view)
                self._push("ask")
                self._send_status()  # an answer always: the browser asks again only after one
            case protocol.Open() | protocol.Close() | protocol.Look():
                self._arrange(message)
            case protocol.Withdraw():
                self._withdraw(message.intent)
            case protocol.Initialize(dry=True):
                self._carry_out(message)  # changes nothing: no need to wait
            case _:
                self._intend(message)

    def _refuse(self, content: object, error: str) -> None:
        """A message that cannot be taken: where it is an intent its control is told why."""
        asked = content.get("id") if isinstance(content, dict) else None
        if isinstance(asked, str):
            self._send(refused(asked, error))
        else:
            _log.warning("paramwidget: a message was dropped: %s", error)

    def _answer_hello(self) -> None:
        with self.bench.lock:
            self._send_status()
            self._send(catalog_message())
            self.presenter.show_everything()
            self._keep()

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

    def _note_rows(self, message: protocol.Rows) -> None:
        view = self.views.heard(message.view)
        view.revision, view.rows = message.revision, message.rows
        with self.bench.lock:
            self.presenter.look_at_rows()

    def _arrange(self, message: protocol.Open | protocol.Close | protocol.Look) -> None:
        """Panels open, close or look differently."""
        with self.bench.lock:
            match message:
                case protocol.Open():
                    self.presenter.follow_structure()
                    self.views.open(message)
                case protocol.Close():
                    self.presenter.close_panel(message.panel)
                case protocol.Look():
                    self.views.look(message)
            self.presenter.show_panels()
            if not isinstance(message, protocol.Look):
                self._keep()

    # --- intents -------------------------------------------------------------------------------

    def _intend(self, intent: protocol.Intent) -> None:
        """An intent goes to the gate; while it waits there the browser knows."""
        if not self.gate.pass_or_wait(intent.id, lambda: self._carry_out(intent)):
            self._send_status()

    def _withdraw(self, intent: str) -> None:
        """Nobody wants it any more: it is not done, or undone where nothing came after it."""
        if self.gate.withdraw(intent):
            self._send(refused(intent, "It was taken back before it was done."))
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
        if isinstance(intent, protocol.Initialize) and intent.dry:
            return replied(intent.id, preview=preview(self.bench, intent))
        self._newest = (intent.id, carry_out(self.bench, intent))
        return replied(intent.id, self._newest[1])

    def edited(self, edit: Edit | None) -> None:
        """The bench tells of an edit, whoever made it: repaint, or remember to.

        A cell that edits in a loop is shown at the live rate; its end shows the rest.
        """
        if not self.views.any_open:
            return
        if self._busy and time.monotonic() < self._next_live:
            self._stale = True
            return
        self.presenter.show_journal()
        self._push("edit")
        self._next_live = time.monotonic() + self._period

    # --- pulses --------------------------------------------------------------------------------

    def cell_began(self) -> None:
        """The kernel is busy from now on."""
        self._busy = True
        self.views.deafen()
        self._send_status()

    def cell_ended(self) -> None:
        """What waited is done; what the cell did is shown."""
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

    def stepped(self) -> None:
        """An optimizer stepped: a safe moment for edits, and time for a live frame now and then."""
        self.bench.remember("step")
        if self.gate.waiting:
            self.gate.open()
            self._send_status()
        began = time.monotonic()
        if began < self._next_live or not self.views.any_shown:
            return
        if not self.bench.lock.acquire(blocking=False):
            return  # another thread is looking at this very moment
        try:
            self.presenter.look_live()
        finally:
            self.bench.lock.release()
            ended = time.monotonic()
            self._next_live = ended + max(self._period, (ended - began) / LIVE_SHARE)

    def close(self) -> None:
        """The widget is gone: no hook is left, and nothing is remembered for it."""
        self.bench.remembered.want(self.presenter, {})
        self.pulse.stop()

    def _mind_pulse(self) -> None:
        if self.views.any_open:
            if not self.pulse.runs:
                self.pulse.start()
                self._busy = cell_runs_elsewhere()  # it may have begun before anybody listened
                self._send_status()
        else:
            self.pulse.stop()

    # --- out -----------------------------------------------------------------------------------

    def _push(self, cause: Cause) -> None:
        """Look at everything that is open and send what has become different."""
        if not self.views.any_open:
            return
        with self.bench.lock:
            self.presenter.look(cause)
            if self.presenter.unsaved and not (cause == "edit" and self.presenter.is_large):
                self._keep()

    def _send_status(self) -> None:
        waits = self.gate.waiting
        self._send(protocol.Status(self._busy, waits, not self.pulse.hears_cells))

    def _send(self, message: protocol.ToBrowser, buffers: list[bytes] | None = None) -> None:
        with self.bench.lock:
            self._send_out(protocol.encode(message), buffers or [])

    def saved_messages(self) -> list[tuple[dict[str, Any], list[bytes]]]:
        """The messages that show tree and open panels without a kernel, in few bytes."""
        with self.bench.lock:
            return [
                (protocol.encode(message), parts)
                for message, parts in self.presenter.saved_messages()
            ]
