"""States that a tensor can be in, and every dtype and layout."""

from __future__ import annotations

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from zoo.case import Holder, Zoo

zoo = Zoo()
READY = "parameter ready"
BUFFER = "buffer ready"

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
EIGHT_BIT = (
    torch.float8_e4m3fn,
    torch.float8_e5m2,
    torch.float8_e4m3fnuz,
    torch.float8_e5m2fnuz,
)
COMPLEX = (torch.complex32, torch.complex64, torch.complex128)
INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
WIDE = (torch.uint16, torch.uint32, torch.uint64)


def named(*dtypes: torch.dtype) -> dict[str, torch.Tensor]:
    return {f"as_{str(dtype).removeprefix('torch.')}": numbers(dtype) for dtype in dtypes}


def all_ready(*dtypes: torch.dtype) -> dict[str, str]:
    return {f"as_{str(dtype).removeprefix('torch.')}": BUFFER for dtype in dtypes}


def numbers(dtype: torch.dtype) -> torch.Tensor:
    return torch.arange(12).reshape(3, 4).to(dtype)


@zoo(
    "lazy",
    rows={"weight": "parameter uninitialized", "bias": "parameter uninitialized"},
    complete=True,
    reasons={"weight": "first forward"},
)
def lazy_linear() -> nn.Module:
    return nn.LazyLinear(4)


@zoo("lazy", rows={"running_mean": "buffer uninitialized", "num_batches_tracked": BUFFER})
def lazy_batch_norm() -> nn.Module:
    return nn.LazyBatchNorm1d()


@zoo("lazy", rows={"0.weight": READY, "1.weight": READY}, complete=False)
def lazy_after_its_first_forward() -> nn.Module:
    net = nn.Sequential(nn.LazyLinear(4), nn.LazyLinear(2))
    net(torch.ones(2, 3))
    return net


@zoo(
    "lazy",
    rows={
        "0.weight": READY,
        "0.bias": READY,
        "1.weight": "parameter uninitialized",
        "1.bias": "parameter uninitialized",
    },
    complete=True,
)
def half_lazy() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 2), nn.LazyConv2d(3, 2))


@zoo(
    "lazy",
    rows={"weight": "parameter uninitialized", "other": "parameter uninitialized"},
    ties=[("same", ["weight", "other"])],
    complete=True,
)
def lazy_tied() -> nn.Module:
    shared = nn.UninitializedParameter()
    return Holder(weight=shared, other=shared)


@zoo("None", rows={"0.weight": READY, "0.bias": "none ready", "running": "none ready"})
def none_bias_and_none_buffer() -> nn.Module:
    net = nn.Sequential(nn.Linear(3, 2, bias=False))
    net.register_buffer("running", None)
    return net


@zoo("None", rows={"a.weight": READY, "a.bias": READY}, complete=True)
def none_child() -> nn.Module:
    net = Holder(a=nn.Linear(2, 2))
    net.register_module("gone", None)
    return net


@zoo("empty", complete=True)
def empty_sequential() -> nn.Module:
    return nn.Sequential(nn.Sequential(), nn.ModuleList(), nn.ParameterList())


@zoo(
    "0-d, empty, one element",
    rows={"scalar": READY, "empty": READY, "one": READY, "void": BUFFER, "thin": BUFFER},
    complete=True,
)
def small_shapes() -> nn.Module:
    return Holder(
        scalar=nn.Parameter(torch.tensor(3.0)),
        empty=nn.Parameter(torch.empty(0)),
        one=nn.Parameter(torch.ones(1)),
        void=torch.empty(0, 5),
        thin=torch.empty(3, 0, 2),
    )


@zoo("many axes", rows={"three": BUFFER, "six": BUFFER})
def many_axes() -> nn.Module:
    return Holder(
        three=torch.randn(2, 3, 4),
        four=torch.randn(2, 3, 4, 5),
        five=torch.randn(2, 1, 2, 3, 2),
        six=torch.randn(1, 2, 1, 2, 1, 2),
    )


