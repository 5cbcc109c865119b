"""Values as Python that gives them back, to the bit; nothing of a value's own text is used.

What a script cannot hold is ``...`` in it, with a reason.
"""

from __future__ import annotations

import math
import types
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from paramwidget import compat
from paramwidget.edit.values.numbers import literal
from paramwidget.tensors import class_name, dtype_name, same_bits

ELEMENTS = 1_000  # of a tensor or an array; a larger one is left out
ITEMS = 10_000  # values and characters of one argument, all containers together
DEPTH = 40  # containers in one another; Python compiles no more than about 90

_NUMBERS = (int, float, complex, bool)
#: Classes whose subclasses are written as the class itself, the narrower ones first.
_PLAIN = (int, float, complex, str, bytes, tuple, list, dict, set, frozenset)
_HOMES = {
    "torch": torch,
    "torch.Tensor": torch.Tensor.__base__,
    "torch.nn": torch.nn,
    "torch.nn.functional": torch.nn.functional,
    "torch.nn.init": torch.nn.init,
}
_CALLABLES = (
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
)
_NUMERIC = "biufc"  # kinds of numpy dtypes
_TEMPORAL_OR_TEXT = "SUmM"


class _LeftOut(Exception):
    """A value that a script cannot hold; the text says what it is."""


def python_of(value: Any) -> tuple[str, str]:
    """An expression for a value, and what it does not hold of it, "" where it holds all.

    The second continues a sentence: "is a tensor of 5,000 elements, which the script cannot hold".
    """
    writer = _Writer()
    try:
        text = writer.text(value, 0)
    except _LeftOut as what:
        return "...", f"is {what}, which the script cannot hold"
    return text, writer.changed


class _Writer:
    """Writes one value; ``changed`` says what was written as something simpler."""

    def __init__(self) -> None:
        self.changed = ""
        self._left = ITEMS

    def text(self, value: Any, depth: int) -> str:
        cls = type(value)
        self._spend(1)
        if depth > DEPTH:
            raise _LeftOut(f"nested deeper than {DEPTH} containers")
        if value is None or value is Ellipsis:
            return repr(value)
        if any(cls is one for one in _NUMBERS):
            return literal(value)
        if cls is str or cls is bytes:
            self._spend(len(value))
            return repr(value)
        if issubclass(cls, torch.Tensor):
            return _tensor(value)
        if issubclass(cls, (np.ndarray, np.generic)):
            return _array(value)
        known = of_torch(value)
        if known:
            return known
        return self._container(value, depth + 1) or self._simpler(value, depth)

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise _LeftOut(f"longer than {ITEMS:,} values or characters")

    def _container(self, value: Any, depth: int) -> str:
        """A container of exactly a class of Python's own; "" for anything else."""
        cls = type(value)
        if cls is list:
            return f"[{self._items(value, depth)}]"
        if cls is tuple:
            return f"({self._items(value, depth)}{',' * (len(value) == 1)})"
        if cls is set:
            return f"{{{self._items(value, depth)}}}" if value else "set()"
        if cls is frozenset:
            return f"frozenset({self._container(set(value), depth)})" if value else "frozenset()"
        if cls is dict:
            pairs = ((self.text(k, depth), self.text(v, depth)) for k, v in value.items())
            return f"{{{', '.join(f'{key}: {held}' for key, held in pairs)}}}"
        if cls is torch.Size:
            return f"torch.Size([{self._items(value, depth)}])"
        if cls is range or cls is slice:
            bounds = self._items((value.start, value.stop, value.step), depth)
            return f"{cls.__name__}({bounds})"
        return f"bytearray({self.text(bytes(value), depth)})" if cls is bytearray else ""

    def _items(self, values: Iterable[Any], depth: int) -> str:
        return ", ".join(self.text(value, depth) for value in values)

    def _simpler(self, value: Any, depth: int) -> str:
        """A value of a subclass as one of the class itself, read with that class's own methods."""
        cls = type(value)
        base = next((base for base in _PLAIN if issubclass(cls, base)), None)
        if base is None:
            raise _LeftOut(f"of class {class_name(cls)}")
        plain = _READ[base](value)
        self.changed = (
            f"is of class {class_name(cls)}, which the script writes as a plain {base.__name__}"
        )
        return self.text(plain, depth)


_EVERYTHING = slice(None)
_READ: dict[type, Any] = {
    int: int.__int__,
    float: float.__float__,
    complex: lambda value: complex(
        vars(complex)["real"].__get__(value), vars(complex)["imag"].__get__(value)
    ),
    str: str.__str__,
    bytes: lambda value: bytes.__getitem__(value, _EVERYTHING),
    tuple: lambda value: tuple.__getitem__(value, _EVERYTHING),
    list: lambda value: list.__getitem__(value, _EVERYTHING),
    dict: lambda value: {key: dict.__getitem__(value, key) for key in _keys(value)},
    set: lambda value: set(set.__iter__(value)),
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
}


def _keys(value: dict[Any, Any]) -> Iterable[Any]:
    """The keys in their order, which an ``OrderedDict`` keeps beside."""
    ordered = issubclass(type(value), OrderedDict)
    return OrderedDict.__iter__(value) if ordered else dict.__iter__(value)


def of_torch(value: Any) -> str:
    """A dtype, a device, a layout, or a function or class that torch has by name; else ""."""
    cls = type(value)
    if cls is torch.dtype:
        return f"torch.{dtype_name(value)}"
    if cls is torch.device:
        return f"torch.device({str(value)!r})"
    if cls is torch.layout or cls is torch.memory_format:
        return str(value)
    if not issubclass(cls, _CALLABLES):
        return ""
    for home, module in _HOMES.items():
        for name, held in vars(module).items():
            if held is value and name.isidentifier():
                return f"{home}.{name}"
    return ""


