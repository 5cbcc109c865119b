"""The range of colours, a row's figures at a glance, and numbers as text."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from paramwidget.picture import layout, text
from paramwidget.picture.raster import raster
from paramwidget.picture.scale import GLANCE, brief, elements, limits, sample, spark
from paramwidget.picture.statistics import stats
from picture.tensors import COMPLEX, REAL, tensors


def test_the_range_is_three_sigmas_around_zero() -> None:
    numbers = torch.randn(10000, generator=torch.Generator().manual_seed(0)) * 0.02
    found = limits(stats(numbers))
    assert found.high == pytest.approx(0.06, rel=0.05)
    assert found.low == -found.high
    assert found.text == "±3σ"


def test_the_root_mean_square_of_few_numbers_is_exact() -> None:
    found = limits(stats(torch.tensor([10.0] + [0.0] * 19)))
    assert found.high == pytest.approx(3 * math.sqrt(100 / 20), rel=1e-12)


def test_one_large_element_does_not_make_the_others_pale() -> None:
    numbers = torch.randn(5120, generator=torch.Generator().manual_seed(0)) * 0.1
    numbers[7] = 42
    found = limits(stats(numbers), numbers.numpy())
    assert found.high == pytest.approx(0.3, rel=0.05)
    assert found.text == "±3σ, outliers aside"


def test_what_is_not_rare_is_no_outlier() -> None:
    numbers = torch.cat([torch.full((950,), 0.01), torch.full((50,), 1.0)])
    found = limits(stats(numbers), numbers.numpy())
    assert found.high == pytest.approx(3 * math.sqrt(0.0501), rel=0.01)
    assert found.text == "±3σ"


def test_a_gradient_of_few_rows_has_the_range_of_those() -> None:
    numbers = torch.zeros(1000, 10)
    numbers[3] = torch.linspace(-1, 1, 10)
    found = limits(stats(numbers), numbers.numpy())
    assert (found.high, found.text) == (1.0, "±max |w|")
    numbers[4:40] = torch.randn(36, 10, generator=torch.Generator().manual_seed(0))
    found = limits(stats(numbers), numbers.numpy())
    assert found.high == pytest.approx(3, rel=0.1)
    assert found.text == "±3σ of nonzeros"


def test_cells_that_are_means_have_a_range_of_their_own() -> None:
    numbers = torch.randn(1024, 1024, generator=torch.Generator().manual_seed(0))
    seen = raster(numbers, cells=(64, 64))
    found = limits(stats(numbers), seen.values, cells=True)
    assert found.high == pytest.approx(3 / 16, rel=0.1)
    assert found.text == "±3σ of cells"


def test_the_range_is_the_largest_magnitude_where_that_is_less() -> None:
    assert limits(stats(torch.tensor([1.0, -2.0, math.inf, math.nan]))) == (-2.0, 2.0, "±max |w|")


@pytest.mark.parametrize("tensor", [torch.zeros(5), torch.empty(0), torch.tensor(math.nan)])
def test_the_range_of_nothing_is_one(tensor: torch.Tensor) -> None:
    assert limits(stats(tensor)) == (-1.0, 1.0, "±1")


def test_the_range_of_complex_numbers_is_that_of_the_magnitudes_shown() -> None:
    tensor = torch.tensor([3 + 4j, 0])
    assert limits(stats(tensor), np.array([[5, 0]], np.float32))[:2] == (-5.0, 5.0)
    assert limits(stats(tensor)) == (-1.0, 1.0, "±1")


@given(tensors(REAL + COMPLEX))
@settings(max_examples=200, deadline=None)
def test_any_tensor_has_a_range_and_a_brief(tensor: torch.Tensor) -> None:
    known_range = limits(stats(tensor))
    seen_range = limits(stats(tensor), elements(tensor))
    of_cells = limits(stats(tensor), elements(tensor), cells=True)
    for found in (known_range, seen_range, of_cells):
        assert math.isfinite(found.high)
        assert found.low < 0 < found.high
    seen = brief(tensor, 10)
    known = stats(tensor)
    assert (seen.mean, seen.std, seen.nan, seen.inf) == (
        (known.mean, known.std, known.nan, known.inf)
    )
    assert len(seen.bars) == 10
    assert max(seen.bars) == (255 if known.numel > known.nan + known.inf else 0)


def test_a_spark_shows_where_the_numbers_are() -> None:
    assert spark(torch.tensor([0.0, 0.0, 0.0, 1.0]), 4) == bytes([255, 0, 0, 85])
    assert spark(torch.tensor([0.0] * 1000 + [1.0]), 2) == bytes([255, 1])
    assert spark(torch.empty(0), 3) == bytes(3)


@pytest.mark.parametrize("shape", [(64, 64), (512, 512), (300, 4096), (4096 * 3,), (7, 11, 13, 17)])
def test_a_sample_prefers_no_row_and_no_column(shape: tuple[int, ...]) -> None:
    places = torch.stack(torch.meshgrid(*map(torch.arange, shape), indexing="ij"))
    flat = torch.arange(math.prod(shape)).reshape(shape)
    for whole in (flat, flat.t() if flat.dim() == 2 else flat.flip(0)):
        taken = sample(whole, whole=100, count=GLANCE).elements
        assert GLANCE / 2 <= len(taken) <= GLANCE
        assert len(taken.unique()) == len(taken)
    for axis in places:
        seen = axis.reshape(-1)[sample(flat, whole=100, count=GLANCE).elements]
        assert len(seen.unique()) >= min(int(axis.max()) + 1, GLANCE) / 2


def test_a_small_tensor_is_its_own_sample() -> None:
    tensor = torch.randn(3, 4)
    assert sample(tensor).elements.data_ptr() == tensor.data_ptr()
    assert sample(tensor).elements.shape == (3, 4)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0, "0"),
        (0.0, "0"),
        (-0.0, "-0"),
        (42, "42"),
        (2**63 - 1, "9223372036854775807"),
        (True, "True"),
        (1.0, "1"),
        (0.1, "0.1"),
        (1 / 3, "0.33333"),
        (123456.0, "1.2346e5"),
        (1e-45, "1e-45"),
        (-1.5e300, "-1.5e300"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
        (1 - 2j, "1-2i"),
        (complex(math.nan, math.inf), "NaN+∞i"),
    ],
)
def test_numbers_as_text(value: complex | None, shown: str) -> None:
    assert text.number(value) == shown


def test_short_numbers_have_three_digits() -> None:
    assert text.short(0.0123456) == "0.0123"


def test_bytes_as_text() -> None:
    assert [text.bytes_of(n) for n in (0, 999, 1023, 1024, 10**6, 124 * 10**6, 2**45)] == [
        "0 B", "999 B", "0.999 KiB", "1 KiB", "977 KiB", "118 MiB", "32 TiB",
    ]  # fmt: skip


@pytest.mark.parametrize("module", [layout, text])
def test_the_examples_of_the_docstrings(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