@zoo("dtypes", rows=all_ready(*FLOATS))
def float_dtypes() -> nn.Module:
    return Holder(**named(*FLOATS))


@zoo("bf16, fp8", rows=all_ready(*EIGHT_BIT))
def eight_bit_floats() -> nn.Module:
    return Holder(**named(*EIGHT_BIT))


@zoo("complex", rows=all_ready(*COMPLEX))
def complex_dtypes() -> nn.Module:
    return Holder(**named(*COMPLEX))


@zoo(
    "complex",
    rows={"conjugate": BUFFER, "negative": BUFFER, "base": BUFFER},
    ties=[("memory", ["base", "conjugate", "negative"])],
)
def lazy_conjugate_and_negative() -> nn.Module:
    base = torch.randn(3, 2, dtype=torch.complex64)
    return Holder(base=base, conjugate=base.conj(), negative=base.conj().imag)


@zoo("ints, bool", rows=all_ready(*INTEGERS, torch.bool))
def integers_and_bool() -> nn.Module:
    return Holder(**named(*INTEGERS, torch.bool))


@zoo("ints, bool", rows=all_ready(*WIDE))
def wide_unsigned_integers() -> nn.Module:
    return Holder(**named(*WIDE))


@zoo("ints, bool", rows={"large": BUFFER})
def integers_past_two_to_the_53() -> nn.Module:
    return Holder(large=torch.tensor([2**53 + 1, -(2**63), 2**63 - 1]))


@zoo(
    "float4, uint4",
    rows=dict.fromkeys(("uint4", "bits8", "bits16"), "buffer unreadable"),
    reasons={"uint4": "uint4"},
    complete=True,
)
def dtypes_that_torch_only_stores() -> nn.Module:
    small, wide = torch.arange(4, dtype=torch.uint8), torch.arange(4, dtype=torch.int16)
    return Holder(
        uint4=small.clone().view(torch.uint4),
        bits8=small.clone().view(torch.bits8),
        bits16=wide.view(torch.bits16),
    )


@zoo(
    "float4, uint4",
    since=(2, 8),
    rows=dict.fromkeys(("float4", "int2"), "buffer unreadable"),
    reasons={"float4": "float4_e2m1fn_x2"},
)
def younger_dtypes_that_torch_only_stores() -> nn.Module:
    small = torch.arange(4, dtype=torch.uint8)
    return Holder(
        float4=small.clone().view(torch.float4_e2m1fn_x2), int2=small.clone().view(torch.int2)
    )


@zoo(
    "qint8",
    rows={
        "tensor": BUFFER,
        "channel": BUFFER,
        "wide": BUFFER,
        "halves": BUFFER,
        "quarters": BUFFER,
    },
    refuses={"tensor": "quantized"},
)
def quantized() -> nn.Module:
    values = torch.linspace(-1, 1, 16).reshape(4, 4)
    scales, zeros = torch.full((4,), 0.1), torch.zeros(4)
    return Holder(
        tensor=torch.quantize_per_tensor(values, 0.1, 3, torch.qint8),
        channel=torch.quantize_per_channel(values, scales, zeros, 0, torch.qint8),
        wide=torch.quantize_per_tensor(values, 0.1, 0, torch.qint32),
        # sixteen elements in eight bytes, in four: ``nbytes`` says sixteen
        halves=torch.quantize_per_channel(values, scales, zeros, 0, torch.quint4x2),
        quarters=torch.quantize_per_channel(values, scales, zeros, 0, torch.quint2x4),
    )


@zoo("NaN, Inf, huge", rows={"odd": BUFFER, "huge": BUFFER, "zeros": BUFFER})
def nan_inf_and_huge() -> nn.Module:
    return Holder(
        odd=torch.tensor([float("nan"), float("inf"), -float("inf"), 1.0]),
        huge=torch.tensor([3e38, -3e38]),
        zeros=torch.tensor([0.0, -0.0]),
    )


