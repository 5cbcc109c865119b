"""What an edit did, as the journal keeps it; and the choice of the tensors it is about."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from typing import Any

from paramwidget.edit.errors import EditError, shown
from paramwidget.edit.script import Script
from paramwidget.edit.write import Inverse
from paramwidget.slots.targets import select
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Node, Tree


@dataclass(frozen=True)
class Outcome:
    """The result of an action that was done; ``inverses`` lead back."""

    title: str
    changed: tuple[Name, ...]
    skipped: dict[Name, str]
    seed: int | None
    warnings: tuple[str, ...]
    inverses: list[Inverse]
    script: Script
    functions: tuple[Any, ...] = field(default=())  # the user's, which the script calls by name


class Failed(EditError):
    """A user's function raised; ``trace`` is its traceback without our own frames."""

    trace: str = ""

    @classmethod
    def of(cls, about: str, error: BaseException) -> Failed:
        """The refusal for an exception that is being handled."""
        failed = cls(
            f"{about}: {type(error).__name__}: {error}; the model is as before", "function"
        )
        own = error.__traceback__
        while own is not None and own.tb_frame.f_globals.get("__package__") == __package__:
            own = own.tb_next
        failed.trace = "".join(traceback.format_exception(type(error), error, own))
        return failed


def spoken(name: Node | Name) -> str:
    """A name for people to read."""
    if isinstance(name, Node):
        return name.name or "net"
    return name if isinstance(name, str) else ".".join(name)


def chosen(
    tree: Tree, target: Any, types: Any, parameters: Any
) -> tuple[list[Node], dict[Name, str]]:
    """The slots of a target, and those it leaves out with the reasons; EditError for nonsense."""
    try:
        selection = select(tree, target, types=types, parameters=parameters)
    except EditError:
        raise
    except (TypeError, ValueError, LookupError) as error:
        about = str(error) or f"{shown(target)} is no target"
        raise EditError(about, "target") from None
    return [tree.node(name) for name in selection.names], dict(selection.skipped)
