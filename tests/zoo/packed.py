"""Models with packed weights, of small classes laid out as those of the libraries that quantize."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import nn

from zoo.case import Holder, Zoo
from zoo.quantized import (
    NF4,
    BitLinear,
    CompressedLinear,
    Halves,
    HQQLinear,
    Inner,
    Linear4bit,
    Linear8bitLt,
    Params4bit,
    QuantLinear,
    codes,
    layer,
    scaled,
    with_quant_state_on_the_layer,
    with_quant_state_on_the_weight,
)

zoo = Zoo()
READY = "parameter ready"
PACKED = "parameter unreadable"


@zoo(
    "bitsandbytes",
    rows={"0.weight": PACKED, "0.bias": READY, "1.weight": PACKED, "2.weight": PACKED},
    reasons={"0.weight": "nf4", "1.weight": "fp4", "2.weight": "Params4bit"},
    refuses={"0.weight": "packed"},
)
def bitsandbytes_4bit() -> nn.Module:
    return nn.Sequential(Linear4bit(), Linear4bit("fp4"), Linear4bit(storage=torch.bfloat16))


@zoo("bitsandbytes", rows={"0.weight": PACKED, "0.bias": READY, "1.weight": PACKED})
def bitsandbytes_8bit() -> nn.Module:
    net = nn.Sequential(Linear8bitLt(), Linear8bitLt())
    net[1].hand_on()
    return net


@zoo("bitsandbytes", rows={"weight": READY, "bias": READY}, complete=True)
def bitsandbytes_not_quantized_yet() -> nn.Module:
    return layer(Params4bit(torch.randn(8, 16)))


@zoo(
    "bitsandbytes",
    rows={"0.weight": PACKED, "1.weight": PACKED},
    reasons={"0.weight": "nf4", "1.weight": "quant_state"},
)
def quant_state_beside_a_plain_weight() -> nn.Module:
    return nn.Sequential(with_quant_state_on_the_weight(), with_quant_state_on_the_layer())


@zoo(
    "torchao",
    rows={"0.weight": READY, "1.weight": READY, "2.weight": PACKED},
    notes={"0.weight": "dequantize of Scaled"},
    refuses={"0.weight": "Scaled"},
)
def wrappers_with_codes() -> nn.Module:
    inner, nf4 = Inner(scaled()), NF4(codes(8, 16), torch.tensor(0.5))
    return nn.Sequential(layer(scaled()), layer(inner), layer(nf4))


@zoo(
    "own dequantize",
    rows={"weight": READY, "bias": READY},
    notes={"weight": "dequantize of Halves"},
    refuses={"weight": "packed"},
    complete=True,
)
def codes_in_its_own_memory() -> nn.Module:
    return layer(Halves(codes(8, 8)))


@zoo(
    "GPTQ, AWQ",
    rows={
        "qweight": "buffer unreadable",
        "qzeros": "buffer unreadable",
        "scales": "buffer ready",
        "g_idx": "buffer ready",
        "bias": READY,
    },
    reasons={"qweight": "qzeros", "qzeros": "packed"},
    refuses={"qweight": "packed"},
    complete=True,
)
def gptq() -> nn.Module:
    return QuantLinear()


@zoo(
    "GPTQ, AWQ",
    rows={
        "marlin.B": "buffer unreadable",
        "marlin.s": "buffer ready",
        "exl2.q_weight": "buffer unreadable",
        "exl2.q_scale": "buffer unreadable",
        "exl2.q_groups": "buffer unreadable",
        "exl2.q_scale_max": "buffer ready",
        "lora.B": READY,
        "counts.B": "buffer ready",
    },
    reasons={"marlin.B": "s and workspace", "exl2.q_weight": "q_scale"},
    refuses={"marlin.B": "packed", "exl2.q_scale": "packed"},
)
def kernels_of_gptq() -> nn.Module:
    marlin, exl2, counts = nn.Module(), nn.Module(), nn.Module()
    marlin.register_buffer("B", codes(1, 16, dtype=torch.int32))
    marlin.register_buffer("s", torch.rand(1, 8))
    marlin.register_buffer("workspace", torch.zeros(4, dtype=torch.int32))
    exl2.register_buffer("q_weight", codes(2, 8, dtype=torch.int32))
    exl2.register_buffer("q_scale", codes(1, 1, dtype=torch.int32))
    exl2.register_buffer("q_groups", codes(4, dtype=torch.int16))
    exl2.register_buffer("q_scale_max", torch.rand(1))
    counts.register_buffer("B", codes(3, dtype=torch.int32))
    lora = Holder(A=nn.Parameter(torch.rand(2, 2)), B=nn.Parameter(torch.rand(2, 2)))
    return Holder(marlin=marlin, exl2=exl2, lora=lora, counts=counts)


@zoo(
    "other layers",
    rows={
        "0.weight_packed": PACKED,
        "0.weight_scale": READY,
        "0.weight_shape": READY,
        "1.W_q": PACKED,
        "2.weight": "buffer unreadable",
    },
    reasons={"1.W_q": "dequantize of its HQQLinear", "2.weight": "weight_scale"},
)
def codes_beside_their_scales() -> nn.Module:
    return nn.Sequential(CompressedLinear(), HQQLinear(), BitLinear())


@zoo(
    "no false alarm",
    rows={
        "norm.num_batches_tracked": "buffer ready",
        "tokens": "buffer ready",
        "image": "buffer ready",
        "mask": "buffer ready",
        "gauge.scales": READY,
        "codes": "buffer ready",
        "codebooks": READY,
        "weights.weight": "buffer ready",
        "weights.scales": READY,
        "qweight.qweight": "buffer ready",
    },
)
def integers_that_are_values() -> nn.Module:
    net = Holder(
        norm=nn.BatchNorm1d(3),
        tokens=torch.arange(6, dtype=torch.int32),
        image=codes(4, 4),
        mask=torch.ones(3, dtype=torch.bool),
        gauge=Holder(scales=nn.Parameter(torch.rand(3))),
        codes=codes(3, dtype=torch.int16),
        codebooks=nn.Parameter(torch.rand(3, 2)),
        weights=Holder(weight=torch.arange(3), scales=nn.Parameter(torch.rand(3))),
        qweight=Holder(qweight=codes(3)),
    )
    net.meta, net.state = {"made": "here"}, SimpleNamespace(step=3)
    return net