@zoo(
    "transposed, channels_last",
    rows={"turned": READY, "last": READY, "every_other": READY, "offset": READY},
    complete=True,
)
def odd_strides() -> nn.Module:
    return Holder(
        turned=nn.Parameter(torch.randn(3, 5).t()),
        last=nn.Parameter(torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)),
        every_other=nn.Parameter(torch.randn(6, 6)[::2, ::3]),
        offset=nn.Parameter(torch.randn(10)[3:7]),
    )


@zoo(
    "expanded",
    rows={"wide": BUFFER, "windows": BUFFER, "column": BUFFER},
    refuses={"wide": "expanded", "windows": "expanded"},
    complete=True,
)
def expanded() -> nn.Module:
    return Holder(
        wide=torch.randn(3, 1).expand(3, 4),
        windows=torch.arange(10.0).unfold(0, 4, 1),
        column=torch.randn(3).expand(1, 3),
    )


@zoo(
    "sparse, mkldnn",
    rows=dict.fromkeys(
        ("coo", "loose", "hybrid", "csr", "csc", "bsr", "bsc", "mkldnn", "bare"), BUFFER
    ),
    refuses={"coo": "sparse", "csr": "sparse_csr", "mkldnn": "mkldnn"},
    complete=True,
)
def sparse_layouts() -> nn.Module:
    dense = torch.eye(4) * 3
    loose = torch.sparse_coo_tensor([[0, 0], [1, 1]], [1.0, 2.0], (2, 2))
    return Holder(
        coo=dense.to_sparse(),
        loose=loose,
        hybrid=torch.randn(3, 2).to_sparse(1),
        csr=dense.to_sparse_csr(),
        csc=dense.to_sparse_csc(),
        bsr=dense.to_sparse_bsr((2, 2)),
        bsc=dense.to_sparse_bsc((2, 2)),
        mkldnn=dense.to_mkldnn(),
        bare=torch.sparse_coo_tensor(size=(3, 3)),
    )


@zoo("sparse, mkldnn", rows={"vast": "buffer unreadable"}, reasons={"vast": "sparse"})
def sparse_and_vast() -> nn.Module:
    place = torch.tensor([[5], [7]])
    return Holder(vast=torch.sparse_coo_tensor(place, [1.0], (1 << 20, 1 << 20)))


@zoo(
    "meta, fake",
    rows={"weight": "parameter meta", "bias": "parameter meta"},
    complete=True,
    reasons={"weight": "no data"},
)
def on_meta() -> nn.Module:
    return nn.Linear(1 << 20, 1 << 20, device="meta")


@zoo("meta, fake", rows={"0.weight": READY, "1.weight": "parameter meta"})
def half_on_meta() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2, device="meta"))


@zoo(
    "meta, fake",
    rows={"weight": "parameter meta", "bias": "parameter meta"},
    reasons={"weight": "fake"},
    complete=True,
)
def fake() -> nn.Module:
    with FakeTensorMode():
        return nn.Linear(3, 2)


@zoo(
    "nested",
    rows={"strided": "buffer unreadable", "jagged": "buffer unreadable"},
    reasons={"strided": "nested", "jagged": "nested"},
    complete=True,
)
def nested() -> nn.Module:
    rows = [torch.ones(2), torch.ones(3)]
    return Holder(
        strided=torch.nested.nested_tensor(rows),
        jagged=torch.nested.nested_tensor(rows, layout=torch.jagged),
    )


@zoo("inference_mode", rows={"weight": READY, "bias": READY}, complete=True)
def made_in_inference_mode() -> nn.Module:
    with torch.inference_mode():
        return nn.Linear(3, 2)


@zoo("a copy made late", rows={"a": BUFFER, "b": BUFFER}, ties=[], complete=True)
def lazily_cloned() -> nn.Module:
    base = torch.randn(4)
    return Holder(a=base, b=torch._lazy_clone(base))
