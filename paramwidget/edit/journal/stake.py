"""What undo would put away of what something else has written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import nn

from paramwidget.edit.journal.entry import Entry
from paramwidget.edit.journal.reach import in_order
from paramwidget.edit.journal.sharing import written
from paramwidget.slots.names import path_of
from paramwidget.slots.ties import Name


@dataclass(frozen=True)
class Stake:
    """The slots of whole tensors that undo would set back, though others have written to them.

    ``entry`` is what undo would undo, ``by`` the titles of edits of other models that wrote there.
    """

    entry: Entry | None
    names: list[Name] = field(default_factory=list)
    by: list[str] = field(default_factory=list)


def at_stake(entry: Entry | None, net: nn.Module, above: Sequence[Entry]) -> Stake:
    """The stake in undoing an entry below these edits; none where it cannot be undone."""
    if entry is None or cannot_be_undone(entry, net):
        return Stake(entry)
    paths = entry.foreign_now(net, (one for edit in above for one in written(edit)))
    if not entry.displaced_whole:
        return Stake(entry)
    names = in_order(paths, {path_of(name): name for name in entry.names})
    return Stake(entry, names, [edit.title for edit in above])


def last_in_the_way(done: Sequence[Entry], net: nn.Module) -> Entry | None:
    """The edit at which undoing them all will stop, as far as that can be told beforehand."""
    for entry in reversed(done):
        if entry.stands and cannot_be_undone(entry, net):
            return entry
        if not entry.only_bytes:  # undoing it may change what those before it need
            return None
    return None


def cannot_be_undone(entry: Entry, net: nn.Module) -> bool:
    """Whether the model has changed too much, or the way back was dropped."""
    return entry.inverses is None or bool(entry.problems(net))
