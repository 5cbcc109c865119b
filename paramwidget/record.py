"""What is kept for a model as long as it lives: its known content, its journal, the lock."""

from __future__ import annotations

import os
import threading
import weakref
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.actions.modules import tensors_of, unique_modules
from paramwidget.edit.journal import Journal
from paramwidget.namespace import ModelName
from paramwidget.picture.remembered import Remembered
from paramwidget.slots.content.known import KnownContent
from paramwidget.slots.current import CurrentTree
from paramwidget.slots.tie_watch import TieWatch
from paramwidget.slots.tree import Tree


@dataclass
class Record:
    """It holds no reference to the model."""

    known: KnownContent
    name: ModelName
    current: CurrentTree
    journal: Journal
    ties: TieWatch = field(default_factory=TieWatch)
    remembered: Remembered = field(default_factory=Remembered)
    lock: threading.RLock = field(default_factory=threading.RLock)
    listeners: weakref.WeakSet[Any] = field(default_factory=weakref.WeakSet)
    memory: tuple[Tree | None, frozenset[int]] = (None, frozenset())  # where its tensors lay then


_records: dict[int, tuple[weakref.ref[nn.Module], Record]] = {}
_making = threading.RLock()


def making() -> threading.RLock:
    """The lock under which records and benches are looked up and made."""
    return _making


def record_of(net: nn.Module) -> Record:
    """The record of a live model, found by identity; created if there is none."""
    key = id(net)
    held = _records.get(key)
    if held is not None and held[0]() is net:
        return held[1]
    name, known = ModelName(net), KnownContent(net)
    record = Record(known, name, CurrentTree(name), Journal(known, called=name))

    def forget(gone: weakref.ref[nn.Module]) -> None:
        if key in _records and _records[key][0] is gone:
            del _records[key]

    _records[key] = (weakref.ref(net, forget), record)
    return record


def listened_to(but: Record) -> list[tuple[nn.Module, Record]]:
    """The other models to which somebody listens, with their records."""
    found = [(held(), record) for held, record in list(_records.values())]
    return [
        (net, record)
        for net, record in found
        if net is not None and record is not but and record.listeners
    ]


def memory_of(net: nn.Module, record: Record) -> frozenset[int]:
    """The addresses of a model's parameters and buffers, as of its last reading."""
    tree = record.current.last
    if tree is None or record.memory[0] is not tree:
        held = (tensors_of(one, "_parameters", "_buffers") for one in unique_modules(net))
        record.memory = tree, frozenset(map(address_of, chain.from_iterable(held)))
    return record.memory[1]


def address_of(tensor: torch.Tensor) -> int:
    """Where its memory begins; a number of its own for one that has none."""
    try:
        return compat.storage_address(tensor) or -id(tensor)
    except Exception:  # a subclass without memory
        return -id(tensor)


def _renew_locks() -> None:
    """In a forked process, a lock may be held by a thread that does not exist there."""
    global _making
    _making = threading.RLock()
    for _, record in list(_records.values()):
        record.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)
