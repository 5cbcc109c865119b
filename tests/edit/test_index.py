"""Which part: as numpy takes it, and an error that names the valid range where it cannot be."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from edit.kit import Bench, Holder
from paramwidget.edit.errors import EditError
from paramwidget.edit.values.index import (
    element_index,
    index_text,
    parse_index,
    part_index,
    unparsed,
)

SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)
BOUND = st.none() | st.integers(-6, 6)
ENTRY = st.one_of(
    st.integers(-5, 5),
    st.builds(slice, BOUND, BOUND, st.none() | st.integers(-3, 3).filter(bool)),
    st.just(Ellipsis),
)
INDEX = st.one_of(ENTRY, st.lists(ENTRY, max_size=5).map(tuple))


@settings(max_examples=800, deadline=None)
@given(SHAPES, INDEX)
def test_a_part_is_the_part_that_numpy_takes(shape: tuple[int, ...], index: Any) -> None:
    array = np.arange(int(np.prod(shape))).reshape(shape)
    try:
        expected = array[index]
    except IndexError:
        with pytest.raises(EditError) as refusal:
            part_index(index, shape)
        assert refusal.value.where == "index"
        return
    plain = part_index(index, shape)
    tensor = torch.from_numpy(array)
    taken = tensor[plain].numpy()
    assert taken.shape == expected.shape
    # what runs backwards is taken forwards: the elements are distinct, so their set says all
    np.testing.assert_array_equal(np.sort(taken, axis=None), np.sort(expected, axis=None))
    again = part_index(parse_index(unparsed(index)), shape)
    assert again == plain
    written = eval(f"t[{index_text(plain, shape)}]", {"t": tensor})
    np.testing.assert_array_equal(written.numpy(), taken)


@settings(max_examples=300, deadline=None)
@given(SHAPES, st.lists(st.integers(-5, 5), max_size=5).map(tuple))
def test_an_element_is_the_element_that_numpy_takes(
    shape: tuple[int, ...], index: tuple[int, ...]
) -> None:
    array = np.arange(int(np.prod(shape))).reshape(shape)
    fits = len(index) == len(shape) and all(
        -size <= i < size for i, size in zip(index, shape, strict=True)
    )
    if not fits:
        with pytest.raises(EditError) as refusal:
            element_index(index, shape)
        assert refusal.value.where == "index"
        return
    assert array[element_index(index, shape)] == array[index]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
    INDEX,
    st.sampled_from(["w + 1", "w * 2 - 3", "7", "-w"]),
)
def test_a_formula_on_a_part_is_numpy_on_a_part(
    shape: tuple[int, ...], index: Any, formula: str
) -> None:
    array = np.arange(float(np.prod(shape)), dtype=np.float32).reshape(shape)
    bench = Bench(Holder(torch.from_numpy(array.copy())))
    try:
        w = array[index]
        array[index] = eval(formula, {"w": w})
        possible = array[index].size > 0
    except IndexError:
        possible = False
    if not possible:
        with pytest.raises(EditError):
            bench.compute("t", formula, index)
        return
    bench.compute("t", formula, index)
    np.testing.assert_array_equal(bench.net.t.detach().numpy(), array)
    assert torch.equal(bench.replayed().t, bench.net.t)
    bench.undo()


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ((5, 0), "0 to 4"),
        ((0, -4), "−3 to −1"),
        ((0,), "expected 2 indices"),
        ((0, 0, 0), "expected 2 indices"),
        ((0, 1.0), "not an integer"),
        ((0, True), "not an integer"),
        ((0, "a"), "not an integer"),
        ((0, None), "not an integer"),
        (slice(0, 1), "expected 2 indices"),
        ((10**30, 0), "out of bounds"),
    ],
)
def test_no_element(index: Any, message: str) -> None:
    bench = Bench(Holder(torch.zeros(5, 3)))
    with pytest.raises(EditError, match=re.escape(message)) as refusal:
        bench.assign("t", index, 1)
    assert refusal.value.where == "index"


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("0, 1, 2", "got 3"),
        ("a", "not an index"),
        ("0:1:2:3", "not an index"),
        ("..., ...", "once"),
        ("0,,1", "not an index"),
        ("__import__('os')", "not an index"),
        ("9" * 30, "not an index"),
        ("1" * 2000, "at most 1000 characters"),
        ((True, False), "not an integer"),
        ([0, 1], "got the list"),  # numpy would take two rows, not one element
        (np.array([0, 1]), "not an integer"),
        (None, "not an integer"),
        (slice("a"), "invalid slice for axis 0"),
        ("::0", "invalid slice for axis 0"),
        ("7", "0 to 4"),
    ],
)
def test_no_part(index: Any, message: str) -> None:
    bench = Bench(Holder(torch.zeros(5, 3)))
    with pytest.raises(EditError, match=re.escape(message)) as refusal:
        bench.compute("t", "w + 1", index)
    assert refusal.value.where == "index"


def test_texts_of_an_index() -> None:
    for text in ("", "...", ":", "[:]", "(..., )", "0:, :", "−5:"):
        assert part_index(text, (5, 3)) == (slice(0, 5, 1), slice(0, 3, 1))
    assert element_index("4, -1", (5, 3)) == (4, 2)
    assert element_index("", ()) == ()
    bench = Bench(Holder(torch.zeros(())))
    bench.assign("t", (), 3)
    bench.compute("t", "w + 1")
    assert float(bench.net.t.detach()) == 4
    assert torch.equal(bench.replayed().t, bench.net.t)
