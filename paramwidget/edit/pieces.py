"""What reduces a large tensor piece by piece, so that no copy of the whole is needed.

A script that works in pieces holds these very functions; they need torch alone. How torch rounds
may depend on how many elements it is given at once, so the pieces are part of a result.
"""

import collections.abc
import inspect
from typing import Final

import torch

from paramwidget.tensors import pieces as pieces


def smallest(values: collections.abc.Iterable[torch.Tensor]) -> torch.Tensor:
    """The smallest element of all pieces."""
    return torch.stack([value.min() for value in values]).min()


def largest(values: collections.abc.Iterable[torch.Tensor]) -> torch.Tensor:
    """The largest element of all pieces."""
    return torch.stack([value.max() for value in values]).max()


def total(values: collections.abc.Iterable[torch.Tensor]) -> torch.Tensor:
    """The sum of all pieces: each by torch, these in double precision, one after another."""
    added = 0.0
    for value in values:
        one = value.sum()
        added += one.item()
    return torch.tensor(added, dtype=one.dtype, device=one.device)


def average(values: collections.abc.Iterable[torch.Tensor]) -> torch.Tensor:
    """The mean of all pieces, from sums as in ``total``."""
    added, count = 0.0, 0
    for value in values:
        one = value.sum()
        added, count = added + one.item(), count + value.numel()
    return torch.tensor(added / count, dtype=one.dtype, device=one.device)


def variance(values: collections.abc.Iterable[torch.Tensor]) -> torch.Tensor:
    """The variance (n - 1) of all pieces, from the mean and the variance of each."""
    mean, squares, count = 0.0, 0.0, 0
    for value in values:
        one, middle = torch.var_mean(value, correction=0)
        size, apart = value.numel(), middle.item() - mean
        share = size / (count + size)
        squares += one.item() * size + (apart * apart.conjugate()).real * count * share
        mean, count = mean + apart * share, count + size
    return torch.tensor(squares / (count - 1), dtype=one.dtype, device=one.device)


def deviation(values: collections.abc.Iterable[torch.Tensor]) -> torch.Tensor:
    """The standard deviation (n - 1) of all pieces."""
    return variance(values).sqrt()


#: The source of each function, for scripts.
SOURCES: Final = {
    function.__name__: inspect.getsource(function)
    for function in (pieces, smallest, largest, total, average, variance, deviation)
}
#: What a function calls of the others.
CALLS: Final = {"deviation": ("variance",)}
