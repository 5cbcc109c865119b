"""Numbers the tensors that a walk has met, and notes each one's look and place in memory.

Attribute by attribute, a few hundred tensors at a time: that costs a third of entering a Python
function for each tensor, and the objects made on the way are gone before the garbage collector
counts them. Tensors of torch's own class that lie contiguous in a storage of their own take this
way; any other, and any piece in which a tensor refuses an attribute, is looked at one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from operator import ge
from typing import Any

import numpy as np
import torch
from torch import nn

from paramwidget import compat
from paramwidget.tensors import (
    Condition,
    class_name,
    condition,
    dtype_name,
    is_tensor,
    opaque_reason,
)

_PARAMETER = nn.Parameter
_TENSOR = torch.Tensor
_untyped_storage = torch.Tensor.untyped_storage
_is_contiguous = torch.Tensor.is_contiguous
_storage_offset = torch.Tensor.storage_offset

#: What stands in a slot that holds nothing.
NOTHING = Condition("ready", None, None, None, None, False, "NoneType")

#: Tensors that are looked at together; fewer objects than start a collection of garbage.
_PIECE = 256

_Ints = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(eq=False)
class Spans:
    """The memory of the tensors that are plain, as byte ranges; the others are in `careful`."""

    owners: _Ints
    lows: _Ints
    sizes: _Ints
    careful: list[int]

    @classmethod
    def none(cls) -> Spans:
        """No memory at all."""
        empty = np.zeros(0, dtype=np.int64)
        return cls(empty, empty, empty, [])


class Looks:
    """What each tensor looks like, by its number; a Condition is made when somebody asks."""

    def __init__(self) -> None:
        self.types: list[type] = []
        self.shapes: list[tuple[int, ...]] = []
        self.dtypes: list[torch.dtype] = []
        self.grads: list[bool] = []
        self.devices: list[torch.device | None] = []  # None for the CPU
        self.lows: list[int] = []
        self.sizes: list[int] = []
        self.plain: list[bool] = []
        self.careful: dict[int, Condition] = {}
        # One object for each shape there is: a model has thousands of tensors, a dozen shapes.
        self.known_shapes: dict[tuple[int, ...], tuple[int, ...]] = {}

    def cut(self, rows: int) -> None:
        """Columns of one length again, after a tensor has refused an attribute halfway."""
        del self.types[rows:], self.shapes[rows:], self.dtypes[rows:], self.grads[rows:]
        del self.devices[rows:], self.lows[rows:], self.sizes[rows:], self.plain[rows:]

    def append_unknown(self) -> None:
        """A row for a tensor that is none, or refuses."""
        self.types.append(object)
        self.shapes.append(())
        self.dtypes.append(torch.float32)
        self.grads.append(False)
        self.devices.append(None)
        self.lows.append(0)
        self.sizes.append(0)
        self.plain.append(False)

    def condition(self, number: int) -> Condition:
        """What is known of a tensor; `NOTHING` for the number -1."""
        if number < 0:
            return NOTHING
        known = self.careful.get(number)
        if known is None:
            known = _plain_condition(
                self.types[number] is _PARAMETER,
                self.shapes[number],
                self.dtypes[number],
                self.devices[number],
                self.grads[number],
            )
        return known

    def comparable(self) -> tuple[object, ...]:
        """Equal for two readings exactly if all tensors look the same."""
        return (
            tuple(self.shapes),
            tuple(self.dtypes),
            tuple(self.grads),
            tuple(self.devices),
            tuple([cls is _PARAMETER for cls in self.types]),
            tuple(self.careful.items()),
        )


@lru_cache(maxsize=4096)
def _plain_condition(
    is_parameter: bool,
    shape: tuple[int, ...],
    dtype: torch.dtype,
    device: torch.device | None,
    requires_grad: bool,
) -> Condition:
    reason = opaque_reason(dtype)
    return Condition(
        state="ready" if reason is None else "unreadable",
        reason=reason,
        shape=tuple(shape),
        dtype=dtype_name(dtype),
        device="cpu" if device is None else str(device),
        requires_grad=requires_grad,
        type_name="Parameter" if is_parameter else "Tensor",
    )


@dataclass(eq=False)
class Census:
    """What was met. `numbers` has for each value the number of its tensor, -1 for None."""

    numbers: list[int]
    objects: list[Any]
    looks: Looks
    spans: Spans


def take_census(values: Sequence[Any]) -> Census:
    """Number what stands in the slots in the order of first appearance, and look at each once."""
    ids = list(map(id, values))
    met = dict(zip(ids, values, strict=True))
    met.pop(id(None), None)
    if len(met) == len(values):
        numbers = list(range(len(values)))
    else:
        by_id = dict(zip(met, range(len(met)), strict=True))
        by_id[id(None)] = -1
        numbers = list(map(by_id.__getitem__, ids))
    objects = list(met.values())
    looks = Looks()
    spans = _look(objects, looks)
    return Census(numbers, objects, looks, spans)


def _look(objects: list[Any], looks: Looks) -> Spans:
    for start in range(0, len(objects), _PIECE):
        piece = objects[start : start + _PIECE]
        try:
            _look_together(piece, looks)
        except Exception:
            # Sparse, nested and transformed tensors refuse one attribute or another.
            looks.cut(start)
            for value in piece:
                _look_alone(value, looks)
    plain = np.array(looks.plain, dtype=bool)
    careful = np.flatnonzero(~plain).tolist()
    for number in careful:
        known = _look_carefully(objects[number])
        if known.state != "ready" or looks.types[number] is object:
            looks.careful[number] = known
    owners = np.flatnonzero(plain)
    lows, sizes = (np.array(column, dtype=np.int64)[owners] for column in (looks.lows, looks.sizes))
    return Spans(owners, lows, sizes, careful)


def _look_together(piece: list[Any], looks: Looks) -> None:
    """Append a row for each; raises, with some columns longer than others, where one refuses."""
    types = list(map(type, piece))
    for cls in types:
        if cls is not _PARAMETER and cls is not _TENSOR:
            raise TypeError
    looks.types.extend(types)
    sizes = [tensor.nbytes for tensor in piece]
    looks.sizes.extend(sizes)
    held = [storage.nbytes() for storage in map(_untyped_storage, piece)]
    near = [tensor.is_cpu for tensor in piece]
    if all(near):
        looks.devices.extend(repeat(None, len(piece)))
    else:
        looks.devices.extend([None if tensor.is_cpu else tensor.device for tensor in piece])
        near = [tensor.is_cpu or tensor.is_cuda for tensor in piece]
    shapes = [tensor.shape for tensor in piece]
    looks.shapes.extend(map(looks.known_shapes.setdefault, shapes, shapes))
    looks.dtypes.extend([tensor.dtype for tensor in piece])
    looks.grads.extend([tensor.requires_grad for tensor in piece])
    looks.lows.extend(map(compat.storage_address, piece))
    contiguous = list(map(_is_contiguous, piece))
    offsets = list(map(_storage_offset, piece))
    fits = list(map(ge, held, sizes))
    if all(contiguous) and all(fits) and all(near) and not any(offsets):
        looks.plain.extend(repeat(True, len(piece)))
    else:
        looks.plain.extend(
            whole and fit and here and not offset
            for whole, fit, here, offset in zip(contiguous, fits, near, offsets, strict=True)
        )


def _look_alone(value: Any, looks: Looks) -> None:
    rows = len(looks.plain)
    try:
        _look_together([value], looks)
    except Exception:
        looks.cut(rows)
        looks.append_unknown()


def _look_carefully(value: Any) -> Condition:
    if is_tensor(value):
        return condition(value)
    wrong = f"It stands where a tensor is registered, but it is a {class_name(type(value))}."
    return Condition("unreadable", wrong, None, None, None, False, "")
