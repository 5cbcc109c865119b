"""Every kind of edit as a value: it can be run, written as JSON, and read from there strictly."""

from __future__ import annotations

from typing import Protocol

from torch import nn

from paramwidget.edit.applying import Apply
from paramwidget.edit.initialize import Initialize
from paramwidget.edit.outcome import Outcome
from paramwidget.edit.values import Assign, Compute, Require
from paramwidget.slots.tree import Tree


class Action(Protocol):
    """Something that can be done to a model."""

    @property
    def kind(self) -> str: ...

    def run(self, net: nn.Module, tree: Tree) -> Outcome:
        """Do it as a whole, or raise EditError with every byte as it was."""


__all__ = ["Action", "Apply", "Assign", "Compute", "Initialize", "Require"]
