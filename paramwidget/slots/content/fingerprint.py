"""Has the content of a tensor changed? A token that differs when any bit of it does.

``_version`` cannot tell: it stays where it is for ``.data``, for numpy and for every fused
optimizer. So the bytes themselves are read, at three times the cost of one ``torch.aminmax`` on one
core.

The token of a large tensor is a sum of its 64-bit words, each times an odd number of its own,
modulo 2**64, one sum per piece of ``PIECE_WORDS``. An odd factor is invertible there, so one
changed word always changes the sum; exchanged words change it as their factors differ. Before that
the upper half of each word is folded onto the lower (which is invertible too): the sign bits of two
floats in upper halves would else add up to 2**64, and w and -w exchanged would not be seen. Two or
more changed words cancel with a probability of 2**-33 at most.
"""

from __future__ import annotations

from collections.abc import Hashable
from ctypes import string_at
from hashlib import blake2b
from typing import Any

import numpy as np
import torch

from paramwidget import compat
from paramwidget.tensors import (
    CODES,
    Condition,
    condition,
    dtype_name,
    held_beside,
    host_bytes,
    missing_memory,
    parts,
    pieces,
    plain,
    readable,
)

_TENSOR: Any = torch.Tensor

#: Contents up to this many bytes are hashed as they are, and up to ``KEPT_BYTES`` are the token.
HASHED_BYTES = 1 << 16
KEPT_BYTES = 64

#: 64-bit words of one piece: 128 KiB, which with its factors stays in a core's cache.
PIECE_WORDS = 1 << 14
PIECE_BYTES = 8 * PIECE_WORDS

#: Words of one piece on other devices, where a call costs more than memory.
DEVICE_WORDS = 1 << 22

#: Where a sample looks.
SAMPLED_RUNS = 64
RUN_ELEMENTS = 128

#: How much of a tensor that is not contiguous is copied at a time, to be read in order.
CHUNK_BYTES = 1 << 20

_Words = np.ndarray[Any, np.dtype[np.uint64]]
_Bytes = np.ndarray[Any, np.dtype[np.uint8]]

#: Names of the dtypes whose small tensors need no further check.
_PLAIN_DTYPES = {
    dtype: dtype_name(dtype)
    for dtype in compat.dtypes(
        *("float16", "bfloat16", "float32", "float64", "complex64", "complex128", "bool"),
        *("uint8", "int8", "int16", "int32", "int64"),
    )
}


def _draw_factors(count: int) -> _Words:
    drawn: _Words = np.random.default_rng(2025).integers(0, 1 << 64, count, dtype=np.uint64)
    drawn |= np.uint64(1)
    return drawn


_factors = _draw_factors(PIECE_WORDS)
_device_factors: dict[torch.device, torch.Tensor] = {}


class _Unread(str):
    """Ends the token of a tensor that could not be read; equal for equal reasons."""


def was_read(token: Hashable) -> bool:
    """Whether a token tells of the content, and not of a failure to read it."""
    return not (isinstance(token, tuple) and token and isinstance(token[-1], _Unread))


def fingerprint(tensor: torch.Tensor | None) -> Hashable:
    """A token of a tensor's state, shape, dtype, device and every byte of its elements, in order.

    -0.0 and 0.0 differ, as do two NaNs with different bits; strides of small tensors do not count.
    Never raises: a tensor that cannot be read has a token of its state. Nothing is written, no
    large copy is made.
    """
    if tensor is None:
        return None
    if (
        type(tensor) in compat.PLAIN_TENSORS
        and tensor.dtype in _PLAIN_DTYPES
        and not (tensor.dtype in CODES and condition(tensor).packed)
    ):
        content = small_content(tensor)
        if content is not None:
            name = _PLAIN_DTYPES[tensor.dtype]
            return ("ready", tuple(tensor.shape), name, "cpu", _small(content))
    known = condition(tensor)
    look = (known.state, known.shape, known.dtype, known.device)
    try:
        with compat.without_torch_function():
            return (*look, *(_content(piece) for piece in _pieces(tensor, known)))
    except Exception as error:
        return (*look, _Unread(type(error).__name__))


def sample(tensor: torch.Tensor) -> Hashable:
    """A token of some of a large tensor's elements, which any training step changes.

    ``SAMPLED_RUNS`` runs of elements, evenly spaced in memory. The fingerprint where the memory has
    gaps, or where there is little of it.
    """
    known = condition(tensor)
    try:
        with compat.without_torch_function():
            (piece,) = _pieces(tensor, known)
            order = sorted(range(piece.dim()), key=piece.stride, reverse=True)
            flat = piece.permute(order).view(-1)
            runs = flat[: len(flat) - len(flat) % SAMPLED_RUNS].view(SAMPLED_RUNS, -1)
            return (known.shape, known.dtype, _content(runs[:, :RUN_ELEMENTS]), _content(flat[-1:]))
    except Exception:
        return fingerprint(tensor)


def small_content(tensor: torch.Tensor) -> bytes | None:
    """The bytes of a plain tensor that is small, on the CPU and contiguous; None for any other."""
    try:
        size = tensor.nbytes
        if (
            size > HASHED_BYTES
            or not tensor.is_cpu
            or not tensor.is_contiguous()
            or tensor.is_conj()
            or tensor.is_neg()
            or missing_memory(tensor) is not None
        ):
            return None
        return string_at(compat.data_address(tensor), size)
    except (RuntimeError, AttributeError):
        return None


