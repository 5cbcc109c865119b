"""The content of a model at the moment a bench is made, taken in about the time of naming it.

The bytes of small tensors are kept, larger ones fingerprinted; both compared only when somebody
asks for what changed since. Tensors are known by identity here, without their names.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Hashable, Iterator
from functools import cached_property
from itertools import islice
from typing import Any

import torch

from paramwidget import compat
from paramwidget.slots.fingerprint import fingerprint
from paramwidget.tensors import is_tensor

COPIED_BYTES = 2**16  # of one tensor; a larger one is fingerprinted
ALL_BYTES = 2**30  # of a model; what comes after is first seen at the first refresh

_COPYABLE = compat.dtypes("float32", "float64", "float16", "bfloat16", "int64", "int32", "bool")
_UNREAD: Hashable = ("unread",)
_PLACE_OF_OWN = len(compat.MODULE_FIELDS)


class FirstLook:
    """What every tensor of a model held, as far as ALL_BYTES go."""

    def __init__(self, net: Any) -> None:
        tensors = list({id(tensor): tensor for tensor in _held_tensors(net)}.values())
        left = ALL_BYTES
        held: list[bytes | Hashable] = []
        for tensor in tensors:
            size = _plain_bytes(tensor)
            left -= size or 0
            if left < 0:
                held.append(_UNREAD)
            elif size is None or size > COPIED_BYTES:
                held.append(fingerprint(tensor))
            else:
                held.append(ctypes.string_at(tensor.data_ptr(), size))
        self._refs = list(map(weakref.ref, tensors))
        self._held = held

    @cached_property
    def _of(self) -> dict[int, int]:
        """Where a tensor that lives stands among `_refs` and `_held`, by its identity."""
        return {id(ref()): place for place, ref in enumerate(self._refs)}

    def changed(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor is not what it was, or was not there; False where it was not read."""
        place = self._of.get(id(tensor))
        if place is None or self._refs[place]() is not tensor:
            return True
        held = self._held[place]
        if not isinstance(held, bytes):
            return held is not _UNREAD and bool(fingerprint(tensor) != held)
        size = _plain_bytes(tensor)
        return size != len(held) or ctypes.string_at(tensor.data_ptr(), size) != held


def _plain_bytes(tensor: torch.Tensor) -> int | None:
    """The size of a tensor that is sure to be copied without harm, None for any other."""
    if (
        type(tensor) not in compat.PLAIN_TENSORS
        or tensor.dtype not in _COPYABLE
        or tensor.layout is not torch.strided
        or not tensor.is_cpu
        or not tensor.is_contiguous()
    ):
        return None
    size = tensor.nbytes
    offset = tensor.storage_offset() * tensor.element_size()
    return size if tensor.untyped_storage().nbytes() - offset >= size else None


def _held_tensors(net: Any) -> Iterator[torch.Tensor]:
    """Every tensor registered in a model or a plain attribute of a module, some more than once."""
    modules, seen = [net], {id(net)}
    fields_of, plain = compat.raw_dict, compat.PLAIN_TENSORS
    for module in modules:  # grows while it is walked
        fields = fields_of(module)
        for registry in ("_parameters", "_buffers"):
            held = fields.get(registry)
            if held and type(held) is dict:
                for value in held.values():
                    if value is not None and (type(value) in plain or is_tensor(value)):
                        yield value
        for value in islice(fields.values(), _PLACE_OF_OWN, None):
            if type(value) in plain:
                yield value
        children = fields.get("_modules")
        if children and type(children) is dict:
            for child in children.values():
                if id(child) not in seen:
                    seen.add(id(child))
                    if issubclass(type(child), torch.nn.Module):
                        modules.append(child)
