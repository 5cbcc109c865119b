"""Memory that a thread uses again, piece after piece."""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


class Scratch(threading.local):
    """Arrays by name, each thread its own, for as long as one call lasts.

    What is freed after each piece goes back to the system, and is paid for again, page by page,
    at the next one: a third of the time, and more where several threads do so.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[str, Any], Array] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> Array:
        """An array with any content; the one of the same name and dtype is no longer used."""
        size = math.prod(shape)
        held = self._held.get((name, dtype))
        if held is None or held.size < size:
            held = self._held[name, dtype] = np.empty(size, dtype)
        return held[:size].reshape(shape)
