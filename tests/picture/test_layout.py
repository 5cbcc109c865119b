"""A tensor's elements and the cells of its plane belong to each other, one to one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings

from paramwidget.picture.layout import (
    index_to_plane,
    layout_of,
    plane_to_index,
)
from paramwidget.picture.matrix import elements_before
from picture.tensors import Shape, shapes


@given(shapes())
@settings(deadline=None)
def test_every_element_stands_at_one_cell_and_is_found_there(shape: Shape) -> None:
    layout = layout_of(shape)
    cells = set()
    for index in itertools.product(*map(range, shape)):
        row, col, sliders = index_to_plane(layout, index)
        assert plane_to_index(layout, row, col, sliders) == index
        cells.add((row, col, sliders))
    assert len(cells) == len(list(itertools.product(*map(range, shape))))


@given(shapes())
@settings(deadline=None)
def test_every_cell_is_an_element_or_a_gap(shape: Shape) -> None:
    layout = layout_of(shape)
    for row, col in itertools.product(range(layout.rows), range(layout.cols)):
        if 0 in layout.sliders:
            continue
        index = plane_to_index(layout, row, col)
        if index is not None:
            assert index_to_plane(layout, index)[:2] == (row, col)
        else:
            assert row % (layout.kernel[0] + 1) == layout.kernel[0] or (
                col % (layout.kernel[1] + 1) == layout.kernel[1]
            )


@given(shapes())
@settings(deadline=None)
def test_elements_before_counts_the_rows_that_are_no_gaps(shape: Shape) -> None:
    layout = layout_of(shape)
    kernel, gap = layout.kernel[0], layout.gap[0]
    filled = [row for row in range(layout.rows) if row % (kernel + gap) < kernel]
    positions = np.arange(layout.rows + 1)
    expected = [sum(row < position for row in filled) for position in positions]
    assert elements_before(positions, kernel, gap).tolist() == expected


@pytest.mark.parametrize(
    ("shape", "plane"),
    [
        ((), (1, 1)),
        ((7,), (1, 7)),
        ((3, 5), (3, 5)),
        ((8, 3, 5), (8, 17)),  # kernels of 1 x 5
        ((1, 197, 768), (197, 768)),  # no kernel is that long: matrices below each other
        ((8, 3, 5, 5), (47, 17)),
        ((64, 32, 1, 1), (64, 32)),  # kernels of one element need no gaps
        ((64, 32, 3, 1), (255, 32)),
        ((8, 3, 2, 5, 5), (47, 17)),
        ((8, 3, 2, 4, 5, 5), (47, 17)),
        ((0, 3, 5, 5), (0, 17)),
    ],
)
def test_the_plane_of_each_rank(shape: Shape, plane: tuple[int, int]) -> None:
    layout = layout_of(shape)
    assert (layout.rows, layout.cols) == plane


def test_outside_is_an_error_that_says_what_is_inside() -> None:
    layout = layout_of((2, 3, 4, 5, 5))
    with pytest.raises(IndexError, match=r"\(11, 0\) is outside the plane of 11 x 17 cells"):
        plane_to_index(layout, 11, 0)
    with pytest.raises(IndexError, match="slider position 4 is out of range: 0 to 3"):
        plane_to_index(layout, 0, 0, (4,))
    with pytest.raises(IndexError, match="got 2 slider positions, expected 1"):
        plane_to_index(layout, 0, 0, (0, 0))
    with pytest.raises(IndexError, match="outside the shape"):
        index_to_plane(layout, (0, 0, 0, 0, 5))
