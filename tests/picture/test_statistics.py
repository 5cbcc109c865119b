"""Statistics agree with rational arithmetic over every element."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings

from paramwidget.picture.raster import raster_with_stats
from paramwidget.picture.statistics import Stats, stats
from paramwidget.tensors import Unreadable
from picture.reference import elements, exact_mean_and_std, on_the_device, tiny_pieces
from picture.tensors import COMPLEX, REAL, tensors


def check(tensor: torch.Tensor, found: Stats, std_tolerance: float) -> None:
    numbers = elements(tensor)
    finite = [number for number in numbers if math.isfinite(number)]
    assert found.numel == len(numbers)
    assert found.zeros == sum(number == 0 for number in numbers)
    assert found.nan == sum(math.isnan(number) for number in numbers)
    assert found.inf == sum(math.isinf(number) for number in numbers)
    assert found.min == min(finite, default=None)
    assert found.max == max(finite, default=None)
    mean, std = exact_mean_and_std(finite)
    assert (found.mean is None) == (mean is None)
    assert (found.std is None) == (std is None)
    if found.mean is None or mean is None:
        return
    largest = max(map(abs, finite))
    assert math.isclose(found.mean, mean, rel_tol=1e-14, abs_tol=std_tolerance * largest)
    if found.std is not None and std is not None:
        assert math.isclose(found.std, std, rel_tol=std_tolerance, abs_tol=1e-15 * largest)


@given(tensors(REAL))
@settings(max_examples=400, deadline=None)
def test_all_real_dtypes(tensor: torch.Tensor) -> None:
    check(tensor, stats(tensor), 1e-13)


@given(tensors(REAL, most=900))
@settings(max_examples=200, deadline=None)
def test_in_many_pieces_and_threads(tensor: torch.Tensor) -> None:
    with tiny_pieces():
        check(tensor, stats(tensor), 1e-6)


@given(tensors(REAL))
@settings(max_examples=200, deadline=None)
def test_reduced_where_they_lie_as_on_an_accelerator(tensor: torch.Tensor) -> None:
    with on_the_device():
        check(tensor, stats(tensor), 1e-12)


@given(tensors(COMPLEX))
@settings(max_examples=100, deadline=None)
def test_complex_numbers_are_counted_by_their_parts(tensor: torch.Tensor) -> None:
    found = stats(tensor)
    parts = [(number.real, number.imag) for number in elements(tensor)]
    nan = [pair for pair in parts if any(map(math.isnan, pair))]
    inf = [pair for pair in parts if any(map(math.isinf, pair)) and pair not in nan]
    assert (found.min, found.max, found.mean, found.std) == (None,) * 4
    assert (found.nan, found.inf) == (len(nan), len(inf))
    assert found.zeros == sum(pair == (0, 0) for pair in parts)


def test_one_element_has_no_deviation_and_none_has_nothing() -> None:
    assert stats(torch.tensor(3.0)) == Stats(1, 3.0, 3.0, 3.0, None, 0, 0, 0)
    assert stats(torch.empty(0, 5)) == Stats(0, None, None, None, None, 0, 0, 0)
    assert stats(torch.tensor([math.nan, math.inf])) == Stats(2, None, None, None, None, 0, 1, 1)


def test_int64_beyond_float64_is_exact() -> None:
    found = stats(torch.tensor([2**63 - 1, -(2**63), 2**53 + 1]))
    assert (found.min, found.max) == (-(2**63), 2**63 - 1)
    assert type(found.max) is int
    assert stats(torch.tensor([2**64 - 1], dtype=torch.uint64)).max == 2**64 - 1


@pytest.mark.parametrize("size", [1e-320, 1e-300, 1e-160, 1e160, 1e300, 1.7e308])
def test_squares_of_float64_neither_overflow_nor_vanish(size: float) -> None:
    tensor = torch.tensor([1.0, -1.0, 0.5, 0.25, 0.0, 1.0], dtype=torch.float64) * size
    check(tensor, stats(tensor), 1e-13)
    picture, found = raster_with_stats(tensor, cells=(1, 3))
    assert found == stats(tensor)
    assert picture.values[0, 2] == (0.0 if size < 1 else torch.finfo(torch.float32).max)


def test_a_mean_far_from_zero_costs_no_digits() -> None:
    generator = torch.Generator().manual_seed(1)
    tensor = torch.randn(5000, dtype=torch.float64, generator=generator) * 1e-7 + 1e8
    mean, std = exact_mean_and_std(tensor.tolist())
    assert (stats(tensor).mean, stats(tensor).std) == (mean, pytest.approx(std, rel=1e-9, abs=0))


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")
def test_quantized_and_sparse_tensors_count_as_what_they_stand_for() -> None:
    numbers = torch.tensor([[0.0, 0.5], [1.0, -1.0]])
    check(numbers, stats(torch.quantize_per_tensor(numbers, 0.5, 0, torch.qint8)), 1e-13)
    check(numbers, stats(numbers.to_sparse()), 1e-13)


def test_a_tensor_without_values_says_why() -> None:
    with pytest.raises(Unreadable, match="meta"):
        stats(torch.empty(3, device="meta"))


LARGE = {
    "normal": lambda x: x,
    "far from zero": lambda x: x + 7.5,
    "very far from zero": lambda x: x + 1e4,
    "nearly alike": lambda x: 1 + x * 1e-6,
    "alike": lambda x: torch.full_like(x, 0.1),
    "two values": lambda x: torch.where(x > 0, 0.1, -0.1),
    "tiny": lambda x: x * 1e-30,
    "denormal": lambda x: x * 1e-42,
    "of denormal squares": lambda x: x * 1e-21,
    "large": lambda x: x * 1e25,
    "huge": lambda x: (x * 1e38).clamp(-3e38, 3e38),
    "zeros among": torch.relu,
    "one NaN": lambda x: x.masked_fill(x == x.max(), math.nan),
    "many infinite": lambda x: x.masked_fill(x > 0, math.inf),
    "one outlier": lambda x: torch.where(x == x.max(), 1e6, x),
    "transposed": lambda x: x.t(),
    "every other": lambda x: x[:, ::2],
    "tall": lambda x: x.reshape(-1, 20),
    "wide": lambda x: x.reshape(3, -1),
    "a strip": lambda x: x.reshape(-1),
    "kernels": lambda x: x.reshape(-1, 48, 5, 5)[:, :, 1:4, 1:4],
    "channels last": lambda x: x.reshape(750, 40, 5, 10).to(memory_format=torch.channels_last),
    "bfloat16": lambda x: x.bfloat16(),
    "float8": lambda x: x.to(torch.float8_e4m3fn),
    "int64": lambda x: (x * 1e18).long(),
    "float64": lambda x: x.double() + 1e8,
}  # fmt: skip


@pytest.mark.parametrize("kind", LARGE)
def test_large_tensors(kind: str) -> None:
    """Above the size up to which all is float64, against torch in float64."""
    base = torch.randn(1500, 1000, generator=torch.Generator().manual_seed(3))
    tensor = LARGE[kind](base)
    wide = tensor.double()
    finite = wide[wide.isfinite()]
    picture, found = raster_with_stats(tensor)
    error = float(finite.std()) / math.sqrt(len(finite))
    for seen in (found, stats(tensor)):
        assert (seen.min, seen.max) == (finite.min(), finite.max())
        assert seen.zeros == int((wide == 0).sum())
        assert seen.nan == int(wide.isnan().sum())
        assert seen.inf == int(wide.isinf().sum())
        assert seen.mean == pytest.approx(float(finite.mean()), rel=1e-7, abs=1e-6 * error)
        assert seen.std == pytest.approx(float(finite.std()), rel=1e-6, abs=0)
    if tensor.dim() == 2:
        high, wide_cells = picture.block
        block = wide[:high, :wide_cells]
        assert picture.values[0, 0] == pytest.approx(float(block.mean()), rel=1e-5, nan_ok=True)
