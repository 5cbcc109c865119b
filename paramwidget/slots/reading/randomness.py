"""Restores every global generator of random numbers, whatever drew from it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


class Generators:
    """The state of every global generator; ``accelerators`` are the modules of those in use.

    Asking another accelerator for its state would initialize it.
    """

    def __init__(self) -> None:
        found = (_in_use(name) for name in ("cuda", "xpu"))
        self.accelerators: list[Any] = [module for module in found if module is not None]
        self._states = [module.get_rng_state_all() for module in self.accelerators]
        self._cpu, self._legacy = torch.get_rng_state(), np.random.get_state()
        self._plain = random.getstate()

    def restore(self) -> None:
        """Set every generator back."""
        torch.set_rng_state(self._cpu)
        np.random.set_state(self._legacy)
        random.setstate(self._plain)
        for module, state in zip(self.accelerators, self._states, strict=True):
            module.set_rng_state_all(state)


@contextmanager
def kept_generators() -> Iterator[None]:
    """Restore every global generator afterwards."""
    held = Generators()
    try:
        yield
    finally:
        held.restore()


def _in_use(name: str) -> Any:
    module = getattr(torch, name, None)
    return module if module is not None and module.is_initialized() else None
