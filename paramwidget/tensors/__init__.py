"""One tensor in any state: what it is, its values if they can be read, or the reason why not.

Nothing here trusts a tensor. Reading the elements of one whose storage was freed kills the
process, an uninitialized one answers `.data` with an empty tensor, a subclass may run its own code
at `.shape`. So the state comes first, from metadata alone, and only a ready tensor is read.
"""

from __future__ import annotations

from paramwidget.tensors.classes import class_has, class_lookup, class_name, error_text, is_tensor
from paramwidget.tensors.condition import Condition, State, condition, dtype_name, opaque_reason
from paramwidget.tensors.kinds import (
    element_span,
    is_distributed,
    is_wrapper,
    local_part,
    missing_memory,
    needed_bytes,
    parts,
)
from paramwidget.tensors.values import Unreadable, plain, readable
from paramwidget.tensors.writing import crash_reason, overlaps_itself, writable_reason

__all__ = [
    "Condition",
    "State",
    "Unreadable",
    "class_has",
    "class_lookup",
    "class_name",
    "condition",
    "crash_reason",
    "dtype_name",
    "element_span",
    "error_text",
    "is_distributed",
    "is_tensor",
    "is_wrapper",
    "local_part",
    "missing_memory",
    "needed_bytes",
    "opaque_reason",
    "overlaps_itself",
    "parts",
    "plain",
    "readable",
    "writable_reason",
]
