"""What the browsers of a widget were shown: tree, rows, facts, frames; sent where they change."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from paramwidget import protocol
from paramwidget.compat import MemoryMap
from paramwidget.conversation import facts, frames, rows
from paramwidget.conversation.frames import Budget
from paramwidget.conversation.journal import journal_message
from paramwidget.conversation.views import Views
from paramwidget.protocol import Cause, PanelState
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.tree import Node, Tree
from paramwidget.workbench import Workbench

Message = tuple[protocol.ToBrowser, list[bytes]]
Frame = tuple[protocol.Frame, list[bytes]]

LARGE = 2000  # rows
ROWS_PERIOD = 0.5  # s between looks at the tree's rows while a cell runs

_log = logging.getLogger("paramwidget")


@dataclass
class SentPanel:
    """What a panel was sent last."""

    content: Hashable = None
    generation: int = -1
    revision: int = 0
    facts: protocol.Facts | None = None
    frame: Frame | None = None
    kept: Frame | None = None


class Presenter:
    """Looks at the model for the views and sends what has become different.

    The caller holds the bench's lock. ``send`` takes a message and its buffers.
    """

    def __init__(
        self,
        bench: Workbench,
        views: Views,
        send: Callable[[protocol.ToBrowser, list[bytes]], None],
    ) -> None:
        self.bench = bench
        self.views = views
        self._send_out = send
        self._tree: Tree | None = None
        self._sent_tree: protocol.Tree | None = None
        self._rows: list[tuple[Node, int]] = []
        self._revision = 0
        self._sent: dict[str, SentPanel] = {}
        self._briefs = rows.Briefs()
        self._unsaved = True
        self._next_rows = 0.0

    def _send(self, message: protocol.ToBrowser, buffers: list[bytes] | None = None) -> None:
        self._unsaved = True
        self._send_out(message, buffers or [])

    # --- looking -------------------------------------------------------------------------------

    def show_everything(self) -> None:
        """A page that knows nothing is told tree, journal, panels and frames."""
        self._sent = {panel: SentPanel(revision=s.revision) for panel, s in self._sent.items()}
        self._briefs.forget()
        self._tree = None
        self.show_journal()
        self.follow_structure()
        self.show_panels()

    def look(self, cause: Cause) -> None:
        """Look at everything that is open."""
        self.follow_structure()
        self._push_frames(cause)
        self.look_at_rows()

    def look_live(self) -> None:
        """A look while the model trains: its structure stands, bytes are few, rows are sampled."""
        self._push_frames("step", frames.LIVE)
        if time.monotonic() >= self._next_rows:
            self.look_at_rows(whole=rows.SAMPLE)
            self._next_rows = time.monotonic() + ROWS_PERIOD

    def follow_structure(self) -> None:
        """Where the structure is another one, send it; panels whose slot is gone are closed."""
        tree = self.bench.read()
        if self._tree is None or tree.structure != self._tree.structure:
            self._revision += 1
            self._rows = rows.walk(tree.root)
            self._sent_tree = rows.tree_message(tree, self._revision)
            self._send(self._sent_tree)
            self._briefs.forget()
            there = {node.path for node in tree.slots}
            gone = [p for p in self.views.panels.values() if tuple(p.path) not in there]
            for panel in gone:
                del self.views.panels[panel.panel]
                self._sent.pop(panel.panel, None)
            if gone:
                self._send_panels(gone)
        self._tree = tree

    def _push_frames(self, cause: Cause, budget: Budget = frames.SENT) -> None:
        facts.remember(self.bench, self, self.views.panels.values())
        memory = None if cause == "step" else MemoryMap.now()
        for panel in list(self.views.panels.values()):
            try:
                seen = facts.what_is_seen(self.bench, panel)
                if memory is not None:
                    self._push_facts(panel, seen, memory)
                self._push_frame(panel, seen, cause, budget)
            except Exception:
                _log.exception("paramwidget: a panel could not be shown")

    def _push_facts(self, panel: PanelState, seen: facts.Seen, memory: MemoryMap) -> None:
        sent = self._sent.setdefault(panel.panel, SentPanel())
        assert self._tree is not None
        now = facts.facts(self.bench, self._tree, panel, seen, memory)
        if now != sent.facts:
            sent.facts = now
            self._send(now)

    def _push_frame(
        self, panel: PanelState, seen: facts.Seen, cause: Cause, budget: Budget
    ) -> None:
        sent = self._sent.setdefault(panel.panel, SentPanel())
        shown = seen.shown
        token = shown if isinstance(shown, str) else fingerprint(shown.tensor)
        content = (panel.lens, budget, token)
        if content == sent.content and panel.generation == sent.generation:
            return
        sent.frame = frames.frame_of(seen, panel, sent.revision + 1, cause, budget)
        sent.content, sent.generation = content, panel.generation
        sent.revision += 1
        self._send(*sent.frame)

    def look_at_rows(self, whole: int = rows.WHOLE) -> None:
        """Look at the rows that are on screen; of tensors larger than ``whole`` at a sample."""
        if self._tree is None:
            return
        rows_shown = self.views.rows(self._revision)
        fresh = self._briefs.fresh(self.bench, self._rows, rows_shown, whole)
        if fresh:
            self._send(protocol.Briefs(self._revision, fresh))

    def show_journal(self) -> None:
        """What was done, undone and refused."""
        self._send(journal_message(self.bench.journal))

    def show_panels(self) -> None:
        """Which panels are open, and what they show where that has become different."""
        self._send_panels([])
        self._push_frames("view")

    def close_panel(self, panel: str) -> None:
        """Forget a panel."""
        self.views.panels.pop(panel, None)
        self._sent.pop(panel, None)

    def _send_panels(self, gone: list[PanelState]) -> None:
        closed = [
            protocol.ClosedPanel(p.panel, f"{'.'.join(p.path)} is no longer in the model")
            for p in gone
        ]
        self._send(protocol.Panels(list(self.views.panels.values()), closed))

    # --- what is saved with the notebook -------------------------------------------------------

    @property
    def unsaved(self) -> bool:
        """Whether anything was sent since ``saved_messages`` was asked for."""
        return self._unsaved

    @property
    def is_large(self) -> bool:
        """Whether the tree is too large to be saved at each edit."""
        return len(self._rows) > LARGE

    def saved_messages(self) -> list[Message]:
        """The messages that show tree and open panels without a kernel, in few bytes."""
        if self._tree is None:
            self.follow_structure()
        tree, told = self._tree, self._sent_tree
        assert tree is not None
        assert told is not None
        messages: list[Message] = [
            (told, []),
            (protocol.Briefs(self._revision, self._briefs.known()), []),
            (journal_message(self.bench.journal), []),
            (protocol.Panels(list(self.views.panels.values()), []), []),
        ]
        for panel in self.views.panels.values():
            sent = self._sent.setdefault(panel.panel, SentPanel())
            if sent.facts is None:
                seen = facts.what_is_seen(self.bench, panel)
                sent.facts = facts.facts(self.bench, tree, panel, seen, MemoryMap.now())
            messages.append((sent.facts, []))
            messages.append(self._kept_frame(panel, sent))
        self._unsaved = False
        return messages

    def _kept_frame(self, panel: PanelState, sent: SentPanel) -> Frame:
        """The frame last sent, made smaller where it is too large for a notebook file."""
        if sent.frame and sum(map(len, sent.frame[1])) <= frames.KEPT.bytes:
            return sent.frame
        if sent.kept is None or sent.kept[0].revision != sent.revision:
            seen = facts.what_is_seen(self.bench, panel)
            sent.kept = frames.frame_of(seen, panel, sent.revision, "view", frames.KEPT)
        return sent.kept
