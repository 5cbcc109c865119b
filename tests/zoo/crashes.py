"""Tensors whose memory is gone, too small or closed: touching them carelessly ends the process."""

from __future__ import annotations

import mmap
import tempfile
from typing import Any

import numpy as np
import torch
from torch import nn

from zoo.case import Holder, Zoo

zoo = Zoo()
READY = "parameter ready"
BUFFER = "buffer ready"


@zoo(
    "freed storage",
    rows={"weight": "parameter unreadable", "bias": READY},
    reasons={"weight": "was freed"},
    crashes=True,
)
def freed() -> nn.Module:
    net = nn.Linear(100, 100)
    net.weight.untyped_storage().resize_(0)
    return net


@zoo(
    "freed storage",
    rows={
        "whole": "buffer unreadable",
        "late": "buffer unreadable",
        "gaps": "buffer unreadable",
        "early": BUFFER,
    },
    reasons={"late": "too small", "gaps": "too small"},
    ties=[],
    crashes=True,
)
def shrunk() -> nn.Module:
    late, gaps, early, whole = (torch.arange(64.0) for _ in range(4))
    held = Holder(whole=whole, late=late[32:], gaps=gaps.view(8, 8)[:, ::2], early=early[:8])
    for tensor in (late, gaps, early, whole):
        tensor.untyped_storage().resize_(128)  # a byte for each element
    return held


@zoo(
    "freed storage",
    rows={"a": "parameter unreadable", "b": "parameter unreadable"},
    ties=[],
    crashes=True,
)
def freed_together() -> nn.Module:
    base = torch.randn(8)
    net = Holder(a=nn.Parameter(base), b=nn.Parameter(base[2:]))
    base.untyped_storage().resize_(0)
    return net


@zoo("read-only memory map", rows={"weight": BUFFER}, refuses={"weight": "read-only"}, crashes=True)
def read_only_map() -> nn.Module:
    with tempfile.TemporaryFile() as file:
        file.write(np.arange(2048, dtype=np.float32).tobytes())
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    held: Any = np.frombuffer(mapped, dtype=np.float32)
    return Holder(weight=torch.from_numpy(held))


@zoo("read-only memory map", rows={"weight": BUFFER}, crashes=True)
def private_map() -> nn.Module:
    with tempfile.NamedTemporaryFile() as file:
        torch.save({"weight": torch.randn(1000)}, file.name)
        held = torch.load(file.name, mmap=True)
        return Holder(weight=held["weight"])
