"""A large tensor piece by piece, so that what is done to it needs no copy of the whole."""

import collections.abc

import torch


def pieces(tensor: torch.Tensor, most: int) -> collections.abc.Iterator[torch.Tensor]:
    """The tensor as views of at most so many elements, in their order."""
    if tensor.numel() <= most:
        yield tensor
    elif tensor[0].numel() > most:
        for row in tensor:
            yield from pieces(row, most)
    else:
        yield from torch.split(tensor, most // tensor[0].numel())
