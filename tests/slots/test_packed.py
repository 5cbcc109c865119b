"""Tensors whose bytes are not their values, and those whose data lies elsewhere."""

from __future__ import annotations

from collections import OrderedDict
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.names import condition_at
from paramwidget.slots.targets import select
from paramwidget.slots.tree import Node, read_tree
from paramwidget.tensors import Unreadable, condition, outcome_of, readable
from zoo.case import Holder
from zoo.quantized import (
    Failing,
    Halves,
    Int8Params,
    ItsBytes,
    Itself,
    Linear4bit,
    Linear8bitLt,
    NoTensor,
    QuantLinear,
    Slow,
    codes,
    layer,
    scaled,
)


def row(net: nn.Module, name: str) -> Node:
    return read_tree(net).node(name)


def test_values_are_what_the_own_dequantize_gives() -> None:
    weight = Halves(codes(8, 8))
    values = readable(weight)
    assert type(values) is torch.Tensor
    assert values.dtype is torch.float32
    assert values.shape == (8, 16)
    assert torch.equal(values, weight.dequantize())
    assert torch.equal(readable(scaled()), scaled().dequantize()) is False  # drawn apart
    wrapped = scaled()
    assert torch.equal(readable(wrapped), wrapped.dequantize())


def test_a_tree_a_selection_and_a_fingerprint_dequantize_nothing() -> None:
    net = layer(Halves(codes(8, 8)))
    node = row(net, "weight")
    assert (node.state, node.dtype, node.shape, node.packed) == ("ready", "uint8", (8, 8), True)
    assert "dequantize of Halves" in (node.note or "")
    assert "packed" in select(read_tree(net), "", net=net).skipped["weight"]
    fingerprint(net.weight)
    assert net.weight.calls == 0


@pytest.mark.parametrize(
    ("cls", "why"),
    [
        (Failing, "its dequantize failed: RuntimeError: this kernel needs a GPU"),
        (Itself, "its dequantize gave a packed tensor again"),
        (ItsBytes, "its dequantize gave the packed bytes themselves"),
        (NoTensor, "its dequantize gave a list instead of a tensor"),
    ],
)
def test_a_dequantize_that_gives_no_values_is_the_reason(cls: Any, why: str) -> None:
    weight = cls(codes(8, 8))
    with pytest.raises(Unreadable, match=why):
        readable(weight)
    outcome = outcome_of(weight)
    assert outcome is not None
    assert outcome.alarm == "dequantize failed"


def test_a_dequantize_that_takes_seconds_is_told() -> None:
    weight = Slow(codes(8, 8))
    readable(weight)
    outcome = outcome_of(weight)
    assert outcome is not None
    assert outcome.alarm.startswith("dequantize takes 1.")
    assert outcome.given == "float32 8×16"


def test_codes_in_freed_memory_are_not_dequantized() -> None:
    wrapped = scaled()
    wrapped.qdata.untyped_storage().resize_(0)
    assert condition(wrapped).state == "unreadable"
    with pytest.raises(Unreadable, match="freed"):
        readable(wrapped)


def test_a_scale_and_a_quant_state_are_part_of_the_content() -> None:
    wrapped, four_bit = scaled(), Linear4bit().weight
    before = fingerprint(wrapped), fingerprint(four_bit)
    wrapped.scale.fill_(3)
    four_bit.quant_state.absmax.fill_(3)
    after = fingerprint(wrapped), fingerprint(four_bit)
    assert before[0] != after[0]
    assert before[1] != after[1]
    four_bit.data[5] += 1
    assert fingerprint(four_bit) != after[1]


def test_the_first_forward_of_an_8_bit_layer_changes_nothing_and_leaves_it_packed() -> None:
    net = Linear8bitLt()
    before = fingerprint(net.weight)
    net.hand_on()
    assert fingerprint(net.weight) == before
    assert row(net, "weight").state == "unreadable"


def test_codes_beside_their_scales_are_packed_by_name_too() -> None:
    net = QuantLinear()
    known = condition_at(net, ("qweight",), net.qweight)
    assert known.state == "unreadable"
    assert "packed" in (known.reason or "")
    del net._buffers["qzeros"], net._buffers["scales"]
    assert row(net, "qweight").state == "ready"


