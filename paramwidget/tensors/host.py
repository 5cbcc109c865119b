"""A tensor's memory as a numpy array that cannot be written to, with no trace on the tensor.

``Tensor.numpy()`` leaves one: its storage can never be resized again, as FSDP does on a CPU, and
a lazy clone copies its memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from paramwidget import compat

_Array = np.ndarray[Any, np.dtype[Any]]


class _Lent:
    """What numpy makes an array of; the array keeps it, and so the tensor."""

    def __init__(self, tensor: torch.Tensor, **layout: Any) -> None:
        self.tensor = tensor
        data = (compat.data_address(tensor), True)
        self.__array_interface__ = {"version": 3, "data": data, **layout}


def host_array(tensor: torch.Tensor, dtype: str) -> _Array:
    """The elements where they lie, of a plain tensor on the CPU whose elements are such a dtype."""
    size = tensor.element_size()
    strides = tuple(stride * size for stride in tensor.stride())
    typestr = np.dtype(dtype).str
    return np.asarray(_Lent(tensor, shape=tuple(tensor.shape), strides=strides, typestr=typestr))


def host_bytes(tensor: torch.Tensor) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The bytes of a contiguous tensor on the CPU, whatever its dtype."""
    return np.asarray(_Lent(tensor, shape=(tensor.nbytes,), typestr="|u1"))
