"""Counts between rising edges: every finite element is in one bin, and in the right one."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paramwidget.picture.bins import counts_between, rising_edges
from paramwidget.picture.statistics import Histogram, histogram, stats
from picture.reference import elements, tiny_pieces
from picture.tensors import COMPLEX, REAL, tensors

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, finite, st.integers(1, 200))
@settings(max_examples=500, deadline=None)
def test_edges_rise_and_cover(one: float, other: float, bins: int) -> None:
    low, high = sorted((one, other))
    edges = rising_edges(low, high, bins)
    assert len(edges) == bins + 1
    assert np.isfinite(edges).all()
    assert (edges[1:] > edges[:-1]).all()
    assert edges[0] <= low
    assert edges[-1] >= high
    if high - low > 1e-9 * max(abs(low), abs(high), 1e-300):
        assert (edges[0], edges[-1]) == (low, high)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (0.0, 0.0),
        (1.0, 1.0),
        (1.0, math.nextafter(1.0, 2.0)),
        (-1.7e308, 1.79e308),
        (1.7976931348623157e308, 1.7976931348623157e308),
        (5e-324, 1e-323),
        (-5e-324, 5e-324),
        (2.0**63, 2.0**63),
    ],
)
@pytest.mark.parametrize("bins", [1, 2, 64])
def test_edges_where_floats_are_few_or_far(low: float, high: float, bins: int) -> None:
    edges = rising_edges(low, high, bins)
    assert np.isfinite(edges).all()
    assert (edges[1:] > edges[:-1]).all()
    assert edges[0] <= low <= high <= edges[-1]
    assert counts_between(np.array([low, high]), edges).sum() == 2


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(1, 300))
@settings(max_examples=300, deadline=None)
def test_a_number_on_an_edge_is_in_the_bin_above(low: float, width: float, bins: int) -> None:
    edges = rising_edges(low, low + width, bins)
    assert counts_between(edges, edges).tolist() == [1] * (bins - 1) + [2]
    below = np.nextafter(edges[1:], -np.inf)
    assert counts_between(below, edges).tolist() == [1] * bins


@given(tensors(REAL + COMPLEX), st.integers(1, 70), st.booleans())
@settings(max_examples=300, deadline=None)
def test_every_finite_element_is_in_its_bin(tensor: torch.Tensor, bins: int, tiny: bool) -> None:
    if tiny:
        with tiny_pieces():
            found = histogram(tensor, bins)
    else:
        found = histogram(tensor, bins)
    numbers = elements(tensor)
    sizes = [abs(n) if isinstance(n, complex) else n for n in numbers if not _is_nan(n)]
    held = [float(size) for size in sizes if math.isfinite(size)]
    assert len(found.counts) == bins == len(found.edges) - 1
    assert not found.sampled
    assert found.counts.sum() == len(held)
    assert (np.diff(found.edges) > 0).all()
    expected = np.histogram(np.array(held), bins=found.edges)[0] if held else np.zeros(bins)
    if not tensor.is_complex():  # whose magnitudes are rounded in more than one way
        assert found.counts.tolist() == expected.tolist()


def _is_nan(number: float | complex) -> bool:
    return number != number


def test_the_ends_are_the_least_and_the_greatest() -> None:
    found = histogram(torch.tensor([3.0, -1.0, math.inf, math.nan, 0.5]), 4)
    assert found.edges.tolist() == [-1.0, 0.0, 1.0, 2.0, 3.0]
    assert found.counts.tolist() == [1, 1, 0, 1]


def test_without_finite_elements_all_counts_are_zero() -> None:
    for tensor in (torch.empty(0), torch.tensor([math.nan, math.inf])):
        found = histogram(tensor, 3)
        assert found.counts.tolist() == [0, 0, 0]
        assert (np.diff(found.edges) > 0).all()


def test_alike_elements_are_in_the_first_bin() -> None:
    found = histogram(torch.full((5, 7), 0.1), 8)
    assert found.counts.tolist() == [35] + [0] * 7
    assert found.edges[0] == torch.tensor(0.1).item()


@pytest.mark.parametrize("view", ["plain", "transposed", "strided", "expanded"])
def test_a_sample_has_exact_ends_and_the_shape_of_the_whole(view: str) -> None:
    base = torch.randn(2048, 1024, generator=torch.Generator().manual_seed(0))
    base[17, 3] = 9.0
    tensor = {
        "plain": base,
        "transposed": base.t(),
        "strided": base[:, ::2],
        "expanded": base[:, None].expand(2048, 3, 1024),
    }[view]
    whole = histogram(tensor, 16)
    sampled = histogram(tensor, 16, affordable=1 << 19)
    assert sampled.sampled
    assert not whole.sampled
    assert sampled.edges.tolist() == whole.edges.tolist()
    share = sampled.counts / sampled.counts.sum()
    assert np.abs(share - whole.counts / whole.counts.sum()).max() < 0.01


def test_known_statistics_are_not_computed_again() -> None:
    tensor = torch.randn(100)
    once: Histogram = histogram(tensor, 8, known=stats(tensor))
    assert once.counts.tolist() == histogram(tensor, 8).counts.tolist()


def test_no_bins_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one bin, got 0"):
        histogram(torch.zeros(3), 0)
    with pytest.raises(TypeError):
        histogram(torch.zeros(3), 2.5)  # type: ignore[arg-type] # that is the point
