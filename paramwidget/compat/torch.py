"""Private and version-dependent names of torch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import torch
from torch import nn
from torch._functorch import pyfunctorch
from torch.utils import _python_dispatch

_c: Any = torch._C
_functorch: Any = getattr(_c, "_functorch", None)

#: Reads ``__dict__`` past every ``__getattribute__``, property or slot of a user's class.
raw_dict: Callable[[Any], dict[str, Any]] = vars(nn.Module)["__dict__"].__get__

#: Gives a module another ``__dict__``.
set_raw_dict: Callable[[Any, dict[str, Any]], None] = vars(nn.Module)["__dict__"].__set__

#: The same of a tensor.
raw_tensor_dict: Callable[[Any], dict[str, Any]] = vars(torch.Tensor)["__dict__"].__get__

#: The names that ``nn.Module.__init__`` puts into ``__dict__``, in its order.
MODULE_FIELDS: tuple[str, ...] = tuple(vars(nn.Module()))

#: Tensor classes whose attributes come from torch's own C code.
PLAIN_TENSORS: tuple[type, ...] = (torch.nn.Parameter, torch.Tensor)


def _absent(_: object) -> bool:
    return False


def _storage_pointer(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


#: Address of a tensor's storage. ``data_ptr()`` would make a lazily cloned tensor copy its memory.
storage_address: Callable[[torch.Tensor], int] = getattr(_c, "_data_address", _storage_pointer)


def data_address(tensor: torch.Tensor) -> int:
    """Address of the first element, without touching the memory."""
    offset, size = torch.Tensor.storage_offset(tensor), torch.Tensor.element_size(tensor)
    return storage_address(tensor) + int(offset) * size


def module_fields(module: Any) -> dict[str, Any]:
    """The ``__dict__`` with a module's registries; a traced model keeps it in another object."""
    fields = raw_dict(module)
    while "_parameters" not in fields and "_actual_script_module" in fields:
        fields = raw_dict(fields["_actual_script_module"])
    return fields


#: True for a tensor that shares memory only until someone writes to it.
is_copy_on_write: Callable[[torch.Tensor], bool] = getattr(_c, "_is_cow_tensor", _absent)

#: True for the stand-ins that ``torch.vmap`` and ``torch.func`` pass to the code they transform.
is_functorch_wrapped: Callable[[torch.Tensor], bool] = getattr(
    _functorch, "is_functorch_wrapped_tensor", _absent
)

#: True for the stand-ins of functionalization.
is_functional: Callable[[torch.Tensor], bool] = getattr(torch, "_is_functional_tensor", _absent)


def without_torch_function() -> Any:
    """A context in which no ``__torch_function__`` of a subclass runs."""
    return _c.DisableTorchFunctionSubclass()


def without_torch_dispatch() -> Any:
    """A context in which no ``__torch_dispatch__`` of a subclass runs."""
    return _c._DisableTorchDispatch()


def put_modes_aside(aside: ExitStack) -> None:
    """Disable this thread's autocast, modes and transforms until ``aside`` is closed.

    A default device is a mode of torch functions.
    """
    for kind in ("cpu", "cuda"):
        if torch.is_autocast_enabled(kind):
            aside.enter_context(torch.autocast(kind, enabled=False))
    for stack in (_function_modes, _dispatch_modes):
        if stack.length():
            aside.enter_context(_emptied(stack))
    if _functorch is not None and _functorch.peek_interpreter_stack() is not None:
        aside.enter_context(pyfunctorch.temporarily_clear_interpreter_stack())


class _Modes(NamedTuple):
    """A stack of modes that this thread is in."""

    length: Callable[[], int]
    pop: Callable[[], Any]
    push: Callable[[Any], None]


_function_modes = _Modes(
    _c._len_torch_function_stack, _c._pop_torch_function_stack, _c._push_on_torch_function_stack
)
_dispatch_modes = _Modes(
    _c._len_torch_dispatch_stack, _python_dispatch._pop_mode, _python_dispatch._push_mode
)


@contextmanager
def _emptied(stack: _Modes) -> Iterator[None]:
    modes: list[Any] = []
    try:
        while stack.length():
            modes.append(stack.pop())
        yield
    finally:
        while modes:
            stack.push(modes.pop())


def loaded_class(module: str, name: str) -> type | None:
    """The class ``name`` of ``module`` if that module has been imported, else None."""
    found = getattr(sys.modules.get(module), name, None)
    return found if isinstance(found, type) else None


def fake_tensor_class() -> type | None:
    return loaded_class("torch._subclasses.fake_tensor", "FakeTensor")


def dtensor_class() -> type | None:
    return loaded_class("torch.distributed.tensor", "DTensor") or loaded_class(
        "torch.distributed._tensor", "DTensor"
    )


def script_dict_class() -> type | None:
    """The stand-in for ``_parameters``, ``_buffers`` and ``_modules`` in a scripted module."""
    return loaded_class("torch.jit._script", "OrderedDictWrapper")


def faithful_getattr() -> tuple[Any, ...]:
    """``__getattr__`` of torch's own wrappers, which ask the registries of the module first."""
    classes = (
        loaded_class("torch._dynamo.eval_frame", "OptimizedModule"),
        loaded_class(
            "torch.distributed.algorithms._checkpoint.checkpoint_wrapper", "ActivationWrapper"
        ),
        loaded_class("torch.distributed.fsdp", "FullyShardedDataParallel"),
        loaded_class("torch.jit._script", "ScriptModule"),
        loaded_class("torch.jit._script", "RecursiveScriptModule"),
        loaded_class("torch.jit._trace", "TracedModule"),
    )
    return tuple(vars(cls).get("__getattr__") for cls in classes if cls is not None)


def storage_of(tensor: torch.Tensor) -> torch.UntypedStorage:
    """The tensor's storage, whatever its class calls so."""
    return torch.Tensor.untyped_storage(tensor)


def storage_identity(tensor: torch.Tensor) -> int:
    """A number that is equal for two tensors exactly if they share one storage object."""
    return int(storage_of(tensor)._cdata)


#: The base of ``UninitializedParameter`` and ``UninitializedBuffer``.
LAZY_TENSOR: type = vars(torch.nn.parameter)["UninitializedTensorMixin"]


def dtypes(*names: str) -> frozenset[torch.dtype]:
    """Those of the named dtypes that the installed torch has."""
    found = (getattr(torch, name, None) for name in names)
    return frozenset(dtype for dtype in found if isinstance(dtype, torch.dtype))


#: Dtypes that torch can store but none of its functions can read as numbers.
OPAQUE_DTYPES = dtypes(
    "float4_e2m1fn_x2",
    "bits1x8",
    "bits2x4",
    "bits4x2",
    "bits8",
    "bits16",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in range(1, 8)),
)

#: Eight-bit floats: ``to(float32)`` supports them, reductions do not.
FLOAT8_DTYPES = dtypes(
    "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"
)

#: Quantized dtypes that pack several elements into a byte, though ``element_size()`` says 1.
PACKED_PER_BYTE: dict[torch.dtype, int] = {
    **dict.fromkeys(dtypes("quint4x2"), 2),
    **dict.fromkeys(dtypes("quint2x4"), 4),
}


def set_version(tensor: torch.Tensor, version: int) -> None:
    """Set a tensor's version counter, so that autograd sees no write; if torch supports it."""
    setter = getattr(_c._autograd, "_unsafe_set_version_counter", None)
    if setter is None:
        return
    try:
        setter((tensor,), (version,))
    except TypeError:  # torch 2.4 and 2.5 take one tensor
        setter(tensor, version)
