"""The journal of one model: it runs edits, takes them back, and notes what others have changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from itertools import takewhile
from typing import Literal

from torch import nn

from paramwidget.edit.actions.action import Action, without_functions
from paramwidget.edit.actions.outcome import Failed
from paramwidget.edit.errors import EditError, quoted
from paramwidget.edit.journal import sharing
from paramwidget.edit.journal.entry import Edit, Entry
from paramwidget.edit.journal.kept import BUDGET, Kept
from paramwidget.edit.journal.ledger import Ledger
from paramwidget.edit.journal.reach import in_order, reached_by, with_tied
from paramwidget.edit.journal.stake import Stake, at_stake, last_in_the_way
from paramwidget.edit.journal.whole import OneAtATime, afterwards, append_all
from paramwidget.edit.journal.words import (
    NOT_IN_SCRIPT,
    WAY_ON,
    replaced_title,
    warned,
    why_not,
)
from paramwidget.edit.memory.transaction import Bytes, Inverse, bring_in, refuse, swap_all
from paramwidget.edit.script import (
    Script,
    UserFunction,
    comment,
    same_name,
)
from paramwidget.edit.step import step
from paramwidget.namespace import NET
from paramwidget.slots.content.known import KnownContent, Look
from paramwidget.slots.names import path_of
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Path, Tree

_log = logging.getLogger("paramwidget")

#: How much is read before an edit, to see whether something else has changed its slots.
QUICK_BYTES = 1 << 30


class Journal(Ledger):
    """All that was done to one model. Not thread-safe: the caller must hold the lock.

    ``known`` is the content of the model at the last look, ``called`` what the user calls it.
    """

    def __init__(
        self,
        known: KnownContent,
        budget: int = BUDGET,
        called: Callable[[], str] = lambda: NET,
    ) -> None:
        super().__init__(called)
        self.budget = budget
        self._known = known
        self._kept = Kept(budget)
        self._done: list[Entry] = []
        self._undone: list[Entry] = []
        self._sharing = sharing.Sharing()
        self._skipped: list[Entry] = []  # oldest first
        self._functions: dict[str, UserFunction] = {}  # the first that ran under each name
        self._alone = OneAtATime()

    # --- doing ---------------------------------------------------------------------------------

    def do(self, net: nn.Module, tree: Tree, action: Action) -> Edit:
        """Run an action and record it.

        Every refusal is raised; a user's function that failed is recorded too.
        """
        with self._alone.step() as (current, mark):
            try:
                self.look(net, reached_by(action, tree))
                with current.interruptible():
                    outcome = action.run(net, tree)
                    about = self._about_name(outcome.script.function)
                    edit = Edit.of(outcome, action, self.called, about)
            except EditError as error:
                self._note_failure(action, error)
                raise
            self._begin(net, edit, outcome.inverses, lambda: current.keep(mark))
        return edit

    def _begin(
        self, net: nn.Module, edit: Edit, inverses: list[Inverse], keep: Callable[[], None]
    ) -> None:
        """A new edit is in effect; what was undone before it can no longer be redone."""
        entry = Entry("edit", edit.title, list(edit.changed), edit, inverses=inverses)
        dropped, none = self._undone, list[Entry]()
        self._add(entry, (self._done, entry), (self._lines.entries, entry))
        keep()
        self._undone = none
        for undone in dropped:
            undone.kind = "dropped"
        with afterwards():
            self._lines.size += entry.code_size
            for undone in dropped:
                self._kept.put_last(undone)
                self._touch(undone)
            self._kept.add(entry)
            self._sharing.add(entry)
            self._learn(net, entry, map(path_of, entry.names))

    def _learn(self, net: nn.Module, entry: Entry, slots: Iterable[Path]) -> None:
        """The content that an entry leaves counts as known; what cannot be read, as unknown."""
        paths = [*slots]
        try:
            prints = self._known.learn(net, paths)
        except Exception:
            _log.exception("paramwidget: what an edit left could not be read")
            prints = self._known.forget(paths)
        if not entry.only_bytes:
            entry.left, entry.left_undone = entry.left_undone or prints, entry.left
        entry.hold(net)

    def look(self, net: nn.Module, slots: Mapping[Path, Name], most: int = QUICK_BYTES) -> None:
        """Note which of the slots something else has changed since anybody looked."""
        self._take_over(lambda: self._known.outside(net, slots, most), slots)

    def refresh(self, net: nn.Module, tree: Tree) -> list[Name]:
        """The slots that have changed since this was last asked, every one of them read."""
        slots = {node.path: node.label for node in tree.slots}
        found = self._take_over(lambda: self._known.refresh(net, slots), slots)
        return [slots[path] for path in found.changed]

    def _take_over(self, look: Callable[[], Look], slots: Mapping[Path, Name]) -> Look:
        """Look, which may be interrupted; then note what was found and take it over as a whole."""
        with step(reserve=False) as current:
            with current.interruptible():
                found = look()
            self._note_outside([slots[path] for path in found.unseen])
            self._known.take(found)
        return found

    def _about_name(self, function: UserFunction | None) -> list[str]:
        """Warn if the name by which the script calls a function means something else too."""
        if function is None:
            return []
        name = function.name
        if name == self.called().partition(".")[0]:
            return [f"the function has the name of the model, {name}: the script cannot call both"]
        first = self._functions.setdefault(name, function)
        return [] if first.is_same(function) else [same_name(name)]

    def _note_failure(self, action: Action, error: EditError) -> None:
        """Record what ran and failed; an earlier refusal is shown only where it was asked for."""
        if isinstance(error, Failed):
            edit = Edit(
                f"failed: {str(error).splitlines()[0]}", [], action=without_functions(action)
            )
            self._add(Entry("failed", edit.title, [], edit, stands=False, error=error.trace))

    # --- the way back --------------------------------------------------------------------------

    def undo(self, net: nn.Module, tree: Tree | None = None) -> Edit | None:
        """Undo the last edit in effect; None if there is none.

        If a slot no longer holds what the edit left there, the returned edit's ``warnings`` name
        it, and what it held becomes an entry that can be brought back. Raises EditError if the
        model has changed too much, or if the budget has dropped what undo needs.
        """
        self._forget_taken_back()
        return self._swap(net, tree, self._done[-1], "undo") if self._done else None

    def redo(self, net: nn.Module, tree: Tree | None = None) -> Edit | None:
        """Redo the last undone edit, to the same bytes; None if there is none."""
        return self._swap(net, tree, self._undone[-1], "redo") if self._undone else None

    def _swap(
        self, net: nn.Module, tree: Tree | None, entry: Entry, what: Literal["undo", "redo"]
    ) -> Edit | None:
        """Exchange what an entry keeps with what is there, and note it."""
        undoing = what == "undo"
        way_on = WAY_ON if undoing else ""
        if entry.inverses is None:
            raise EditError(
                f"{entry.title!r} can no longer be {what}ne: its values were dropped, since the "
                f"journal keeps at most {self.budget >> 20} MiB{way_on}"
            )
        slots = with_tied(entry.names, tree)
        try:
            with self._alone.step() as (current, mark):
                self.look(net, slots)
                skipped = self._skipped_since(entry)
                elsewhere = self._sharing.above(entry)
                above = [*(one for one in skipped if sharing.holds(one)), *elsewhere]
                paths = entry.foreign_now(net, (one for e in above for one in sharing.written(e)))
                foreign = in_order(paths, slots)
                edit = warned(entry, foreign, skipped, elsewhere) if foreign else entry.edit
                line = self._replaced_line(entry) if undoing and foreign else entry.replaced
                added = [(self._undone, entry)] if undoing else [
                    (self._done, entry), (self._lines.entries, entry)]  # fmt: skip
                if line is not None and line is not entry.replaced:
                    added.append((self.entries, line))
                left = self._done if undoing else self._undone
                refuse(entry.problems(net))
                inverses = swap_all(net, entry.inverses)
                append_all(*added)
                current.keep(mark)
                left.pop()
                entry.stands = not undoing
                entry.inverses = inverses
                entry.replaced = line
                with afterwards():
                    self._note_swapped(net, entry, slots, above, foreign)
        except EditError as error:
            raise EditError(f"cannot {what} {entry.title!r}: {error}{way_on}") from None
        return edit

    def _replaced_line(self, entry: Entry) -> Entry:
        """The line of what undoing an entry puts away: the one that there is, or a new one."""
        if entry.replaced is not None:
            return entry.replaced
        return Entry("replaced", "", [], source=entry, number=len(self.entries))

    def _skipped_since(self, entry: Entry) -> list[Entry]:
        """The newer edits that were skipped."""
        return [*takewhile(lambda one: one.number > entry.number, reversed(self._skipped))]

    def _note_swapped(
        self,
        net: nn.Module,
        entry: Entry,
        slots: Iterable[Path],
        above: list[Entry],
        foreign: list[Name],
    ) -> None:
        """An entry was undone or redone."""
        partly = sharing.note_taken_back(entry, above)
        entry.on_top()
        sharing.note_given_back(entry)
        self._learn(net, entry, slots)
        self._touch(entry)
        self._kept.weigh(entry)
        line, skipped = entry.replaced, self._skipped_since(entry)
        if entry.stands:
            self._lines.size += entry.code_size
            self._lines.put_before(entry, skipped)
            if line is not None:  # its values are in their slots again
                self._touch(line).stands = True
                self._lines.remove(line)
                self._lines.put_back(entry, line.names)
            return
        self._lines.remove(entry)
        self._lines.note_below(entry, skipped)
        if line is None or not foreign:
            return
        self._touch(line)
        # objects are brought back all together
        line.names = list(entry.names) if entry.by_object else foreign
        line.title, line.stands = replaced_title(entry), False
        if entry.displaced_whole:
            self._lines.put_away(entry, foreign)
        if any(one in self._skipped for one in partly):
            self._lines.entries.append(line)  # the script goes on holding them

    def at_stake(self, net: nn.Module, all_edits: bool = False) -> Stake:
        """What undo would put away; with ``all_edits``, what undoing all of them would."""
        top = self.top
        if all_edits:
            return Stake(top, self._lines.written_over(last_in_the_way(self._done, net)))
        return at_stake(top, net, [] if top is None else self._sharing.above(top))

    def skip(self) -> Edit | None:
        """Leave the newest edit as it is, without a way back, so that undo goes on before it.

        None if there is none. The script goes on holding it.
        """
        self._forget_taken_back()
        if not self._done:
            return None
        entry = self._done[-1]
        with self._alone.step():
            written = [one for one in entry.inverses or () if isinstance(one, Bytes)]
            marks = [one.mark_only() for one in written]
            append_all((self._skipped, entry))
        self._done.pop()
        entry.marks = marks
        self._kept.drop(entry)
        self._touch(entry)
        return entry.edit

    def bring_back(self, net: nn.Module, entry: Entry, tree: Tree | None = None) -> Edit:
        """Restore what an undo put away, or an undone edit that cannot be redone; a new edit.

        Raises EditError if there is nothing to restore, or if the model has changed too much.
        """
        if not (isinstance(entry, Entry) and self.entries[entry.number :][:1] == [entry]):
            raise EditError(f"{quoted(entry)} is not an entry of this model's journal", "entry")
        if not entry.can_be_brought_back:
            raise EditError(f"{entry.title!r} cannot be brought back: {why_not(entry)}", "entry")
        slots = with_tied(entry.names, tree)
        title = f"brought back: {entry.title}"
        try:
            with self._alone.step() as (current, mark):
                self.look(net, slots)
                refuse((entry.source or entry).problems(net))
                inverses = bring_in(net, entry.kept)
                edit = Edit(
                    title,
                    list(slots.values()),
                    warnings=[NOT_IN_SCRIPT],
                    action=None,
                    script=Script((comment(title), comment(NOT_IN_SCRIPT))),
                    called=self.called,
                    restructured=not all(isinstance(one, Bytes) for one in inverses),
                )
                self._begin(net, edit, inverses, lambda: current.keep(mark))
        except EditError as error:
            raise EditError(f"cannot bring back {entry.title!r}: {error}", error.where) from None
        return edit

    def _forget_taken_back(self) -> None:
        """Edits that an undo in another model has taken back have nothing left to undo."""
        while self._done and not self._done[-1].stands:
            entry = self._done.pop()
            entry.kind = "dropped"
            self._lines.remove(entry)
            self._kept.drop(entry)
            self._touch(entry)

    # --- what it says --------------------------------------------------------------------------

    @property
    def history(self) -> list[Edit]:
        """The edits in effect that have a way back, oldest first."""
        return [e.edit for e in self._done if e.stands and e.edit is not None]

    @property
    def newest(self) -> Edit | None:
        """The newest edit in effect: another object after each step that was done."""
        return self._done[-1].edit if self._done else None

    @property
    def top(self) -> Entry | None:
        """The entry that undo would undo."""
        return next((entry for entry in reversed(self._done) if entry.stands), None)

    @property
    def next_undo(self) -> str:
        """The title of what undo would undo, "" for nothing."""
        return "" if self.top is None else self.top.title

    @property
    def next_redo(self) -> str:
        """The title of what redo would do, "" for nothing."""
        return self._undone[-1].title if self._undone else ""
