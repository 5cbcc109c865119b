"""Writes as a whole or not at all: what is written, its inverse, and the exchange of the two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.errors import EditError, Problem, in_words
from paramwidget.edit.memory.kept_bytes import Bytes as Bytes
from paramwidget.edit.memory.kept_bytes import Inverse as Inverse
from paramwidget.edit.memory.write import Exchange, Swap, copied, part_of, put
from paramwidget.edit.step import Step, step
from paramwidget.edit.values.index import Index
from paramwidget.slots.content.fingerprint import fingerprint, was_read
from paramwidget.slots.tree import Path
from paramwidget.tensors import bits_of, same_bits


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
        if same_bits(part, values):
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
    return any(
        bool(((now != written) & (now != was)).any())
        for now, written, was in bits_of(part, values, before)
    )


@contextmanager
def transaction(net: nn.Module) -> Iterator[Transaction]:
    """Writes as a whole or not at all, to the end of the step that this is in."""
    with step() as current:
        work = Transaction(net, current)
        yield work
        work.mark_overlapping()


def swap_all(net: nn.Module, inverses: Sequence[Inverse]) -> list[Inverse]:
    """Exchange everything that is kept with what is there; returns what undoes that.

    There must be no ``problem``.
    """
    return _exchanged(net, _apart(net, inverses))


def bring_in(net: nn.Module, inverses: Sequence[Inverse]) -> list[Inverse]:
    """Put what is kept there, and go on keeping it; returns what undoes that.

    There must be no ``problem``. Raises EditError, with nothing changed, if slots are one tensor
    now that held different values.
    """
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


def problems(net: nn.Module, inverses: Sequence[Inverse]) -> Iterator[Problem]:
    """Why what is kept cannot be exchanged with what is there."""
    memory = compat.MemoryMap.now()
    for one in inverses:
        problem = one.problem(net, memory)
        if problem is not None:
            yield problem


def refuse(found: Iterable[Problem]) -> None:
    """Raises EditError that names each slot that cannot be restored, if there is one."""
    why = in_words(found)
    if why:
        raise EditError(why)


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
