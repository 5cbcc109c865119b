"""A reader of PNG files of our own, so that the writer is checked by other code than its own."""

from __future__ import annotations

import base64
import struct
import zlib
from html.parser import HTMLParser
from typing import NamedTuple

import numpy as np


class Png(NamedTuple):
    pixels: np.ndarray  # indices
    palette: np.ndarray
    chunks: dict[bytes, bytes]

    @property
    def colours(self) -> np.ndarray:
        """rows x columns x 3"""
        return self.palette[self.pixels]


def read_png(data: bytes) -> Png:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        (check,) = struct.unpack_from(">I", data, at + 8 + size)
        assert check == zlib.crc32(kind + body)
        chunks[kind] = chunks.get(kind, b"") + body
        at += 12 + size
    assert kind == b"IEND"
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, colour, rest) == (8, 3, [0, 0, 0])
    raw = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    pixels = np.zeros((height, width), np.uint8)
    for row, (filter_, *line) in enumerate(raw):
        above = pixels[row - 1] if row else np.zeros(width, np.uint8)
        assert filter_ in (0, 2)
        pixels[row] = np.array(line, np.uint8) + (above if filter_ == 2 else 0)
    palette = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
    return Png(pixels, palette, chunks)


class Page(HTMLParser):
    """What stands in a piece of HTML: tags with attributes, and the text of cells."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, "a tag is left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in {"img", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"

    @property
    def images(self) -> dict[str, Png]:
        """The pictures by what they say they are."""
        found = [attrs for tag, attrs in self.tags if tag == "img"]
        return {attrs["alt"]: read_png(_of_data_uri(attrs["src"])) for attrs in found}


def _of_data_uri(uri: str) -> bytes:
    head, _, data = uri.partition(",")
    assert head == "data:image/png;base64"
    return base64.b64decode(data, validate=True)
