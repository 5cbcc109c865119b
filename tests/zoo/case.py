"""A case of the zoo: a model, where it comes from, and what must be said of it."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

TORCH = tuple(int(part) for part in torch.__version__.split(".")[:2])

Name = str | tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """One model and the facts that must come out.

    ``rows`` has for some slots "kind state" (all of them where ``complete``); ``ties`` all groups
    as (kind, names); ``notes``, ``reasons`` and ``warnings`` parts of the sentences that must be
    there, ``refuses`` parts of why a slot cannot be written to, ``shows`` expressions that lead to
    it. ``walks`` is False if torch's own ``named_parameters`` cannot walk the model. ``crashes``
    cases end the process when they are read carelessly, and run in a child.
    """

    name: str
    source: str
    build: Callable[[], Any]
    rows: Mapping[Name, str] = field(default_factory=dict)
    ties: Sequence[tuple[str, Sequence[Name]]] = ()
    notes: Mapping[Name, str] = field(default_factory=dict)
    reasons: Mapping[Name, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    refuses: Mapping[Name, str] = field(default_factory=dict)
    shows: Mapping[Name, str] = field(default_factory=dict)
    complete: bool = False
    walks: bool = True
    crashes: bool = False


class Zoo:
    """A list of cases that fills itself from decorated builders."""

    def __init__(self) -> None:
        self.cases: list[Case] = []

    def __call__(
        self, source: str, since: tuple[int, ...] = (2, 4), **facts: Any
    ) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
        """Register a builder under its own name, where torch is new enough for what it builds.

        torch may warn while it builds.
        """

        def register(build: Callable[[], Any]) -> Callable[[], Any]:
            @functools.wraps(build)
            def quietly() -> Any:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    return build()

            if since <= TORCH:
                self.cases.append(Case(build.__name__, source, quietly, **facts))
            return quietly

        return register


class Holder(nn.Module):
    """A module that holds what is given: Parameters, modules and None, other tensors as buffers."""

    def __init__(self, **held: Any) -> None:
        super().__init__()
        for name, value in held.items():
            if isinstance(value, (nn.Parameter, nn.Module)) or value is None:
                setattr(self, name, value)
            else:
                self.register_buffer(name, value)
