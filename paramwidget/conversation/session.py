"""One widget's conversation: messages of its browsers in, messages for them out.

Python pushes; nothing here waits for a browser. All of it may run on any thread: every look at the
model and every send happens under the bench's lock.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from paramwidget import protocol
from paramwidget.conversation import frames, rows, words
from paramwidget.conversation.frames import Budget
from paramwidget.conversation.intents import carry_out, preview
from paramwidget.edit.errors import EditError
from paramwidget.edit.journal import Edit
from paramwidget.loop.gate import Gate
from paramwidget.loop.pulse import Pulse
from paramwidget.loop.views import Views
from paramwidget.protocol import Cause, PanelState, ProtocolError
from paramwidget.slots.fingerprint import fingerprint
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Node, Tree
from paramwidget.tensors import Unreadable
from paramwidget.workbench import Workbench

Send = Callable[[dict[str, Any], list[bytes]], None]

_log = logging.getLogger("paramwidget")

LIVE_PERIOD = 0.1  # s between frames while a cell runs
LIVE_SHARE = 0.02  # of the time of a training cell may go into looking at it


@dataclass
class Shown:
    """What a panel was sent last."""

    content: Hashable = None
    generation: int = -1
    revision: int = 0
    facts: protocol.Facts | None = None
    frame: tuple[protocol.Frame, list[bytes]] | None = None
    kept: tuple[protocol.Frame, list[bytes]] | None = None


class Session:
    """The loop of one widget over one bench.

    ``send`` takes a JSON object and its buffers; ``keep`` is called where the saved picture
    (``kept()``) has become another one.
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
        self._tree: Tree | None = None
        self._rows: list[tuple[Node, int]] = []
        self._revision = 0
        self._shown: dict[str, Shown] = {}
        self._briefs = rows.Briefs()
        self._busy = False
        self._next_live = 0.0
        self._stale = False
        bench.listen(self)

    def open(self, name: Name, lens: protocol.Lens = "value") -> None:
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
            case protocol.Rows():
                self._note_rows(message)
            case protocol.Ask():
                self.views.heard(message.view)
                self._push("ask")
                self._send_status()  # an answer always: the browser asks again only after one
            case protocol.Open() | protocol.Close() | protocol.Look():
                self._arrange(message)
            case protocol.Initialize(dry=True):
                self._carry_out(message)  # changes nothing: no need to wait
            case _:
                self._intend(message)

    def _refuse(self, content: object, error: str) -> None:
        """A message that cannot be taken: where it is an intent its control is told why."""
        asked = content.get("id") if isinstance(content, dict) else None
        if isinstance(asked, str):
            self._send(words.refused(asked, error))
        else:
            _log.warning("paramwidget: a message was dropped: %s", error)

    def _answer_hello(self) -> None:
        with self.bench.lock:
            self._shown = {panel: Shown(revision=s.revision) for panel, s in self._shown.items()}
            self._briefs.forget()
            self._tree = None
            self._send_status()
            self._send(words.catalog())
            self._send(words.journal(self.bench.journal))
            self._follow_structure()
            self._send_panels([])
            self._push_frames("view")
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
            self._push_briefs()

    def _arrange(self, message: protocol.Open | protocol.Close | protocol.Look) -> None:
        """Panels open, close or look differently."""
        with self.bench.lock:
            match message:
                case protocol.Open():
                    self._follow_structure()
                    self.views.open(message)
                case protocol.Close():
                    self.views.panels.pop(message.panel, None)
                    self._shown.pop(message.panel, None)
                case protocol.Look():
                    self.views.look(message)
            self._send_panels([])
            self._push_frames("view")
            if not isinstance(message, protocol.Look):
                self._keep()

    # --- intents -------------------------------------------------------------------------------

    def _intend(self, intent: protocol.Intent) -> None:
        """An intent goes to the gate; while it waits there the browser knows."""
        if not self.gate.pass_or_wait(lambda: self._carry_out(intent)):
            self._send_status()

    def _carry_out(self, intent: protocol.Intent) -> None:
        with self.bench.lock:
            try:
                reply = self._done(intent)
            except EditError as error:
                reply = words.refused(intent.id, str(error), error.where or "")
            except Exception as error:
                _log.exception("paramwidget: an edit failed")
                reply = words.refused(intent.id, f"{type(error).__name__}: {error}")
            self._send(reply)

    def _done(self, intent: protocol.Intent) -> protocol.Reply:
        if isinstance(intent, protocol.Initialize) and intent.dry:
            return words.replied(intent.id, preview=preview(self.bench, intent))
        return words.replied(intent.id, carry_out(self.bench, intent))

    def edited(self, edit: Edit | None) -> None:
        """The bench tells of an edit, whoever made it: repaint, or remember to.

        A cell that edits in a loop is shown at the live rate; its end shows the rest.
        """
        if not self.views.any_open:
            return
        if self._busy and time.monotonic() < self._next_live:
            self._stale = True
            return
        self._send(words.journal(self.bench.journal))
        self._push("edit")
        self._next_live = time.monotonic() + LIVE_PERIOD

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
                self._send(words.journal(self.bench.journal))
            self._stale = False
            self._push("cell")
            self._send_status()
        self.views.drop_silent()
        self._mind_pulse()

    def stepped(self) -> None:
        """An optimizer stepped: a safe moment for edits, and time for a live frame now and then."""
        if self.gate.waiting:
            self.gate.open()
        began = time.monotonic()
        if began < self._next_live or not self.views.any_shown:
            return
        if not self.bench.lock.acquire(blocking=False):
            return  # another thread is looking at this very moment
        try:
            self._push_frames("step", frames.LIVE)
            self._push_briefs()
        finally:
            self.bench.lock.release()
            ended = time.monotonic()
            self._next_live = ended + max(LIVE_PERIOD, (ended - began) / LIVE_SHARE)

    def close(self) -> None:
        """The widget is gone: no hook is left."""
        self.pulse.stop()

    def _mind_pulse(self) -> None:
        if self.views.any_open:
            if not self.pulse.runs:
                self.pulse.start()
                self._send_status()
        else:
            self.pulse.stop()

    # --- out -----------------------------------------------------------------------------------

    def _push(self, cause: Cause) -> None:
        """Look at everything that is open and send what has become different."""
        if not self.views.any_open:
            return
        with self.bench.lock:
            self._follow_structure()
            self._push_frames(cause)
            self._push_briefs()
            self._keep()

    def _follow_structure(self) -> None:
        """Where the structure is another one, send it; panels whose slot is gone are closed."""
        tree = self.bench.read()
        if self._tree is None or tree.structure != self._tree.structure:
            self._revision += 1
            self._rows = rows.walk(tree.root)
            self._send(rows.tree_message(tree, self._revision))
            self._briefs.forget()
            there = {node.path for node in tree.slots}
            gone = [p for p in self.views.panels.values() if tuple(p.path) not in there]
            for panel in gone:
                del self.views.panels[panel.panel]
                self._shown.pop(panel.panel, None)
            if gone:
                self._send_panels(gone)
        self._tree = tree

    def _push_frames(self, cause: Cause, budget: Budget = frames.SENT) -> None:
        for panel in list(self.views.panels.values()):
            try:
                if cause != "step":
                    self._push_facts(panel)
                self._push_frame(panel, cause, budget)
            except Exception:
                _log.exception("paramwidget: a panel could not be shown")

    def _push_facts(self, panel: PanelState) -> None:
        shown = self._shown.setdefault(panel.panel, Shown())
        assert self._tree is not None
        facts = words.facts(self.bench, self._tree, panel)
        if facts != shown.facts:
            shown.facts = facts
            self._send(facts)

    def _push_frame(self, panel: PanelState, cause: Cause, budget: Budget) -> None:
        shown = self._shown.setdefault(panel.panel, Shown())
        tensor, nothing = words.what_is_seen(self.bench, panel)
        content = (panel.lens, nothing, budget, None if tensor is None else fingerprint(tensor))
        if content == shown.content and panel.generation == shown.generation:
            return
        try:
            frame, buffers = frames.frame_of(
                tensor, panel, shown.revision + 1, cause, nothing, budget
            )
        except Unreadable as reason:
            frame, buffers = frames.frame_of(
                None, panel, shown.revision + 1, cause, str(reason), budget
            )
        shown.content, shown.generation = content, panel.generation
        shown.revision += 1
        shown.frame = (frame, buffers)
        self._send(frame, buffers)

    def _push_briefs(self) -> None:
        if self._tree is None:
            return
        rows_shown = self.views.rows(self._revision)
        fresh = self._briefs.fresh(self.bench, self._rows, rows_shown)
        if fresh:
            self._send(protocol.Briefs(self._revision, fresh))

    def _send_panels(self, gone: list[PanelState]) -> None:
        closed = [
            protocol.ClosedPanel(p.panel, f"{'.'.join(p.path)} is no longer in the model")
            for p in gone
        ]
        self._send(protocol.Panels(list(self.views.panels.values()), closed))

    def _send_status(self) -> None:
        waits = self.gate.waiting
        self._send(protocol.Status(self._busy, waits, not self.pulse.hears_cells))

    def _send(self, message: protocol.ToBrowser, buffers: list[bytes] | None = None) -> None:
        with self.bench.lock:
            self._send_out(protocol.encode(message), buffers or [])

    # --- what is saved with the notebook -------------------------------------------------------

    def kept(self) -> list[tuple[dict[str, Any], list[bytes]]]:
        """The messages that show tree and open panels without a kernel, in few bytes."""
        with self.bench.lock:
            if self._tree is None:
                self._follow_structure()
            tree = self._tree
            assert tree is not None
            kept: list[tuple[protocol.ToBrowser, list[bytes]]] = [
                (rows.tree_message(tree, self._revision), []),
                (protocol.Briefs(self._revision, self._briefs.known()), []),
                (words.journal(self.bench.journal), []),
                (protocol.Panels(list(self.views.panels.values()), []), []),
            ]
            for panel in self.views.panels.values():
                shown = self._shown.get(panel.panel)
                if shown is not None and shown.facts is not None:
                    kept.append((shown.facts, []))
                if shown is not None and shown.frame is not None:
                    kept.append(self._kept_frame(panel, shown))
            return [(protocol.encode(message), buffers) for message, buffers in kept]

    def _kept_frame(self, panel: PanelState, shown: Shown) -> tuple[protocol.Frame, list[bytes]]:
        """The frame last sent, made smaller where it is too large for a notebook file."""
        assert shown.frame is not None
        if sum(map(len, shown.frame[1])) <= frames.KEPT.bytes:
            return shown.frame
        if shown.kept is None or shown.kept[0].revision != shown.revision:
            tensor, nothing = words.what_is_seen(self.bench, panel)
            shown.kept = frames.frame_of(
                tensor, panel, shown.revision, shown.frame[0].cause, nothing, frames.KEPT
            )
        return shown.kept
