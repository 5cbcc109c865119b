"""One tensor in any state: what it is, its values if they can be read, or the reason why not.

Nothing here trusts a tensor. Reading the elements of one whose storage was freed kills the
process, an uninitialized one answers `.data` with an empty tensor, a subclass may run its own code
at `.shape`. So the state comes first, from metadata alone, and only a ready tensor is read.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import torch

from paramwidget import compat
from paramwidget.compat import MemoryMap

State = Literal["ready", "uninitialized", "meta", "unreadable"]
T = TypeVar("T")

#: `to_dense` of a sparse tensor is refused where the result is larger than this and than what is
#: stored by `SPARSE_GROWTH`: a million by a million would ask for terabytes.
DENSE_LIMIT_BYTES = 1 << 30
SPARSE_GROWTH = 64

#: A tensor whose strides interleave is searched for repeated places up to this many elements;
#: a larger one counts as overlapping itself, so an edit of it is refused rather than risked.
COUNTED_PLACES = 1 << 26

_TENSOR: Any = torch.Tensor
_plain_dispatch = getattr(torch.Tensor, "__torch_dispatch__", None)


@dataclass(frozen=True)
class Condition:
    """What is known of a tensor without reading an element.

    `shape`, `dtype` (without `torch.`) and `device` are None where the tensor does not say.
    `reason` is a sentence, there exactly where `state` is not "ready".
    """

    state: State
    reason: str | None
    shape: tuple[int, ...] | None
    dtype: str | None
    device: str | None
    requires_grad: bool
    type_name: str = "Tensor"

    @property
    def numel(self) -> int:
        """The number of elements, 0 where the shape is not known."""
        if self.shape is None:
            return 0
        return math.prod(self.shape)


class Unreadable(Exception):
    """The values of a tensor cannot be read; the text is the reason, a sentence."""


def is_tensor(value: object) -> bool:
    """True for a tensor, decided without the value's own `__class__`."""
    return issubclass(type(value), torch.Tensor)


def class_name(cls: type) -> str:
    """The class's name, past any metaclass."""
    name: str = vars(type)["__name__"].__get__(cls)
    return name


def class_lookup(cls: type, name: str) -> Any:
    """What an attribute lookup would find in the classes of `cls`, past metaclass and descriptors.

    None where no class has the name.
    """
    for base in vars(type)["__mro__"].__get__(cls):
        namespace = vars(type)["__dict__"].__get__(base)
        if name in namespace:
            return namespace[name]
    return None


def class_has(cls: type, name: str) -> bool:
    """True where a class of `cls` has the name, be it with the value None."""
    bases = vars(type)["__mro__"].__get__(cls)
    return any(name in vars(type)["__dict__"].__get__(base) for base in bases)


def _attempt(read: Callable[[], T]) -> T | None:
    """What `read` answers, or None where the tensor refuses; tensors refuse in many ways."""
    try:
        return read()
    except Exception:
        return None


def dtype_name(dtype: torch.dtype) -> str:
    """`float32` for `torch.float32`."""
    return str(dtype).removeprefix("torch.")


def condition(tensor: torch.Tensor) -> Condition:
    """The state of a tensor, from its metadata alone.

    Never raises, never touches an element, runs no `__torch_function__` and no attribute that a
    subclass defined.
    """
    with compat.without_torch_function():
        return _condition(tensor)


def _condition(tensor: torch.Tensor) -> Condition:
    state, reason = _state(tensor)
    shape = _shape(tensor)
    dtype = _attempt(lambda: _TENSOR.dtype.__get__(tensor))
    device = _attempt(lambda: str(_TENSOR.device.__get__(tensor)))
    return Condition(
        state=state,
        reason=reason,
        shape=None if state == "uninitialized" else shape,
        dtype=None if dtype is None else dtype_name(dtype),
        device=device,
        requires_grad=bool(_attempt(lambda: _TENSOR.requires_grad.__get__(tensor))),
        type_name=class_name(type(tensor)),
    )


def _shape(tensor: torch.Tensor) -> tuple[int, ...] | None:
    sizes = _attempt(lambda: tuple(_TENSOR.shape.__get__(tensor)))
    # A jagged tensor answers with a symbol where its rows differ in length.
    if sizes is None or any(type(size) is not int for size in sizes):
        return None
    return sizes


