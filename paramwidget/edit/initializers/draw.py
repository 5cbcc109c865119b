"""Runs an initializer on a scratch tensor: the same seed gives the same values on any device."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from paramwidget.edit.errors import EditError, no_memory
from paramwidget.edit.initializers.catalogue import Initializer
from paramwidget.tensors import condition

UNSEEDED = ("sparse_",)  # its randperm does not accept a generator: the global one is seeded


def scratch_dtype(entry: Initializer, dtype: torch.dtype) -> torch.dtype:
    """The dtype an initializer runs in for a tensor of ``dtype``.

    float32 for 16-bit and 8-bit floats, for which torch lacks some functions; else its own.
    """
    if dtype.is_complex:
        return torch.complex128 if dtype == torch.complex128 else torch.complex64
    if dtype.is_floating_point:
        return torch.float64 if dtype == torch.float64 else torch.float32
    # torch.eye has no kernel for the wide unsigned dtypes
    return torch.int64 if entry.name == "eye_" and dtype != torch.bool else dtype


def draw(
    entry: Initializer,
    shape: Sequence[int],
    dtype: torch.dtype,
    arguments: Mapping[str, Any],
    generator: torch.Generator | None,
) -> tuple[torch.Tensor, list[str]]:
    """A contiguous CPU tensor filled by one of torch's initializers, and torch's warnings."""
    function = entry.function
    assert function is not None
    scratch = torch.empty(tuple(shape), dtype=scratch_dtype(entry, dtype), device="cpu")
    given = dict(arguments)
    if entry.random and entry.name not in UNSEEDED:
        given["generator"] = generator
    with warnings.catch_warnings(record=True) as caught, torch.device("cpu"), torch.no_grad():
        warnings.simplefilter("always")
        try:
            function(scratch, **given)
        except (RuntimeError, ValueError, TypeError, ArithmeticError) as error:
            if no_memory(error):
                raise
            raise EditError(f"{entry.name} failed: {error}") from error
    return scratch, [str(warning.message) for warning in caught]


def user_scratch(
    function: Callable[..., Any], values: torch.Tensor, arguments: Mapping[str, Any]
) -> torch.Tensor:
    """A contiguous copy of the values, changed by the user's function.

    The function's return value is ignored. Raises what it raises, or EditError if it changed the
    shape or dtype of the copy.
    """
    with torch.inference_mode(False), torch.no_grad():
        scratch = values.detach().clone(memory_format=torch.contiguous_format)
        shape, dtype = scratch.shape, scratch.dtype
        function(scratch, **arguments)
    if scratch.shape != shape or scratch.dtype != dtype:
        raise EditError(
            f"the function changed the tensor from shape {tuple(shape)}, {dtype} to "
            f"{tuple(scratch.shape)}, {scratch.dtype}; it can only fill it"
        )
    if condition(scratch).state != "ready":
        raise EditError(f"the function can only fill the tensor. {condition(scratch).reason}")
    return scratch.detach()
