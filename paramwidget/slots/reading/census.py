"""Numbers the tensors found in a walk, and records each one's metadata and address.

It reads attribute by attribute, a few hundred tensors at a time: that takes a third of the time of
calling a Python function for each tensor, and the temporary objects are gone before the garbage
collector counts them. It applies to contiguous tensors of torch's own class in their own storage;
all others, and any batch in which a tensor refuses an attribute, are read one by one.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
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
    CODES,
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

#: The metadata of an empty slot.
NOTHING = Condition("ready", None, None, None, None, False, "NoneType")

#: The shape of what DeepSpeed's ZeRO-3 leaves of a parameter.
_NO_ELEMENTS = (0,)

#: Tensors that are read together; fewer objects than trigger a garbage collection.
_PIECE = 256

_Ints = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(eq=False)
class Spans:
    """The memory of the tensors that are plain, as byte ranges; the others are in ``careful``.

    ``foreign`` are the plain ones on other devices than the CPU.
    """

    owners: _Ints
    lows: _Ints
    sizes: _Ints
    careful: list[int]
    foreign: frozenset[int] = frozenset()

    @classmethod
    def none(cls) -> Spans:
        """No memory at all."""
        empty = np.zeros(0, dtype=np.int64)
        return cls(empty, empty, empty, [])

    def without(self, others: Container[int]) -> Spans:
        """Those without the owners in ``others``, which are careful ones."""
        kept = np.array([owner not in others for owner in self.owners.tolist()], dtype=bool)
        careful = sorted({*self.careful, *self.owners[~kept].tolist()})
        return Spans(self.owners[kept], self.lows[kept], self.sizes[kept], careful, self.foreign)


class Looks:
    """The metadata of each tensor, by its number; a Condition is created on request."""

    def __init__(self) -> None:
        self.parameters: list[bool] = []
        self.shapes: list[tuple[int, ...]] = []
        self.dtypes: list[torch.dtype] = []
        self.grads: list[bool] = []
        self.devices: list[torch.device | None] = []  # None for the CPU
        self.careful: dict[int, Condition] = {}
        # One object for each distinct shape: a model has thousands of tensors, but a dozen shapes.
        self.known_shapes: dict[tuple[int, ...], tuple[int, ...]] = {}

    def append_unknown(self) -> None:
        """A row for what has its Condition in ``careful``."""
        self.parameters.append(False)
        self.shapes.append(())
        self.dtypes.append(torch.float32)
        self.grads.append(False)
        self.devices.append(None)

    def condition(self, number: int) -> Condition:
        """What is known of a tensor; ``NOTHING`` for the number -1."""
        if number < 0:
            return NOTHING
        known = self.careful.get(number)
        if known is None:
            known = _plain_condition(
                self.parameters[number],
                self.shapes[number],
                self.dtypes[number],
                self.devices[number],
                self.grads[number],
            )
        return known

    def conditions(self) -> list[Condition]:
        """What is known about every tensor, by its number."""
        columns = (self.parameters, self.shapes, self.dtypes, self.devices, self.grads)
        keys = list(zip(*columns, strict=True))
        known = {key: _plain_condition(*key) for key in set(keys)}
        found = list(map(known.__getitem__, keys))
        for number, careful in self.careful.items():
            found[number] = careful
        return found

    def comparable(self) -> tuple[object, ...]:
        """Equal for two readings exactly if all tensors look the same."""
        columns = (self.parameters, self.shapes, self.dtypes, self.grads, self.devices)
        return (*(tuple(column) for column in columns), tuple(self.careful.items()))


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
    """What was found. ``numbers`` has the number of each value's tensor, -1 for None."""

    numbers: list[int]
    objects: list[Any]
    looks: Looks
    spans: Spans

    def see(self, known: Mapping[int, Condition]) -> None:
        """Take the tensors of these numbers for what is known of them from elsewhere."""
        self.looks.careful.update(known)
        self.spans = self.spans.without(known)


def take_census(values: Sequence[Any]) -> Census:
    """Number the tensors of the slots in the order of first appearance, and read each once."""
    numbers, objects = numbered(values)
    spans = spans_of(objects)
    looks = Looks()
    plain = set(range(len(objects))).difference(spans.careful) if spans.careful else None
    for start in range(0, len(objects), _PIECE):
        _look(range(start, min(start + _PIECE, len(objects))), objects, plain, looks)
    _look_again(objects, looks)
    if looks.careful:
        spans = spans.without(looks.careful)
    return Census(numbers, objects, looks, spans)


