"""Private randomness: a seed per action, and the global generators left exactly as they were."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from paramwidget.slots.reading.randomness import kept_generators

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
    with kept_generators() as accelerators:
        torch.default_generator.manual_seed(seed)
        for accelerator in accelerators:
            accelerator.manual_seed_all(seed)
        np.random.seed(seed)
        random.seed(seed)
        yield
