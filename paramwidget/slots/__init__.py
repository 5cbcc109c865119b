"""What is there: the tree of a model, its ties, what a target means, whether content changed.

Nothing in this room writes to a tensor.
"""

from __future__ import annotations

from paramwidget.slots.fingerprint import fingerprint
from paramwidget.slots.resolve import held_at, module_at, resolve
from paramwidget.slots.targets import Selection, select
from paramwidget.slots.ties import Name, TieGroup
from paramwidget.slots.tree import Node, Path, Totals, Tree, UnknownName, read_tree

__all__ = [
    "Name",
    "Node",
    "Path",
    "Selection",
    "TieGroup",
    "Totals",
    "Tree",
    "UnknownName",
    "fingerprint",
    "held_at",
    "module_at",
    "read_tree",
    "resolve",
    "select",
]
