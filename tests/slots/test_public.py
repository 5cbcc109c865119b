"""The zoo through the public names: one bench on each model, every slot read, nothing changed."""

from __future__ import annotations

from ctypes import c_uint8
from typing import Any

import pytest
import torch
from torch import nn

from paramwidget import EditError, Workbench, compat
from paramwidget.slots.names import held_at, tensor_of
from paramwidget.tensors import Unreadable, plain, writable_reason
from zoo.case import Case
from zoo.cases import CASES
from zoo.hostile import tripped
from zoo.snapshot import snapshot

SAFE = [case for case in CASES if not case.crashes and case.name != "thousand_deep"]
BY_NAME = {case.name: case for case in CASES}
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # torch's own, of young features


@pytest.mark.parametrize("case", SAFE, ids=lambda case: case.name)
def test_a_bench_reads_it_and_leaves_it(case: Case) -> None:
    net = case.build()
    before = snapshot(net)
    tripped.clear()
    bench = Workbench(net)
    assert bench.tree.name == ""
    assert bench.select("").names is not None
    for node in bench.slots():
        for look in (bench.stats, bench.raster, bench.histogram):
            try:
                found: Any = look(node.label)
            except Unreadable:
                assert node.state != "ready" or node.kind == "computed"
            else:
                assert found is None or node.state == "ready"
    assert bench.refresh() == []
    assert tripped in ([], ["parametrization"] * len(tripped))
    if case.name != "lazily_cloned":  # its copy was made now, by whoever read it first
        assert snapshot(net) == before


def changeable(net: Any) -> list[Any]:
    return [
        node
        for node in Workbench(net).slots()
        if node.kind in ("parameter", "buffer", "constant")
        and node.state == "ready"
        and (tensor := held_at(net, node.path)) is not None
        and tensor.numel()
        and writable_reason(tensor) is None
        and not node.name.endswith("num_batches_tracked")
    ]


@pytest.mark.parametrize(
    "name",
    ["layer_used_twice", "block_used_twice", "data_assigned", "transposed", "fused_attention",
     "diagonal", "complex_with_both_parts", "dtype_views", "odd_and_even_columns",
     "row_and_column_cross", "numpy_slices_across_storages", "values_of_a_sparse_tensor",
     "pruned", "new_weight_norm", "scripted", "compiled", "containers", "half_on_meta",
     "odd_strides", "float_dtypes", "eight_bit_floats", "complex_dtypes", "unhashable"],
)  # fmt: skip
def test_a_change_of_one_byte_shows_in_its_group_alone(name: str) -> None:
    net = BY_NAME[name].build()
    bench = Workbench(net)
    for node in changeable(net):
        tensor = held_at(net, node.path)
        assert tensor is not None
        first_byte = c_uint8.from_address(compat.data_address(plain(tensor)))
        first_byte.value ^= 1
        changed = set(bench.refresh())
        tie = node.tie
        allowed = {node.label} if tie is None else set(tie.names)
        assert node.label in changed, node
        assert changed <= allowed, node
        assert bench.refresh() == []


@pytest.mark.parametrize("replaced", ["parameter", "layout", "double", "none"])
def test_what_was_replaced_is_told_by_its_content(replaced: str) -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    bench = Workbench(net)
    if replaced == "parameter":
        net[0].weight = nn.Parameter(torch.zeros(3, 3))
        assert bench.refresh() == ["0.weight"]
        net[0].weight = nn.Parameter(torch.zeros(3, 3))
        assert bench.refresh() == []
    elif replaced == "layout":
        net[0].weight.data = net[0].weight.data.t().contiguous().t()
        assert bench.refresh() == []
    elif replaced == "double":
        net[1].double()
        assert bench.refresh() == ["1.weight", "1.bias"]
    else:
        net[0].bias = None
        assert bench.refresh() == []


def test_a_lens_that_is_none_is_refused() -> None:
    bench = Workbench(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="got 'gradient'"):
        bench.stats("weight", lens="gradient")


@pytest.mark.parametrize(
    ("name", "given"),
    [
        (None, "NoneType"), (5, "int"), ({"weight"}, "set"), (b"weight", "bytes"),
        (("weight", 0), "tuple of int"), ([None], "list of NoneType"), (nn.Linear, "type"),
        (torch.ones(2), "Tensor"), (iter(["weight"]), "list_iterator"),
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused_everywhere(name: Any, given: str) -> None:
    bench = Workbench(nn.Linear(2, 2))
    for asked in (bench.select, bench.stats, bench.raster, bench.histogram, bench.untie):
        with pytest.raises(ValueError, match=f"a tuple of strings, got {given}"):
            asked(name)
    with pytest.raises(EditError, match=f"a tuple of strings, got {given}") as refused:
        bench.initialize(name, "ones_")
    assert refused.value.where == "target"


def dotted_beside_nested() -> nn.Module:
    net = nn.Module()
    net.a = nn.Module()
    net.a.register_parameter("b", nn.Parameter(torch.tensor([1.0, 2.0])))
    net._parameters["a.b"] = nn.Parameter(torch.tensor([3.0, 4.0]))
    return net


def test_a_name_that_can_be_read_in_two_ways_means_one_slot_to_everybody() -> None:
    bench = Workbench(dotted_beside_nested())
    for name in ("a.b", ("a.b",), ("a", "b")):
        node = bench.read().node(name)
        edit = bench.assign(name, (0,), 42)
        (changed,) = edit.changed
        assert changed == node.label
        assert bench.stats(name).max == 42
        assert bench.raster(name).values[0, 0] == 42
        assert bench.select(name).names == [node.label]
        assert bench.stats(node.path).max == 42
        assert eval(node.access[0], {"net": bench.net})[0] == 42
        bench.undo()
        assert bench.stats(name).max in (2, 4)


def test_a_constant_that_hides_a_parameter_is_a_row_of_its_own() -> None:
    net = nn.Linear(2, 2)
    vars(net)["weight"] = torch.full((2, 2), 7.0)
    first, *_, hiding = Workbench(net).slots()
    assert (first.kind, hiding.kind) == ("parameter", "constant")
    assert tensor_of(net, first) is net._parameters["weight"]
    assert tensor_of(net, hiding) is vars(net)["weight"]
