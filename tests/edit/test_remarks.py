"""What an edit says of the layer whose tensor it writes: fans, stacks, rows that are rewritten."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from edit.kit import Bench


def said(layer: nn.Module, name: str, target: str = "", **arguments: Any) -> str:
    return "\n".join(Bench.of(layer).initialize(target, name, **arguments).warnings)


def test_the_fan_out_of_a_grouped_convolution_is_said_where_it_is_used() -> None:
    for layer in (nn.Conv2d(8, 12, 3, groups=4), nn.Conv1d(4, 4, 9, groups=4)):
        outputs = layer.weight.shape[0] * layer.weight[0, 0].numel()
        for name, more in (("kaiming_normal_", {"mode": "fan_out"}), ("xavier_uniform_", {})):
            told = said(layer, name, parameters="weight", **more)
            assert f"torch's fan_out {outputs} counts the output channels of all 4" in told
            assert f"one group give {outputs // 4}" in told
        assert said(layer, "kaiming_normal_", parameters="weight") == ""
        assert said(layer, "normal_", parameters="weight") == ""
    assert said(nn.Conv2d(8, 12, 3), "xavier_uniform_", parameters="weight") == ""


def test_a_transposed_convolution_has_its_fans_exchanged() -> None:
    for layer in (nn.ConvTranspose2d(4, 6, 3), nn.ConvTranspose1d(4, 6, 3)):
        told = said(layer, "kaiming_uniform_", parameters="weight")
        assert f"torch's fan_in {6 * layer.weight[0, 0].numel()} is its fan_out" in told
        assert said(layer, "xavier_uniform_", parameters="weight") == ""
    told = said(nn.ConvTranspose2d(4, 6, 3, groups=2), "xavier_uniform_", parameters="weight")
    assert "counts the input channels of all 2 groups" in told


@pytest.mark.parametrize(("layer", "count"), [
    (nn.LSTM(3, 5), 4), (nn.GRU(3, 5), 3), (nn.LSTMCell(3, 5), 4), (nn.GRUCell(3, 5), 3),
    (nn.MultiheadAttention(6, 2), 3),
])  # fmt: skip
def test_a_stack_of_matrices_is_one_matrix_to_torch(layer: nn.Module, count: int) -> None:
    assert f"a stack of {count} matrices" in said(layer, "xavier_uniform_", parameters="*weight*")
    assert "not each of them" in said(layer, "orthogonal_", parameters="*weight*")
    assert "stack" not in said(layer, "kaiming_uniform_", parameters="*weight*")


def test_plain_layers_are_passed_over_in_silence() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.Conv2d(2, 3, 3), nn.RNN(3, 5), nn.Embedding(4, 3))
    assert said(net, "xavier_uniform_", parameters="weight*") == ""
    assert said(net, "orthogonal_", parameters="weight*") == ""


def test_a_tensor_that_is_looked_up_and_multiplied_with() -> None:
    net: Any = nn.Module()
    net.emb, net.head = nn.Embedding(50, 32), nn.Linear(32, 50, bias=False)
    net.head.weight = net.emb.weight
    told = said(net, "xavier_uniform_")
    assert "emb.weight is looked up and head.weight is multiplied with" in told
    assert "fan_in 32 and fan_out 50" in told
    assert said(net, "normal_") == ""


def test_an_autoencoder_whose_decoder_is_its_encoder_transposed() -> None:
    net: Any = nn.Module()
    net.enc, net.dec = nn.Linear(8, 4), nn.Linear(4, 8)
    net.dec.weight.data = net.enc.weight.data.t()
    told = said(net, "kaiming_uniform_", parameters="weight")
    assert "dec.weight holds the same memory in another shape: fan_in 8 and fan_out 4" in told


class Heavy(nn.Embedding):
    pass


@pytest.mark.parametrize("made", [
    lambda: nn.Embedding(5, 8, max_norm=1.0), lambda: nn.EmbeddingBag(5, 8, max_norm=1.0),
    lambda: Heavy(5, 8, max_norm=0.5, norm_type=1.0),
])  # fmt: skip
def test_rows_that_the_next_forward_scales_down_are_said_by_every_edit(made: Any) -> None:
    net: Any = nn.Sequential(made())
    bench = Bench(net)
    told = "max_norm="
    assert any(told in one for one in bench.initialize("", "normal_", seed=1).warnings)
    assert any(told in one for one in bench.initialize("", "reset_parameters").warnings)
    assert any(
        "1 row exceeds max_norm" in one for one in bench.assign("0.weight", (1, 2), 9).warnings
    )
    assert any("2 rows" in one
               for one in bench.compute("0.weight", "7", (slice(0, 2), 3)).warnings)  # fmt: skip
    assert any(told in one for one in bench.apply(
        lambda m: nn.init.ones_(m.weight) if hasattr(m, "weight") else None).warnings)  # fmt: skip
    assert bench.initialize("", "zeros_").warnings == []
    assert bench.assign("0.weight", (1, 2), 0.25).warnings == []


def test_what_a_normed_layer_computes_from_the_tensor_is_said() -> None:
    layers: list[nn.Module] = [
        parametrizations.weight_norm(nn.Linear(3, 4)),
        parametrizations.spectral_norm(nn.Linear(3, 4)),
    ]
    with pytest.warns(FutureWarning):
        layers.append(torch.nn.utils.weight_norm(nn.Linear(3, 4)))
    for layer in layers:
        told = said(nn.Sequential(layer), "xavier_uniform_")
        assert "the layer uses 0.weight, which it computes from this" in told
        assert "bias" not in told
