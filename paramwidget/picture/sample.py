"""Evenly spread elements of a tensor of any strides, without a copy of the rest."""

from __future__ import annotations

import math

import torch

from paramwidget.tensors import SAME_SIZE


def evenly_spread(values: torch.Tensor, count: int) -> torch.Tensor:
    """All elements in order, 1-D, if there are at most ``count``, else about ``count`` of them.

    The step shares no factor with any axis, so that no row or column is preferred.
    """
    total = values.numel()
    if total <= count:
        return values.reshape(-1)
    step = _step(total, count, tuple(values.shape))
    if values.is_contiguous():
        return values.view(-1)[::step]
    flat = torch.arange(0, total, step, device=values.device)
    places: list[torch.Tensor] = []
    for size in reversed(values.shape):
        places.append(flat % size)
        flat = flat // size
    # as integers of the same size: older torch cannot index float8, and unsigned ones of two bytes
    as_ints = values.view(SAME_SIZE.get(values.element_size(), values.dtype))
    return as_ints[tuple(reversed(places))].view(values.dtype)


def _step(total: int, count: int, shape: tuple[int, ...]) -> int:
    step = -(-total // count)
    for longer in range(step, step + 64):
        if all(math.gcd(longer, size) == 1 for size in shape if size > 1):
            return longer
    return step
