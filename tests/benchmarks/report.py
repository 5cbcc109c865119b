"""What every benchmark prints: the machine, the versions, and figures as median and range."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import date

import torch


def heading(what: str) -> None:
    """What is measured, on which machine and when."""
    print(f"\n{what}")
    print(
        f"{date.today()}, {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, torch {torch.__version__}"
    )


def seconds(call: Callable[[], object], times: int) -> list[float]:
    """How long each of ``times`` calls took, in s, after one that is not counted."""
    call()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return taken


def in_turn(calls: Sequence[Callable[[], object]], times: int) -> list[list[float]]:
    """The calls one after the other, ``times`` times: a machine that drifts drifts for all."""
    taken: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(times):
        for kept, call in zip(taken, calls, strict=True):
            began = time.perf_counter()
            call()
            kept.append(time.perf_counter() - began)
    return taken


def spread(values: Sequence[float], unit: str = "", scale: float = 1.0) -> str:
    """Median and range: ``12.3 ms (11.9 to 14.0)``."""
    found = [value * scale for value in values]
    middle, unit = statistics.median(found), unit and f" {unit}"
    return f"{middle:.3g}{unit} ({min(found):.3g} to {max(found):.3g})"


def ratios(ours: Sequence[float], peer: Sequence[float]) -> list[float]:
    """Ours over the peer's, pair by pair."""
    return [a / b for a, b in zip(ours, peer, strict=True)]


def line(name: str, figures: str, bar: str = "") -> None:
    """One row of the table, with the limit it is held against."""
    print(f"  {name:<52} {figures:<32} {bar}")
