"""Restores every global generator of random numbers, whatever drew from it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


@contextmanager
def kept_generators() -> Iterator[list[Any]]:
    """Restore every global generator afterwards; yields the modules of the accelerators in use.

    Includes only accelerators that are in use: asking another for its state would initialize it.
    """
    accelerators = [module for name in ("cuda", "xpu") if (module := _in_use(name)) is not None]
    states = [module.get_rng_state_all() for module in accelerators]
    cpu, legacy, plain = torch.get_rng_state(), np.random.get_state(), random.getstate()
    try:
        yield accelerators
    finally:
        torch.set_rng_state(cpu)
        np.random.set_state(legacy)
        random.setstate(plain)
        for module, state in zip(accelerators, states, strict=True):
            module.set_rng_state_all(state)


def _in_use(name: str) -> Any:
    module = getattr(torch, name, None)
    return module if module is not None and module.is_initialized() else None
