"""One tensor object as it was: its memory, its bytes, ``requires_grad`` and version."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from paramwidget import compat
from paramwidget.edit.memory.inverses import is_strided, switch
from paramwidget.edit.memory.write import copied, enlarge, point_at, put
from paramwidget.tensors import element_span, lacks_memory, overlaps_itself, plain, same_bits


@dataclass
class TensorState:
    """One tensor object as it was; ``alias`` shares its memory, ``bytes`` is a copy.

    ``memory`` is the alias without the axes along which one number stands for many; if its elements
    overlap nevertheless, the whole memory range that they lie in. Its storage had ``size`` bytes.
    """

    tensor: torch.Tensor
    alias: torch.Tensor
    memory: torch.Tensor
    bytes: torch.Tensor
    storage: torch.UntypedStorage
    size: int
    requires_grad: bool
    version: int | None

    @classmethod
    def of(cls, tensor: torch.Tensor) -> TensorState | None:
        """None if its memory cannot be aliased."""
        if not is_strided(tensor):
            return None
        version = None if tensor.is_inference() else tensor._version
        alias = plain(tensor)
        memory = _compact(alias)
        if overlaps_itself(memory):
            span = element_span(tuple(memory.shape), memory.stride())
            memory = memory.as_strided((span,), (1,))
        storage = compat.storage_of(alias)
        return cls(
            tensor, alias, memory, copied(memory), storage, storage.nbytes(),
            tensor.requires_grad, version,
        )  # fmt: skip

    def is_there(self) -> bool:
        """Whether its memory, to which nothing may point any more, has not been freed."""
        return self.storage.nbytes() >= self.size or not lacks_memory(self.memory)

    def same_memory(self) -> bool:
        """Whether the tensor is still at the same place in memory, freed or not."""
        if not is_strided(self.tensor) and not lacks_memory(self.tensor):
            return False
        now = plain(self.tensor)
        return (
            now.dtype == self.alias.dtype
            and now.shape == self.alias.shape
            and now.stride() == self.alias.stride()
            and now.storage_offset() == self.alias.storage_offset()
            and compat.storage_identity(now) == compat.storage_identity(self.alias)
        )

    def same_content(self) -> bool:
        return self.same_memory() and self.same_bytes()

    def same_bytes(self) -> bool:
        """Whether its memory holds what it held."""
        return self.is_there() and same_bits(self.memory, self.bytes)

    def put_back(self) -> None:
        """Restore the tensor as it was."""
        self.put_bytes_back()
        if self.tensor.requires_grad != self.requires_grad:
            switch(self.tensor, self.requires_grad)

    def put_bytes_back(self) -> None:
        """Restore its memory and its bytes; only memory that was freed is allocated."""
        if not self.is_there():
            enlarge(self.storage, self.size)
        if not self.same_memory():
            point_at(self.tensor, self.alias)
        try:
            unchanged = self.same_bytes()
        except (MemoryError, RuntimeError):  # no memory to put its elements in order
            unchanged = False
        if not unchanged:
            put(self.memory, self.bytes)

    def written(self) -> bool:
        """Whether it was written to, even with the same values."""
        return self.version is not None and self.tensor._version != self.version


def _compact(alias: torch.Tensor) -> torch.Tensor:
    for axis, stride in enumerate(alias.stride()):
        if stride == 0 and alias.shape[axis] > 1:
            alias = alias.narrow(axis, 0, 1)
    return alias
