"""Every way to share a tensor or its memory, and those that look like it and are none."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from zoo.case import Holder, Zoo

zoo = Zoo()


def parameter(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape))


def same(*names: str) -> tuple[str, tuple[str, ...]]:
    return ("same", names)


def memory(*names: str) -> tuple[str, tuple[str, ...]]:
    return ("memory", names)


@zoo("the chapter's tied net", ties=[same("2.weight", "4.weight"), same("2.bias", "4.bias")])
def layer_used_twice() -> nn.Module:
    shared = nn.Linear(8, 8)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), shared, nn.ReLU(), shared, nn.Linear(8, 1))


@zoo("the chapter's tied net", ties=[same("2.linear_shared.weight", "3.linear_shared.weight")])
def block_used_twice() -> nn.Module:
    shared = nn.Sequential()
    shared.add_module("linear_shared", nn.Linear(8, 8, bias=False))
    shared.add_module("relu_shared", nn.ReLU())
    return nn.Sequential(nn.Linear(20, 8, bias=False), nn.ReLU(), shared, shared)


@zoo("one object, several names", ties=[same("emb.weight", "head.weight")])
def embedding_and_head() -> nn.Module:
    net = Holder(emb=nn.Embedding(5, 3), head=nn.Linear(3, 5, bias=False))
    net.head.weight = net.emb.weight
    return net


@zoo("one object, several names", ties=[same("a", "b")])
def one_parameter_in_one_module() -> nn.Module:
    shared = parameter(3)
    return Holder(a=shared, b=shared)


@zoo("one object, several names", ties=[same("0.running_mean", "1.running_mean")])
def one_buffer_in_two_modules() -> nn.Module:
    net = nn.Sequential(nn.BatchNorm1d(3), nn.BatchNorm1d(3))
    net[1].running_mean = net[0].running_mean
    return net


@zoo("one object, several names", ties=[same("scale", "layer.weight")])
def parameter_and_buffer_are_one() -> nn.Module:
    net = Holder(scale=None, layer=nn.Linear(2, 2, bias=False))
    del net.scale
    net._buffers["scale"] = net.layer.weight
    return net


@zoo(
    "one object, several names",
    ties=[same("kept", "inner.kept")],
    rows={"kept": "constant ready", "inner.kept": "constant ready"},
)
def one_constant_in_two_modules() -> nn.Module:
    net = Holder(inner=nn.Identity())
    net.kept = net.inner.kept = torch.randn(3)
    return net


@zoo(
    "one object, several names",
    ties=[same(*(f"{n}.weight" for n in "0123")), same(*(f"{n}.bias" for n in "0123"))],
)
def layer_used_four_times() -> nn.Module:
    return nn.Sequential(*[nn.Linear(2, 2)] * 4)


@zoo(
    "one object, several names",
    ties=[same("0.0.weight", "0.1.weight", "1.0.weight", "1.1.weight", "2.weight")],
)
def nested_repeats() -> nn.Module:
    layer = nn.Linear(2, 2, bias=False)
    pair = nn.Sequential(layer, layer)
    return nn.Sequential(pair, pair, layer)


@zoo("p2.data = p1.data", ties=[memory("a", "b")])
def data_assigned() -> nn.Module:
    net = Holder(a=parameter(3, 4), b=parameter(3, 4))
    net.b.data = net.a.data
    return net


@zoo(".t()", ties=[memory("encoder.weight", "decoder.weight")])
def transposed() -> nn.Module:
    net = Holder(encoder=nn.Linear(6, 3, bias=False), decoder=nn.Linear(3, 6, bias=False))
    net.decoder.weight = nn.Parameter(net.encoder.weight.data.t())
    return net


@zoo("slices", ties=[memory("whole", "rows", "columns")])
def slices_of_a_parameter() -> nn.Module:
    whole = parameter(6, 6)
    rows, columns = (nn.Parameter(part) for part in (whole.data[:2], whole.data[:, 4:]))
    return Holder(whole=whole, rows=rows, columns=columns)


@zoo("fused QKV views", ties=[memory("qkv", "q", "k", "v")])
def fused_attention() -> nn.Module:
    qkv = parameter(12, 4)
    parts = [nn.Parameter(part) for part in qkv.data.chunk(3)]
    return Holder(qkv=qkv, q=parts[0], k=parts[1], v=parts[2])


@zoo("fused QKV views, the whole not held", ties=[])
def fused_attention_parts_only() -> nn.Module:
    parts = [nn.Parameter(part) for part in torch.randn(12, 4).chunk(3)]
    return Holder(q=parts[0], k=parts[1], v=parts[2])


@zoo("diagonal", ties=[memory("matrix", "diagonal")])
def diagonal() -> nn.Module:
    matrix = parameter(5, 5)
    return Holder(matrix=matrix, diagonal=nn.Parameter(matrix.data.diagonal()))


@zoo("diagonal", ties=[])
def two_diagonals_that_do_not_meet() -> nn.Module:
    matrix = torch.randn(5, 5)
    return Holder(a=matrix.diagonal(), b=matrix.diagonal(1), c=matrix.diagonal(-2))


@zoo("real view of complex", ties=[memory("z", "pairs")])
def real_view_of_complex() -> nn.Module:
    z = nn.Parameter(torch.randn(3, 2, dtype=torch.complex64))
    return Holder(z=z, pairs=nn.Parameter(torch.view_as_real(z.data)))


@zoo("real view of complex", ties=[])
def real_and_imaginary_part() -> nn.Module:
    z = torch.randn(4, dtype=torch.complex64)
    return Holder(real=z.real, imaginary=z.imag)


@zoo("real view of complex", ties=[memory("z", "real", "imaginary")])
def complex_with_both_parts() -> nn.Module:
    z = torch.randn(4, dtype=torch.complex64)
    return Holder(z=z, real=z.real, imaginary=z.imag)


@zoo("another dtype over the same bytes", ties=[memory("floats", "words", "bytes")])
def dtype_views() -> nn.Module:
    floats = torch.randn(4)
    return Holder(floats=floats, words=floats.view(torch.int32), bytes=floats.view(torch.uint8))


@zoo("another dtype over the same bytes", ties=[memory("halves", "upper")])
def upper_bytes_of_halves() -> nn.Module:
    halves = torch.randn(4, dtype=torch.float16)
    return Holder(halves=halves, upper=halves.view(torch.uint8)[1::2])


@zoo("another dtype over the same bytes", ties=[])
def interleaved_bytes() -> nn.Module:
    base = torch.zeros(16, dtype=torch.uint8)
    return Holder(even=base[::2], odd=base[1::2])


@zoo("same storage, disjoint elements", ties=[])
def vector_to_parameters_parts() -> nn.Module:
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    vector_to_parameters(parameters_to_vector(net.parameters()), net.parameters())
    return net


@zoo("same storage, disjoint elements", ties=[memory("flat", "0.weight", "0.bias")])
def flat_and_its_parts() -> nn.Module:
    net = nn.Sequential(nn.Linear(3, 3))
    flat = parameters_to_vector(net.parameters()).detach()
    vector_to_parameters(flat, net.parameters())
    net.register_parameter("flat", nn.Parameter(flat))
    return net


@zoo("odd/even columns", ties=[])
def odd_and_even_columns() -> nn.Module:
    base = torch.randn(6, 6)
    return Holder(even=nn.Parameter(base[:, ::2]), odd=nn.Parameter(base[:, 1::2]))


@zoo("odd/even columns", ties=[memory("even", "third")])
def columns_by_two_and_by_three() -> nn.Module:
    base = torch.randn(6, 7)
    return Holder(even=base[:, ::2], odd=base[:, 1:3:2], third=base[:, ::3])


@zoo("same storage, disjoint elements", ties=[])
def interleaved_heads() -> nn.Module:
    base = torch.randn(4, 3, 8)
    return Holder(q=base[:, 0], k=base[:, 1], v=base[:, 2])


@zoo("same storage, disjoint elements", ties=[])
def every_column_of_a_matrix() -> nn.Module:
    base = torch.randn(64, 64)
    return Holder(**{f"c{n}": base[:, n] for n in range(64)})


@zoo("same storage, disjoint elements", ties=[memory("row", *(f"c{n}" for n in range(64)))])
def every_column_and_a_row() -> nn.Module:
    base = torch.randn(64, 64)
    return Holder(row=base[10], **{f"c{n}": base[:, n] for n in range(64)})


@zoo("one element shared", ties=[memory("row", "column")])
def row_and_column_cross() -> nn.Module:
    base = torch.randn(5, 5)
    return Holder(row=base[2], column=base[:, 3])


@zoo("connected sets", ties=[memory("a", "b", "c"), memory("x", "y")])
def chain_and_pair_in_one_storage() -> nn.Module:
    base = torch.randn(30)
    return Holder(
        a=base[0:5], b=base[4:9], c=base[8:12], x=base[15:20], y=base[19:25], alone=base[25:]
    )


@zoo("both kinds", ties=[same("a", "c"), memory("a", "b", "c")])
def same_and_memory() -> nn.Module:
    a = parameter(4)
    return Holder(a=a, b=nn.Parameter(a.data[1:3]), c=a)


@zoo("both kinds", ties=[same("0.weight", "1.weight"), memory("0.weight", "1.weight", "view")])
def constant_view_of_a_shared_layer() -> nn.Module:
    layer = nn.Linear(3, 3, bias=False)
    net = nn.Sequential(layer, layer)
    net.view = layer.weight.data
    return net


@zoo("expanded", ties=[memory("base", "wide")])
def expanded_and_its_base() -> nn.Module:
    base = torch.randn(3, 1)
    return Holder(base=base, wide=base.expand(3, 5))


@zoo("unfold", ties=[memory("line", "windows")])
def windows_over_a_line() -> nn.Module:
    line = torch.randn(10)
    return Holder(line=line, windows=line.unfold(0, 3, 2))


@zoo("unfold", ties=[])
def windows_that_leave_a_gap() -> nn.Module:
    line = torch.randn(12)
    return Holder(windows=line.unfold(0, 2, 4), gaps=line[2::4], last=line[3::4])


@zoo("from_numpy", ties=[memory("front", "back")])
def numpy_slices_across_storages() -> nn.Module:
    array = np.arange(10, dtype=np.float32)
    return Holder(front=torch.from_numpy(array[:6]), back=torch.from_numpy(array[4:]))


@zoo("from_numpy", ties=[])
def numpy_slices_apart() -> nn.Module:
    array = np.arange(10, dtype=np.float32)
    return Holder(front=torch.from_numpy(array[:5]), back=torch.from_numpy(array[5:]))


@zoo("from_numpy", ties=[memory("numbers", "part")])
def buffer_protocol() -> nn.Module:
    memory_block = bytearray(64)
    numbers = torch.frombuffer(memory_block, dtype=torch.float32)
    part = torch.frombuffer(memory_block, dtype=torch.int16, count=3, offset=10)
    return Holder(numbers=numbers, part=part)


@zoo("dlpack", ties=[memory("a", "b")])
def through_dlpack() -> nn.Module:
    a = torch.randn(4)
    return Holder(a=a, b=torch.from_dlpack(a))


@zoo("set_", ties=[memory("a", "b")])
def storage_taken_over() -> nn.Module:
    a, b = torch.randn(4), torch.empty(0)
    b.set_(a.untyped_storage(), 1, (2,), (1,))
    return Holder(a=a, b=b)


@zoo("empty", ties=[])
def empty_views_share_nothing() -> nn.Module:
    base = torch.randn(4)
    return Holder(
        base=base,
        none=base[2:2],
        flat=base.view(2, 2)[:0],
        other=torch.empty(0),
        more=torch.empty(0),
    )


@zoo("meta", ties=[])
def meta_tensors_lie_nowhere() -> nn.Module:
    base = torch.empty(4, device="meta")
    return Holder(a=base, b=base[1:], c=torch.empty(4, device="meta"))


@zoo("meta", ties=[same("a", "b")])
def one_meta_parameter_twice() -> nn.Module:
    shared = nn.Parameter(torch.empty(4, device="meta"))
    return Holder(a=shared, b=shared)


@zoo("sparse", ties=[memory("values", "matrix")])
def values_of_a_sparse_tensor() -> nn.Module:
    values = torch.randn(3)
    places = torch.tensor([[0, 1, 2], [0, 1, 2]])
    return Holder(values=values, matrix=torch.sparse_coo_tensor(places, values, (3, 3)))


@zoo("sparse", ties=[memory("values", "matrix")])
def values_of_a_csr_tensor() -> nn.Module:
    values = torch.randn(3)
    matrix = torch.sparse_csr_tensor(torch.tensor([0, 1, 2, 3]), torch.arange(3), values, (3, 3))
    return Holder(values=values, matrix=matrix)


@zoo("RNN flat weights", ties=[])
def lstm() -> nn.Module:
    return nn.LSTM(3, 4, num_layers=2, bidirectional=True)


@zoo("a declaration is no tie", ties=[])
def declared_and_not_tied() -> nn.Module:
    net = Holder(emb=nn.Embedding(5, 3), head=nn.Linear(3, 5, bias=False))
    net._tied_weights_keys = {"head.weight": "emb.weight"}
    net.head.weight = nn.Parameter(net.emb.weight.data.clone())
    return net


@zoo("gradients", ties=[])
def shared_gradient_is_no_tie() -> nn.Module:
    net = Holder(a=parameter(3), b=parameter(3))
    net.a.grad = net.b.grad = torch.ones(3)
    return net


@zoo("interleaved strides", ties=[])
def lattices_that_miss() -> nn.Module:
    base = torch.zeros(400)
    return Holder(a=base.as_strided((6, 4), (36, 6)), b=base.as_strided((6, 3), (36, 6), 3))


@zoo("interleaved strides", ties=[memory("a", "b")])
def lattices_that_meet_once() -> nn.Module:
    base = torch.zeros(400)
    return Holder(a=base.as_strided((5, 4), (21, 5)), b=base.as_strided((3, 3), (31, 7), 13))
