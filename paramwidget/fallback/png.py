"""Writes a PNG of at most 256 colours, with zlib alone."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_UP = 2  # the filter that stores a row as its difference to the one above


def png(pixels: Pixels, palette: Pixels, *, clear: int | None = None, per_metre: int = 0) -> bytes:
    """The PNG of ``pixels`` (rows x columns, indices into ``palette``, n x 3 red, green, blue).

    The index ``clear`` is transparent. ``per_metre`` tells a printer how many pixels one metre
    has; 0 leaves it open. The format: ISO/IEC 15948.
    """
    height, width = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)  # 8 bits, indexed
    parts = [_SIGNATURE, _chunk(b"IHDR", header)]
    if per_metre:
        parts.append(_chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)))
    parts.append(_chunk(b"PLTE", palette.astype(np.uint8).tobytes()))
    if clear is not None:
        parts.append(_chunk(b"tRNS", b"\xff" * clear + b"\0"))
    parts.append(_chunk(b"IDAT", zlib.compress(_filtered(pixels), 8)))
    parts.append(_chunk(b"IEND", b""))
    return b"".join(parts)


def base64_of(data: bytes) -> str:
    """Base64, as a notebook and a data URI want it."""
    return base64.b64encode(data).decode("ascii")


def _filtered(pixels: Pixels) -> bytes:
    """The rows, those equal to the one above as zeros, so that enlarged cells cost little."""
    height, width = pixels.shape
    rows = np.zeros((height, width + 1), np.uint8)
    rows[:, 1:] = pixels
    repeats = np.flatnonzero((pixels[1:] == pixels[:-1]).all(axis=1)) + 1
    rows[repeats] = 0
    rows[repeats, 0] = _UP
    return rows.tobytes()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
