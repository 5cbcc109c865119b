"""Every private or version-dependent name of torch and ipykernel, behind a name of our own.

If torch has moved or lacks a name, the function here answers as if the feature were absent; no
other module checks which torch is installed. Classes that live in heavy modules
(``torch.distributed.tensor``, ``torch._dynamo``) are looked up in ``sys.modules``: an object of
such a class cannot exist before its module was imported, and importing it here would cost seconds.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import weakref
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch import nn
from torch._functorch import pyfunctorch
from torch.utils import _python_dispatch

_c: Any = torch._C
_functorch: Any = getattr(_c, "_functorch", None)

#: Reads ``__dict__`` past every ``__getattribute__``, property or slot of a user's class.
raw_dict: Callable[[Any], dict[str, Any]] = vars(nn.Module)["__dict__"].__get__

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


class MemoryMap:
    """What the operating system does with a write to an address of this process.

    ``closed`` are the address ranges that may not be written to. Read once and queried often. It is
    read from ``/proc/self/maps``, so on Linux only; elsewhere everything counts as writable, and as
    memory of the process alone.
    """

    def __init__(self, closed: list[tuple[int, int]] | None = None) -> None:
        self._given = closed

    @classmethod
    def now(cls) -> MemoryMap:
        """The current map, as of the first question that is asked of it."""
        return cls()

    @cached_property
    def _read(self) -> tuple[list[tuple[int, int]], list[tuple[int, int, str]]]:
        if self._given is not None:
            return self._given, []
        try:
            with open("/proc/self/maps", encoding="utf-8", errors="backslashreplace") as lines:
                text = lines.read()
        except OSError:
            text = ""
        closed = [(int(low, 16), int(high, 16)) for low, high in _CLOSED.findall(text)]
        shared = [(int(low, 16), int(high, 16), rest) for low, high, rest in _SHARED.findall(text)]
        files = [(low, high, path) for low, high, rest in shared if (path := _user_file(rest))]
        return closed, files

    @property
    def files(self) -> list[tuple[int, int, str]]:
        """The address ranges that are written to a file, each with the file's path."""
        return self._read[1]

    def may_be_closed(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor may lie in such memory; not in what torch has allocated itself."""
        return not torch.Tensor.untyped_storage(tensor).resizable()

    def writable(self, low: int, high: int) -> bool:
        """True if no byte of the half-open range lies in a mapping without write permission."""
        closed, _ = self._read
        after = bisect_left(closed, (high,))
        return after == 0 or closed[after - 1][1] <= low


#: The lines of mappings that may not be written to, and of shared ones that may.
_CLOSED = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) .-", re.MULTILINE)
_SHARED = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) .w.s (.*)$", re.MULTILINE)

#: Shared memory and devices look like files there.
_NO_FILES = ("/dev/", "/memfd:", "/SYSV", "/proc/", "/sys/", "/anon_hugepage")


def _user_file(rest: str) -> str:
    """The path at the end of a line, if it is that of a file that still exists; else ""."""
    path = rest.split(maxsplit=3)[-1]
    named = path.startswith("/") and not path.startswith(_NO_FILES)
    return path if named and not path.endswith(" (deleted)") else ""


def set_version(tensor: torch.Tensor, version: int) -> None:
    """Set a tensor's version counter, so that autograd sees no write; if torch supports it."""
    setter = getattr(_c._autograd, "_unsafe_set_version_counter", None)
    if setter is None:
        return
    try:
        setter((tensor,), (version,))
    except TypeError:  # torch 2.4 and 2.5 take one tensor
        setter(tensor, version)


# --- the notebook's kernel ---------------------------------------------------------------------


def interactive_shell() -> Any | None:
    """The IPython shell of this process; None in a plain script, marimo and Solara."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def cell_runs_elsewhere() -> bool:
    """Whether the main thread is inside a cell while this call comes on another thread.

    IPython has no flag for it, so this looks for a frame of its ``run_code`` on the main thread. A
    cell that awaits has released its thread and does not count.
    """
    main = threading.main_thread()
    if threading.current_thread() is main or interactive_shell() is None:
        return False
    frame: FrameType | None = sys._current_frames().get(main.ident or 0)
    while frame is not None:
        code = frame.f_code
        if code.co_name == "run_code" and code.co_filename.endswith("interactiveshell.py"):
            return True
        frame = frame.f_back
    return False


def answer_while_busy(comm: Any) -> None:
    """Handle messages on this comm while a cell runs (ipykernel 7.4 would wait until it ends).

    ipykernel 7.4 sends each message to the shell that published last on the comm, so a frame
    pushed out of a cell makes that the busy main shell; answering with the default keeps the
    subshell that the browser chose. Other versions lack the name and need nothing.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, default: default


# --- what ipywidgets and IPython keep of a widget ----------------------------------------------


def running_cell() -> str:
    """The notebook's id of the cell that shows something now; "" where nobody can name it.

    What an ``Output`` widget captures is shown where that widget is, not below the cell.
    """
    ask = getattr(interactive_shell(), "get_parent", None)
    try:
        parent = ask() if ask is not None else {}
        cell, message = parent["metadata"]["cellId"], parent["header"]["msg_id"]
    except LookupError:  # no kernel, not in a cell, or a notebook that names no cells
        return ""
    captured = any(
        getattr(widget, "msg_id", "") == message for widget in list(widget_registry().values())
    )
    return cell if isinstance(cell, str) and not captured else ""


def call_later(seconds: float, call: Callable[[], object]) -> bool:
    """Call on this thread's event loop, in which a kernel handles messages; False without one."""
    try:
        asyncio.get_running_loop().call_later(seconds, call)
    except RuntimeError:
        return False
    return True


def widget_registry() -> dict[str, Any]:
    """Every open widget by its model id, as ipywidgets keeps them."""
    widgets = getattr(sys.modules.get("ipywidgets.widgets.widget"), "_instances", None)
    return widgets if isinstance(widgets, dict) else {}


def registrations(held: weakref.ref[Any]) -> int:
    """How many references ipywidgets and its comm keep to an open widget."""
    widget = held()
    callback = getattr(getattr(widget, "comm", None), "_msg_callback", None)
    listed = sum(one is widget for one in list(widget_registry().values()))
    return listed + (getattr(callback, "__self__", None) is widget)


def children(box: Any) -> tuple[Any, ...]:
    """The children of a box of ipywidgets, without running its code; () for any other widget."""
    found = vars(box).get("_trait_values", {}).get("children")
    return found if isinstance(found, tuple) else ()


_OUTPUT = re.compile(r"_{1,3}|_\d+")


def kept_outputs() -> Iterator[Any]:
    """Whatever IPython keeps of what cells have shown, once for each reference that it holds.

    ``Out``, and ``_``, ``__``, ``___``, ``_n`` in the user's namespace and its list of hidden
    names; the same on the display hook; the result of the last cell.
    """
    shell = interactive_shell()
    if shell is None:
        return
    names, hidden = getattr(shell, "user_ns", {}), getattr(shell, "user_ns_hidden", {})
    for cache in (names, hidden):
        yield from (cache[name] for name in list(cache) if _OUTPUT.fullmatch(str(name)))
    yield from list(names.get("_oh", {}).values())
    hook = getattr(shell, "displayhook", None)
    yield from (getattr(hook, name, None) for name in ("_", "__", "___"))
    last, running = (
        getattr(shell, "last_execution_result", None),
        getattr(hook, "exec_result", None),
    )
    yield getattr(last, "result", None)
    if running is not last:
        yield getattr(running, "result", None)
