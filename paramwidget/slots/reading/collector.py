"""Pauses Python's garbage collector while tens of thousands of objects are read.

Asking a tensor for its storage creates an object that stays. Some hundreds of them trigger a
collection, and every hundredth collection visits every object of the process, which takes longer
than reading the model.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """No collection starts inside; afterwards the collector is as before."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
