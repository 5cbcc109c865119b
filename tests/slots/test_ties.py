"""Ties by memory against brute force on bytes, and what happens to them when things move."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from paramwidget.slots import ties
from paramwidget.slots.memory import overlap
from paramwidget.slots.memory.overlap import Block
from paramwidget.slots.tree import read_tree
from zoo.case import Holder

BYTES = 256
DTYPES = (torch.uint8, torch.float16, torch.float32, torch.complex64)


@st.composite
def views(draw: st.DrawFn) -> tuple[torch.dtype, tuple[int, ...], tuple[int, ...], int]:
    """dtype, shape, strides and offset of a view that fits into BYTES."""
    dtype = draw(st.sampled_from(DTYPES))
    room = BYTES // dtype.itemsize
    rank = draw(st.integers(0, 3))
    shape = tuple(draw(st.integers(0, 5)) for _ in range(rank))
    strides = tuple(draw(st.integers(0, 9)) for _ in range(rank))
    span = 1 + sum(max(size - 1, 0) * stride for size, stride in zip(shape, strides, strict=True))
    if span > room:
        shape = tuple(min(size, 2) for size in shape)
        span = 1 + sum(strides)
    return dtype, shape, strides, draw(st.integers(0, max(room - span, 0)))


def places(dtype: torch.dtype, shape: Any, strides: Any, offset: int) -> set[int]:
    """The bytes of all elements, one index after the other."""
    return {
        (offset + sum(i * stride for i, stride in zip(index, strides, strict=True)))
        * dtype.itemsize
        + byte
        for index in product(*(range(size) for size in shape))
        for byte in range(dtype.itemsize)
    }


def components(sets: list[set[int]]) -> set[frozenset[str]]:
    """Connected sets of two and more by repeated merging."""
    groups = [({f"t{n}"}, set(bytes_)) for n, bytes_ in enumerate(sets) if bytes_]
    merged = True
    while merged:
        merged = False
        for a, b in product(range(len(groups)), repeat=2):
            if a < b and groups[a][1] & groups[b][1]:
                names, bytes_ = groups.pop(b)
                groups[a] = (groups[a][0] | names, groups[a][1] | bytes_)
                merged = True
                break
    return {frozenset(names) for names, _ in groups if len(names) > 1}


def tied(chosen: list[Any]) -> set[frozenset[str]]:
    base = torch.zeros(BYTES, dtype=torch.uint8)
    held = {
        f"t{n}": base.view(dtype).as_strided(shape, strides, offset)
        for n, (dtype, shape, strides, offset) in enumerate(chosen)
    }
    return {frozenset(map(str, group.names)) for group in read_tree(Holder(**held)).ties}


@settings(max_examples=400, deadline=None)
@given(st.lists(views(), min_size=2, max_size=5))
def test_groups_are_those_that_share_a_byte(chosen: list[Any]) -> None:
    assert tied(chosen) == components([places(*view) for view in chosen])


@pytest.fixture(params=["painted", "listed"])
def forced(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The ways that are taken for many blocks and for hard ones, taken for all."""
    if request.param == "painted":
        monkeypatch.setattr(ties, "PAIRED_BLOCKS", 0)
    else:
        monkeypatch.setattr(overlap, "SOLVER_WORK", 1)
    return request.param


def test_the_other_ways_say_the_same(forced: str) -> None:
    @settings(max_examples=250, deadline=None)
    @given(st.lists(views(), min_size=2, max_size=5))
    def compare(chosen: list[Any]) -> None:
        assert tied(chosen) == components([places(*view) for view in chosen])

    compare()


@settings(max_examples=300, deadline=None)
@given(views(), views())
def test_two_blocks(a: Any, b: Any) -> None:
    blocks = [
        Block(
            "w",
            offset * dtype.itemsize,
            tuple(size for size in shape if size > 1),
            tuple(s * dtype.itemsize for s, size in zip(strides, shape, strict=True) if size > 1),
            dtype.itemsize,
        )
        for dtype, shape, strides, offset in (a, b)
        if 0 not in shape
    ]
    if len(blocks) == 2:
        shared = bool(places(*a) & places(*b))
        assert overlap.overlap(*blocks) == shared
        assert overlap.overlap(*reversed(blocks)) == shared


def test_a_pair_too_hard_to_solve_and_too_large_to_list_counts_as_tied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(overlap, "SOLVER_WORK", 1)
    monkeypatch.setattr(overlap, "LISTED_RUNS", 2)
    base = torch.zeros(400)
    held = Holder(a=base.as_strided((6, 4), (37, 6)), b=base.as_strided((6, 3), (35, 7), 3))
    assert [group.kind for group in read_tree(held).ties] == ["memory"]


def test_ties_are_found_anew_when_things_move() -> None:
    net: Any = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    assert read_tree(net).ties == []
    net[1].weight = net[0].weight
    assert [group.kind for group in read_tree(net).ties] == ["same"]
    net[1].weight = nn.Parameter(net[0].weight.data)
    assert [group.kind for group in read_tree(net).ties] == ["memory"]
    net[1].weight.data = net[1].weight.data.clone()
    assert read_tree(net).ties == []
    net[1].weight.data = net[0].weight.data.t()
    assert [group.names for group in read_tree(net).ties] == [("0.weight", "1.weight")]
    net.double()
    assert read_tree(net).ties == []


def test_a_node_of_both_kinds_has_the_wider_group() -> None:
    a = nn.Parameter(torch.ones(4))
    tree = read_tree(Holder(a=a, b=a, c=nn.Parameter(a.data[:1])))
    same, memory = tree.ties
    assert (same.kind, memory.kind) == ("same", "memory")
    assert tree.node("a").tie is memory
    assert tree.node("c").tie is memory


def test_twelve_thousand_views_of_one_storage_and_their_whole() -> None:
    flat = torch.zeros(12_000 * 16)
    parts = [nn.Parameter(part) for part in flat.view(-1, 4, 4)]
    net = nn.ParameterList(parts)
    assert read_tree(net).ties == []
    net.append(nn.Parameter(flat))
    (group,) = read_tree(net).ties
    assert len(group.names) == 12_001


def test_many_interleaved_columns_stay_apart() -> None:
    base = torch.zeros(500, 2_000)
    net = nn.ParameterList(nn.Parameter(base[:, n]) for n in range(2_000))
    assert read_tree(net).ties == []
