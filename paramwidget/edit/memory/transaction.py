"""Writes as a whole or not at all: what is written, its inverse, and the exchange of the two."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar, Protocol

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.errors import EditError, listed
from paramwidget.edit.memory.write import Exchange, Swap, copied, part_of, put
from paramwidget.edit.step import Step, step
from paramwidget.edit.values.index import Index
from paramwidget.slots.content.fingerprint import fingerprint, was_read
from paramwidget.slots.memory.overlap import Block, block_of, overlap, within
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

    def exchange(self, net: nn.Module) -> Exchange | Swap:
        """Prepare the exchange of what is kept with what is there.

        It allocates no tensor when it is run, and running it twice changes nothing.
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
                was = f"{self.shape} of {dtype_name(self.dtype)}"
                return (
                    f"{self.name} has changed since: it was {was} and is now "
                    f"{now.shape if now.shape is not None else now.state} of {now.dtype}"
                )
        return None

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
        return None if tensor is None else block_of(part_of(tensor, self.index))

    def _content(self, tensor: torch.Tensor) -> Hashable:
        return fingerprint(part_of(tensor, self.index))

    def mark_only(self) -> Bytes:
        """The same without the bytes: where something was written, and what was left there."""
        return replace(self, bytes=self.bytes.new_empty(0))

    def restore(self) -> None:
        """The transaction that wrote them puts them back."""

    def copied(self) -> Bytes:
        """The same bytes for another edit, which has left nothing yet."""
        held = self.bytes.clone()
        return replace(self, bytes=held, left=None, left_undone=None, displaced=False)


class Transaction:
    """Collects the inverses of one edit; the step that it is in has the ways back.

    ``warnings`` say what something else wrote to at the same moment.
    """

    def __init__(self, net: nn.Module, current: Step) -> None:
        self.net = net
        self.inverses: list[Inverse] = []
        self.warnings: list[str] = []
        self._step = current

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
        self._step.ways_back.append(lambda: self._put_back(inverse, tensor, part))
        self.inverses.append(inverse)
        put(tensor, values, index)
        if same_bits(part.cpu(), values.cpu()):
            inverse.mark(tensor)
            return
        if not _written_by_others(part, values, before):
            raise EditError(f"{inverse.name} does not hold what was written to it; "
                            "the model was not changed")  # fmt: skip
        self._step.ways_back.pop()
        self.warnings.append(
            f"something else wrote to {inverse.name} at the same moment; what it wrote was kept"
        )

    @contextmanager
    def recorded(self, inverse: Inverse) -> Iterator[None]:
        """Note what is changed inside, otherwise than by ``write``; an error undoes it at once."""
        self._step.ways_back.append(inverse.restore)
        try:
            yield
            self.inverses.append(inverse)
        except Exception:
            inverse.restore()
            self._step.ways_back.remove(inverse.restore)
            raise

    def mark_overlapping(self) -> None:
        """Mark anew what a later write of the same edit has reached too."""
        written = [one for one in self.inverses if isinstance(one, Bytes)]
        if len(written) < 2:
            return
        blocks = [(block.low, block.high, one) for one in written if (block := one.block())]
        blocks.sort(key=lambda block: block[0])
        end, last = -1, written[0]
        overlapping: dict[int, Bytes] = {}
        for low, high, one in blocks:
            if low < end:
                overlapping.update({id(last): last, id(one): one})
            if high > end:
                end, last = high, one
        for one in overlapping.values():
            one.mark_again()

    def _put_back(self, inverse: Bytes, tensor: torch.Tensor, part: torch.Tensor) -> None:
        """Put the bytes back unless something else has written there since."""
        now = None if inverse.left is None else fingerprint(part)
        if now == inverse.left or not was_read(now):
            put(tensor, inverse.bytes, inverse.index)
        else:
            self._step.left_alone.append(inverse.name)


def _written_by_others(part: torch.Tensor, values: torch.Tensor, before: torch.Tensor) -> bool:
    """Whether a part holds what neither this edit wrote nor was there before."""
    now, written, was = (bits_of(one.cpu()) for one in (part, values, before))
    return bool(((now != written) & (now != was)).any())


@contextmanager
def transaction(net: nn.Module) -> Iterator[Transaction]:
    """Writes as a whole or not at all, to the end of the step that this is in."""
    with step() as current:
        work = Transaction(net, current)
        yield work
        work.mark_overlapping()


def swap_all(net: nn.Module, inverses: Sequence[Inverse]) -> list[Inverse]:
    """Exchange everything that is kept with what is there; returns what undoes that.

    Raises EditError that names each slot that cannot be restored, with nothing changed.
    """
    _refuse(net, inverses)
    return _exchanged(net, _apart(net, inverses))


def bring_in(net: nn.Module, inverses: Sequence[Inverse]) -> list[Inverse]:
    """Put what is kept there, and go on keeping it; returns what undoes that.

    Raises EditError that names each slot that cannot be restored, with nothing changed.
    """
    _refuse(net, inverses)
    copies = _apart(net, [one.copied() for one in inverses])
    wanted: dict[tuple[int, str], Bytes] = {}
    for one in copies:
        if isinstance(one, Bytes):
            first = wanted.setdefault(one.place(net), one)
            if not same_bits(first.bytes, one.bytes):
                raise EditError(f"{first.name} and {one.name} are one tensor now, and held "
                                "different values; untie one of them first")  # fmt: skip
            one.mark_present(net)
    return _exchanged(net, copies)


def _refuse(net: nn.Module, inverses: Sequence[Inverse]) -> None:
    problems = [why for one in inverses if (why := one.problem(net)) is not None]
    if problems:
        raise EditError(listed(dict.fromkeys(problems), 20))


def _apart(net: nn.Module, inverses: Sequence[Inverse]) -> list[Inverse]:
    """The same with one of ``Bytes`` for each tensor."""
    single: list[Inverse] = []
    for one in inverses:
        single += one.apart(net) if isinstance(one, Bytes) else [one]
    return single


def _back(exchange: Exchange | Swap) -> None:
    if exchange.made:
        exchange.run()


def _exchanged(net: nn.Module, single: list[Inverse]) -> list[Inverse]:
    """The last first, since that is how an edit is undone; all of it or nothing."""
    single.reverse()
    contents = [one for one in single if isinstance(one, Bytes)]
    with step() as current:
        exchanges = [one.exchange(net) for one in single]
        current.ways_back += [partial(_back, one) for one in exchanges]
        for exchange in exchanges:
            exchange.run()
        for one in contents:
            one.find_content(net)
        for one in contents:
            one.settle()
    return single
