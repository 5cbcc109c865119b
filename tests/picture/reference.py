"""What a picture has to show, computed one element at a time."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any
from unittest import mock

import numpy as np
import torch

from paramwidget.picture import device, matrix, moments, passes, sweep, tile, totals
from paramwidget.picture.layout import layout_of, plane_to_index

Number = float | int | complex


@contextlib.contextmanager
def tiny_pieces() -> Iterator[None]:
    """Pieces so small that a tensor of hundreds of elements is cut as one of millions is."""
    with (
        mock.patch.multiple(sweep, PIECE=24, REDUCED=20, SLAB=16, SMALL=64),
        mock.patch.multiple(tile, PIECE=24),
        mock.patch.multiple(totals, PIECE=24, FINE_PIECE=12, SMALL=64),
        mock.patch.multiple(moments, DOT=5),
        mock.patch.multiple(passes, ROW=8, WINDOWED=6, RUN=3),
        mock.patch.multiple(matrix, ROW=8, SMALL=64, SERIAL=10),
    ):
        yield


@contextlib.contextmanager
def on_the_device() -> Iterator[None]:
    """Tensors in the host's memory are swept as those of an accelerator are."""
    with (
        mock.patch.object(matrix, "WITH_FLOAT64", frozenset({"cpu"})),
        mock.patch.object(sweep, "BATCH", 100),
        mock.patch.object(device, "BATCH", 100),
    ):
        yield


def elements(tensor: torch.Tensor) -> list[Number]:
    """Every element as a Python number, exactly."""
    if tensor.is_complex():
        parts = torch.view_as_real(tensor.resolve_conj()).double().reshape(-1, 2).tolist()
        return [complex(*pair) for pair in parts]
    if tensor.dtype.is_floating_point:
        numbers: list[Number] = tensor.double().reshape(-1).tolist()
        return numbers
    return [int(number) for number in tensor.reshape(-1).tolist()]


def exact_mean_and_std(numbers: list[Any]) -> tuple[float | None, float | None]:
    """Mean and sample deviation in rational arithmetic, rounded once."""
    if not numbers:
        return None, None
    exact = [Fraction(number) for number in numbers]
    mean = sum(exact, Fraction()) / len(exact)
    if len(exact) == 1:
        return float(mean), None
    variance = sum(((number - mean) ** 2 for number in exact), Fraction()) / (len(exact) - 1)
    return float(mean), _root(variance)


def _root(number: Fraction) -> float:
    """The square root of numbers beyond the range of floats, too."""
    if number == 0:
        return 0.0
    shift = (number.numerator.bit_length() - number.denominator.bit_length()) // 2
    return math.ldexp(math.sqrt(number / Fraction(4) ** shift), shift)


def plane_of(tensor: torch.Tensor, sliders: tuple[int, ...] = ()) -> list[list[float | None]]:
    """The plane cell by cell, None for a gap; complex numbers by magnitude, NaN if a part is."""
    layout = layout_of(tuple(tensor.shape))
    flat = elements(tensor)
    strides = [math.prod(tensor.shape[axis + 1 :]) for axis in range(tensor.dim())]
    plane: list[list[float | None]] = []
    for row in range(layout.rows):
        plane.append([])
        for col in range(layout.cols):
            index = plane_to_index(layout, row, col, sliders)
            place = None if index is None else sum(map(int.__mul__, index, strides))
            plane[-1].append(None if place is None else _size(flat[place]))
    return plane


def _size(number: Number) -> float:
    if not isinstance(number, complex):
        return number
    if math.isnan(number.real) or math.isnan(number.imag):
        return math.nan
    return math.hypot(number.real, number.imag)


def mean_of(cell: list[float]) -> float:
    """The plain mean as IEEE arithmetic has it, NaN and Inf included, without overflow."""
    if not cell:
        return math.nan
    if all(math.isfinite(number) for number in cell):
        return float(sum(map(Fraction, cell)) / len(cell))
    with np.errstate(invalid="ignore"):
        return float(np.sum(np.array([n for n in cell if not math.isfinite(n)], np.float64)))
