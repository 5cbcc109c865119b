"""Memory that is reused, by one thread at a time, for piece after piece and call after call.

Freed memory goes back to the system, and is mapped again, page by page, when it is next needed: a
tenth of the time of a sweep, and more if several threads do so at once.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

#: The most memory that is kept between calls for each thread that swept.
KEPT_BYTES = 8 << 20

#: For how many threads.
KEPT = 8


class Scratch:
    """Arrays by name."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, Any], Array] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> Array:
        """An array of any content; an earlier one of the same name and dtype is no longer valid."""
        size = math.prod(shape)
        held = self._held.get((name, dtype))
        if held is None or held.size < size:
            held = self._held[name, dtype] = np.empty(size, dtype)
        return held[:size].reshape(shape)

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in self._held.values())


_spare: list[Scratch] = []


@contextlib.contextmanager
def borrowed() -> Iterator[Scratch]:
    """A scratch that nobody else uses in the meantime."""
    try:
        scratch = _spare.pop()
    except IndexError:
        scratch = Scratch()
    yield scratch
    if len(_spare) < KEPT and scratch.nbytes <= KEPT_BYTES:
        _spare.append(scratch)
