"""Private randomness: a seed per action, and the global generators left exactly as they were."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

SEED_BITS = 31  # what numpy, random and torch all take, and what a person can type again


def fresh_seed() -> int:
    """A new seed from the system's entropy; no generator of the session moves."""
    return secrets.randbits(SEED_BITS)


@contextmanager
def private_generators(seed: int) -> Iterator[None]:
    """Inside, torch, numpy and random are seeded; afterwards they stand where they stood.

    An accelerator is seeded only where it is in use already: torch would keep the seed for the
    day it is initialised, long after this edit.
    """
    with kept_generators() as devices:
        torch.default_generator.manual_seed(seed)
        for device in devices:
            device.manual_seed_all(seed)
        np.random.seed(seed)
        random.seed(seed)
        yield


@contextmanager
def kept_generators() -> Iterator[list[_Accelerator]]:
    """Afterwards every global generator stands where it stood, whoever drew from it inside."""
    devices = [_Accelerator(name) for name in ("cuda", "xpu") if _in_use(name)]
    states = [device.state() for device in devices]
    cpu, legacy, plain = torch.get_rng_state(), np.random.get_state(), random.getstate()
    try:
        yield devices
    finally:
        torch.set_rng_state(cpu)
        np.random.set_state(legacy)
        random.setstate(plain)
        for device, state in zip(devices, states, strict=True):
            device.restore(state)


def _in_use(name: str) -> bool:
    module = getattr(torch, name, None)
    return module is not None and bool(module.is_initialized())


class _Accelerator:
    """The generators of one kind of device that is in use."""

    def __init__(self, name: str) -> None:
        self._module = getattr(torch, name)

    def manual_seed_all(self, seed: int) -> None:
        self._module.manual_seed_all(seed)

    def state(self) -> list[torch.Tensor]:
        states: list[torch.Tensor] = self._module.get_rng_state_all()
        return states

    def restore(self, states: list[torch.Tensor]) -> None:
        self._module.set_rng_state_all(states)
