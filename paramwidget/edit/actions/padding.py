"""The rows that embeddings keep at zero for padding, in whatever way they are written to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import nn

from paramwidget.edit.actions.outcome import Notes, display_name
from paramwidget.edit.actions.write_target import Ties, WriteTarget, padding_rows
from paramwidget.edit.memory.write import copied
from paramwidget.slots.names import resolve
from paramwidget.slots.tree import Node
from paramwidget.tensors import same_bits


class Padding:
    """The padding rows in what is written, and in what shares its memory, as they were before.

    A layer that holds the tensor too fills them: the head of a language model.
    """

    def __init__(self, net: nn.Module, ties: Ties, write_targets: Iterable[WriteTarget]) -> None:
        self._rows: dict[tuple[int, int], tuple[Node, torch.Tensor, torch.Tensor]] = {}
        for write_target in write_targets:
            if write_target.computed:
                continue
            for node in (*write_target.nodes, *ties.memory(write_target.node)):
                tensor = resolve(net, node.path)
                if tensor is None or node.kind != "parameter" or node.state != "ready":
                    continue
                for row in padding_rows(net, WriteTarget(tensor, (node,))):
                    held = (node, tensor, copied(tensor, (row,)))
                    self._rows.setdefault((id(tensor), row), held)

    def filled(self) -> Iterator[tuple[Node, torch.Tensor, int]]:
        """The rows that were filled since: the slot of the embedding, its tensor and the row."""
        for (_, row), (node, tensor, before) in self._rows.items():
            now = copied(tensor, (row,))
            if bool(now.count_nonzero()) and not same_bits(now, before):
                yield node, tensor, row


def note_zeroed(notes: Notes, write_target: WriteTarget, row: int) -> None:
    """Say that a row was set back to zero, and write the line that does it."""
    name = display_name(write_target.node)
    notes.warnings.append(f"{name}: row {row} (padding_idx) was set back to zero")
    notes.lines += write_target.guarded([f"{write_target.access}.data[{row}].zero_()"])