# --- tensors and arrays ------------------------------------------------------------------------


def _tensor(value: torch.Tensor) -> str:
    """A tensor with its dtype, shape, strides, device and every bit of its values."""
    cls = type(value)
    if not any(cls is one for one in compat.PLAIN_TENSORS):
        raise _LeftOut(f"of class {class_name(cls)}")
    kind = _odd_kind(value)
    if kind:
        raise _LeftOut(kind)
    if value.numel() > ELEMENTS:
        raise _LeftOut(f"a tensor of {value.numel():,} elements")
    text = _laid_out(value.detach().resolve_conj().resolve_neg())
    if value.device.type != "cpu":
        text = f"{text}.to({str(value.device)!r})"
    if cls is torch.nn.Parameter:
        frozen = "" if value.requires_grad else ", requires_grad=False"
        return f"torch.nn.Parameter({text}{frozen})"
    return f"{text}.requires_grad_()" if value.requires_grad else text


def _odd_kind(value: torch.Tensor) -> str:
    """What a tensor is whose elements are not plain numbers in memory; "" for a usual one."""
    if value.is_meta:
        return "a tensor without data"
    if value.layout is not torch.strided or value.is_nested:
        return "a sparse or nested tensor"
    if value.is_quantized or value.dtype in compat.OPAQUE_DTYPES:
        return f"a tensor of {dtype_name(value.dtype)}"
    if compat.is_functorch_wrapped(value) or compat.is_functional(value):
        return "a tensor that torch.func works on"
    return ""


def _laid_out(value: torch.Tensor) -> str:
    """Its elements as they lie in memory, where that is not the order of its axes."""
    shape, strides = tuple(value.shape), value.stride()
    span = 1 + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if value.is_contiguous() or not value.numel() or span > ELEMENTS:
        return _elements(value.contiguous().cpu())
    return f"{_elements(value.as_strided((span,), (1,)).cpu())}.as_strided({shape}, {strides})"


def _elements(value: torch.Tensor) -> str:
    """A contiguous tensor in CPU memory: as numbers, or as bytes where numbers lose a bit."""
    shape, dtype = tuple(value.shape), f"torch.{dtype_name(value.dtype)}"
    if not value.numel():
        return f"torch.empty({shape}, dtype={dtype})"
    try:
        numbers = _usual_nan(value.tolist())
        if same_bits(torch.tensor(numbers, dtype=value.dtype, device="cpu"), value):
            return f"torch.tensor({_nested(numbers)}, dtype={dtype})"
    except (RuntimeError, TypeError, ValueError, OverflowError):
        pass  # a dtype that torch makes of no numbers
    held = bytes(value.reshape(-1).view(torch.uint8).tolist())
    flat = f"torch.frombuffer(bytearray({held!r}), dtype=torch.uint8)"
    return f"{flat}.view({dtype}).reshape({shape})"


def _nested(numbers: Any) -> str:
    if isinstance(numbers, list):
        return f"[{', '.join(map(_nested, numbers))}]"
    return literal(numbers)


def _usual_nan(numbers: Any) -> Any:
    """The same numbers with the one NaN that can be written."""
    if isinstance(numbers, list):
        return list(map(_usual_nan, numbers))
    if isinstance(numbers, complex):
        return complex(_usual_nan(numbers.real), _usual_nan(numbers.imag))
    if isinstance(numbers, float) and math.isnan(numbers):
        return math.copysign(math.nan, numbers)
    return numbers


def _array(value: Any) -> str:
    """An array of numpy's, or one of its scalars."""
    cls, dtype = type(value), value.dtype
    scalar = issubclass(cls, np.generic)
    known = vars(np).get(cls.__name__) is cls if scalar else cls is np.ndarray
    if not known or dtype.names or dtype.kind not in _NUMERIC + _TEMPORAL_OR_TEXT:
        raise _LeftOut(f"of the class {class_name(cls)} of numpy")
    if value.size > ELEMENTS:
        raise _LeftOut(f"an array of {value.size:,} elements")
    array = np.asarray(value)
    numbers = _usual_nan(array.tolist())
    if scalar and _is_numeric(dtype) and _same_bytes(cls(numbers), value):
        return f"numpy.{cls.__name__}({_nested(numbers)})"
    text = _array_text(array, numbers)
    return f"{text}[()]" if scalar else text


def _array_text(array: np.ndarray[Any, Any], numbers: Any) -> str:
    dtype, shape = array.dtype, array.shape
    column = array.flags.f_contiguous and not array.flags.c_contiguous
    order = ", order='F'" if column else ""
    if not array.size:
        return f"numpy.empty({shape}, dtype={dtype.str!r})"
    if _is_numeric(dtype) and _same_bytes(np.array(numbers, dtype=dtype), array):
        return f"numpy.array({_nested(numbers)}, dtype={dtype.str!r}{order})"
    held = f"numpy.frombuffer({array.tobytes()!r}, dtype={dtype.str!r})"
    return f"{held}.reshape({shape}).copy({order.removeprefix(', ')})"


def _is_numeric(dtype: np.dtype[Any]) -> bool:
    """Whether Python has numbers that hold every value of a dtype; for long doubles it has not."""
    return dtype.kind in _NUMERIC and dtype.itemsize <= (16 if dtype.kind == "c" else 8)


def _same_bytes(made: Any, value: Any) -> bool:
    same: bool = made.dtype == value.dtype and made.tobytes() == value.tobytes()
    return same
