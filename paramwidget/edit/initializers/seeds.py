"""Private randomness: a seed for each action; the global generators are left unchanged."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from paramwidget.edit.step import step
from paramwidget.slots.reading.randomness import Generators

SEED_BITS = 31  # accepted by numpy, random and torch alike, and short enough to type


def fresh_seed() -> int:
    """A new seed from the system's entropy; no generator of the session advances."""
    return secrets.randbits(SEED_BITS)


@contextmanager
def private_generators(seed: int) -> Iterator[None]:
    """Inside, torch, numpy and random are seeded; afterwards they are restored.

    An accelerator is seeded only if it is already in use: otherwise torch would keep the seed until
    the device is initialized, long after this edit.
    """
    with generators_put_back() as held:
        torch.default_generator.manual_seed(seed)
        for accelerator in held.accelerators:
            accelerator.manual_seed_all(seed)
        np.random.seed(seed)
        random.seed(seed)
        yield


@contextmanager
def generators_put_back() -> Iterator[Generators]:
    """Restore every global generator afterwards, whatever interrupts the edit."""
    held = Generators()
    with step() as current:
        current.ways_back.append(held.restore)
        yield held
        held.restore()
