"""The only code that changes a tensor's bytes.

Everything is written through a plain alias of the tensor's memory: the Parameter object stays, its
gradient, hooks and version counter are not touched, so that an edit between forward and backward
does not make the backward raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch

from paramwidget.edit.errors import EditError
from paramwidget.edit.values.index import Index
from paramwidget.tensors import missing_memory, pieces, plain

#: Bytes that are exchanged at a time.
PIECE_BYTES = 1 << 20


def part_of(tensor: torch.Tensor, index: Index | None) -> torch.Tensor:
    """A plain view of the part; writing to it writes to the tensor."""
    alias = plain(tensor)
    return alias if index is None else alias[index]


def copied(tensor: torch.Tensor, index: Index | None = None) -> torch.Tensor:
    """A copy of a part's bytes, contiguous, on the tensor's device."""
    _require_memory(tensor)
    with torch.inference_mode(False):
        part = part_of(tensor, index)
        return torch.empty(part.shape, dtype=part.dtype, device=part.device).copy_(part)


def put(tensor: torch.Tensor, values: torch.Tensor, index: Index | None = None) -> None:
    """Overwrite a part with values of the tensor's own dtype."""
    _require_memory(tensor)
    with torch.inference_mode(tensor.is_inference()), torch.no_grad():
        part_of(tensor, index).copy_(values)


def _require_memory(tensor: torch.Tensor) -> None:
    """Raise EditError if the storage was freed: reading or writing would crash the process."""
    reason = missing_memory(plain(tensor))
    if reason is not None:
        raise EditError(f"a tensor cannot be read or written. {reason}")


def copied_storage(storage: torch.UntypedStorage) -> torch.UntypedStorage:
    """A copy of a storage, on its device."""
    with torch.inference_mode(False):
        row = torch.empty(storage.nbytes(), dtype=torch.uint8, device=storage.device)
        copy = row.untyped_storage()
        copy.copy_(storage)
        return copy


def with_size(
    storage: torch.UntypedStorage, size: int, known: Iterable[tuple[torch.Tensor, torch.Tensor]]
) -> torch.UntypedStorage:
    """A copy of a storage, with ``size`` bytes, in which some of its tensors have other values.

    ``known`` are these tensors with their values; bytes that are new and in none of them are zero.
    """
    with torch.inference_mode(False), torch.no_grad():
        content = copied_storage(storage)
        content.resize_(size)
        row = torch.empty(0, dtype=torch.uint8, device=storage.device).set_(content)
        row[storage.nbytes() :].zero_()
        for tensor, values in known:
            place = tensor.storage_offset(), tensor.size(), tensor.stride()
            made = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
            made.set_(content, *place).copy_(values)
        return content


def fill_storage(storage: torch.UntypedStorage, content: torch.UntypedStorage) -> None:
    """Give a storage the size and the bytes of another one."""
    if storage.nbytes() != content.nbytes():
        storage.resize_(content.nbytes())
    storage.copy_(content)


def enlarge(storage: torch.UntypedStorage, size: int) -> None:
    """Give a storage at least so many bytes; those that are new are arbitrary."""
    if storage.nbytes() < size:
        storage.resize_(size)


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


class Exchange:
    """Exchanges a part of a tensor with kept bytes, piece by piece through one small buffer.

    All that it needs is made beforehand: ``run`` allocates nothing, and running it again gives back
    what there was.
    """

    def __init__(self, tensor: torch.Tensor, index: Index | None, kept: torch.Tensor) -> None:
        self._inference = tensor.is_inference()
        self.made = False
        with torch.inference_mode(False):
            part = part_of(tensor, index)
            room = min(part.numel(), max(1, PIECE_BYTES // part.element_size()))
            buffer = torch.empty(room, dtype=part.dtype, device=part.device)
            self._pieces = [
                (here, there, buffer[: here.numel()].view(here.shape))
                for here, there in zip(pieces(part, room), pieces(kept, room), strict=True)
            ]

    def run(self) -> None:
        """Raises if torch does, with every byte where it was unless it is ``made``."""
        done = 0
        with torch.inference_mode(self._inference), torch.no_grad():
            try:
                for piece in self._pieces:
                    _exchange(*piece)
                    done += 1
                self.made = not self.made
            except BaseException:
                for piece in self._pieces[:done]:
                    _exchange(*piece)
                raise


class Swap:
    """Exchanges objects, by a function that does it as a whole or not at all."""

    def __init__(self, swap: Callable[[], None]) -> None:
        self._swap, self.made = swap, False

    def run(self) -> None:
        self._swap()
        self.made = not self.made


def _exchange(here: torch.Tensor, there: torch.Tensor, buffer: torch.Tensor) -> None:
    buffer.copy_(here)
    here.copy_(there)
    try:
        there.copy_(buffer)
    except BaseException:
        here.copy_(buffer)
        raise
