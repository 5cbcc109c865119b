"""The modes of the calling cell, put aside: what is read and written does not depend on them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch

from paramwidget import compat

_USUAL: dict[str, Any] = {
    "divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"
}  # fmt: skip


@contextmanager
def neutral() -> Iterator[None]:
    """Inside, this thread computes as in a plain cell: torch's and numpy's own defaults.

    Puts aside inference mode, ``no_grad``, autocast, a default device, modes of the user's,
    transforms of ``torch.func``, ``set_flush_denormal`` and ``np.errstate``. All of them belong to
    one thread, so that nothing changes for another that trains meanwhile.
    """
    with ExitStack() as aside:
        if torch.is_inference_mode_enabled():
            aside.enter_context(torch.inference_mode(False))
        if not torch.is_grad_enabled():
            aside.enter_context(torch.enable_grad())
        compat.put_modes_aside(aside)
        if np.geterr() != _USUAL:
            aside.enter_context(np.errstate(**_USUAL))
        if _flushes_denormals():
            torch.set_flush_denormal(False)
            aside.callback(torch.set_flush_denormal, True)
        yield


def _flushes_denormals() -> bool:
    return sys.float_info.min / 2 == 0


@contextmanager
def usual_defaults() -> Iterator[None]:
    """Inside, torch's default dtype is float32 and no algorithm must be deterministic.

    Both hold for the whole process, so this is for edits alone: code of the user's and of torch's
    layers depends on them, code of ours does not.
    """
    with ExitStack() as aside:
        dtype = torch.get_default_dtype()
        if dtype != torch.float32:
            torch.set_default_dtype(torch.float32)
            aside.callback(torch.set_default_dtype, dtype)
        if torch.are_deterministic_algorithms_enabled():
            warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
            torch.use_deterministic_algorithms(False)
            aside.callback(torch.use_deterministic_algorithms, True, warn_only=warn_only)
        yield
