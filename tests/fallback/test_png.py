from __future__ import annotations

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fallback.reader import read_png
from paramwidget.fallback import colours, font
from paramwidget.fallback.png import png


@given(st.data())
def test_what_is_written_is_what_is_read(data: st.DataObject) -> None:
    height, width, repeat = (data.draw(st.integers(1, 9)) for _ in range(3))
    cells = data.draw(
        st.lists(st.integers(0, 255), min_size=height * width, max_size=height * width)
    )
    pixels = np.array(cells, np.uint8).reshape(height, width).repeat(repeat, axis=0)
    palette = np.arange(768, dtype=np.uint8).reshape(256, 3)
    read = read_png(png(pixels, palette))
    assert np.array_equal(read.pixels, pixels)
    assert np.array_equal(read.palette, palette)


def test_one_index_may_be_transparent_and_a_size_told_to_printers() -> None:
    read = read_png(
        png(np.zeros((1, 1), np.uint8), np.zeros((4, 3), np.uint8), clear=2, per_metre=7)
    )
    assert read.chunks[b"tRNS"] == bytes([255, 255, 0])
    assert read.chunks[b"pHYs"] == struct.pack(">IIB", 7, 7, 1)


def test_every_letter_has_dots_of_its_own() -> None:
    letters = [chr(code) for code in range(33, 127)] + list("μσ±×−…·∞–≈")
    shapes = {font.line(letter).tobytes() for letter in letters}
    assert len(shapes) == len(letters) - 1  # the minus sign and the hyphen look the same
    assert not font.line(" ").any()
    assert font.line("ab").shape == (font.HEIGHT, 2 * font.WIDTH)
    assert font.line("").shape == (font.HEIGHT, 0)


def test_a_letter_that_is_not_there_is_a_box() -> None:
    assert np.array_equal(font.line("字"), font.line("□"))


def test_the_scale_is_white_at_zero_and_darkens_evenly_to_both_sides() -> None:
    scale = colours.scale(colours.STEPS).astype(int)
    middle = colours.STEPS // 2
    assert (scale[middle] > 245).all()
    light = scale @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light[: middle + 1]) > 0).all()
    assert (np.diff(light[middle:]) < 0).all()
    assert scale[0][2] > scale[0][0]  # blue below zero
    assert scale[-1][0] > scale[-1][2]  # orange above


def test_what_is_off_the_scale_stands_apart() -> None:
    values = np.array([-2, -1, 0, 1, 2, np.nan, np.inf, -np.inf], np.float32)
    assert colours.indices(values, -1, 1).tolist() == [
        colours.BELOW, 0, colours.STEPS // 2, colours.STEPS - 1, colours.ABOVE,
        colours.NAN, colours.PLUS_INF, colours.MINUS_INF,
    ]  # fmt: skip
    assert len({tuple(colour) for colour in colours.palette()[colours.INK :]}) == 7
