"""Tensors whose bytes are not their values: packed codes, to be read by a class or a library.

Which ones they are is told by the class and by what stands in the tensor's own ``__dict__``. Only
``dequantize`` is ever called, if the tensor's class offers one, and only where values are asked
for. What came of it is remembered, so that a row can say it without another call.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import torch

from paramwidget import compat
from paramwidget.tensors.classes import class_lookup, class_name, is_tensor
from paramwidget.tensors.kinds import dtype_name

_TENSOR: Any = torch.Tensor

#: Dtypes that packed codes are kept in; bool and int64 are not among them.
CODES = compat.FLOAT8_DTYPES | compat.dtypes(
    *("uint8", "int8", "uint16", "int16", "uint32", "int32")
)

#: Attributes of a tensor that say that it is packed, unless they are None or False: that of a 4-bit
#: weight of bitsandbytes, whose codes may be kept in any dtype.
_STATES = ("quant_state",)
#: The same if its dtype is one of ``CODES``: 8-bit weights of bitsandbytes, GGUF, vLLM.
_MARKS = ("CB", "SCB", "bnb_quantized", "quant_type", "packed_factor", "_packed_factor")

#: Seconds; a ``dequantize`` that takes longer is mentioned.
SLOW = 1.0

#: Handed on by bitsandbytes to the layer at the first forward pass, which changes no weight.
_PASSING = ("CB", "SCB")

#: How deep the attributes of a packed tensor are searched for others, and how many are looked at.
_DEPTH, _MOST = 3, 1000

_CONTAINERS = (list, tuple, dict)
_VAR_POSITIONAL = 0x04  # of ``co_flags``


@dataclass(frozen=True)
class Packing:
    """What is known of a packed tensor.

    ``note`` is a fragment that marks its row. ``reason`` is a sentence if there is no way to its
    values, else None.
    """

    note: str
    reason: str | None


@dataclass(frozen=True)
class Outcome:
    """What came of one ``dequantize``: ``given`` its dtype and shape, ``failure`` a sentence."""

    given: str = ""
    failure: str = ""
    seconds: float = 0.0

    @property
    def alarm(self) -> str:
        """What a row has to say of it, in few words; "" if nothing."""
        if self.failure:
            return "dequantize failed"
        return f"dequantize takes {self.seconds:.1f} s" if self.seconds > SLOW else ""


_outcomes: dict[int, tuple[weakref.ref[Any], Outcome]] = {}


def packing_of(tensor: Any) -> Packing | None:
    """How a tensor is packed; None if its bytes are its values. Runs none of its code."""
    cls = type(tensor)
    name = class_name(cls)
    if offers_dequantize(cls):
        return Packing(f"packed: the values shown are what the dequantize of {name} gives", None)
    held = compat.raw_tensor_dict(tensor)
    dtype = _TENSOR.dtype.__get__(tensor)
    if not _is_marked(held, dtype):
        return None
    own = class_lookup(cls, "dequantize") is not class_lookup(torch.Tensor, "dequantize")
    about = "whose dequantize needs more than the tensor" if own else "which offers no dequantize"
    kind = quantization_of(held.get("quant_state")) or quantization_of(tensor)
    reason = codes_reason(dtype_name(dtype), kind, f"and it is of class {name}, {about}")
    return Packing("packed", reason)


def codes_reason(dtype: str, kind: str, about: str) -> str:
    """The sentence for bytes that are codes; ``kind`` is a name such as nf4, or ""."""
    codes = f"{kind} codes" if kind else "codes"
    return f"It is packed: its {dtype} bytes are {codes}, not values, {about}."


def quantization_of(holder: object) -> str:
    """The ``quant_type`` of a packed tensor or of its state, such as nf4; "" if it has none."""
    kind = raw_attributes(holder).get("quant_type")
    return kind[:20] if type(kind) is str and kind.isprintable() else ""


def raw_attributes(holder: object) -> Mapping[str, Any]:
    """The ``__dict__`` of an object, past whatever its class overrides; empty if it has none."""
    if is_tensor(holder):
        return compat.raw_tensor_dict(holder)
    try:
        held = object.__getattribute__(holder, "__dict__")
    except Exception:
        return {}
    return held if type(held) is dict else {}


def offers_dequantize(cls: type) -> bool:
    """True for a class with a ``dequantize`` of its own that needs nothing but the tensor."""
    method = class_lookup(cls, "dequantize")
    if type(method) is not FunctionType:
        return False
    code = method.__code__
    required = code.co_argcount - len(method.__defaults__ or ())
    by_name = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    takes_itself = code.co_argcount > 0 or code.co_flags & _VAR_POSITIONAL != 0
    return takes_itself and required <= 1 and set(by_name).issubset(method.__kwdefaults__ or ())


def dequantized(tensor: Any) -> Any:
    """What the class's own ``dequantize`` gives, whatever that is; its exceptions pass.

    For classes that ``offers_dequantize`` is true of.
    """
    cls = type(tensor)
    return class_lookup(cls, "dequantize").__get__(tensor, cls)()


def outcome_of(tensor: Any) -> Outcome | None:
    """What came of the tensor's last ``dequantize``; None if there was none."""
    known = _outcomes.get(id(tensor))
    return known[1] if known is not None and known[0]() is tensor else None


def remember(tensor: Any, outcome: Outcome) -> None:
    """Keep what came of a ``dequantize`` as long as the tensor lives."""
    key = id(tensor)

    def forget(gone: object) -> None:
        if key in _outcomes and _outcomes[key][0] is gone:
            del _outcomes[key]

    _outcomes[key] = (weakref.ref(tensor, forget), outcome)


def _is_marked(held: Mapping[str, Any], dtype: torch.dtype) -> bool:
    names = (*_STATES, *_MARKS) if dtype in CODES else _STATES
    if any(held.get(name) is not None and held[name] is not False for name in names):
        return True
    # Int8Params of bitsandbytes hands its scale on to the layer at the first forward pass.
    return dtype is torch.int8 and held.get("has_fp16_weights") is False


def look_of(tensor: torch.Tensor) -> str:
    """``float32 8×16``: dtype and shape in words."""
    with compat.without_torch_function():
        sizes = "×".join(map(str, _TENSOR.size(tensor)))
        return f"{dtype_name(_TENSOR.dtype.__get__(tensor))} {sizes or 'scalar'}"


def held_beside(tensor: Any) -> list[torch.Tensor]:
    """The tensors in a packed tensor's attributes: scales, codes, and those of a state it has."""
    found: dict[int, torch.Tensor] = {}
    attributes = raw_attributes(tensor).items()
    queue: list[tuple[Any, int]] = [(value, 0) for key, value in attributes if key not in _PASSING]
    seen: set[int] = set()
    for value, depth in queue:
        if id(value) in seen or len(seen) > _MOST:
            continue
        seen.add(id(value))
        if is_tensor(value):
            found[id(value)] = value
        if depth < _DEPTH:
            queue += [(inner, depth + 1) for inner in _inside(value)]
    return list(found.values())


def _inside(value: Any) -> list[Any]:
    cls = type(value)
    if cls is dict:
        return list(value.values())
    if any(cls is one for one in _CONTAINERS):
        return list(value)
    if cls in compat.PLAIN_TENSORS or issubclass(cls, (torch.nn.Module, type)):
        return []
    return list(raw_attributes(value).values())