def _look_again(objects: Sequence[Any], looks: Looks) -> None:
    """A Condition for each plain tensor that is packed, or whose elements lie on other ranks."""
    if not CODES.isdisjoint(looks.dtypes) or _NO_ELEMENTS in looks.known_shapes:
        for number, (dtype, shape) in enumerate(zip(looks.dtypes, looks.shapes, strict=True)):
            if (dtype in CODES or shape == _NO_ELEMENTS) and number not in looks.careful:
                known = condition(objects[number])
                if known.state != "ready":
                    looks.careful[number] = known


def numbered(values: Sequence[Any]) -> tuple[list[int], list[Any]]:
    """The number of each value, -1 for None, and the objects by their number; by identity."""
    ids = list(map(id, values))
    met = dict(zip(ids, values, strict=True))
    met.pop(id(None), None)
    if len(met) == len(values):
        return list(range(len(values))), list(values)
    by_id = dict(zip(met, range(len(met)), strict=True))
    by_id[id(None)] = -1
    return list(map(by_id.__getitem__, ids)), list(met.values())


class _Rows:
    """The columns of spans, while they are filled."""

    def __init__(self) -> None:
        self.lows: list[int] = []
        self.sizes: list[int] = []
        self.plain: list[bool] = []
        self.foreign: list[int] = []


def spans_of(objects: Sequence[Any]) -> Spans:
    """The address of each object, if it is a plain tensor of torch's own class."""
    rows = _Rows()
    for start in range(0, len(objects), _PIECE):
        piece = objects[start : start + _PIECE]
        try:
            _place_together(piece, rows)
        except Exception:
            # Sparse, nested and transformed tensors raise for one attribute or another.
            for value in piece:
                try:
                    _place_together([value], rows)
                except Exception:
                    rows.lows.append(0)
                    rows.sizes.append(0)
                    rows.plain.append(False)
    plain = np.array(rows.plain, dtype=bool)
    owners = np.flatnonzero(plain)
    lows, sizes = (np.array(column, dtype=np.int64)[owners] for column in (rows.lows, rows.sizes))
    careful = np.flatnonzero(~plain).tolist()
    return Spans(owners, lows, sizes, careful, frozenset(rows.foreign))


def _place_together(piece: Sequence[Any], rows: _Rows) -> None:
    """Append a row for each, or raise and append none."""
    for cls in map(type, piece):
        if cls is not _PARAMETER and cls is not _TENSOR:
            raise TypeError
    sizes = [tensor.nbytes for tensor in piece]
    fits = list(map(ge, [storage.nbytes() for storage in map(_untyped_storage, piece)], sizes))
    contiguous = list(map(_is_contiguous, piece))
    offsets = list(map(_storage_offset, piece))
    lows = list(map(compat.storage_address, piece))
    near = [tensor.is_cpu for tensor in piece]
    if not all(near):
        rows.foreign.extend(len(rows.plain) + row for row, here in enumerate(near) if not here)
        near = [tensor.is_cpu or tensor.is_cuda for tensor in piece]
    if not (all(contiguous) and all(fits) and all(near)) or any(offsets):
        near = [
            whole and fit and here and not offset
            for whole, fit, here, offset in zip(contiguous, fits, near, offsets, strict=True)
        ]
    rows.lows.extend(lows)
    rows.sizes.extend(sizes)
    rows.plain.extend(near)


def _look(rows: range, objects: Sequence[Any], plain: set[int] | None, looks: Looks) -> None:
    """Append a row for each; tensors that are not plain are read with care."""
    if plain is None or plain.issuperset(rows):
        try:
            _look_together(objects[rows.start : rows.stop], looks)
            return
        except Exception:
            pass  # a nested tensor is plain except for its shape
    for number in rows:
        value = objects[number]
        known = condition(value) if is_tensor(value) else _stranger(value)
        if known.state == "ready" and type(value) in compat.PLAIN_TENSORS:
            _look_together([value], looks)
        else:
            looks.careful[number] = known
            looks.append_unknown()


def _look_together(piece: Sequence[Any], looks: Looks) -> None:
    """Append a row for each, or raise and append none."""
    shapes = [tensor.shape for tensor in piece]
    dtypes = [tensor.dtype for tensor in piece]
    grads = [tensor.requires_grad for tensor in piece]
    near = [tensor.is_cpu for tensor in piece]
    if all(near):
        looks.devices.extend(repeat(None, len(piece)))
    else:
        looks.devices.extend([None if tensor.is_cpu else tensor.device for tensor in piece])
    looks.parameters.extend([cls is _PARAMETER for cls in map(type, piece)])
    looks.shapes.extend(map(looks.known_shapes.setdefault, shapes, shapes))
    looks.dtypes.extend(dtypes)
    looks.grads.extend(grads)


def _stranger(value: Any) -> Condition:
    wrong = f"It is registered as a tensor, but it is of class {class_name(type(value))}."
    return Condition("unreadable", wrong, None, None, None, False, "")
