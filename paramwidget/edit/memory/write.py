"""The only code that changes a tensor's bytes: check, copy, read back, and keep the inverse.

Everything is written through a plain alias of the tensor's memory: the Parameter object stays, its
gradient, hooks and version counter are not touched, so that an edit between forward and backward
does not make the backward raise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import nn

from paramwidget.edit.errors import EditError
from paramwidget.edit.values.index import Index
from paramwidget.slots.names import resolve
from paramwidget.slots.tree import Path
from paramwidget.tensors import condition, plain, same_bits


class Inverse(Protocol):
    """One thing that an edit changed, and its inverse; ``swap`` exchanges the two states."""

    @property
    def nbytes(self) -> int: ...

    def check(self, net: nn.Module) -> None:
        """Raise EditError if the model has changed so that this cannot be done."""

    def swap(self, net: nn.Module) -> None:
        """Restore what is kept, and keep what was there: the next swap does the opposite."""


def part_of(tensor: torch.Tensor, index: Index | None) -> torch.Tensor:
    """A plain view of the part; writing to it writes to the tensor."""
    alias = plain(tensor)
    return alias if index is None else alias[index]


def copied(tensor: torch.Tensor, index: Index | None = None) -> torch.Tensor:
    """A copy of a part's bytes, contiguous, on the tensor's device."""
    with torch.inference_mode(False):
        part = part_of(tensor, index).resolve_conj().resolve_neg()
        return part.clone(memory_format=torch.contiguous_format)


def put(tensor: torch.Tensor, values: torch.Tensor, index: Index | None = None) -> None:
    """Overwrite a part with values of the tensor's own dtype."""
    with torch.inference_mode(tensor.is_inference()), torch.no_grad():
        part_of(tensor, index).copy_(values)


def point_at(tensor: torch.Tensor, alias: torch.Tensor) -> None:
    """Give the tensor object the memory of another, as ``p.data = alias`` does."""
    tensor.data = alias


def with_zero_rows(values: torch.Tensor, rows: Sequence[int]) -> torch.Tensor:
    """A copy of the values with some rows set to zero; the values themselves without such rows."""
    if not rows:
        return values
    changed = values.clone()
    for row in rows:
        changed[row].zero_()
    return changed


@dataclass
class Bytes:
    """The bytes of one part of one tensor; ``tensor`` is set if no path leads to it."""

    paths: tuple[Path, ...]  # every slot of the tensor: the tie may be broken by the time of undo
    index: Index | None
    shape: tuple[int, ...]
    dtype: torch.dtype
    bytes: torch.Tensor
    tensor: torch.Tensor | None = None

    @property
    def nbytes(self) -> int:
        return self.bytes.nbytes

    def _tensors(self, net: nn.Module) -> list[torch.Tensor]:
        if self.tensor is not None:
            return [self.tensor]
        found = [resolve(net, path) for path in self.paths]
        unique = {id(tensor): tensor for tensor in found if tensor is not None}
        return list(unique.values())

    def check(self, net: nn.Module) -> None:
        found = [tensor for path in self.paths if (tensor := resolve(net, path)) is not None]
        if self.tensor is None and len(found) < len(self.paths):
            raise EditError(f"{_display_name(self.paths)} is no longer a tensor of the model")
        for tensor in self._tensors(net):
            now = condition(tensor)
            if now.state != "ready" or now.shape != self.shape or tensor.dtype != self.dtype:
                raise EditError(
                    f"{_display_name(self.paths)} has changed since: it was {self.shape} of "
                    f"{self.dtype} and is "
                    f"{now.shape if now.shape is not None else now.state} of {now.dtype}"
                )

    def swap(self, net: nn.Module) -> None:
        tensors = self._tensors(net)
        now = copied(tensors[0], self.index)
        for tensor in tensors:
            put(tensor, self.bytes, self.index)
        self.bytes = now


def _display_name(paths: Sequence[Path]) -> str:
    return ".".join(paths[0]) if paths else "a tensor"


class Transaction:
    """Collects the inverses of one edit; an exception inside restores every byte."""

    def __init__(self, net: nn.Module) -> None:
        self.net = net
        self.inverses: list[Inverse] = []

    def write(
        self,
        paths: Sequence[Path],
        tensor: torch.Tensor,
        values: torch.Tensor,
        index: Index | None = None,
    ) -> None:
        """Overwrite a part with values of the tensor's own dtype, and read back what was stored."""
        values = values.detach()
        before = copied(tensor, index)
        if values.shape != before.shape:
            values = values.expand(before.shape)
        self.inverses.append(Bytes(tuple(paths), index, tuple(tensor.shape), tensor.dtype, before))
        put(tensor, values, index)
        if not same_bits(part_of(tensor, index).cpu(), values.cpu()):
            raise EditError(
                f"{_display_name(paths)} does not hold what was written to it; "
                "the model was not changed"
            )

    def rollback(self) -> None:
        for inverse in reversed(self.inverses):
            inverse.swap(self.net)
        self.inverses.clear()


@contextmanager
def transaction(net: nn.Module) -> Iterator[Transaction]:
    """Writes as a whole or not at all."""
    work = Transaction(net)
    try:
        yield work
    except BaseException:
        work.rollback()
        raise


def swap_all(net: nn.Module, inverses: list[Any]) -> None:
    """Undo or redo a whole edit; raises EditError, with nothing changed, if that is impossible."""
    for inverse in inverses:
        inverse.check(net)
    done: list[Inverse] = []
    try:
        for inverse in reversed(inverses):
            inverse.swap(net)
            done.append(inverse)
    except BaseException:
        for inverse in reversed(done):
            inverse.swap(net)
        raise
    inverses.reverse()
