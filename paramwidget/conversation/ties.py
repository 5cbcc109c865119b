"""What a browser is told of ties that are not there: lost ones, and slots that might be tied."""

from __future__ import annotations

from torch import nn

from paramwidget import protocol
from paramwidget.conversation.intents import FEW
from paramwidget.slots.ties import Pairs
from paramwidget.slots.tree import Node, Tree
from paramwidget.slots.twins import twins
from paramwidget.workbench import Workbench


def tie_news(bench: Workbench, tree: Tree) -> protocol.TieNews:
    """The ties that were lost and gained by other hands than the bench's, in the tree just read."""
    lost, gained = bench.last_tie_news
    return protocol.TieNews(_offers(tree, lost), _offers(tree, gained))


def _offers(tree: Tree, pairs: Pairs) -> list[protocol.TieOffer]:
    return [offer(tree.node(first), tree.node(second)) for second, first in pairs.items()]


def offer(first: Node, second: Node) -> protocol.TieOffer:
    """The click that ties two slots, or why they cannot be tied as they are."""
    locked = ""
    for what in ("kind", "shape", "dtype", "device"):
        here, there = getattr(first, what), getattr(second, what)
        if here != there:
            locked = f"{second.name} has the {what} {there}, and {first.name} {here}"
            break
    return protocol.TieOffer(list(first.path), list(second.path), first.name, second.name, locked)


def twin_facts(net: nn.Module, tree: Tree, node: Node) -> list[protocol.Twin]:
    """The slots that might be tied with this one; the first registered keeps its tensor."""
    found = []
    for twin in twins(net, tree, node)[:FEW]:
        first, second = sorted((node, twin.node), key=lambda one: (one.place, one.slot))
        found.append(protocol.Twin(offer(first, second), twin.same_values, twin.declared))
    return found
