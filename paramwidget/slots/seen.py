"""What the content of each slot was at the last look, so that a change is known whoever made it."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable

from torch import nn

from paramwidget.slots.fingerprint import fingerprint
from paramwidget.slots.resolve import held_at
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Node, Path, Tree, read_tree

# A first look at a model of more bytes than this is put off to the first refresh: reading every
# byte of a giant would make one wait for a bench.
FIRST_LOOK_BYTES = 2**30

_UNSEEN: Hashable = ("unseen",)


class Seen:
    """The fingerprints of a model's slots at the last look."""

    def __init__(self) -> None:
        self._prints: dict[Path, Hashable] = {}

    def look_first(self, net: nn.Module) -> None:
        """Take the first look, in registration order until FIRST_LOOK_BYTES have been read."""
        tree = read_tree(net)
        left = FIRST_LOOK_BYTES
        affordable = []
        for node in tree.slots:
            left -= math.prod(node.shape or ()) * 8
            if left >= 0:
                affordable.append(node)
        self._prints = dict.fromkeys((node.path for node in tree.slots), _UNSEEN)
        self._prints.update(_prints_of(net, affordable))

    def look(self, tree: Tree, net: nn.Module) -> list[Node]:
        """The slots whose content is not what it was; from now on it is what it is now."""
        now = _prints_of(net, tree.slots)
        before = self._prints
        self._prints = now
        return [
            node
            for node in tree.slots
            if node.path in now
            and before.get(node.path, ("absent",)) not in (now[node.path], _UNSEEN)
        ]

    def count_as_seen(self, tree: Tree, net: nn.Module, names: Iterable[Name]) -> None:
        """The content of these slots is known: a later look does not report it."""
        nodes = (tree.find(name) for name in names)
        self._prints.update(_prints_of(net, (node for node in nodes if node is not None)))


def _prints_of(net: nn.Module, nodes: Iterable[Node]) -> dict[Path, Hashable]:
    """The fingerprint of each slot, a shared tensor read once; computed slots are not computed."""
    prints: dict[Path, Hashable] = {}
    known: dict[int, Hashable] = {}
    held = []  # keeps every tensor alive while its id stands for it
    for node in nodes:
        tensor = held_at(net, node.path)
        if tensor is None:
            continue
        key = id(tensor)
        if key not in known:
            held.append(tensor)
            known[key] = fingerprint(tensor)
        prints[node.path] = known[key]
    return prints
