"""The content of each slot at the last look, so that any change is found, whoever made it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import torch

from paramwidget.slots.content.baseline import Baseline
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.names import held_at
from paramwidget.slots.ties import Name, TieGroup
from paramwidget.slots.tree import Node, Path, Tree


class KnownContent:
    """The fingerprints of a model's slots at the last look; the first is at creation."""

    def __init__(self, net: Any) -> None:
        self._baseline: Baseline | None = Baseline(net)
        self._prints: dict[Path, Hashable] = {}

    def ties_at_start(self) -> list[TieGroup]:
        """The slots that held one tensor when this was made; none after the first look."""
        return [] if self._baseline is None else self._baseline.ties()

    def look(self, tree: Tree, net: Any) -> list[Node]:
        """The slots whose content has changed; the present content becomes the known one.

        Slots that were not there count as changed; computed ones are not computed for this.
        """
        held = _held(net, tree.slots)
        now = _prints_of(held)
        changed = [node for node, tensor in held if self._differs(node.path, tensor, now)]
        self._baseline, self._prints = None, now
        return changed

    def _differs(self, path: Path, tensor: torch.Tensor, now: dict[Path, Hashable]) -> bool:
        if self._baseline is not None and path not in self._prints:
            return self._baseline.changed(path, tensor)
        return self._prints.get(path) != now[path]

    def count_as_known(self, tree: Tree, net: Any, names: Iterable[Name]) -> None:
        """Mark the content of these slots as known: a later look does not report it."""
        nodes = (tree.find(name) for name in names)
        self._prints.update(_prints_of(_held(net, (node for node in nodes if node is not None))))


def _held(net: Any, nodes: Iterable[Node]) -> list[tuple[Node, torch.Tensor]]:
    """The slots that hold a tensor, each with its tensor."""
    found = ((node, held_at(net, node.path)) for node in nodes)
    return [(node, tensor) for node, tensor in found if tensor is not None]


def _prints_of(held: Iterable[tuple[Node, torch.Tensor]]) -> dict[Path, Hashable]:
    """The fingerprint of each slot, a shared tensor read once."""
    known: dict[int, Hashable] = {}
    prints: dict[Path, Hashable] = {}
    for node, tensor in held:
        key = id(tensor)
        if key not in known:
            known[key] = fingerprint(tensor)
        prints[node.path] = known[key]
    return prints
