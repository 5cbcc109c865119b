"""Edits leave packed weights as they are, say why, and go on with the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from edit.kit import Bench, bytes_of, refusal
from paramwidget.edit.actions.tie import Tie, Untie
from zoo.quantized import (
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
    "codes in bfloat16": lambda: Linear4bit(storage=torch.bfloat16),
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


def tensor(net: nn.Module, name: str) -> Any:
    return dict([*net.named_parameters(), *net.named_buffers()])[name]


def raw(net: nn.Module, name: str) -> bytes:
    packed = tensor(net, name)
    return bytes_of(getattr(packed, "qdata", packed).as_subclass(torch.Tensor))


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


@every_layer
def test_unfreezing_the_whole_net_leaves_it_frozen_and_freezing_it_is_allowed(which: str) -> None:
    net, name = model(which)
    bench, packed = Bench.of(net), tensor(net, name)
    packed.requires_grad_(False)
    edit = bench.set_requires_grad("", True)
    assert name not in edit.changed
    assert not packed.requires_grad
    if name in dict(net.named_parameters()):
        assert edit.skipped[name].startswith("It is packed: an optimizer would update its codes")
    refused = refusal(lambda: bench.set_requires_grad(name, True))
    assert "is packed" in str(refused)
    assert name in bench.set_requires_grad(name, False).changed


@every_layer
def test_what_a_function_unfreezes_from_elsewhere_is_frozen_again(which: str) -> None:
    net, name = model(which)
    bench, packed = Bench.of(net), tensor(net, name)
    packed.requires_grad_(False)

    def unfreeze(module: nn.Module) -> None:
        for one in [*module.parameters(), *module.buffers()]:
            if one.is_floating_point():
                one.requires_grad_(True)

    edit = bench.apply(unfreeze)
    assert not packed.requires_grad
    said = any(f"{name} is packed" in one and "frozen" in one for one in edit.warnings)
    assert said is packed.is_floating_point()
    fresh, _ = model(which)
    bench.replayed(fresh)
    assert not tensor(fresh, name).requires_grad


def test_a_packed_weight_that_is_trainable_can_be_frozen_and_undone() -> None:
    net = nn.Sequential(layer(scaled()), nn.Linear(8, 4))
    net[0].weight.requires_grad_(True)
    bench = Bench.of(net)
    assert "0.weight" in bench.set_requires_grad("", False).changed
    bench.undo()
    assert net[0].weight.requires_grad


def test_neither_redo_nor_bringing_back_unfreezes_what_was_packed_since() -> None:
    net = nn.Sequential(layer(nn.Parameter(torch.randn(8, 16), requires_grad=False)))
    bench = Bench.of(net)
    bench.set_requires_grad("0.weight", True)
    bench.undo()
    net[0].weight.data = codes(64).view(torch.bfloat16)[:, None]
    net[0].weight.quant_state = object()
    assert "0.weight has been packed since" in str(refusal(bench.redo))
    bench.initialize("0.bias", "ones_")
    entry = next(one for one in bench.journal.entries if one.can_be_brought_back)
    refused = refusal(lambda: bench.journal.bring_back(net, entry))
    assert "0.weight has been packed since" in str(refused)
    assert not net[0].weight.requires_grad


def test_an_undo_over_a_weight_that_was_packed_since_is_refused() -> None:
    net = nn.Sequential(nn.Linear(16, 8))
    bench = Bench.of(net)
    bench.initialize("0.weight", "ones_")
    net[0].weight = nn.Parameter(scaled(), requires_grad=False)
    before = raw(net, "0.weight")
    assert bench.journal.at_stake(net).names == []
    assert "0.weight can no longer be written to (it is of class" in str(refusal(bench.undo))
    assert raw(net, "0.weight") == before


def scaled_layer(codes_called: str, codes: torch.Tensor, **beside: torch.Tensor) -> nn.Module:
    made = nn.Module()
    made.register_parameter(codes_called, nn.Parameter(codes, requires_grad=False))
    for name, values in beside.items():
        trains = values.is_floating_point()
        made.register_parameter(name, nn.Parameter(values, requires_grad=trains))
    made.bias = nn.Parameter(torch.ones(8))
    return made


BESIDE: dict[str, Callable[[], nn.Module]] = {
    "FP8": lambda: scaled_layer(
        "weight", torch.randn(8, 8).to(torch.float8_e4m3fn), weight_scale_inv=torch.ones(1, 1)
    ),
    "int8": lambda: scaled_layer(
        "weight", codes(8, 8, dtype=torch.int8), weight_scale=torch.ones(8, 1)
    ),
    "AQLM": lambda: scaled_layer(
        "codes", codes(8, 2, 1), codebooks=torch.ones(1, 4, 1, 8), scales=torch.ones(8, 1)
    ),
    "compressed-tensors": lambda: scaled_layer(
        "weight_packed",
        codes(8, 2, dtype=torch.int32),
        weight_scale=torch.ones(8, 1),
        weight_shape=torch.tensor([8, 16]),
    ),
    "GPTQ": lambda: scaled_layer(
        "qweight",
        codes(2, 8, dtype=torch.int32),
        qzeros=codes(1, 1, dtype=torch.int32),
        scales=torch.ones(1, 8),
        g_idx=torch.arange(16),
    ),
}


@pytest.mark.parametrize("which", BESIDE)
def test_what_packed_codes_are_read_with_is_edited_by_its_own_name_only(which: str) -> None:
    net = nn.Sequential(nn.Linear(8, 8), BESIDE[which]())
    bench = Bench.of(net)
    kept = {name: one for name, one in net[1].named_parameters() if name != "bias"}
    before = {name: bytes_of(one) for name, one in kept.items()}

    def fill(module: nn.Module) -> None:
        for parameter in module.parameters():
            parameter.data.fill_(2)

    edits = [
        bench.initialize("", "zeros_"),
        bench.initialize("1", "ones_"),
        bench.initialize("*", "zeros_"),
        bench.apply(fill),
    ]
    assert {name: bytes_of(one) for name, one in kept.items()} == before
    for edit in edits:
        assert {f"1.{name}" for name in kept} <= edit.skipped.keys()
        assert "1.bias" in edit.changed
    scale = next(name for name in kept if "scale" in name)
    assert "name this slot itself" in edits[0].skipped[f"1.{scale}"]
    taken_back = " ".join(edits[-1].warnings)
    assert f"1.{scale} is beside" in taken_back
    refused = refusal(lambda: bench.initialize(f"*.{scale}", "zeros_"))
    assert refused is not None
    assert "name this slot itself" in str(refused)
    assert bench.initialize(f"1.{scale}", "zeros_").changed == [f"1.{scale}"]


def test_a_scale_is_kept_where_a_plain_module_holds_it_too_and_adapters_are_edited() -> None:
    layer = BESIDE["FP8"]()
    layer.lora_A = nn.Parameter(torch.ones(2, 8))
    other = nn.Module()
    other.gain = layer.weight_scale_inv
    edit = Bench.of(nn.Sequential(layer, other)).initialize("", "zeros_")
    assert edit.changed == ["0.bias", "0.lora_A"]
    assert "1.gain" in edit.skipped


def test_a_freeze_of_the_whole_net_freezes_scales_too() -> None:
    net = nn.Sequential(nn.Linear(8, 8), BESIDE["FP8"]())
    bench = Bench.of(net)
    bench.set_requires_grad("", False)
    assert not any(one.requires_grad for one in net.parameters())
    assert "1.weight_scale_inv" in bench.set_requires_grad("", True).skipped
