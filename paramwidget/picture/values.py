"""A tensor's elements, read once for everything that needs them: picture, statistics, bars."""

from __future__ import annotations

from functools import cached_property

import torch

from paramwidget.tensors import Condition, condition, readable


class Values:
    """The elements of one ``tensor``, read when they are first asked for, and then kept.

    What is in ``paramwidget.picture`` takes these wherever it takes a tensor. ``known`` is the
    tensor's condition, where the caller has it.
    """

    def __init__(self, tensor: torch.Tensor, known: Condition | None = None) -> None:
        self.tensor = tensor
        self._known = known

    @cached_property
    def elements(self) -> torch.Tensor:
        """``readable``, with complex32, for which torch has few operations, as complex64.

        Raises Unreadable if the tensor has no values.
        """
        found = readable(self.tensor, self._known)
        if found.dtype == torch.complex32:
            return torch.view_as_complex(torch.view_as_real(found).to(torch.float32).contiguous())
        return found

    @property
    def dtype(self) -> torch.dtype:
        """That of the tensor; of a packed one, whose dtype is that of its codes, the elements'."""
        packed = (self._known or condition(self.tensor)).packed
        return self.elements.dtype if packed else self.tensor.dtype

    def part(self, elements: torch.Tensor) -> Values:
        """Some of these elements, which need not be read again."""
        values = Values(elements)
        values.elements = elements
        return values


def values_of(tensor: torch.Tensor | Values) -> Values:
    """The values of a tensor; those that are given as values are not read again."""
    return tensor if isinstance(tensor, Values) else Values(tensor)
