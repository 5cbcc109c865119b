"""What undoes an edit, as every kind of it does it; and the kind that is bytes."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.errors import Problem, listed
from paramwidget.edit.memory.write import Exchange, Swap, part_of
from paramwidget.edit.values.index import Index
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.memory.overlap import Block, block_of, overlap, within
from paramwidget.slots.names import resolve
from paramwidget.slots.tree import Path
from paramwidget.tensors import condition, dtype_name, lacks_memory, writable_reason


class Inverse(Protocol):
    """One thing that an edit changed, with what undoes it."""

    #: Whether it puts values away that stand in a slot.
    displaces: ClassVar[bool]

    @property
    def nbytes(self) -> int: ...

    def problem(self, net: nn.Module, memory: compat.MemoryMap) -> Problem | None:
        """Why the model has changed too much for this, None if it has not."""

    def exchange(self, net: nn.Module) -> Exchange | Swap:
        """Prepare the exchange of what is kept with what is there.

        It allocates no tensor when it is run, and running it twice changes nothing.
        """

    def restore(self) -> None:
        """Put back what is kept, for an edit that ends half done."""

    def copied(self) -> Inverse:
        """The same, with bytes of its own."""


def gone(names: tuple[str, ...]) -> Problem:
    """The slots are not there any more."""
    return Problem(
        names, "is no longer a tensor of the model", "are no longer tensors of the model"
    )


def unlike(names: tuple[str, ...], was: dict[str, str], now: dict[str, str]) -> Problem | None:
    """What has changed of a tensor: its shape, its dtype and the like; None if nothing has."""
    changed = [what for what in was if was[what] != now[what]]
    if not changed:
        return None
    since = f"changed {listed(changed)} since"
    then, here = (" of ".join(look[what] for what in changed) for look in (was, now))
    return Problem(names, f"has {since}", f"have {since}", f", from {then} to {here}")


@dataclass
class Bytes:
    """The bytes of one part of one tensor; ``tensor`` is set if no path leads to it.

    ``left`` is the content of the part as it was written; None if something else has written to it
    at that very moment. ``left_undone`` is the content in the other state, to which an exchange
    leads.
    """

    displaces: ClassVar[bool] = True

    paths: tuple[Path, ...]  # every slot of the tensor: the tie may be broken by the time of undo
    index: Index | None
    shape: tuple[int, ...]
    dtype: torch.dtype
    bytes: torch.Tensor
    tensor: torch.Tensor | None = None
    left: Hashable = None
    left_undone: Hashable = None
    storage: int = 0
    displaced: bool = False  # the bytes were something else's, and an undo or redo put them away
    written: weakref.ref[torch.Tensor] | None = field(default=None, repr=False)

    @property
    def nbytes(self) -> int:
        return self.bytes.nbytes

    @property
    def name(self) -> str:
        return _names(self.paths)[0]

    def _tensors(self, net: nn.Module) -> dict[int, tuple[torch.Tensor, list[Path]]]:
        """The tensors that stand at the paths now, each with its paths."""
        if self.tensor is not None:
            return {id(self.tensor): (self.tensor, list(self.paths))}
        found: dict[int, tuple[torch.Tensor, list[Path]]] = {}
        for path in self.paths:
            tensor = resolve(net, path)
            if tensor is not None:
                found.setdefault(id(tensor), (tensor, []))[1].append(path)
        return found

    def _now(self, net: nn.Module) -> torch.Tensor:
        ((tensor, _),) = self._tensors(net).values()
        return tensor

    def problem(self, net: nn.Module, memory: compat.MemoryMap) -> Problem | None:
        found = self._tensors(net)
        standing = {path for _, paths in found.values() for path in paths}
        lost = [] if self.tensor is not None else [p for p in self.paths if p not in standing]
        if lost:
            return gone(_names(lost))
        for tensor, paths in found.values():
            why = self._unlike(tensor, memory)
            if why is not None:
                return replace(why, names=_names(paths))
        return None

    def _unlike(self, tensor: torch.Tensor, memory: compat.MemoryMap) -> Problem | None:
        """Why the bytes cannot be written to a tensor that stands there now; of no slot yet."""
        now = condition(tensor)
        reason = writable_reason(tensor, memory, now)
        if reason is not None:
            about = f"can no longer be written to ({reason[0].lower()}{reason[1:].rstrip('.')})"
            return Problem((), about, about)
        was = {"shape": str(self.shape), "dtype": dtype_name(self.dtype)}
        return unlike((), was, {"shape": str(now.shape), "dtype": dtype_name(tensor.dtype)})

    def apart(self, net: nn.Module) -> list[Bytes]:
        """One for each tensor that stands at the paths now: more than one if a tie was broken."""
        found = list(self._tensors(net).values())
        if len(found) < 2:
            return [self]
        return [replace(self, paths=tuple(paths), bytes=self.bytes.clone()) for _, paths in found]

    def exchange(self, net: nn.Module) -> Exchange:
        return Exchange(self._now(net), self.index, self.bytes)

    def foreign(self, net: nn.Module) -> bool:
        """Whether the part holds something else than what was left there."""
        now = (self._content(tensor) for tensor, _ in self._tensors(net).values())
        return self.left is None or any(content != self.left for content in now)

    def find_content(self, net: nn.Module) -> None:
        """Know the content that an exchange has led to, which has just been made."""
        tensor = self._now(net)
        if self.left_undone is None:
            self.left_undone = self._content(tensor)
        self._find_again(tensor)

    def settle(self) -> None:
        """The bytes were exchanged, and each content is known; this cannot fail."""
        self.left, self.left_undone = self.left_undone, self.left

    def place(self, net: nn.Module) -> tuple[int, str]:
        """The tensor that stands there now, and the part of it."""
        return id(self._now(net)), repr(self.index)

    def mark_present(self, net: nn.Module) -> None:
        """What stands there now is known, before others' bytes are exchanged for it."""
        self.mark(self._now(net))

    def mark_again(self) -> None:
        """The same edit has written there once more."""
        tensor = None if self.written is None else self.written()
        if tensor is not None and self.left is not None:
            self.left = self._content(tensor)

    def mark(self, tensor: torch.Tensor) -> None:
        """The part was written; the tensor holds what was left there."""
        self.left = self._content(tensor)
        self._find_again(tensor)

    def _find_again(self, tensor: torch.Tensor) -> None:
        self.storage = compat.storage_identity(tensor)
        self.written = weakref.ref(tensor)

    def stands(self) -> bool:
        """Whether the tensor that was written to still holds what was left there."""
        tensor = None if self.written is None else self.written()
        return tensor is not None and self._content(tensor) == self.left

    def covers(self, other: Bytes) -> bool:
        """Whether every byte of another part is one of this part's."""
        mine, its = self.block(), other.block()
        return mine is not None and its is not None and within(its, mine)

    def is_below(self, others: Collection[Block]) -> bool:
        """Whether a byte of the part belongs to one of the others."""
        mine = self.block() if others else None
        return mine is not None and any(overlap(mine, other) for other in others)

    def block(self) -> Block | None:
        """Where the part lies."""
        tensor = None if self.written is None else self.written()
        if tensor is None or lacks_memory(tensor):
            return None
        return block_of(part_of(tensor, self.index))

    def _content(self, tensor: torch.Tensor) -> Hashable:
        return fingerprint(tensor if lacks_memory(tensor) else part_of(tensor, self.index))

    def mark_only(self) -> Bytes:
        """The same without the bytes: where something was written, and what was left there."""
        return replace(self, bytes=self.bytes.new_empty(0))

    def restore(self) -> None:
        """The transaction that wrote them puts them back."""

    def copied(self) -> Bytes:
        """The same bytes for another edit, which has left nothing yet."""
        held = self.bytes.clone()
        return replace(self, bytes=held, left=None, left_undone=None, displaced=False)


def _names(paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(map(".".join, paths)) or ("a tensor",)
