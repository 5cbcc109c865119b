"""Edit: one edit as a value. Entry: one line of the journal, with what its way back needs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal, TypeAlias

from torch import nn

from paramwidget.compat import MemoryMap
from paramwidget.edit.actions.action import Action, to_json, without_functions
from paramwidget.edit.actions.outcome import Outcome
from paramwidget.edit.errors import Problem
from paramwidget.edit.journal.held import Held, changed_since, held_in
from paramwidget.edit.memory.transaction import Bytes, Inverse, problems
from paramwidget.edit.script import ROOT, Script
from paramwidget.namespace import NET
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.names import held_at, path_of
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Path

Kind: TypeAlias = Literal["edit", "outside", "replaced", "dropped", "failed"]


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
    #: None for what was brought back.
    action: Action | None = field(kw_only=True, repr=False, compare=False)
    #: Whether more than bytes may have changed: tensors, memory or modules were replaced.
    restructured: bool = field(default=False, kw_only=True, repr=False, compare=False)
    script: Script = field(default=Script(()), kw_only=True, repr=False, compare=False)
    #: What the user calls the model at the moment.
    called: Callable[[], str] = field(default=lambda: NET, kw_only=True, repr=False, compare=False)

    @classmethod
    def of(
        cls, outcome: Outcome, action: Action, called: Callable[[], str], warnings: list[str]
    ) -> Edit:
        """The edit that an action has made, with further warnings."""
        title = outcome.title
        return cls(
            title.replace(ROOT, called()) if ROOT in title else title,
            list(outcome.changed),
            dict(outcome.skipped),
            outcome.seed,
            [*outcome.warnings, *warnings],
            action=without_functions(action),
            restructured=outcome.restructured,
            script=outcome.script,
            called=called,
        )

    @property
    def kind(self) -> str:
        """ "initialize", "assign" and so on."""
        return "bring_back" if self.action is None else self.action.kind

    @property
    def code(self) -> str:
        """A script that does this edit, for the model under the user's name of it."""
        return self.script.text(self.called())

    def to_json(self) -> dict[str, Any]:
        """The edit as a JSON object; a name is a string, or a list if it is a path."""
        return {
            "action": None if self.action is None else to_json(self.action, self.seed),
            "title": self.title,
            "changed": [_json_name(name) for name in self.changed],
            "skipped": [[_json_name(name), reason] for name, reason in self.skipped.items()],
            "seed": self.seed,
            "warnings": list(self.warnings),
            "code": self.code,
        }


def _json_name(name: Name) -> str | list[str]:
    return name if isinstance(name, str) else list(name)


#: In the order in which entries of all journals have come into effect.
_moments = count()


