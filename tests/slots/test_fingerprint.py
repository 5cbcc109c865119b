"""A token that tells any change of content, and only that."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import paramwidget.slots.content.fingerprint as module
from paramwidget.slots.content.fingerprint import fingerprint

LARGE = 2 * module.PIECE_WORDS + 77  # float64 words: some pieces, and a rest


def bits(tensor: torch.Tensor) -> np.ndarray:
    return tensor.view(torch.uint8).numpy() if tensor.dim() else tensor.reshape(1).view(torch.uint8)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 8 * LARGE - 1), st.integers(0, 7))
def test_any_single_bit_shows(byte: int, bit: int) -> None:
    tensor = torch.arange(LARGE, dtype=torch.float64)
    before = fingerprint(tensor)
    assert fingerprint(tensor) == before
    bits(tensor)[byte] ^= 1 << bit
    assert fingerprint(tensor) != before
    bits(tensor)[byte] ^= 1 << bit
    assert fingerprint(tensor) == before


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2 * LARGE - 1), st.integers(0, 2 * LARGE - 1))
def test_two_signs_flipped_show(i: int, j: int) -> None:
    """In a sum of 64-bit words the two upper sign bits would cancel."""
    tensor = torch.ones(2 * LARGE)
    before = fingerprint(tensor)
    tensor[i] *= -1
    tensor[j] *= -1
    assert (fingerprint(tensor) == before) == (i == j)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_exchanged_elements_show(data: st.DataObject) -> None:
    size = data.draw(st.sampled_from([5, 1000, 2 * LARGE]))
    tensor = torch.arange(size, dtype=torch.float32)
    i, j = (data.draw(st.integers(0, size - 1)) for _ in range(2))
    before = fingerprint(tensor)
    tensor[[i, j]] = tensor[[j, i]]
    assert (fingerprint(tensor) == before) == (i == j)


@pytest.mark.parametrize("change", ["negate", "reverse", "roll", "halves", "zero", "minus zero"])
def test_changes_of_the_whole_show(change: str) -> None:
    tensor = torch.randn(2 * LARGE, generator=torch.Generator().manual_seed(1))
    before = fingerprint(tensor)
    changed = {
        "negate": -tensor,
        "reverse": tensor.flip(0),
        "roll": tensor.roll(1),
        "halves": tensor.roll(len(tensor) // 2),
        "zero": torch.zeros_like(tensor),
        "minus zero": -torch.zeros_like(tensor),
    }
    assert fingerprint(changed[change]) != before
    assert fingerprint(changed["zero"]) != fingerprint(changed["minus zero"])


@pytest.mark.parametrize(
    "view",
    [
        lambda t: t.t(),
        lambda t: t[::2],
        lambda t: t[:, ::3],
        lambda t: t[5:, 7:],
        lambda t: t.view(torch.int32),
        lambda t: t.view(torch.uint8)[:, 1:],
        lambda t: t.unfold(0, 4, 2),
    ],
)
def test_strided_content_alone_counts(view: object) -> None:
    """What lies in the gaps may change; what belongs to the tensor may not."""
    assert callable(view)
    base = torch.randn(300, 400)
    tensor = view(base)
    before = fingerprint(tensor)
    inside = torch.zeros_like(base)
    view(inside).fill_(1)
    outside = (inside == 0).nonzero()
    if len(outside):
        base[tuple(outside[len(outside) // 2])] += 1
    assert fingerprint(tensor) == before
    place = tuple(size // 2 for size in tensor.shape)
    tensor[place] += 1
    assert fingerprint(tensor) != before


def test_equal_values_in_other_dtypes_and_shapes_differ() -> None:
    zeros = torch.zeros(8)
    tokens = {
        fingerprint(zeros),
        fingerprint(zeros.view(2, 4)),
        fingerprint(zeros.view(torch.int32)),
        fingerprint(torch.zeros(4, dtype=torch.float64)),
        fingerprint(torch.zeros(8, device="meta")),
        fingerprint(None),
    }
    assert len(tokens) == 6


def test_nan_payloads_are_content() -> None:
    quiet, other = (torch.tensor([bits_], dtype=torch.int32) for bits_ in (0x7FC00000, 0x7FC00001))
    assert fingerprint(quiet.view(torch.float32)) != fingerprint(other.view(torch.float32))


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch calls CSR a beta, qint8 a thing of old
def test_components_of_other_layouts_count() -> None:
    sparse = torch.eye(3).to_sparse()
    csr = torch.eye(3).to_sparse_csr()
    quantized = torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8)
    scaled = torch.quantize_per_tensor(torch.ones(3) * 2, 0.2, 0, torch.qint8)
    assert torch.equal(quantized.int_repr(), scaled.int_repr())
    assert fingerprint(quantized) != fingerprint(scaled)
    for tensor, values in ((sparse, sparse._values()), (csr, csr.values())):
        before = fingerprint(tensor)
        assert fingerprint(tensor) == before
        values[1] = 5
        assert fingerprint(tensor) != before


def test_a_lazy_conjugate_is_not_its_base() -> None:
    base = torch.randn(4, dtype=torch.complex64)
    assert fingerprint(base.conj()) != fingerprint(base)
    before = fingerprint(base.conj())
    base[0] += 1
    assert fingerprint(base.conj()) != before


def test_a_packed_dtype_shows_changes() -> None:
    held = torch.arange(8, dtype=torch.uint8)
    packed = held.view(torch.uint4)
    before = fingerprint(packed)
    held[3] = 99
    assert fingerprint(packed) != before
