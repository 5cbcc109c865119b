"""A small bitmap font, for pictures with text where no font is available.

Letters are 5 wide and 7 tall, with 2 rows more for what hangs below the line. One character of
``_ROWS`` is one row of a letter, a base-32 digit whose five bits are the dots from left to right.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

Dots = np.ndarray[Any, np.dtype[np.bool_]]

#: Dots from one letter to the next.
WIDTH = 6

#: Dots from one line to the next.
HEIGHT = 11

_ROWS = """
! 4444404    " aaa       # aavavaa    $ 4fke5u4    % op248j3    & cik8lid    ' 448
( 2488842    ) 8422248   * 04lel40    + 044v440    , 00000448   - 000v       . 00000cc
/ 122488g    0 ehjlphe   1 4c4444e    2 eh1248v    3 v2421he    4 26aiv22    5 vgu11he
6 68guhhe    7 v124888   8 ehhehhe    9 ehhf12c    : 0cc0cc     ; 0cc0c48    < 248g842
= 00v0v      > 8421248   ? eh12404    @ eh1dlle    A ehhvhhh    B uhhuhhu    C ehggghe
D sihhhis    E vgguggv   F vgguggg    G ehgnhhf    H hhhvhhh    I e44444e    J 72222ic
K hikokih    L ggggggv   M hrllhhh    N hhpljhh    O ehhhhhe    P uhhuggg    Q ehhhlid
R uhhukih    S fgge11u   T v444444    U hhhhhhe    V hhhhha4    W hhhllla    X hha4ahh
Y hhha444    Z v1248gv   [ e88888e    \\ g884221   ] e22222e    ^ 4ah        _ 0000000v
` 842        a 00e1fhf   b ggmphhu    c 00egghe    d 11djhhf    e 00ehvge    f 698s888
g 00fhhhf1e  h ggmphhh   i 40c444e    j 2062222ic  k ggikoki    l c44444e    m 00qllll
n 00mphhh    o 00ehhhe   p 00uhhhugg  q 00fhhhf11  r 00mpggg    s 00fge1u    t 88s8896
u 00hhhjd    v 00hhha4   w 00hhlla    x 00ha4ah    y 00hhhhf1e  z 00v248v    { 2448442
| 4444444    } 8442448   ~ 008l2      μ 00hhhjtgg  σ 00fihhe    ± 44v440v    × 00a4a
− 000v       … 000000l   · 0004       ∞ 00alla     – 000e
≈ 08l208l2   □ vhhhhhv
"""

_UNKNOWN = "□"


@lru_cache(maxsize=1)
def _letters() -> dict[str, Dots]:
    words = _ROWS.split()
    return {
        " ": np.zeros((HEIGHT, WIDTH), bool),
        **{letter: _dots(rows) for letter, rows in zip(words[::2], words[1::2], strict=True)},
    }


def _dots(rows: str) -> Dots:
    dots = np.zeros((HEIGHT, WIDTH), bool)
    for at, row in enumerate(rows):
        dots[at + 1, :5] = [int(row, 32) >> bit & 1 for bit in (4, 3, 2, 1, 0)]
    return dots


def line(text: str) -> Dots:
    """One line of text as HEIGHT rows of dots, WIDTH to a character; unknown ones are a box."""
    letters = _letters()
    unknown = letters[_UNKNOWN]
    if not text:
        return np.zeros((HEIGHT, 0), bool)
    return np.concatenate([letters.get(letter, unknown) for letter in text], axis=1)