@dataclass(eq=False)
class Entry:
    """One line of the journal.

    ``kind``: ``edit``, an edit that was done; ``outside``, a change by a cell, by training or by
    anything else; ``replaced``, values that were not this journal's and that an undo put away;
    ``dropped``, an undone edit that can no longer be redone, since another one followed;
    ``failed``, a user's function that raised, with its traceback in ``error``.

    ``names`` are the slots; ``stands`` says whether it is in effect. ``edit`` is None for what is
    no edit. What is ``replaced`` or ``dropped`` can be brought back if ``can_be_brought_back``.
    """

    kind: Kind
    title: str
    names: list[Name]
    edit: Edit | None = None
    stands: bool = True
    error: str = ""
    number: int = -1  # the place in the journal, from 0
    moment: int = field(default_factory=_moments.__next__, repr=False)  # when it was written last
    revision: int = 0  # of the journal when this was last changed
    inverses: list[Inverse] | None = field(default=None, repr=False)  # None: there is no way back
    left: dict[Path, Hashable] = field(default_factory=dict, repr=False)
    left_undone: dict[Path, Hashable] = field(default_factory=dict, repr=False)
    source: Entry | None = field(default=None, repr=False)  # of what was replaced: what was undone
    replaced: Entry | None = field(default=None, repr=False)  # the line of what undoing it replaced
    restored: set[Name] = field(default_factory=set, repr=False)  # of what was changed outside
    marks: list[Bytes] = field(default_factory=list, repr=False)  # where it wrote, if skipped
    taken_back: list[Entry] = field(default_factory=list, repr=False)  # by undoing this
    below: Entry | None = field(default=None, repr=False)  # the comment that it was undone below
    held: dict[Path, Held] = field(default_factory=dict, repr=False)  # where objects are exchanged

    @property
    def code_size(self) -> int:
        """The characters of its script."""
        return 0 if self.edit is None else sum(len(line) + 1 for line in self.edit.script.lines)

    @property
    def nbytes(self) -> int:
        """What the way back holds."""
        return sum(inverse.nbytes for inverse in self.inverses or ())

    @property
    def kept(self) -> list[Inverse]:
        """What bringing it back restores; empty if that was dropped for the budget."""
        if self.source is None:
            return list(self.inverses or ())
        mine = self.source.inverses or ()
        return [one for one in mine if not isinstance(one, Bytes) or one.displaced]

    @property
    def can_be_brought_back(self) -> bool:
        """Whether ``bench.bring_back`` can restore it."""
        return self.kind in ("replaced", "dropped") and not self.stands and bool(self.kept)

    @property
    def only_bytes(self) -> bool:
        """Whether the values that it put away are bytes alone, not memory or objects."""
        return all(isinstance(one, Bytes) for one in self.inverses or () if one.displaces)

    @property
    def by_object(self) -> bool:
        """Whether the way back exchanges something that no path leads to."""
        return any(not isinstance(one, Bytes) or one.tensor is not None
                   for one in self.inverses or ())  # fmt: skip

    def hold(self, net: nn.Module) -> None:
        """Note which tensors stand in its slots, where the way back leads to objects."""
        if self.by_object:
            values = any(one.displaces for one in self.inverses or ())
            self.held = held_in(net, map(path_of, self.names), values)

    def problems(self, net: nn.Module) -> list[Problem]:
        """Why the model has changed too much for the way back: nothing if it has not."""
        return changed_since(net, self.held) or list(problems(net, self.inverses or ()))

    def on_top(self) -> None:
        """What it wrote lies over what all others have written, in any journal."""
        self.moment = next(_moments)

    def drop(self) -> None:
        """Drop what the way back needs."""
        self.inverses = None

    def mark(self, left: dict[Path, Hashable]) -> None:
        """Note the content of its slots, unless each part of it has been noted."""
        self.left = {} if self.only_bytes else left

    def foreign_now(self, net: nn.Module, above: Iterable[Bytes] = ()) -> list[Path]:
        """The slots that something else has written to since; their bytes are marked.

        ``above`` is what others' edits have written since, perhaps the same values.
        """
        over = [block for one in above if (block := one.block()) is not None]
        if not self.only_bytes:
            return [p for p, then in self.left.items() if fingerprint(held_at(net, p)) != then]
        found: list[Path] = []
        memory = MemoryMap.now()
        for one in self.inverses or ():
            if isinstance(one, Bytes):
                one.displaced = one.problem(net, memory) is None and (
                    one.foreign(net) or one.is_below(over)
                )
                found += one.paths if one.displaced else ()
        return list(dict.fromkeys(found))

    @property
    def sets_whole(self) -> bool:
        """Whether it has written to a whole tensor, or replaced one."""
        return any(not isinstance(one, Bytes) or one.index is None
                   for one in self.inverses or () if one.displaces)  # fmt: skip

    @property
    def displaced_whole(self) -> bool:
        """Whether what something else wrote is more than a part of a tensor."""
        mine = [one for one in self.inverses or () if isinstance(one, Bytes) and one.displaced]
        return not self.only_bytes or any(one.index is None for one in mine)
