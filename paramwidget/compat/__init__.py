"""Every private or version-dependent name of torch and ipykernel, behind a name of our own.

If torch has moved or lacks a name, the function here answers as if the feature were absent; no
other room checks which torch is installed. Classes that live in heavy modules
(``torch.distributed.tensor``, ``torch._dynamo``) are looked up in ``sys.modules``: an object of
such a class cannot exist before its module was imported, and importing it here would cost seconds.
"""

from __future__ import annotations

from paramwidget.compat.kernel import (
    answer_while_busy,
    call_later,
    cell_runs_elsewhere,
    children,
    interactive_shell,
    kept_outputs,
    registrations,
    running_cell,
    widget_registry,
)
from paramwidget.compat.memory_map import (
    MemoryMap,
)
from paramwidget.compat.torch import (
    FLOAT8_DTYPES,
    LAZY_TENSOR,
    MODULE_FIELDS,
    OPAQUE_DTYPES,
    PACKED_PER_BYTE,
    PLAIN_TENSORS,
    data_address,
    dtensor_class,
    dtypes,
    faithful_getattr,
    fake_tensor_class,
    is_copy_on_write,
    is_functional,
    is_functorch_wrapped,
    loaded_class,
    module_fields,
    put_modes_aside,
    raw_dict,
    raw_tensor_dict,
    script_dict_class,
    set_raw_dict,
    set_version,
    storage_address,
    storage_identity,
    storage_of,
    without_torch_dispatch,
    without_torch_function,
)

__all__ = [
    "FLOAT8_DTYPES",
    "LAZY_TENSOR",
    "MODULE_FIELDS",
    "OPAQUE_DTYPES",
    "PACKED_PER_BYTE",
    "PLAIN_TENSORS",
    "MemoryMap",
    "answer_while_busy",
    "call_later",
    "cell_runs_elsewhere",
    "children",
    "data_address",
    "dtensor_class",
    "dtypes",
    "faithful_getattr",
    "fake_tensor_class",
    "interactive_shell",
    "is_copy_on_write",
    "is_functional",
    "is_functorch_wrapped",
    "kept_outputs",
    "loaded_class",
    "module_fields",
    "put_modes_aside",
    "raw_dict",
    "raw_tensor_dict",
    "registrations",
    "running_cell",
    "script_dict_class",
    "set_raw_dict",
    "set_version",
    "storage_address",
    "storage_identity",
    "storage_of",
    "widget_registry",
    "without_torch_dispatch",
    "without_torch_function",
]
