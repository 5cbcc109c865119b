"""Writes as a whole or not at all: what is written, its inverse, and the exchange of the two."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.errors import EditError, listed
from paramwidget.edit.memory.write import Exchange, copied, part_of, put
from paramwidget.edit.step import step
from paramwidget.edit.values.index import Index
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.names import resolve
from paramwidget.slots.tree import Path
from paramwidget.tensors import bits_of, condition, dtype_name, same_bits


class Inverse(Protocol):
    """One thing that an edit changed, with what undoes it."""

    #: Whether it puts values away that stand in a slot.
    displaces: ClassVar[bool]

    @property
    def nbytes(self) -> int: ...

    def problem(self, net: nn.Module) -> str | None:
        """Why the model has changed too much for this, None if it has not."""

    def exchange(self, net: nn.Module) -> Callable[[], None]:
        """Prepare the exchange of what is kept with what is there.

        The function that is returned allocates no tensor, and running it twice changes nothing.
        """

    def restore(self) -> None:
        """Put back what is kept, for an edit that ends half done."""

    def copied(self) -> Inverse:
        """The same, with bytes of its own."""


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
        return ".".join(self.paths[0]) if self.paths else "a tensor"

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

    def problem(self, net: nn.Module) -> str | None:
        found = self._tensors(net)
        standing = {path for _, paths in found.values() for path in paths}
        gone = [] if self.tensor is not None else [p for p in self.paths if p not in standing]
        if gone:
            names = listed([".".join(path) for path in gone], 3)
            return f"{names} {'is' if len(gone) == 1 else 'are'} no longer a tensor of the model"
        for tensor, _ in found.values():
            now = condition(tensor)
            if now.state != "ready" or now.shape != self.shape or tensor.dtype != self.dtype:
                return (
                    f"{self.name} has changed since: it was {self.shape} of "
                    f"{dtype_name(self.dtype)} and is now "
                    f"{now.shape if now.shape is not None else now.state} of {now.dtype}"
                )
        return None

    def apart(self, net: nn.Module) -> list[Bytes]:
        """One for each tensor that stands at the paths now: more than one if a tie was broken."""
        found = list(self._tensors(net).values())
        if len(found) < 2:
            return [self]
        return [replace(self, paths=tuple(paths), bytes=self.bytes.clone()) for _, paths in found]

    def exchange(self, net: nn.Module) -> Callable[[], None]:
        return Exchange(self._now(net), self.index, self.bytes).run

    def foreign(self, net: nn.Module) -> bool:
        """Whether the part holds something else than what was left there."""
        now = (self._content(tensor) for tensor, _ in self._tensors(net).values())
        return self.left is None or any(content != self.left for content in now)

    def settle(self, net: nn.Module) -> None:
        """The bytes were exchanged."""
        tensor = self._now(net)
        then = self._content(tensor) if self.left_undone is None else self.left_undone
        self.left, self.left_undone = then, self.left
        self._find_again(tensor)

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

    def _content(self, tensor: torch.Tensor) -> Hashable:
        return fingerprint(part_of(tensor, self.index))

    def mark_only(self) -> Bytes:
        """The same without the bytes: where something was written, and what was left there."""
        return replace(self, bytes=self.bytes.new_empty(0))

    def restore(self) -> None:
        """The transaction that wrote them puts them back."""

    def copied(self) -> Bytes:
        return replace(self, bytes=self.bytes.clone())


class Transaction:
    """Collects the inverses of one edit, and puts everything back if it ends in an exception.

    ``warnings`` say what something else wrote to at the same moment.
    """

    def __init__(self, net: nn.Module) -> None:
        self.net = net
        self.inverses: list[Inverse] = []
        self.warnings: list[str] = []
        self._ways_back: list[Callable[[], str]] = []

    def write(
        self,
        paths: Sequence[Path],
        tensor: torch.Tensor,
        values: torch.Tensor,
        index: Index | None = None,
    ) -> None:
        """Overwrite a part with values of the tensor's own dtype, and read back what was stored."""
        values = values.detach()
        part, before = part_of(tensor, index), copied(tensor, index)
        if values.shape != before.shape:
            values = values.expand(before.shape)
        inverse = Bytes(tuple(paths), index, tuple(tensor.shape), tensor.dtype, before)
        self._ways_back.append(lambda: _put_back(inverse, tensor, part))
        self.inverses.append(inverse)
        put(tensor, values, index)
        if same_bits(part.cpu(), values.cpu()):
            inverse.mark(tensor)
            return
        if not _written_by_others(part, values, before):
            raise EditError(f"{inverse.name} does not hold what was written to it; "
                            "the model was not changed")  # fmt: skip
        self._ways_back.pop()
        self.warnings.append(
            f"something else wrote to {inverse.name} at the same moment; what it wrote was kept"
        )

    def record(self, inverse: Inverse) -> None:
        """Note what was changed otherwise than by ``write``."""
        self.inverses.append(inverse)

        def back() -> str:
            inverse.restore()
            return ""

        self._ways_back.append(back)

    def restore(self) -> list[str]:
        """Put everything back, the last first; returns the slots that others wrote to meanwhile."""
        left_alone = []
        while self._ways_back:
            left_alone.append(self._ways_back[-1]())
            self._ways_back.pop()
        self.inverses.clear()
        return [name for name in left_alone if name]


def _put_back(inverse: Bytes, tensor: torch.Tensor, part: torch.Tensor) -> str:
    """Put the bytes back unless something else has written there since; then returns the name."""
    now = None if inverse.left is None else fingerprint(part)
    unknown = isinstance(now, tuple) and isinstance(now[-1], str)  # no memory to read it
    if now == inverse.left or unknown:
        put(tensor, inverse.bytes, inverse.index)
        return ""
    return inverse.name


def _written_by_others(part: torch.Tensor, values: torch.Tensor, before: torch.Tensor) -> bool:
    """Whether a part holds what neither this edit wrote nor was there before."""
    now, written, was = (bits_of(one.cpu()) for one in (part, values, before))
    return bool(((now != written) & (now != was)).any())


@contextmanager
def transaction(net: nn.Module) -> Iterator[Transaction]:
    """Writes as a whole or not at all, to the end of the step that this is in."""
    work = Transaction(net)
    with step() as current:
        current.ways_back.append(lambda: current.left_alone.extend(work.restore()))
        yield work


def swap_all(net: nn.Module, inverses: Sequence[Inverse]) -> list[Inverse]:
    """Exchange everything that is kept with what is there; returns what undoes that.

    Raises EditError that names each slot that cannot be restored, with nothing changed.
    """
    problems = [why for one in inverses if (why := one.problem(net)) is not None]
    if problems:
        raise EditError(listed(dict.fromkeys(problems), 20))
    single: list[Inverse] = []
    for one in inverses:
        single += one.apart(net) if isinstance(one, Bytes) else [one]
    single.reverse()
    with step() as current:
        runs = [one.exchange(net) for one in single]
        for run in runs:
            run()
            current.ways_back.append(run)
        for one in single:
            if isinstance(one, Bytes):
                one.settle(net)
    return single