def content_in_order(tensor: torch.Tensor) -> bytes | None:
    """The bytes of a small tensor's elements in index order, whatever its strides.

    None if it is not small, or has no plain elements.
    """
    known = condition(tensor)
    try:
        with compat.without_torch_function():
            (piece,) = _pieces(tensor, known)
            if piece.numel() * piece.element_size() > HASHED_BYTES or piece.device.type != "cpu":
                return None
            return host_bytes(_in_order(piece)).tobytes()
    except Exception:
        return None


def _small(content: bytes) -> bytes:
    return content if len(content) <= KEPT_BYTES else blake2b(content, digest_size=16).digest()


def _pieces(tensor: torch.Tensor, known: Condition) -> list[torch.Tensor]:
    """Plain strided tensors that together hold all of the content."""
    if known.state == "uninitialized" or known.state == "meta":
        return []
    held = parts(tensor)
    if known.packed:  # the codes and what goes with them: dequantizing may take seconds
        beside = [part for one in held_beside(tensor) for part in parts(one)]
        held = list({id(part): part for part in (*held, *beside)}.values())
    elif held == [] and known.state == "ready":
        return [readable(tensor)]
    found: list[torch.Tensor] = []
    for part in held:
        if part is tensor and missing_memory(tensor) is not None:
            return []
        found.extend(_unquantized(part) if _TENSOR.is_quantized.__get__(part) else [plain(part)])
    return found


def _unquantized(tensor: torch.Tensor) -> list[torch.Tensor]:
    if tensor.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric):
        look = torch.tensor([tensor.q_scale(), tensor.q_zero_point()], dtype=torch.float64)
        return [tensor.int_repr(), look]
    scales, zeros = tensor.q_per_channel_scales(), tensor.q_per_channel_zero_points()
    return [tensor.int_repr(), scales, zeros]


def _content(values: torch.Tensor) -> Hashable:
    """The token of one plain tensor's elements in the order of their indices.

    A large one is read in memory order, which is then part of the token: gathering a transposed
    matrix would take thirty times as long.
    """
    repeated = tuple(
        axis for axis, size in enumerate(values.shape) if size > 1 and values.stride(axis) == 0
    )
    for axis in reversed(repeated):
        values = values.narrow(axis, 0, 1)
    if values.numel() == 0:
        return b""
    order = list(range(values.dim()))
    if values.numel() * values.element_size() > HASHED_BYTES and not values.is_contiguous():
        order.sort(key=values.stride, reverse=True)
        values = values.permute(order)
    token = _cpu_token(values) if values.device.type == "cpu" else _device_token(values)
    plainly = not repeated and order == sorted(order)
    return token if plainly else (repeated, tuple(order), token)


def _cpu_token(values: torch.Tensor) -> bytes:
    size = values.numel() * values.element_size()
    lazy = values.is_conj() or values.is_neg()
    if size <= HASHED_BYTES or (values.is_contiguous() and not lazy):
        held = _in_order(values)
        content = host_bytes(held)
        if size <= HASHED_BYTES:
            return _small(content.tobytes())
        if compat.data_address(held) % 8 == 0:  # words are read from where words may begin
            body = size - size % PIECE_BYTES
            return _digest(_sums(content[:body].view(np.uint64)), content[body:])
    return _streamed_token(values)


def _digest(sums: _Words, rest: _Bytes) -> bytes:
    digest = blake2b(sums.tobytes(), digest_size=16)
    digest.update(rest.tobytes())
    return digest.digest()


def _streamed_token(values: torch.Tensor) -> bytes:
    """The same token as of a contiguous tensor, from chunks copied in order."""
    sums = []
    pending = np.empty(PIECE_BYTES, dtype=np.uint8)
    filled = 0
    for chunk in pieces(values, CHUNK_BYTES // values.element_size()):
        content = host_bytes(_in_order(chunk))
        while len(content):
            taken = content[: PIECE_BYTES - filled]
            pending[filled : filled + len(taken)] = taken
            filled += len(taken)
            content = content[len(taken) :]
            if filled == PIECE_BYTES:
                sums.append(_sums(pending.view(np.uint64)))
                filled = 0
    return _digest(np.concatenate(sums), pending[:filled])


def _in_order(values: torch.Tensor) -> torch.Tensor:
    return values.resolve_conj().resolve_neg().contiguous()


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


def _device_token(values: torch.Tensor) -> bytes:
    """The same kind of token where the bytes lie on another device; only the sums are fetched."""
    sums = []
    for chunk in torch.split(_in_order(values).reshape(-1).view(torch.uint8), 8 * DEVICE_WORDS):
        missing = -chunk.numel() % 8
        if missing or chunk.storage_offset() % 8:
            chunk = torch.nn.functional.pad(chunk, (0, missing))
        words = chunk.view(torch.int64)
        folded = words ^ ((words >> 32) & 0xFFFFFFFF)
        sums.append((folded * _factors_on(words.device)[: words.numel()]).sum())
    return blake2b(torch.stack(sums).cpu().numpy().tobytes(), digest_size=16).digest()


def _factors_on(device: torch.device) -> torch.Tensor:
    if device not in _device_factors:
        drawn = _draw_factors(DEVICE_WORDS).view(np.int64)
        _device_factors[device] = torch.from_numpy(drawn).to(device)
    return _device_factors[device]
