"""What a widget's browsers show: tree, rows, facts and frames, sent again when they change."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from paramwidget import protocol
from paramwidget.conversation import facts, frames, rows
from paramwidget.conversation.frames import Budget
from paramwidget.conversation.journal import journal_message
from paramwidget.conversation.saved_tree import SavedTree
from paramwidget.conversation.tree_change import tree_change
from paramwidget.conversation.views import Views
from paramwidget.protocol import Cause, PanelState
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.tree import Tree
from paramwidget.workbench import Workbench

Message = tuple[protocol.ToBrowser, list[bytes]]
Frame = tuple[protocol.Frame, list[bytes]]

ROWS_PERIOD = 0.5  # s between looks at the tree's rows while a cell runs

_log = logging.getLogger("paramwidget")


@dataclass
class SentPanel:
    """What was last sent for a panel."""

    content: Hashable = None
    generation: int = -1
    revision: int = 0
    facts: protocol.Facts | None = None
    tree: Tree | None = None  # that the facts were taken from
    frame: Frame | None = None
    saved: Frame | None = None
    saved_as: tuple[int, Budget] | None = None


class Presenter:
    """Looks at the model for the views and sends what has changed.

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
        self._words = rows.Words()
        self._saved = SavedTree()
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
        """Send everything: tree, journal, panels and frames."""
        self._sent = {panel: SentPanel(revision=s.revision) for panel, s in self._sent.items()}
        self._briefs.forget()
        self.show_journal()
        self.follow_structure(self.bench.read(), whole=True)
        self.show_panels()

    def look(self, cause: Cause, tree: Tree) -> None:
        """Look at everything that is open."""
        self.follow_structure(tree)
        self._push_frames(cause)
        self.look_at_rows()

    def look_live(self) -> None:
        """A look while the model trains: known structure, small frames, sampled rows."""
        self._push_frames("step", frames.LIVE)
        if time.monotonic() >= self._next_rows:
            self.look_at_rows(whole=rows.SAMPLE)
            self._next_rows = time.monotonic() + ROWS_PERIOD

    def follow_structure(self, tree: Tree, whole: bool = False) -> None:
        """Send the structure if it has changed, and close panels whose slot is gone.

        ``whole``: send all of it, changed or not, since a page may have none or a saved one. All of
        it is sent too when the user calls the model otherwise, since expressions say its name.
        """
        known, self._tree = self._tree, tree
        sent = self._sent_tree
        renamed = sent is not None and sent.name != tree.called
        same = tree is known or (known is not None and tree.structure == known.structure)
        if same and not renamed:
            if whole and sent is not None:
                self._send(sent)
            return
        self._revision += 1
        now = rows.tree_message(tree, self._revision, self._words)
        self._sent_tree = now
        if renamed:
            for one in self._sent.values():
                one.tree = None  # its facts say the name too
            self.show_journal()
        change = None if sent is None or whole or renamed else tree_change(sent, now)
        self._send(now if change is None else change)
        self._briefs.forget()
        gone = [p for p in self.views.panels.values() if not self._has_slot(tuple(p.path))]
        for panel in gone:
            self.close_panel(panel.panel)
        if gone:
            self._send_panels(gone)

    def _push_frames(self, cause: Cause, budget: Budget = frames.SENT) -> None:
        facts.remember(self.bench, self, self.views.panels.values())
        for panel in list(self.views.panels.values()):
            try:
                seen = facts.what_is_seen(self.bench, panel)
                if cause != "step":
                    self._push_facts(panel, seen)
                self._push_frame(panel, seen, cause, budget)
            except Exception:
                _log.exception("paramwidget: a panel could not be shown")

    def _push_facts(self, panel: PanelState, seen: facts.Seen) -> None:
        """What a panel shows of its slot follows from the tree, and is valid as long as that is."""
        sent = self._sent.setdefault(panel.panel, SentPanel())
        assert self._tree is not None
        if sent.facts is not None and sent.tree is self._tree:
            return
        now = facts.facts(self._tree, panel, seen)
        sent.tree = self._tree
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
        """Look at the rows on screen; tensors larger than ``whole`` are sampled."""
        if self._tree is None:
            return
        shown = self.views.rows(self._revision)
        fresh = self._briefs.fresh(self.bench, self._tree, shown, whole)
        if fresh:
            self._send(protocol.Briefs(self._revision, fresh))

    def show_journal(self) -> None:
        """What was done, undone and refused."""
        self._send(journal_message(self.bench.journal))

    def show_panels(self) -> None:
        """Send which panels are open, and what they show if that has changed."""
        self._send_panels([])
        self._push_frames("view")

    def open_panel(self, message: protocol.Open) -> None:
        """Open a panel; if there is no such slot, say so."""
        path = tuple(message.path)
        if not self._has_slot(path):
            self.follow_structure(self.bench.read())
        if self._has_slot(path):
            self.views.open(message)
        else:
            self._send_panels([message])

    def _has_slot(self, path: tuple[str, ...]) -> bool:
        node = None if self._tree is None else self._tree.find(path)
        return node is not None and node.slot >= 0

    def close_panel(self, panel: str) -> None:
        """Forget a panel."""
        self.views.panels.pop(panel, None)
        self._sent.pop(panel, None)

    def _send_panels(self, gone: Sequence[PanelState | protocol.Open]) -> None:
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

    def saved_messages(self) -> list[Message]:
        """The messages that show tree and open panels without a kernel, in few bytes."""
        if self._tree is None:
            self.follow_structure(self.bench.read())
        tree, sent_tree = self._tree, self._sent_tree
        assert tree is not None
        assert sent_tree is not None
        panels = list(self.views.panels.values())
        messages = self._saved_tree(tree, sent_tree, panels)
        messages += [
            (journal_message(self.bench.journal), []),
            (protocol.Panels(panels, []), []),
        ]
        for panel in panels:
            sent = self._sent.setdefault(panel.panel, SentPanel())
            about = sent.facts
            if about is None:
                about = facts.facts(tree, panel, facts.what_is_seen(self.bench, panel))
            messages.append((about, []))
            messages.append(self._saved_frame(panel, sent, len(panels)))
        self._unsaved = False
        return messages

    def _saved_tree(
        self, tree: Tree, sent: protocol.Tree, panels: list[PanelState]
    ) -> list[Message]:
        """The tree and the summaries of its rows; of a large tree, the uppermost rows."""
        nodes = [node for panel in panels if (node := tree.find(tuple(panel.path))) is not None]
        saved = self._saved.tree(sent, [tree.row(node) for node in nodes])
        briefs = self._saved.briefs(self._briefs.known())
        return [(saved, []), (protocol.Briefs(saved.revision, briefs), [])]

    def _saved_frame(self, panel: PanelState, sent: SentPanel, count: int) -> Frame:
        """The frame last sent, made smaller where it is too large for a notebook file."""
        budget = frames.saved_budget(count)
        if sent.frame and sum(map(len, sent.frame[1])) <= budget.bytes:
            return sent.frame
        if sent.saved is None or sent.saved_as != (sent.revision, budget):
            seen = facts.what_is_seen(self.bench, panel)
            sent.saved = frames.frame_of(seen, panel, sent.revision, "view", budget)
            sent.saved_as = (sent.revision, budget)
        return sent.saved