def _state(tensor: torch.Tensor) -> tuple[State, str | None]:
    cls = type(tensor)
    if issubclass(cls, compat.LAZY_TENSOR):
        return "uninitialized", "It has no shape yet: it gets one at the first forward."
    dtype = _attempt(lambda: _TENSOR.dtype.__get__(tensor))
    if dtype is None:
        return "unreadable", "It does not say its dtype."
    fake = compat.fake_tensor_class()
    if fake is not None and issubclass(cls, fake):
        return "meta", "It is a fake tensor: it has a shape and no data."
    if _attempt(lambda: _TENSOR.is_nested.__get__(tensor)) is not False:
        return "unreadable", "It is a nested tensor: its rows differ in shape, so it has no plane."
    if _attempt(lambda: _TENSOR.is_meta.__get__(tensor)) is not False:
        return "meta", "It is on the meta device: it has a shape and no data."
    if compat.is_functorch_wrapped(tensor) or compat.is_functional(tensor):
        return "unreadable", "It stands for another tensor inside a transformation of torch.func."
    if dtype in compat.OPAQUE_DTYPES:
        return "unreadable", f"torch stores {dtype_name(dtype)} and cannot read it as numbers."
    if _shape(tensor) is None:
        return "unreadable", "It does not say its shape."
    reason = _missing_data(tensor)
    return ("ready", None) if reason is None else ("unreadable", reason)


def _missing_data(tensor: torch.Tensor) -> str | None:
    """Why the elements are not there, None where they are."""
    if is_distributed(tensor):
        return (
            None
            if local_part(tensor) is not None
            else ("It is one shard of a distributed tensor: reading the whole needs every rank.")
        )
    if is_wrapper(tensor):
        return (
            None
            if _has_dequantize(type(tensor))
            else (f"It is a {class_name(type(tensor))}, which keeps its data in other tensors.")
        )
    if _layout(tensor) is not torch.strided:
        return None
    held = _attempt(lambda: compat.storage_of(tensor).nbytes())
    if held is None:
        return "torch does not let its storage be looked at."
    needed = needed_bytes(tensor)
    if held < needed:
        what = "was freed" if held == 0 else "is too small"
        return f"Its storage {what}: {needed} bytes are needed, {held} are there."
    return None


def _layout(tensor: torch.Tensor) -> torch.layout:
    layout: torch.layout = _TENSOR.layout.__get__(tensor)
    return layout


def element_span(shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
    """How many places in memory lie from the first element to the last, both included."""
    if 0 in shape:
        return 0
    return 1 + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))


