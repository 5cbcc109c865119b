"""Has the content of a tensor changed? A token that differs when any bit of it does.

`_version` cannot tell: it stays where it is for `.data`, for numpy and for every fused optimizer.
So the bytes themselves are read, at about the cost of one `torch.aminmax`.

The token of a large tensor is a sum of its 64-bit words, each times an odd number of its own,
modulo 2**64, one sum per piece of `PIECE_WORDS`. An odd factor is invertible there, so one changed
word always changes the sum; exchanged words change it as their factors differ. Before that the
upper half of each word is folded onto the lower (which is invertible too): the sign bits of two
floats in upper halves would else add up to 2**64, and w and -w exchanged would not be seen. Two or
more changed words cancel with a probability of 2**-33 at most.
"""

from __future__ import annotations

from collections.abc import Hashable
from hashlib import blake2b
from typing import Any

import numpy as np
import torch

from paramwidget import compat
from paramwidget.tensors import Condition, condition, missing_memory, parts, plain, readable

#: Tensors up to this many bytes are hashed as they are.
HASHED_BYTES = 1 << 16

#: 64-bit words of one piece: 128 KiB, which with its factors stays in a core's cache.
PIECE_WORDS = 1 << 14

#: Words of one piece on other devices, where a call costs more than memory.
DEVICE_WORDS = 1 << 22

_Words = np.ndarray[Any, np.dtype[np.uint64]]


def _draw_factors(count: int) -> _Words:
    drawn: _Words = np.random.default_rng(2025).integers(0, 1 << 64, count, dtype=np.uint64)
    drawn |= np.uint64(1)
    return drawn


_factors = _draw_factors(PIECE_WORDS)
_device_factors: dict[torch.device, torch.Tensor] = {}


def fingerprint(tensor: torch.Tensor | None) -> Hashable:
    """A token of a tensor's shape, dtype, state and every byte of its content.

    -0.0 and 0.0 differ, as do two NaNs with different bits. Never raises: a tensor that cannot be
    read has a token of its state. Nothing is written and no large copy is made.
    """
    if tensor is None:
        return None
    known = condition(tensor)
    look = (known.type_name, known.state, known.shape, known.dtype, known.device)
    try:
        with compat.without_torch_function():
            return (look, *(_content(piece) for piece in _pieces(tensor, known)))
    except Exception as error:
        return (look, type(error).__name__)


def _pieces(tensor: torch.Tensor, known: Condition) -> list[torch.Tensor]:
    """Plain strided tensors that have all of the content between them."""
    if known.state == "uninitialized" or known.state == "meta":
        return []
    held = parts(tensor)
    if held == [] and known.state == "ready":
        return [readable(tensor)]
    found: list[torch.Tensor] = []
    for part in held:
        if part is tensor and missing_memory(tensor) is not None:
            return []
        found.extend(_unquantized(part) if part.is_quantized else [plain(part)])
    return found


def _unquantized(tensor: torch.Tensor) -> list[torch.Tensor]:
    if tensor.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric):
        look = torch.tensor([tensor.q_scale(), tensor.q_zero_point()], dtype=torch.float64)
        return [tensor.int_repr(), look]
    scales, zeros = tensor.q_per_channel_scales(), tensor.q_per_channel_zero_points()
    return [tensor.int_repr(), scales, zeros]


def _content(values: torch.Tensor) -> Hashable:
    """The token of one plain tensor; its memory order is part of it, gaps in it are not."""
    if values.numel() == 0:
        return b""
    lazy = (values.is_conj(), values.is_neg())
    if values.is_conj():
        values = values.conj()
    if values.is_neg():
        values = compat.neg_view(values)
    order = sorted(range(values.dim()), key=lambda axis: values.stride(axis), reverse=True)
    values = values.permute(order)
    for axis in range(values.dim() - 1, -1, -1):
        if values.stride(axis) == 0:
            values = values.select(axis, 0)
    return (lazy, tuple(order), _ordered(values))


def _ordered(values: torch.Tensor) -> Hashable:
    size = values.numel() * values.element_size()
    if values.is_contiguous():
        return _bytes_token(values.reshape(-1).view(torch.uint8))
    if size <= HASHED_BYTES or values.dim() == 0:
        return _bytes_token(values.contiguous().reshape(-1).view(torch.uint8))
    rows = max(1, HASHED_BYTES * values.shape[0] // size)
    if rows == 1:
        return tuple(_ordered(row) for row in values)
    return tuple(_ordered(block) for block in torch.split(values, rows))


def _bytes_token(content: torch.Tensor) -> bytes:
    if content.device.type != "cpu":
        return _device_token(content)
    size = content.numel()
    array = content.numpy()
    if size <= HASHED_BYTES:
        return blake2b(array.data, digest_size=16).digest()
    if array.ctypes.data % 8:
        # Words are only read from where a word may begin.
        head = 8 - array.ctypes.data % 8
        return blake2b(array[:head].data, digest_size=16).digest() + _bytes_token(content[head:])
    body = size - size % (8 * PIECE_WORDS)
    sums = _sums(array[:body].view(np.uint64))
    digest = blake2b(sums.tobytes(), digest_size=16)
    digest.update(array[body:].data)
    return digest.digest()


def _sums(words: _Words) -> _Words:
    pieces = words.reshape(-1, PIECE_WORDS)
    sums = np.empty(len(pieces), dtype=np.uint64)
    folded = np.empty(PIECE_WORDS, dtype=np.uint64)
    half = np.uint64(32)
    for number, piece in enumerate(pieces):
        np.right_shift(piece, half, out=folded)
        np.bitwise_xor(folded, piece, out=folded)
        sums[number] = np.dot(folded, _factors)
    return sums


def _device_token(content: torch.Tensor) -> bytes:
    """The same kind of token where the bytes lie on another device; only the sums are fetched."""
    missing = -content.numel() % 8
    if missing or content.storage_offset() % 8:
        content = torch.nn.functional.pad(content, (0, missing))
    words = content.view(torch.int64)
    factors = _device_factors.get(words.device)
    if factors is None:
        drawn = _draw_factors(DEVICE_WORDS).view(np.int64)
        factors = _device_factors[words.device] = torch.from_numpy(drawn).to(words.device)
    sums = []
    for piece in torch.split(words, DEVICE_WORDS):
        folded = piece ^ ((piece >> 32) & 0xFFFFFFFF)
        sums.append((folded * factors[: piece.numel()]).sum())
    return blake2b(torch.stack(sums).cpu().numpy().tobytes(), digest_size=16).digest()
