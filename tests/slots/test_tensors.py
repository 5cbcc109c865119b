"""One tensor in any state: its values, aliases that write through, refusals that say why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from paramwidget import compat
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.tensors import (
    Unreadable,
    condition,
    overlaps_itself,
    plain,
    readable,
    writable_reason,
)
from zoo.case import Case
from zoo.cases import CASES
from zoo.states import COMPLEX, EIGHT_BIT, FLOATS, INTEGERS, WIDE, numbers
from zoo.subclasses import Dequantizing, Named, Wrapper

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # torch's own, of young features


def case(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


@pytest.mark.parametrize("dtype", [*FLOATS, *EIGHT_BIT, *COMPLEX, *INTEGERS, *WIDE, torch.bool])
def test_values_of_every_dtype(dtype: torch.dtype) -> None:
    tensor = numbers(dtype)
    values = readable(nn.Parameter(tensor, requires_grad=False))
    assert type(values) is torch.Tensor
    assert values.dtype is dtype
    assert values.data_ptr() == tensor.data_ptr()
    expected = np.arange(12).reshape(3, 4)
    wide = values.to(torch.complex128 if dtype.is_complex else torch.float64)
    if dtype is torch.bool:
        assert wide.tolist() == (expected > 0).astype(int).tolist()
    elif dtype in FLOATS or dtype in INTEGERS or dtype in WIDE:
        assert np.array_equal(wide.numpy(), expected)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda x: x.to_sparse(), lambda x: x),
        (lambda x: x.to_sparse_csr(), lambda x: x),
        (lambda x: x.to_sparse_csc(), lambda x: x),
        (lambda x: x.to_sparse_bsr((2, 2)), lambda x: x),
        (lambda x: x.to_mkldnn(), lambda x: x),
        (lambda x: torch.quantize_per_tensor(x, 0.5, 1, torch.qint8), lambda x: x),
        (lambda x: torch.view_as_complex(x.view(2, 4, 2)).conj(), None),
        (lambda x: x.t(), lambda x: x.t()),
        (lambda x: x[:, ::2], lambda x: x[:, ::2]),
        (lambda x: x.as_subclass(Named), lambda x: x),
        (lambda x: Dequantizing(x), lambda x: 2 * x),
        (lambda x: x.new_ones(3, 1).expand(3, 5), lambda x: torch.ones(3, 5)),
    ],
)
def test_values_of_other_layouts_and_classes(make: Any, expected: Any) -> None:
    base = torch.arange(16.0).reshape(4, 4)
    values = readable(make(base))
    assert type(values) is torch.Tensor
    assert values.layout is torch.strided
    assert not values.requires_grad
    assert not values.is_conj()
    assert not values.is_neg()
    if expected is not None:
        assert torch.equal(values, expected(base))
    else:
        assert torch.equal(values, torch.view_as_complex(base.view(2, 4, 2)).conj_physical())


def test_a_sum_of_repeated_places_in_a_loose_sparse_tensor() -> None:
    loose = torch.sparse_coo_tensor([[0, 0], [1, 1]], [1.0, 2.0], (2, 2))
    assert readable(loose).tolist() == [[0, 3], [0, 0]]
    assert not loose.is_coalesced()


@pytest.mark.parametrize("tensor", [torch.ones(3), nn.Parameter(torch.ones(3))])
def test_an_alias_writes_through_and_disturbs_no_graph(tensor: torch.Tensor) -> None:
    version = tensor._version
    loss = (tensor * tensor).sum()
    plain(tensor)[1] = 5
    assert tensor[1] == 5
    assert tensor._version == version
    if tensor.requires_grad:
        loss.backward()


def test_an_alias_of_a_subclass_is_plain() -> None:
    held = torch.ones(2, 3).as_subclass(Named)
    alias = plain(held.t())
    assert type(alias) is torch.Tensor
    alias[0, 1] = 7
    assert held[1, 0].item() == 7


def test_an_alias_of_a_tensor_of_inference_mode() -> None:
    with torch.inference_mode():
        held = nn.Linear(2, 2).weight
    with torch.inference_mode():
        plain(held)[0, 0] = 3
    assert readable(held)[0, 0] == 3


@pytest.mark.parametrize(
    ("name", "slot", "part"),
    [
        ("lazy_linear", "weight", "first forward"),
        ("on_meta", "weight", "no data"),
        ("fake", "weight", "fake"),
        ("nested", "strided", "nested"),
        ("wrapper", "held", "Wrapper"),
        ("dtypes_that_torch_only_stores", "uint4", "uint4"),
        ("sparse_and_vast", "vast", "sparse"),
        ("leaked_from_vmap", "leaked", "torch.func"),
    ],
)
def test_what_cannot_be_read_says_why(name: str, slot: str, part: str) -> None:
    net: Any = case(name).build()
    with pytest.raises(Unreadable, match=part):
        readable(vars(net)[slot] if slot in vars(net) else getattr(net, slot))


def test_a_reason_is_there_exactly_where_it_is_not_ready() -> None:
    for tensor in (
        torch.ones(1),
        torch.empty(0),
        torch.ones(1, device="meta"),
        Wrapper(torch.ones(1)),
    ):
        known = condition(tensor)
        assert (known.state == "ready") == (known.reason is None)
        assert known.reason is None or known.reason.endswith(".")


def test_which_tensors_repeat_a_place() -> None:
    base = torch.zeros(100)
    for tensor in (
        base,
        base.view(10, 10).t(),
        base[::3],
        base.as_strided((3, 2), (2, 3)),
        base[:0],
        torch.tensor(1.0),
        torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
    ):
        places = {
            sum(i * s for i, s in zip(index, tensor.stride(), strict=True))
            for index in np.ndindex(*tensor.shape)
        }
        assert overlaps_itself(tensor) == (len(places) < tensor.numel())
    for tensor in (
        base[:1].expand(2),
        base.unfold(0, 5, 1),
        base.as_strided((4, 4), (2, 3)),
        base.as_strided((3, 3, 3), (9, 3, 0)),
    ):
        assert overlaps_itself(tensor)


def test_writable_memory_is_told_by_the_kernel() -> None:
    memory = compat.MemoryMap([(100, 200), (300, 400)])
    assert memory.writable(0, 100)
    assert memory.writable(200, 300)
    assert memory.writable(400, 500)
    for low, high in ((99, 101), (150, 160), (199, 201), (0, 1000), (399, 400)):
        assert not memory.writable(low, high)
    here = torch.ones(10)
    assert compat.MemoryMap.now().writable(here.data_ptr(), here.data_ptr() + 40)
    assert writable_reason(here) is None
    assert writable_reason(torch.from_numpy(np.ones(3))) is None


def test_a_lazily_cloned_tensor_stays_unmaterialized() -> None:
    base = torch.ones(4)
    clone = torch._lazy_clone(base)
    readable(clone)
    condition(clone)
    assert torch._C._is_cow_tensor(clone)


def test_packed_quantized_tensors_have_all_their_bytes() -> None:
    """``nbytes`` of sixteen 4-bit elements says sixteen; their storage has eight."""
    scales, zeros = torch.full((4,), 0.1), torch.zeros(4)
    packed = torch.quantize_per_channel(torch.rand(4, 4), scales, zeros, 0, torch.quint4x2)
    assert packed.untyped_storage().nbytes() < packed.nbytes
    assert condition(packed).state == "ready"
    assert readable(packed).shape == (4, 4)


class Lying(torch.Tensor):
    """Says of itself what is not so."""

    data = property(lambda self: torch.full((2, 2), 99.0))
    is_quantized = property(lambda self: True)
    is_leaf = property(lambda self: False)
    grad = property(lambda self: torch.full((2, 2), 99.0))

    def detach(self) -> Any:
        return torch.full((2, 2), 99.0)

    def numpy(self) -> Any:
        return np.full((2, 2), 99.0)

    def untyped_storage(self) -> Any:
        return torch.zeros(1).untyped_storage()


def test_a_class_that_overrides_data_detach_and_numpy_is_not_believed() -> None:
    held = torch.zeros(2, 2)
    lying = held.as_subclass(Lying)
    assert condition(lying).state == "ready"
    assert readable(lying).tolist() == [[0, 0], [0, 0]]
    before = fingerprint(lying)
    plain(lying)[0, 1] = 5
    assert held[0, 1] == 5
    assert fingerprint(lying) != before
