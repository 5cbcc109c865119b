"""What an edit did, as the journal keeps it, and which tensors it is about."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from paramwidget.edit.errors import EditError, listed, no_memory, quoted
from paramwidget.edit.memory.kept_bytes import Bytes, Inverse
from paramwidget.edit.script import Script, UserFunction, about_function, comment
from paramwidget.namespace import NET
from paramwidget.protocol.halves import shown
from paramwidget.slots.targets import Selection, select
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Node, Tree
from paramwidget.tensors import error_text

_LONGEST_NAME = 120


@dataclass(frozen=True)
class Outcome:
    """The result of an action; ``inverses`` undo it. In its title the model is ``ROOT``."""

    title: str
    changed: tuple[Name, ...]
    skipped: dict[Name, str]
    seed: int | None
    warnings: tuple[str, ...]
    inverses: list[Inverse]
    script: Script
    ran_code: bool = False  # of the user's or of a module's own, which may do anything

    @property
    def restructured(self) -> bool:
        """Whether more than bytes may have changed."""
        return self.ran_code or not all(isinstance(one, Bytes) for one in self.inverses)


@dataclass
class Notes:
    """Notes taken while an action runs, which become its outcome."""

    title: str
    seed: int | None = None
    changed: list[Name] = field(default_factory=list)
    skipped: dict[Name, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    helpers: set[str] = field(default_factory=set)
    function: Any = None
    ran_code: bool = False
    lacks: list[str] = field(default_factory=list)  # what the lines cannot hold

    def changes(self, nodes: Iterable[Node]) -> None:
        self.changed += [node.label for node in nodes]

    def outcome(self, inverses: list[Inverse]) -> Outcome:
        head = comment(self.title + ("" if self.seed is None else f", seed {self.seed}"))
        changed = dict.fromkeys(self.changed)
        called = None if self.function is None else UserFunction(self.function)
        lacks = self.lacks + ([] if self.function is None else about_function(self.function))
        return Outcome(
            self.title,
            tuple(changed),
            {name: reason for name, reason in self.skipped.items() if name not in changed},
            self.seed,
            tuple(dict.fromkeys([*self.warnings, *lacks])),
            inverses,
            Script((head, *self.lines), frozenset(self.helpers), called, tuple(lacks)),
            self.ran_code,
        )


class Failed(EditError):
    """A user's function raised; ``trace`` is its traceback without the frames of this package."""

    trace: str = ""

    @classmethod
    def of(cls, about: str, error: BaseException) -> Failed:
        """The refusal for an exception that is being handled."""
        why = no_memory(error) or error_text(error)
        failed = cls(f"{about}: {why}; the model was not changed", "function")
        own = error.__traceback__
        while own is not None and _is_ours(own.tb_frame.f_globals):
            own = own.tb_next
        failed.trace = "".join(traceback.format_exception(type(error), error, own))
        return failed


def _is_ours(module: dict[str, Any]) -> bool:
    return str(module.get("__name__")).partition(".")[0] == __name__.partition(".")[0]


def display_name(name: Node | Name, root: str = NET) -> str:
    """A name for display, the model's being ``root``; the middle of a very long one is left out."""
    if isinstance(name, Node):
        name = name.path
    text = name if isinstance(name, str) else ".".join(name)
    text = shown(text or root)
    return text if len(text) <= _LONGEST_NAME else f"{text[:40]}…{text[-60:]}"


def nothing_to_do(
    what: str, target: Any, skipped: dict[Name, str], root: str, unmatched: Sequence[str] = ()
) -> EditError:
    """The error for an action that can do nothing in its target, with the reasons.

    ``what`` is the sentence up to the target: "ones_ cannot initialize". ``root`` is what the model
    is called.
    """
    found = {why: list(map(display_name, names)) for why, names in by_reason(skipped).items()}
    itself = display_name(target, root)
    reasons = [
        reason if names == [itself] else f"{listed(names, 3)}: {reason}"
        for reason, names in list(found.items())[:3]
    ]
    if len(found) > 3:
        reasons.append(f"(and {len(found) - 3} more reasons)")
    about = " ".join([*reasons, *unmatched]) or "It selects no parameters."
    return EditError(f"{what} {itself!r}: {about}", "target")


def by_reason(skipped: dict[Name, str]) -> dict[str, list[Name]]:
    """The skipped slots under each reason, in their order."""
    found: dict[str, list[Name]] = {}
    for name, reason in skipped.items():
        found.setdefault(reason, []).append(name)
    return found


def chosen(tree: Tree, target: Any, types: Any, parameters: Any) -> Selection:
    """The slots of a target, and those it skips with the reasons; EditError if it is not valid."""
    try:
        return select(tree, target, types=types, parameters=parameters)
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        about = str(error) or f"{quoted(target)} is not a valid target"
        raise EditError(about, "target") from None
