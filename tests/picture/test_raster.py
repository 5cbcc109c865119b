"""A raster shows the plane that a double loop over its cells shows."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paramwidget.picture.elements import doubles, needs_double
from paramwidget.picture.layout import layout_of
from paramwidget.picture.matrix import Matrix
from paramwidget.picture.passes import Cuts
from paramwidget.picture.raster import Raster, raster, raster_with_stats
from paramwidget.picture.scale import brief
from paramwidget.picture.statistics import histogram, stats
from paramwidget.picture.sweep import sweep
from picture.reference import mean_of, on_the_device, plane_of, tiny_pieces
from picture.tensors import COMPLEX, REAL, tensors

LARGEST = float(np.finfo(np.float32).max)

cells = st.tuples(*[st.sampled_from([1, 2, 3, 5, 8, 13, 256])] * 2)


def same(shown: float, expected: float, terms: float) -> bool:
    """Equal but for rounding to float32, the terms being of that size."""
    if math.isnan(expected) or math.isinf(expected):
        return math.isnan(shown) if math.isnan(expected) else shown == expected
    expected = max(-LARGEST, min(LARGEST, expected))
    return math.isclose(shown, expected, rel_tol=1e-6, abs_tol=1e-6 * min(terms, LARGEST) + 1e-45)


def check(tensor: torch.Tensor, picture: Raster) -> None:
    plane = plane_of(tensor, picture.sliders)
    row0, row1, col0, col1 = picture.window
    high, wide = picture.block
    assert picture.values.dtype == np.float32
    assert picture.values.shape == (-(-(row1 - row0) // high), -(-(col1 - col0) // wide))
    for place in np.ndindex(picture.values.shape):
        top, left = row0 + place[0] * high, col0 + place[1] * wide
        rows = plane[top : min(top + high, row1)]
        held = [n for row in rows for n in row[left : min(left + wide, col1)] if n is not None]
        terms = max(map(abs, held), default=0.0)
        assert same(float(picture.values[place]), mean_of(held), terms), (place, held)
        if picture.low is None or picture.high is None:
            assert picture.exact
            continue
        odd = not held or any(math.isnan(number) for number in held)
        least, greatest = (math.nan, math.nan) if odd else (min(held), max(held))
        assert same(float(picture.low[place]), least, 0), (place, held)
        assert same(float(picture.high[place]), greatest, 0), (place, held)


@given(tensors(REAL + COMPLEX), cells, st.data())
@settings(max_examples=300, deadline=None)
def test_windows_and_cells(
    tensor: torch.Tensor, limit: tuple[int, int], data: st.DataObject
) -> None:
    layout = layout_of(tuple(tensor.shape))
    rows, cols = (
        sorted(data.draw(st.tuples(st.integers(0, side), st.integers(0, side))))
        for side in (layout.rows, layout.cols)
    )
    if 0 in layout.sliders:
        return
    sliders = tuple(data.draw(st.integers(0, size - 1)) for size in layout.sliders)
    picture = raster(tensor, (*rows, *cols), limit, sliders)
    assert picture.window == (*rows, *cols)
    assert picture.sliders == sliders
    assert picture.values.shape[0] <= limit[0]
    assert picture.values.shape[1] <= limit[1]
    assert picture.exact == (picture.block == (1, 1))
    check(tensor, picture)


@given(tensors(REAL + COMPLEX, most=900), cells)
@settings(max_examples=300, deadline=None)
def test_whole_planes_in_many_pieces_and_threads(
    tensor: torch.Tensor, limit: tuple[int, int]
) -> None:
    if 0 in layout_of(tuple(tensor.shape)).sliders:
        return
    alone = stats(tensor)
    with tiny_pieces():
        picture, found = raster_with_stats(tensor, None, limit)
    check(tensor, picture)
    assert (found.numel, found.zeros, found.nan, found.inf) == (
        (alone.numel, alone.zeros, alone.nan, alone.inf)
    )
    assert (found.min, found.max) == (alone.min, alone.max)


@given(tensors(REAL + COMPLEX), cells)
@settings(max_examples=200, deadline=None)
def test_reduced_where_they_lie_as_on_an_accelerator(
    tensor: torch.Tensor, limit: tuple[int, int]
) -> None:
    if 0 in layout_of(tuple(tensor.shape)).sliders:
        return
    with on_the_device():
        picture, found = raster_with_stats(tensor, None, limit)
    check(tensor, picture)
    alone = stats(tensor)
    assert (found.zeros, found.nan, found.inf) == (alone.zeros, alone.nan, alone.inf)


@given(tensors(REAL))
@settings(max_examples=100, deadline=None)
def test_doubles_and_texts_hold_what_float32_rounds(tensor: torch.Tensor) -> None:
    if 0 in layout_of(tuple(tensor.shape)).sliders:
        return
    picture = raster(tensor, cells=(5000, 5000))
    own, texts = doubles(tensor, picture)
    flat = [number for numbers in plane_of(tensor) for number in numbers]
    for cell, (shown, number) in enumerate(zip(own.flat, flat, strict=True)):
        if number is None or math.isnan(number):
            assert np.isnan(shown)
        elif cell in texts:
            assert texts[cell] == str(number)
        else:
            assert type(number)(shown) == number
            assert needs_double(tensor) or picture.values.flat[cell] == number


def test_a_reduced_cell_has_no_double_of_its_own() -> None:
    tensor = torch.zeros(4, 4)
    with pytest.raises(ValueError, match=r"a cell is \(2, 2\) elements"):
        doubles(tensor, raster(tensor, cells=(2, 2)))


@pytest.mark.parametrize("dtype", [*REAL, *COMPLEX])
@pytest.mark.parametrize("size", [5, 70, 1100])
def test_reading_changes_no_byte(dtype: torch.dtype, size: int) -> None:
    generator = torch.Generator().manual_seed(size)
    kept = torch.randint(0, 255, (size * size * dtype.itemsize,), generator=generator)
    numbers = kept.to(torch.uint8)
    tensor = (numbers % 2 if dtype is torch.bool else numbers).view(dtype).reshape(size, size)
    before = tensor.view(torch.uint8).clone() if dtype is not torch.bool else tensor.clone()
    for seen in (tensor, tensor.t()):
        raster_with_stats(seen, cells=(16, 16))
        raster(seen, (0, 3, 1, 4))
        raster(seen)
        stats(seen)
        histogram(seen)
        brief(seen)
    assert torch.equal(tensor.view(before.dtype), before)


@pytest.mark.parametrize("dtype", [*REAL, *COMPLEX])
def test_reading_leaves_no_trace_on_the_storage(dtype: torch.dtype) -> None:
    """It can be resized as before, and a lazy clone still shares its memory."""
    tensor = torch.zeros(40, 40, dtype=dtype)
    lazy = torch._lazy_clone(torch.zeros(40, 40, dtype=dtype))
    kernels = torch._lazy_clone(torch.zeros(8, 3, 2, 2, dtype=dtype))
    for seen in (tensor, lazy, lazy.t(), kernels):
        raster_with_stats(seen, cells=(16, 16))
        raster(seen)
        stats(seen)
        histogram(seen)
        brief(seen)
        assert seen.untyped_storage().resizable()
        assert torch._C._is_cow_tensor(seen) == (seen is not tensor)


def test_a_window_beyond_the_plane_is_cut_to_it() -> None:
    tensor = torch.arange(6.0).reshape(2, 3)
    picture = raster(tensor, (-5, 9, 1, 9))
    assert picture.window == (0, 2, 1, 3)
    assert picture.values.tolist() == [[1, 2], [4, 5]]
    assert raster(tensor, (5, 9, 0, 3)).values.shape == (0, 3)


@pytest.mark.parametrize("limit", [(0, 5), (5, 0), (-1, 1)])
def test_no_cells_are_refused(limit: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        raster(torch.zeros(3, 3), cells=limit)


def test_a_complex_number_with_a_nan_part_is_nan() -> None:
    nan, inf = math.nan, math.inf
    tensor = torch.tensor([complex(nan, inf), complex(inf, nan), complex(-inf, 0), 3 + 4j])
    for picture in (raster(tensor), raster(tensor.repeat_interleave(2), cells=(1, 4))):
        assert np.array_equal(picture.values, [[nan, nan, inf, 5]], equal_nan=True)
    assert (stats(tensor).nan, stats(tensor).inf) == (2, 1)


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=40), st.lists(st.integers(1, 9), min_size=1)
)
@settings(max_examples=200, deadline=None)
def test_cells_of_uneven_sizes(heights: list[int], widths: list[int]) -> None:
    rows, cols = (np.cumsum([0, *sizes]) for sizes in (heights, widths))
    numbers = np.arange(float(rows[-1] * cols[-1]), dtype=np.float32).reshape(rows[-1], cols[-1])
    matrix = Matrix(torch.from_numpy(numbers)[:, None, :, None])
    with tiny_pieces():
        cells, found = sweep(matrix, Cuts.of(rows), Cuts.of(cols))
    assert found is not None
    assert found.count == numbers.size
    for name, reduce in (("low", np.minimum), ("high", np.maximum), ("total", np.add)):
        down = reduce.reduceat(numbers.astype(np.float64), rows[:-1], axis=0)
        expected = reduce.reduceat(down, cols[:-1], axis=1)
        assert np.array_equal(getattr(cells, name), expected)


def test_an_infinite_cell_has_an_infinite_element() -> None:
    assert raster(torch.tensor([1e300, -1e300], dtype=torch.float64)).values.tolist() == [
        [LARGEST, -LARGEST]
    ]
    huge = torch.full((4, 512), 3e38)
    assert np.isfinite(raster(huge).values).all()
    huge[1, 1] = math.inf
    assert np.isinf(raster(huge).values).sum() == 1


def test_an_expanded_tensor_takes_the_time_of_what_it_holds() -> None:
    row = torch.arange(1000.0)
    for tensor in (
        row.expand(10**7, 1000),
        row[:, None].expand(1000, 10**7),
        row[:1].expand(10**10),
    ):
        picture, found = raster_with_stats(tensor)
        assert found.numel == 10**10
        assert found.mean == (0.0 if tensor.dim() == 1 else 499.5)
        assert found == stats(tensor)
        assert picture.values.max() == (0.0 if tensor.dim() == 1 else pytest.approx(997.5, abs=2))
