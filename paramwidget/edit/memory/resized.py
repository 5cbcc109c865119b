"""The inverse of freeing a storage, as FSDP and offloading do, or of filling it again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.errors import Problem
from paramwidget.edit.memory.write import Swap, copied_storage, fill_storage


@dataclass
class Resized:
    """A storage was given another size; ``content`` has the bytes of the other state."""

    displaces: ClassVar[bool] = True

    storage: torch.UntypedStorage
    content: torch.UntypedStorage

    @property
    def nbytes(self) -> int:
        return int(self.content.nbytes())

    def differs(self) -> bool:
        return bool(self.storage.nbytes() != self.content.nbytes())

    def problem(self, net: nn.Module, memory: compat.MemoryMap) -> Problem | None:
        return None

    def exchange(self, net: nn.Module) -> Swap:
        present = copied_storage(self.storage)

        def swap() -> None:
            nonlocal present
            fill_storage(self.storage, self.content)
            self.content, present = present, self.content

        return Swap(swap)

    def restore(self) -> None:
        fill_storage(self.storage, self.content)

    def copied(self) -> Resized:
        return replace(self, content=copied_storage(self.content))
