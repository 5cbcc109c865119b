"""What a widget's browsers show: tree, rows, facts and frames, sent again when they change."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from paramwidget import protocol
from paramwidget.conversation import facts, frames, rows, ties
from paramwidget.conversation.frames import Budget
from paramwidget.conversation.journal import SentJournal, whole_journal
from paramwidget.conversation.replies import sendable
from paramwidget.conversation.saved_tree import SavedTree
from paramwidget.conversation.tree_change import tree_change
from paramwidget.conversation.views import Views
from paramwidget.picture.lenses import USUAL
from paramwidget.protocol import Cause, PanelState
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.names import held_at
from paramwidget.slots.tree import Tree
from paramwidget.workbench import Workbench, told

Message = tuple[protocol.ToBrowser, list[bytes]]
Frame = tuple[protocol.Frame, list[bytes]]

ROWS_PERIOD = 0.5  # s between looks at the tree's rows while a cell runs
MOST_SAID = 200  # characters of a name in a sentence

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
    refusal: str = ""  # why it could not be shown, if that was sent last
    saved: Frame | None = None
    saved_as: tuple[int, Budget] | None = None


class Presenter:
    """Looks at the model for the views and sends what has changed.

    The caller holds the bench's lock. ``send`` takes a message and its buffers. What cannot be
    shown (a panel, a row, the journal) costs only itself: the rest is shown, and nothing is raised.
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
        self._sent_journal = SentJournal()
        self._briefs = rows.Briefs()
        self._unsaved = True
        self._next_rows = 0.0
        self._sent_news: protocol.TieNews | None = None

    def _send(self, message: protocol.ToBrowser, buffers: list[bytes] | None = None) -> None:
        self._unsaved = True
        self._send_out(message, buffers or [])

    # --- looking -------------------------------------------------------------------------------

    def show_everything(self) -> None:
        """Send everything: tree, journal, panels and frames."""
        self._sent = {panel: SentPanel(revision=s.revision) for panel, s in self._sent.items()}
        self._briefs.forget()
        self.show_journal(whole=True)
        self._follow_model(whole=True)
        self.show_panels()

    def look(self, cause: Cause, tree: Tree | None = None) -> None:
        """Look at everything that is open; ``tree`` is the present one, if the caller has it."""
        if tree is None:
            self._follow_model()
        else:
            self.follow_structure(tree)
        self._push_frames(cause)
        self.look_at_rows()

    def look_live(self) -> None:
        """A look while the model trains: known structure, small frames, sampled rows."""
        self._push_frames("step", frames.LIVE)
        if time.monotonic() >= self._next_rows:
            self.look_at_rows(whole=rows.SAMPLE)
            self._next_rows = time.monotonic() + ROWS_PERIOD

    def _follow_model(self, whole: bool = False) -> None:
        with told("the model could not be read"):
            self.follow_structure(self.bench.read(), whole)

    def follow_structure(self, tree: Tree, whole: bool = False) -> None:
        """Send the structure if it has changed, and close panels whose slot is gone.

        ``whole``: send all of it, changed or not, since a page may have none or a saved one. All of
        it is sent too when the user calls the model otherwise, since expressions say its name.
        """
        with told("the ties could not be told"):
            self._tell_of_ties(tree, whole)
        known, self._tree = self._tree, tree
        sent = self._sent_tree
        renamed = sent is not None and sent.name != tree.called
        same = tree is known or (known is not None and tree.structure == known.structure)
        if same and not renamed:
            if whole and sent is not None:
                self._send(sent)
        else:
            with told("the tree could not be shown"):
                self._send_tree(tree, whole or renamed)
            if renamed:
                self._show_name()
            self._briefs.forget()
        self._close_lost_panels()

    def _show_name(self) -> None:
        """The user calls the model otherwise: facts and scripts say its name too."""
        for one in self._sent.values():
            one.tree = None
        self.show_journal(whole=True)

    def _send_tree(self, tree: Tree, whole: bool) -> None:
        sent = self._sent_tree
        self._revision += 1
        now = rows.tree_message(tree, self._revision, self._words)
        self._sent_tree = now
        change = None if sent is None or whole else tree_change(sent, now)
        self._send(now if change is None else change)

    def _tell_of_ties(self, tree: Tree, whole: bool) -> None:
        """Send which ties are lost and gained, if that has changed or a page may not know it."""
        news = ties.tie_news(self.bench, tree)
        known = self._sent_news or protocol.TieNews([], [])
        if news != known or (whole and self._sent_news is not None):
            self._sent_news = news
            self._send(news)

    # --- panels --------------------------------------------------------------------------------

    def _push_frames(self, cause: Cause, budget: Budget = frames.SENT) -> None:
        with told("a lens could not remember"):
            facts.remember(self.bench, self, self.views.panels.values())
        for panel in list(self.views.panels.values()):
            self._push_panel(panel, cause, budget)

    def _push_panel(self, panel: PanelState, cause: Cause, budget: Budget) -> None:
        """What a panel shows; a sentence in place of a picture that cannot be made."""
        sent = self._sent.setdefault(panel.panel, SentPanel())
        try:
            seen = facts.what_is_seen(self.bench, panel)
            if cause != "step":
                self._push_facts(panel, seen)
            if self._push_frame(panel, seen, cause, budget):
                sent.refusal = ""
        except Exception as error:
            refusal = frames.refusal(error)
            if refusal == sent.refusal and panel.generation == sent.generation:
                return
            _log.exception("paramwidget: a panel could not be shown")
            with told("a panel could not be refused"):
                self._push_frame(panel, facts.Seen(USUAL, refusal), cause, budget)
            sent.refusal = refusal

    def _push_facts(self, panel: PanelState, seen: facts.Seen) -> None:
        """What a panel shows of its slot follows from the tree, except which values are equal."""
        sent = self._sent[panel.panel]
        if self._tree is None:
            return
        twins = self._twins(self._tree, panel)
        if sent.facts is not None and sent.tree is self._tree and sent.facts.twins == twins:
            return
        now = facts.facts(self._tree, panel, seen, twins)
        sent.tree = self._tree
        if now != sent.facts:
            sent.facts = now
            self._send(now)

    def _twins(self, tree: Tree, panel: PanelState) -> list[protocol.Twin]:
        node = tree.node(tuple(panel.path))
        return ties.twin_facts(self.bench.net, tree, node)

    def _push_frame(
        self, panel: PanelState, seen: facts.Seen, cause: Cause, budget: Budget
    ) -> bool:
        """Whether there was anything new to send."""
        sent = self._sent[panel.panel]
        shown = seen.shown
        token = shown if isinstance(shown, str) else fingerprint(shown.tensor)
        content = (panel.lens, budget, token)
        if content == sent.content and panel.generation == sent.generation:
            return False
        sent.frame = frames.frame_of(seen, panel, sent.revision + 1, cause, budget)
        sent.content, sent.generation = content, panel.generation
        sent.revision += 1
        self._send(*sent.frame)
        return True

    def show_panels(self) -> None:
        """Send which panels are open, and what they show if that has changed."""
        self._send_panels([])
        self._push_frames("view")

    def open_panel(self, message: protocol.Open) -> None:
        """Open a panel, or say why it cannot be."""
        if self._no_slot(message.path) or held_at(self.bench.net, tuple(message.path)) is None:
            self._follow_model()  # a running cell may have removed the row that was clicked
        reason = self._no_slot(message.path) or self.views.no_room(message.panel)
        if reason:
            self._send_panels([protocol.ClosedPanel(message.panel, reason)])
        else:
            self.views.open(message)

    def _no_slot(self, path: list[str]) -> str:
        """Why there is nothing to show at a path; "" if there is a slot."""
        node = None if self._tree is None else self._tree.find(tuple(path))
        if node is not None and node.slot >= 0:
            return ""
        name = sendable(".".join(path[:MOST_SAID])[:MOST_SAID]) or "the model"
        return f"{name} is no longer in the model" if node is None else f"{name} is a module"

    def _close_lost_panels(self) -> None:
        with told("the panels could not be checked"):
            reasons = {p.panel: self._no_slot(p.path) for p in self.views.panels.values()}
            closed = [protocol.ClosedPanel(panel, why) for panel, why in reasons.items() if why]
            for one in closed:
                self.close_panel(one.panel)
            if closed:
                self._send_panels(closed)

    def close_panel(self, panel: str) -> None:
        """Forget a panel."""
        self.views.panels.pop(panel, None)
        self._sent.pop(panel, None)

    def _send_panels(self, closed: Sequence[protocol.ClosedPanel]) -> None:
        self._send(protocol.Panels(list(self.views.panels.values()), list(closed)))

    # --- rows and journal ----------------------------------------------------------------------

    def look_at_rows(self, whole: int = rows.WHOLE) -> None:
        """Look at the rows on screen; tensors larger than ``whole`` are sampled."""
        if self._tree is None:
            return
        shown = self.views.rows(self._revision)
        fresh = self._briefs.fresh(self.bench, self._tree, shown, whole)
        if fresh:
            self._send(protocol.Briefs(self._revision, fresh))

    def show_journal(self, whole: bool = False) -> None:
        """What was done, undone and refused; what is new of it, unless ``whole``."""
        with told("the journal could not be shown"):
            self._send(self._sent_journal.message(self.bench.log, whole))

    def show_new_journal(self) -> None:
        """The journal, if anything has happened in it since it was last sent."""
        if self._sent_journal.is_behind(self.bench.log):
            self.show_journal()

    # --- what is saved with the notebook -------------------------------------------------------

    @property
    def unsaved(self) -> bool:
        """Whether anything was sent since ``saved_messages`` was asked for."""
        return self._unsaved

    def saved_messages(self) -> list[Message]:
        """The messages that show tree and open panels without a kernel, in few bytes."""
        if self._tree is None:
            self._follow_model()
        messages: list[Message] = []
        panels = list(self.views.panels.values())
        if self._tree is not None and self._sent_tree is not None:
            with told("the tree could not be saved"):
                messages += self._saved_tree(self._tree, self._sent_tree, panels)
        with told("the journal could not be saved"):
            messages.append((whole_journal(self.bench.log), []))
        messages.append((protocol.Panels(panels, []), []))
        for panel in panels:
            messages += self._saved_panel(panel, len(panels))
        self._unsaved = False
        return messages

    def _saved_panel(self, panel: PanelState, count: int) -> list[Message]:
        """Its facts and its frame; a sentence in place of those that cannot be made."""
        sent = self._sent.setdefault(panel.panel, SentPanel())
        messages: list[Message] = []
        try:
            about = sent.facts
            if about is None and self._tree is not None:
                seen = facts.what_is_seen(self.bench, panel)
                about = facts.facts(self._tree, panel, seen, self._twins(self._tree, panel))
            if about is not None:
                messages.append((about, []))
            messages.append(self._saved_frame(panel, sent, count))
        except Exception as error:
            refused = facts.Seen(USUAL, frames.refusal(error))
            messages.append(frames.frame_of(refused, panel, sent.revision, "view"))
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
