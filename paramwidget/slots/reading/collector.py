"""Holds Python's garbage collector back where tens of thousands of objects are met at once.

Each tensor that is asked for its storage makes an object that stays. Some hundreds of them start a
collection, and every hundredth of those looks at every object of the process, which takes longer
than to read the model.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """No collection starts inside; afterwards it is as it was."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
