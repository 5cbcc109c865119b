"""What each initializer requires of a tensor, checked before anything is tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch

from paramwidget.edit.errors import EditError
from paramwidget.edit.initializers.catalogue import Initializer
from paramwidget.edit.values.numbers import as_stored
from paramwidget.tensors import dtype_name

_FAN = "needs fan_in and fan_out, which only a tensor of 2 or more dimensions has"
_ANY = tuple(range(2, 65))
# name -> the supported numbers of dimensions, and why only these
_DIMENSIONS: Final[dict[str, tuple[tuple[int, ...], str]]] = {
    "eye_": ((2,), "makes an identity matrix, which has 2 dimensions"),
    "dirac_": ((3, 4, 5), "fills convolution kernels, which have 3 to 5 dimensions"),
    "xavier_uniform_": (_ANY, _FAN),
    "xavier_normal_": (_ANY, _FAN),
    "kaiming_uniform_": (_ANY, _FAN),
    "kaiming_normal_": (_ANY, _FAN),
    "orthogonal_": (_ANY, "makes an orthogonal matrix, which needs 2 or more dimensions"),
    "sparse_": ((2,), "fills the columns of a matrix, which has 2 dimensions"),
}
_REAL_ONLY = ("trunc_normal_", "orthogonal_")


def unmet_requirement(
    entry: Initializer,
    shape: Sequence[int],
    dtype: torch.dtype,
    arguments: Mapping[str, Any] | None = None,
) -> str | None:
    """None if the initializer can fill such a tensor, else the reason as a sentence.

    With ``arguments``, these values are checked too (1e6 in float16, groups that do not divide).
    """
    if 0 in shape:
        return f"It has no elements (shape {tuple(shape)})."
    if entry.source != "torch":
        return None
    dimensions, why = _DIMENSIONS.get(entry.name, ((len(shape),), ""))
    if len(shape) not in dimensions:
        return f"{entry.name} {why}; the shape is {tuple(shape)}."
    if entry.random and not (dtype.is_floating_point or dtype.is_complex):
        return f"{entry.name} draws real numbers, which {dtype_name(dtype)} cannot hold."
    if entry.name in _REAL_ONLY and dtype.is_complex:
        return f"{entry.name} supports real numbers only; the dtype is {dtype_name(dtype)}."
    return _arguments_fit(entry.name, shape, dtype, arguments) if arguments is not None else None


def _arguments_fit(
    name: str, shape: Sequence[int], dtype: torch.dtype, arguments: Mapping[str, Any]
) -> str | None:
    if name == "dirac_" and shape[0] % arguments["groups"]:
        return f"Its {shape[0]} output channels are not a multiple of groups={arguments['groups']}."
    if name in ("constant_", "uniform_", "normal_", "trunc_normal_"):
        for key, value in arguments.items():
            try:
                as_stored(value, dtype, key)
            except EditError as error:
                return str(error)
    if name == "uniform_" and arguments["b"] - arguments["a"] > _largest(dtype):
        return f"b − a is larger than {dtype_name(dtype)} can hold."
    return None


def _largest(dtype: torch.dtype) -> float:
    return float(torch.finfo(torch.float64 if dtype.itemsize > 8 else dtype).max)
