"""What a tensor alone does not tell, and what stands beside it in its module does.

Integers beside their scales are packed weights; a tensor on the meta device beside a hook of
accelerate's has been offloaded, and the hook knows where to. Only names and ``__dict__``s are
looked at.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Mapping
from dataclasses import replace
from typing import Any

from paramwidget.slots.reading.columns import Columns
from paramwidget.slots.reading.offloaded import HOOK, whereabouts
from paramwidget.tensors import (
    CODES,
    Condition,
    class_name,
    codes_reason,
    dtype_name,
    offers_dequantize,
    quantization_of,
    raw_attributes,
)

_CODES = frozenset(map(dtype_name, CODES))
_WORDS = frozenset({"int32", "int64"})
#: Of no other dtype is a tensor without an attribute that tells.
DTYPES = _CODES | _WORDS

#: How quantizing libraries name what they register: a tensor of that name and one of these dtypes
#: is packed if all of the others stand beside it.
_PACKED: tuple[tuple[str, frozenset[str], tuple[str, ...]], ...] = (
    # GPTQ, AWQ, EETQ
    ("qweight", DTYPES, ("qzeros",)),
    ("qweight", DTYPES, ("scales",)),
    ("qweight", DTYPES, ("scale",)),
    ("qweight", DTYPES, ("weight_scales",)),
    ("qzeros", DTYPES, ("qweight",)),
    # Marlin, QQQ, EXL2
    ("B", _WORDS, ("s", "workspace")),
    ("B", _WORDS, ("s_channel", "s_group")),
    ("q_weight", DTYPES, ("q_scale", "q_groups")),
    ("q_scale", DTYPES, ("q_weight", "q_groups")),
    ("q_groups", DTYPES, ("q_weight", "q_scale")),
    # compressed-tensors
    ("weight_packed", DTYPES, ("weight_scale",)),
    ("weight_packed", DTYPES, ("weight_shape",)),
    ("weight_zero_point", _WORDS, ("weight_packed",)),
    # the same under the usual name; fine-grained float8, BitNet, bitsandbytes, gpt-fast
    ("weight", _CODES, ("weight_scale",)),
    ("weight", _CODES, ("weight_scale_inv",)),
    ("weight", _CODES, ("weight_scales",)),
    ("weight", _CODES, ("scales",)),
    ("weight", _CODES, ("scales_and_zeros",)),
    ("weight", _CODES, ("SCB",)),
    # HQQ, AQLM
    ("W_q", _CODES, ("meta",)),
    ("codes", _CODES, ("codebooks", "scales")),
    # MXFP4 of mixtures of experts, whose scales are exponents
    ("gate_up_proj_blocks", _CODES, ("gate_up_proj_scales",)),
    ("gate_up_proj_scales", _CODES, ("gate_up_proj_blocks",)),
    ("down_proj_blocks", _CODES, ("down_proj_scales",)),
    ("down_proj_scales", _CODES, ("down_proj_blocks",)),
)

#: What may stand beside packed codes and is not read with them.
_APART = re.compile(r"(.*_)?bias|lora_.*").fullmatch

#: Names of tensors of which one must be there, where no attribute tells.
SIGNS = frozenset(name for key, _, beside in _PACKED for name in (key, *beside)) - {
    *("weight", "scale", "meta", "codes", "B", "s"),
}

#: Attributes that are not tensors and say something of the tensors beside them.
TELLING = frozenset({"quant_state", "state", "meta", HOOK})


def served(columns: Columns) -> dict[int, str]:
    """For the number of each tensor that packed codes may be read with, the key of their slot.

    Whatever beside them is not known to be another thing is taken for a scale: there are more names
    for those than can be listed, and a scale that is written to makes other weights of all codes.
    """
    found: dict[int, str] = {}
    keys, tensors = columns.slot_keys, columns.slot_tensors
    for slot, known in enumerate(columns.conditions):
        if known.packed and known.state != "ready":  # else its class has all it is read with
            for other in columns.slots_of(bisect_right(columns.first_slot, slot) - 1):
                if not _APART(keys[other]):
                    found.setdefault(tensors[other], keys[slot])
    found.pop(-1, None)
    return found


def attributes_of(fields: Mapping[str, Any]) -> dict[str, object]:
    """The ``TELLING`` attributes of a module's ``__dict__``."""
    return {name: value for name in TELLING if (value := fields.get(name)) is not None}


def told(
    key: str, known: Condition, names: Container[str], attributes: Mapping[str, Any], holder: type
) -> Condition:
    """What is known of the tensor ``key`` of a module, after a look at what stands beside it.

    ``names`` are those of all tensors there, ``attributes`` the ``TELLING`` ones, ``holder`` is the
    module's class.
    """
    if known.state == "meta" and HOOK in attributes:
        where = whereabouts(attributes[HOOK], key)
        return known if where is None else replace(known, reason=where)
    if known.state != "ready" or known.packed:
        return known
    about = _packed_about(key, known, names, attributes)
    if about is None:
        return known
    kind = quantization_of(attributes.get("quant_state"))
    if offers_dequantize(holder):
        about += f"; the dequantize of its {class_name(holder)} gives them"
    reason = codes_reason(known.dtype or "", kind, about)
    return replace(known, state="unreadable", reason=reason, packed="packed")


def _packed_about(
    key: str, known: Condition, names: Container[str], attributes: Mapping[str, Any]
) -> str | None:
    """What the codes of a packed tensor are read with; None if it is not packed."""
    for name, dtypes, beside in _PACKED:
        there = (one in names or one in attributes for one in beside)
        if key == name and known.dtype in dtypes and all(there):
            return f"to be read with {' and '.join(beside)} beside it"
    if key != "weight":
        return None
    column = known.shape is not None and len(known.shape) == 2 and known.shape[1] == 1
    if attributes.get("quant_state") is not None and (column or known.dtype in _CODES):
        return "to be read with the quant_state of its layer"
    if raw_attributes(attributes.get("state")).get("SCB") is not None and known.dtype in _CODES:
        return "to be read with the state.SCB of its layer"
    return None
