"""One tensor in any state: its metadata, and its values or the reason why they cannot be read.

Nothing here trusts a tensor. Reading a tensor whose storage was freed crashes the process,
``.data`` of an uninitialized one is an empty tensor, and ``.shape`` of a subclass may run its own
code. So the state is determined first, from metadata alone, and only a ready tensor is read.
"""

from __future__ import annotations

from paramwidget.tensors.classes import class_has, class_lookup, class_name, error_text, is_tensor
from paramwidget.tensors.condition import Condition, State, condition, opaque_reason
from paramwidget.tensors.host import host_array, host_bytes
from paramwidget.tensors.kinds import (
    dtype_name,
    element_span,
    is_distributed,
    is_wrapper,
    lacks_memory,
    local_part,
    missing_memory,
    needed_bytes,
    parts,
    shape_of,
)
from paramwidget.tensors.modes import neutral, usual_defaults
from paramwidget.tensors.packed import (
    CODES,
    codes_reason,
    held_beside,
    look_of,
    offers_dequantize,
    outcome_of,
    quantization_of,
    raw_attributes,
)
from paramwidget.tensors.pieces import pieces
from paramwidget.tensors.values import (
    SAME_SIZE,
    Unreadable,
    bits_of,
    plain,
    readable,
    same_bits,
)
from paramwidget.tensors.writing import crash_reason, overlaps_itself, writable_reason

__all__ = [
    "CODES",
    "SAME_SIZE",
    "Condition",
    "State",
    "Unreadable",
    "bits_of",
    "class_has",
    "class_lookup",
    "class_name",
    "codes_reason",
    "condition",
    "crash_reason",
    "dtype_name",
    "element_span",
    "error_text",
    "held_beside",
    "host_array",
    "host_bytes",
    "is_distributed",
    "is_tensor",
    "is_wrapper",
    "lacks_memory",
    "local_part",
    "look_of",
    "missing_memory",
    "needed_bytes",
    "neutral",
    "offers_dequantize",
    "opaque_reason",
    "outcome_of",
    "overlaps_itself",
    "parts",
    "pieces",
    "plain",
    "quantization_of",
    "raw_attributes",
    "readable",
    "same_bits",
    "shape_of",
    "usual_defaults",
    "writable_reason",
]