def needed_bytes(tensor: torch.Tensor) -> int:
    """The bytes that the storage of a strided tensor must have for every element to exist."""
    with compat.without_torch_function():
        span = element_span(tuple(_TENSOR.size(tensor)), tuple(_TENSOR.stride(tensor)))
        if span == 0:
            return 0
        places = int(_TENSOR.storage_offset(tensor)) + span
        packed = compat.PACKED_PER_BYTE.get(_TENSOR.dtype.__get__(tensor))
        return -(-places // packed) if packed else places * int(_TENSOR.element_size(tensor))


def is_wrapper(tensor: torch.Tensor) -> bool:
    """True for a subclass with its own `__torch_dispatch__` and no memory of its own."""
    with compat.without_torch_function():
        return _is_wrapper(tensor)


def _is_wrapper(tensor: torch.Tensor) -> bool:
    own = class_lookup(type(tensor), "__torch_dispatch__")
    if type(tensor) in compat.PLAIN_TENSORS or own is vars(torch.Tensor).get(
        "__torch_dispatch__", _plain_dispatch
    ):
        return False
    if _layout(tensor) is not torch.strided:
        return False
    address = _attempt(lambda: compat.data_address(tensor))
    return address is None or (address == 0 and _shape(tensor) is not None and _numel(tensor) > 0)


def _numel(tensor: torch.Tensor) -> int:
    return int(_TENSOR.numel(tensor))


def _has_dequantize(cls: type) -> bool:
    return class_lookup(cls, "dequantize") is not class_lookup(torch.Tensor, "dequantize")


def is_distributed(tensor: torch.Tensor) -> bool:
    """True for a DTensor, as FSDP2 and tensor parallelism make them."""
    cls = compat.dtensor_class()
    return cls is not None and issubclass(type(tensor), cls)


def local_part(tensor: Any) -> torch.Tensor | None:
    """This rank's tensor of a DTensor, where that is the whole of it; else None."""
    whole = _attempt(
        lambda: (
            tensor.device_mesh.size() == 1
            or all(place.is_replicate() for place in tensor.placements)
        )
    )
    part: torch.Tensor | None = _attempt(lambda: tensor._local_tensor) if whole else None
    return part


def parts(tensor: torch.Tensor) -> list[torch.Tensor]:
    """The plain tensors that hold the memory of this one; itself where it is one of them.

    Components of a sparse tensor, what a wrapper subclass keeps in its `__dict__`, the buffer of a
    nested one; empty where torch shows none.
    """
    with compat.without_torch_function():
        found = _attempt(lambda: _parts(tensor))
        return [] if found is None else found


def _parts(tensor: Any) -> list[torch.Tensor]:
    if issubclass(type(tensor), compat.LAZY_TENSOR):
        return []
    if is_distributed(tensor):
        return [tensor._local_tensor]
    if is_wrapper(tensor):
        held = object.__getattribute__(tensor, "__dict__").values()
        return [part for value in held if is_tensor(value) for part in parts(value)]
    layout = _layout(tensor)
    if layout is torch.strided:
        return [tensor]
    if layout is torch.sparse_coo:
        return [_TENSOR._indices(tensor), _TENSOR._values(tensor)]
    if layout in (torch.sparse_csr, torch.sparse_bsr):
        return [tensor.crow_indices(), tensor.col_indices(), tensor.values()]
    if layout in (torch.sparse_csc, torch.sparse_bsc):
        return [tensor.ccol_indices(), tensor.row_indices(), tensor.values()]
    return []


def plain(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor of the plain class over the same memory, with a version counter of its own.

    For strided tensors with memory of their own (`condition(...)` "ready", not quantized). Writing
    through it changes the tensor and disturbs no graph; it holds no gradient and no hooks.
    """
    with compat.without_torch_function(), compat.without_torch_dispatch():
        if type(tensor) in compat.PLAIN_TENSORS:
            return tensor.data
        dtype, device = _TENSOR.dtype.__get__(tensor), _TENSOR.device.__get__(tensor)
        made = torch.empty(0, dtype=dtype, device=device)
        made.set_(
            _TENSOR.untyped_storage(tensor),
            _TENSOR.storage_offset(tensor),
            _TENSOR.size(tensor),
            _TENSOR.stride(tensor),
        )
        return made


def readable(tensor: torch.Tensor) -> torch.Tensor:
    """A detached, plain, strided tensor with the same values; no copy where none is needed.

    The dtype stays as it is (bfloat16, float8, integers, complex); a quantized tensor is
    dequantized, a sparse one made dense, a lazy conjugate carried out.

    Raises Unreadable, with the reason, where there are no values to read.
    """
    known = condition(tensor)
    if known.state != "ready":
        raise Unreadable(known.reason)
    try:
        with torch.no_grad():
            return _readable(tensor)
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(f"torch cannot read it: {type(error).__name__}: {error}") from error


def _readable(tensor: Any) -> torch.Tensor:
    if is_distributed(tensor):
        part = local_part(tensor)
        if part is None:
            raise Unreadable("It is one shard of a distributed tensor.")
        return readable(part)
    if is_wrapper(tensor):
        return _plain_result(tensor.dequantize())
    with compat.without_torch_function():
        if _layout(tensor) is not torch.strided:
            _refuse_vast(tensor)
            return _plain_result(_TENSOR.to_dense(_TENSOR.detach(tensor)))
        if _TENSOR.is_quantized.__get__(tensor):
            return _plain_result(_TENSOR.dequantize(tensor))
        return plain(tensor).resolve_conj().resolve_neg()


def _plain_result(tensor: torch.Tensor) -> torch.Tensor:
    """The outcome of a conversion, which must now be readable without one."""
    known = condition(tensor)
    if known.state != "ready" or is_wrapper(tensor) or _layout(tensor) is not torch.strided:
        raise Unreadable(known.reason or "Its own conversion gave no plain tensor.")
    return plain(tensor).resolve_conj().resolve_neg()


def _refuse_vast(tensor: torch.Tensor) -> None:
    dense = _numel(tensor) * int(_TENSOR.element_size(tensor))
    stored = sum(part.numel() * part.element_size() for part in parts(tensor)) or dense
    if dense > DENSE_LIMIT_BYTES and dense > SPARSE_GROWTH * stored:
        raise Unreadable(f"It is sparse, and would take {dense} bytes as a dense tensor.")


def as_computable(tensor: torch.Tensor) -> torch.Tensor:
    """`readable`, in a dtype that torch's reductions and comparisons accept.

    float8 becomes float32, unsigned integers wider than a byte int64 (uint64: float64, which
    rounds above 2**53), complex32 complex64, bool uint8; every other dtype stays.
    """
    values = readable(tensor)
    if values.dtype in compat.FLOAT8_DTYPES:
        return values.to(torch.float32)
    if values.dtype in compat.WIDE_UNSIGNED_DTYPES:
        return values.to(torch.float64 if values.element_size() == 8 else torch.int64)
    if values.dtype is torch.complex32:
        return values.to(torch.complex64)
    if values.dtype is torch.bool:
        return values.view(torch.uint8)
    return values


def writable_reason(tensor: torch.Tensor, memory: MemoryMap | None = None) -> str | None:
    """Why an edit in place cannot be, or would have no effect; None where it can be.

    `memory` is the process's memory map; who asks about many tensors takes it once and passes it.
    """
    known = condition(tensor)
    if known.state != "ready":
        return known.reason
    with compat.without_torch_function():
        if is_wrapper(tensor) or is_distributed(tensor):
            return (
                f"It is a {known.type_name}: what is written to one of its elements may be lost, "
                "so it is shown and not edited."
            )
        if _layout(tensor) is not torch.strided:
            layout = str(_layout(tensor)).removeprefix("torch.").lstrip("_")
            return f"Its layout is {layout}, which torch cannot write by element."
        if _TENSOR.is_quantized.__get__(tensor):
            return "It is quantized: its integers and its scale belong together."
        if overlaps_itself(tensor):
            return "It is expanded: one number in memory stands for several of its elements."
        return _read_only(tensor, memory)


def _read_only(tensor: torch.Tensor, memory: MemoryMap | None) -> str | None:
    if _TENSOR.device.__get__(tensor).type != "cpu" or _numel(tensor) == 0:
        return None
    low = compat.data_address(tensor)
    span = element_span(tuple(_TENSOR.size(tensor)), tuple(_TENSOR.stride(tensor)))
    high = low + span * int(_TENSOR.element_size(tensor))
    if (memory or MemoryMap.now()).writable(low, high):
        return None
    return "Its memory is mapped read-only: writing to it would end the process."


def overlaps_itself(tensor: torch.Tensor) -> bool:
    """True where two indices of a strided tensor mean the same place in memory."""
    axes = sorted(
        (stride, size)
        for stride, size in zip(_TENSOR.stride(tensor), _TENSOR.size(tensor), strict=True)
        if size > 1
    )
    if _numel(tensor) == 0:
        return False
    reach = 0
    for stride, size in axes:
        if stride <= reach:
            return _repeats_a_place(axes)
        reach += stride * (size - 1)
    return False


def _repeats_a_place(axes: list[tuple[int, int]]) -> bool:
    """Count the distinct places; more elements than that means an overlap."""
    elements = math.prod(size for _, size in axes)
    if elements > 1 + sum(stride * (size - 1) for stride, size in axes):
        return True
    if elements > COUNTED_PLACES:
        return True
    places = torch.zeros(1, dtype=torch.int64)
    for stride, size in axes:
        steps = torch.arange(size, dtype=torch.int64) * stride
        places = (places[:, None] + steps).reshape(-1)
    return int(torch.unique(places).numel()) < places.numel()
