"""The journal: what was done to a model and what was undone, with undo within a memory budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from paramwidget.edit.actions.action import Action, to_json
from paramwidget.edit.actions.outcome import Failed, Outcome
from paramwidget.edit.errors import EditError
from paramwidget.edit.memory.write import Inverse, swap_all
from paramwidget.edit.script import ROOT, Script, assembled, function_name, same_name
from paramwidget.namespace import NET
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Tree

BUDGET = 1 << 30  # bytes kept for undo and redo; the newest edit can be undone whatever its size


@dataclass(frozen=True)
class Edit:
    """One edit that was done, as a value without a reference to the model.

    ``changed`` names every slot of each tensor that changed; ``skipped`` gives the reason for each
    slot that was skipped; ``seed`` repeats the draw.
    """

    title: str
    changed: list[Name]
    skipped: dict[Name, str] = field(default_factory=dict)
    seed: int | None = None
    warnings: list[str] = field(default_factory=list)
    action: Action = field(kw_only=True, repr=False, compare=False)
    #: Whether more than bytes may have changed: tensors, memory or modules were replaced.
    restructured: bool = field(default=False, kw_only=True, repr=False, compare=False)
    script: Script = field(default=Script(()), kw_only=True, repr=False, compare=False)
    #: What the user calls the model at the moment.
    called: Callable[[], str] = field(default=lambda: NET, kw_only=True, repr=False, compare=False)

    @property
    def kind(self) -> str:
        """ "initialize", "assign" and so on."""
        return self.action.kind

    @property
    def code(self) -> str:
        """A script that does this edit, for the model under the user's name of it."""
        return self.script.text(self.called())

    def to_json(self) -> dict[str, Any]:
        """The edit as a JSON object; a name is a string, or a list if it is a path."""
        return {
            "action": to_json(self.action, self.seed),
            "title": self.title,
            "changed": [_json_name(name) for name in self.changed],
            "skipped": [[_json_name(name), reason] for name, reason in self.skipped.items()],
            "seed": self.seed,
            "warnings": list(self.warnings),
            "code": self.code,
        }


def _json_name(name: Name) -> str | list[str]:
    return name if isinstance(name, str) else list(name)


@dataclass(eq=False)
class Entry:
    """One line of the journal. ``error`` is the traceback of a user's function that raised."""

    edit: Edit
    stands: bool = True
    error: str = ""
    script: Script | None = None
    inverses: list[Inverse] | None = None  # None: dropped for the budget
    function: Any = None  # the user's that ran
    nbytes: int = 0  # what the inverses hold

    def drop(self) -> None:
        """Drop what undo needs."""
        self.inverses, self.nbytes = None, 0


class Journal:
    """All edits of one model. Not thread-safe: the caller must hold the lock.

    ``called`` says what the user calls the model at the moment.
    """

    def __init__(self, budget: int = BUDGET, called: Callable[[], str] = lambda: NET) -> None:
        self.budget = budget
        self.called = called
        self.entries: list[Entry] = []  # oldest first: in effect, undone or failed
        self._done: list[Entry] = []
        self._undone: list[Entry] = []
        self._running = False

    def do(self, net: nn.Module, tree: Tree, action: Action) -> Edit:
        """Run an action and record it.

        Every refusal is raised; a user's function that failed is recorded too.
        """
        try:
            with self._alone():
                outcome = action.run(net, tree)
        except EditError as error:
            self._note_failure(action, error)
            raise
        except (RuntimeError, MemoryError) as error:  # no memory for the scratch, an odd tensor
            about = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise EditError(f"torch cannot do this: {about}; the model was not changed") from error
        edit = self._edit(outcome, action)
        entry = Entry(
            edit,
            script=outcome.script,
            inverses=outcome.inverses,
            function=outcome.function,
            nbytes=sum(inverse.nbytes for inverse in outcome.inverses),
        )
        self.entries.append(entry)
        self._done.append(entry)
        for undone in self._undone:
            undone.drop()
        self._undone.clear()
        self._keep_budget()
        return edit

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Refuse an edit inside an edit, which could not be undone as a whole."""
        if self._running:
            raise EditError(
                "an edit is already running, and a function that it calls cannot start another one"
            )
        self._running = True
        try:
            yield
        finally:
            self._running = False

    def _edit(self, outcome: Outcome, action: Action) -> Edit:
        warnings = list(outcome.warnings)
        if outcome.function is not None:
            warnings += self._about_name(outcome.function)
        title = outcome.title
        return Edit(
            title.replace(ROOT, self.called()) if ROOT in title else title,
            list(outcome.changed),
            dict(outcome.skipped),
            outcome.seed,
            warnings,
            action=action,
            restructured=outcome.restructured,
            script=outcome.script,
            called=self.called,
        )

    def _about_name(self, function: Any) -> list[str]:
        """Warn if the name by which the script calls a function means something else too."""
        name = function_name(function)
        if name == self.called().partition(".")[0]:
            return [f"the function has the name of the model, {name}: the script cannot call both"]
        others = (entry.function for entry in self._done if entry.function is not None)
        if any(one is not function and function_name(one) == name for one in others):
            return [same_name(name)]
        return []

    def _note_failure(self, action: Action, error: EditError) -> None:
        """Record what ran and failed; an earlier refusal is shown only where it was asked for."""
        if isinstance(error, Failed):
            edit = Edit(f"failed: {str(error).splitlines()[0]}", [], action=action)
            self.entries.append(Entry(edit, stands=False, error=error.trace))

    def undo(self, net: nn.Module) -> Edit | None:
        """Undo the last edit in effect; None if there is none.

        Raises EditError if the model has changed too much, or if the budget has dropped what undo
        needs.
        """
        if not self._done:
            return None
        entry = self._done[-1]
        self._swap(net, entry, "undo")
        entry.stands = False
        self._undone.append(self._done.pop())
        return entry.edit

    def redo(self, net: nn.Module) -> Edit | None:
        """Redo the last undone edit, to the same bytes; None if there is none."""
        if not self._undone:
            return None
        entry = self._undone[-1]
        self._swap(net, entry, "redo")
        entry.stands = True
        self._done.append(self._undone.pop())
        return entry.edit

    def _swap(self, net: nn.Module, entry: Entry, what: str) -> None:
        if entry.inverses is None:
            raise EditError(
                f"{entry.edit.title!r} can no longer be undone: the values before it were dropped, "
                f"since the journal keeps at most {self.budget >> 20} MiB"
            )
        try:
            with self._alone():
                swap_all(net, entry.inverses)
        except EditError as error:
            raise EditError(f"cannot {what} {entry.edit.title!r}: {error}") from None

    def _keep_budget(self) -> None:
        total = sum(entry.nbytes for entry in self._done)
        for entry in self._done[:-1]:
            if total <= self.budget:
                return
            total -= entry.nbytes
            entry.drop()

    @property
    def history(self) -> list[Edit]:
        """The edits in effect, oldest first."""
        return [entry.edit for entry in self._done]

    @property
    def next_undo(self) -> str:
        """The title of what undo would undo, "" for nothing."""
        return self._done[-1].edit.title if self._done else ""

    @property
    def next_redo(self) -> str:
        """The title of what redo would do, "" for nothing."""
        return self._undone[-1].edit.title if self._undone else ""

    def code(self, name: str | None = None) -> str:
        """The edits in effect as one script for the model in ``name``, or as the user calls it."""
        scripts = [entry.script for entry in self._done if entry.script is not None]
        return assembled(scripts, self.called() if name is None else name)


__all__ = ["BUDGET", "Edit", "EditError", "Entry", "Journal"]
