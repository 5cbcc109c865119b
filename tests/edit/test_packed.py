"""Edits leave packed weights as they are, say why, and go on with the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from edit.kit import Bench, bytes_of, refusal
from paramwidget.edit.actions.tie import Tie, Untie
from zoo.packed import (
    BitLinear,
    Failing,
    Halves,
    HQQLinear,
    Linear4bit,
    Linear8bitLt,
    QuantLinear,
    codes,
    layer,
    scaled,
    with_quant_state_on_the_layer,
    with_quant_state_on_the_weight,
)

LAYERS: dict[str, Callable[[], nn.Module]] = {
    "Params4bit": Linear4bit,
    "Int8Params": Linear8bitLt,
    "wrapper": lambda: layer(scaled()),
    "own memory": lambda: layer(Halves(codes(8, 8))),
    "failing dequantize": lambda: layer(Failing(codes(8, 8))),
    "state on the weight": with_quant_state_on_the_weight,
    "state on the layer": with_quant_state_on_the_layer,
    "GPTQ": QuantLinear,
    "HQQ": HQQLinear,
    "BitNet": BitLinear,
}
NAMES = {"GPTQ": "qweight", "HQQ": "W_q"}
every_layer = pytest.mark.parametrize("which", LAYERS)


def model(which: str) -> tuple[nn.Module, str]:
    """A net with a packed layer and a plain one, and the name of what is packed."""
    return nn.Sequential(LAYERS[which](), nn.Linear(8, 4)), f"0.{NAMES.get(which, 'weight')}"


def raw(net: nn.Module, name: str) -> bytes:
    tensor: Any = dict([*net.named_parameters(), *net.named_buffers()])[name]
    return bytes_of(getattr(tensor, "qdata", tensor).as_subclass(torch.Tensor))


@every_layer
def test_an_edit_of_the_whole_net_skips_it_with_the_reason(which: str) -> None:
    net, name = model(which)
    bench, before = Bench.of(net), raw(net, name)
    edit = bench.initialize("", "ones_")
    assert "1.weight" in edit.changed
    if name in dict(net.named_parameters()):
        assert "class" in edit.skipped[name] or "packed" in edit.skipped[name]
    assert raw(net, name) == before
    bench.undo()
    assert raw(net, name) == before


@every_layer
def test_an_edit_of_it_alone_is_refused(which: str) -> None:
    net, name = model(which)
    bench, before = Bench.of(net), raw(net, name)
    for edit in (
        lambda: bench.initialize(name, "zeros_"),
        lambda: bench.assign(name, (0, 0), 1),
        lambda: bench.compute(name, "w * 2"),
        lambda: bench.do(Tie("1.weight", name)),
        lambda: bench.do(Tie(name, "1.weight")),
        lambda: bench.do(Untie(name)),
    ):
        refused = refusal(edit)
        assert refused is not None
        assert "packed" in str(refused) or "class" in str(refused), refused
    assert raw(net, name) == before


@every_layer
def test_a_function_is_applied_to_the_other_layers(which: str) -> None:
    net, name = model(which)
    bench, before = Bench.of(net), raw(net, name)

    def zero(module: nn.Module) -> None:
        for parameter in module.parameters(recurse=False):
            nn.init.zeros_(parameter)

    edit = bench.apply(zero)
    assert set(edit.changed) == {"1.weight", "1.bias"}
    assert name in edit.skipped
    assert not any("no shape yet" in warning for warning in edit.warnings)
    assert raw(net, name) == before
    assert "visit(net, zero, [net[0]])" in edit.code


@every_layer
def test_a_reset_that_would_write_to_it_is_not_called(which: str) -> None:
    net, name = model(which)
    bench, before = Bench.of(net), raw(net, name)
    edit = bench.initialize("", "reset_parameters")
    assert edit.changed[0] == "1.weight"
    if isinstance(net[0], nn.Linear):
        assert f"{name} is packed" in edit.skipped["0.bias"]
    assert raw(net, name) == before


def test_what_a_function_writes_from_elsewhere_is_taken_back_and_said() -> None:
    net = nn.Sequential(Linear4bit(), nn.Linear(8, 4))
    bench, before = Bench.of(net), raw(net, "0.weight")

    def fill(module: nn.Module) -> None:
        for parameter in module.parameters():
            parameter.data.fill_(1)

    edit = bench.apply(fill)
    assert raw(net, "0.weight") == before
    assert any("is packed" in warning for warning in edit.warnings)
    assert set(edit.changed) == {"0.bias", "1.weight", "1.bias"}
    assert "with keeping(net[0].weight):" in edit.code
    fresh = nn.Sequential(Linear4bit(), nn.Linear(8, 4))
    packed = raw(fresh, "0.weight")
    bench.replayed(fresh)
    assert raw(fresh, "0.weight") == packed
    assert bool((fresh[1].weight == 1).all())


def test_a_function_on_a_packed_layer_alone_is_refused() -> None:
    net = nn.Sequential(Linear4bit(), nn.Linear(8, 4))
    refused = refusal(lambda: Bench.of(net).apply(nn.init.zeros_, "0"))
    assert refused is not None
    assert "0.weight" in str(refused)


def test_scales_counters_and_token_ids_are_edited_as_before() -> None:
    net = nn.Sequential(QuantLinear(), nn.BatchNorm1d(8))
    net.register_buffer("tokens", torch.zeros(4, dtype=torch.int32))
    bench = Bench.of(net)
    assert bench.initialize("0.scales", "ones_").changed == ["0.scales"]
    assert bench.assign("0.g_idx", (0,), 3).changed == ["0.g_idx"]
    assert bench.assign("1.num_batches_tracked", (), 3).changed == ["1.num_batches_tracked"]
    assert bench.assign("tokens", (1,), 7).changed == ["tokens"]
