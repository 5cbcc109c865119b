"""Tensors for property tests: any dtype, rank and way to lie in memory, odd numbers among them."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from hypothesis import strategies as st

FLOATS = [
    torch.float32, torch.float64, torch.float16, torch.bfloat16,
    torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz,
]  # fmt: skip
INTEGERS = [
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
    torch.uint16, torch.uint32, torch.uint64,
]  # fmt: skip
COMPLEX = [torch.complex32, torch.complex64, torch.complex128]
REAL = FLOATS + INTEGERS

SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e-42, 3e38, -3e38]
SCALE_AND_SHIFT = [(1, 0), (1, 0), (1e-3, 0), (1, 5), (1e-2, 1e2), (0, 2), (1e30, 0), (1e-30, 0)]
SIDES = [0, 1, 1, 2, 2, 3, 3, 4, 5, 7, 11, 17, 18, 23, 40]

Shape = tuple[int, ...]
View = Callable[[torch.Tensor], torch.Tensor]


def shapes(most: int = 600, ranks: tuple[int, int] = (0, 6)) -> st.SearchStrategy[Shape]:
    """Shapes of at most that many elements."""
    sides = st.lists(st.sampled_from(SIDES), min_size=ranks[0], max_size=ranks[1])
    return sides.map(tuple).filter(lambda shape: math.prod(shape) <= most)


@st.composite
def tensors(
    draw: st.DrawFn,
    dtypes: list[torch.dtype] = REAL,
    most: int = 600,
    ranks: tuple[int, int] = (0, 6),
) -> torch.Tensor:
    """A tensor of any of the dtypes, lying in memory in any way that torch allows."""
    stored, view = draw(st.sampled_from(ARRANGEMENTS))(draw, draw(shapes(most, ranks)))
    numbers = _numbers(draw, math.prod(stored), draw(st.sampled_from(dtypes)))
    return view(numbers.reshape(stored))


def _plain(draw: st.DrawFn, shape: Shape) -> tuple[Shape, View]:
    return shape, lambda full: full


def _permuted(draw: st.DrawFn, shape: Shape) -> tuple[Shape, View]:
    order = draw(st.permutations(range(len(shape))))
    back = [order.index(axis) for axis in range(len(shape))]
    return tuple(shape[axis] for axis in order), lambda full: full.permute(back)


def _strided(draw: st.DrawFn, shape: Shape) -> tuple[Shape, View]:
    steps = tuple(draw(st.sampled_from([1, 2, 3])) for _ in shape)
    stored = tuple(size * step for size, step in zip(shape, steps, strict=True))
    return stored, lambda full: full[tuple(slice(None, None, step) for step in steps)]


def _expanded(draw: st.DrawFn, shape: Shape) -> tuple[Shape, View]:
    stored = tuple(size if draw(st.booleans()) else min(size, 1) for size in shape)
    return stored, lambda full: full.expand(shape)


ARRANGEMENTS = [_plain, _plain, _permuted, _strided, _expanded]


def _numbers(draw: st.DrawFn, count: int, dtype: torch.dtype) -> torch.Tensor:
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**16)))
    if dtype in COMPLEX:
        part = {torch.complex32: torch.float16, torch.complex64: torch.float32}
        real = part.get(dtype, torch.float64)
        parts = torch.stack([_numbers(draw, count, real) for _ in range(2)], dim=-1)
        return torch.view_as_complex(parts.contiguous())
    if dtype in INTEGERS:
        return _integers(draw, count, dtype, generator)
    scale, shift = draw(st.sampled_from(SCALE_AND_SHIFT))
    numbers = torch.randn(count, generator=generator, dtype=torch.float64) * scale + shift
    for value in draw(st.lists(st.sampled_from(SPECIAL), max_size=4)) if count else []:
        numbers[draw(st.integers(0, count - 1))] = value
    return numbers.to(torch.float32).to(dtype) if dtype.itemsize < 4 else numbers.to(dtype)


def _integers(
    draw: st.DrawFn, count: int, dtype: torch.dtype, generator: torch.Generator
) -> torch.Tensor:
    if dtype is torch.bool:
        return torch.randint(0, 2, (count,), generator=generator).to(torch.bool)
    bits = 8 * dtype.itemsize - draw(st.sampled_from([0, 5]))
    raw = torch.randint(-(2**63), 2**63 - 1, (count,), generator=generator)
    signed = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[dtype.itemsize]
    return (raw >> (64 - bits)).to(signed).view(dtype)