def test_bytes_and_ties_of_packed_tensors_are_known() -> None:
    shared = Linear4bit().weight
    net = Holder(a=layer(shared), b=layer(shared))
    tree = read_tree(net)
    assert [(tie.kind, list(tie.names)) for tie in tree.ties] == [
        ("same", ["a.weight", "b.weight"])
    ]
    assert tree.totals.bytes == 64 + 2 * 32


@pytest.mark.parametrize(
    "plain",
    [
        torch.zeros(3, dtype=torch.uint8),
        torch.zeros(3, dtype=torch.int8),
        torch.tensor([True, False]),
        torch.zeros(3, dtype=torch.int32).as_subclass(type("Image", (torch.Tensor,), {})),
        torch.zeros(3).to(torch.float8_e4m3fn),
        Int8Params(torch.randn(8, 16), has_fp16_weights=True),
    ],
)
def test_integers_that_are_values_are_not_packed(plain: torch.Tensor) -> None:
    known = condition(plain)
    assert known.state == "ready"
    assert known.packed == ""


class AlignDevicesHook:
    """As accelerate's: where the weights of a layer are between two forward passes."""

    def __init__(self, weights_map: Any, offload: bool = True) -> None:
        self.execution_device, self.offload, self.weights_map = "cpu", offload, weights_map


def offloaded(weights_map: Any, *, sequence: bool = False) -> nn.Module:
    net = nn.Sequential(nn.Linear(2, 2, device="meta"))
    hook: Any = AlignDevicesHook(weights_map)
    net[0]._hf_hook = SimpleNamespace(hooks=(SimpleNamespace(), hook)) if sequence else hook
    return net


def prefixed(**loader: Any) -> Any:
    return SimpleNamespace(dataset=SimpleNamespace(**loader), prefix="0.")


@pytest.mark.parametrize(
    ("weights_map", "where"),
    [
        ({"weight": torch.ones(2, 2)}, "offloaded by accelerate to CPU"),
        (SimpleNamespace(dataset={"0.weight": torch.ones(2, 2)}, prefix="0."), "to CPU"),
        (
            prefixed(state_dict={}, save_folder="/data/off", index={"0.weight": {"shape": [2, 2]}}),
            "on disk in /data/off",
        ),
        (
            prefixed(
                state_dict={},
                save_folder=None,
                index={"0.weight": {"safetensors_file": "/m/a.safetensors"}},
            ),
            "on disk in the file /m/a.safetensors",
        ),
        (OrderedDict(), "offloaded by accelerate"),
    ],
)
@pytest.mark.parametrize("sequence", [False, True])
def test_an_offloaded_weight_says_where_it_is(weights_map: Any, where: str, sequence: bool) -> None:
    net = offloaded(weights_map, sequence=sequence)
    node = row(net, "0.weight")
    assert node.state == "meta"
    assert "no data" in (node.reason or "")
    assert where in (node.reason or "")
    assert condition_at(net, ("0", "weight"), net[0].weight).reason == node.reason
    assert select(read_tree(net), "", net=net).skipped["0.weight"] == node.reason


def test_a_hook_that_offloads_nothing_and_plain_meta_tensors_say_nothing_of_it() -> None:
    net = nn.Sequential(nn.Linear(2, 2, device="meta"), nn.Linear(2, 2, device="meta"))
    net[0]._hf_hook = AlignDevicesHook(None, offload=False)
    for name in ("0.weight", "1.weight"):
        assert row(net, name).reason == "It is on the meta device: it has a shape and no data."


def test_a_parameter_that_deepspeed_has_partitioned_says_so() -> None:
    net = Holder(w=nn.Parameter(torch.empty(0)), empty=nn.Parameter(torch.empty(0)))
    net.w.ds_id, net.w.ds_shape = 0, torch.Size([8, 16])
    node = row(net, "w")
    assert node.state == "unreadable"
    assert "(8, 16)" in (node.reason or "")
    assert "DeepSpeed" in (node.reason or "")
    assert row(net, "empty").state == "ready"
