"""Twins: slots in memory of their own that hold the same values, or are declared to be tied.

That is no alarm and no tie; it is what a load leaves of a tie. A declaration is that of the
``transformers`` library, ``_tied_weights_keys`` beside ``config.tie_word_embeddings``; none of the
model's code runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from paramwidget import compat
from paramwidget.slots.names import held_at, module_at
from paramwidget.slots.tree import Node, Tree
from paramwidget.tensors import Unreadable, class_lookup, class_name, readable, same_bits

#: Slots of a tree in which equal values are looked for; in a larger one that would take too long.
MOST_SLOTS = 20_000

#: Tensors of one shape among which they are looked for.
MOST_ALIKE = 256

#: Bytes of tensors that are compared in whole for one slot, where samples of them are equal.
BUDGET = 64 << 20

#: Elements below which a vector is likely to be equal to another by chance.
LEAST = 64

_SAMPLE = 64  # elements
_KEYS = "_tied_weights_keys"


@dataclass(frozen=True)
class Twin:
    """A slot that might be tied with another. ``declared`` is the class that says so, or ""."""

    node: Node
    same_values: bool
    declared: str


def twins(net: Any, tree: Tree, node: Node) -> list[Twin]:
    """The twins of a slot, in the order of ``slots``."""
    found = dict(_declared(net, tree, node))
    equal = set(_equal(net, tree, node))
    nodes = sorted({*found, *equal}, key=lambda one: (one.place, one.slot))
    return [Twin(one, one in equal, found.get(one, "")) for one in nodes]


# --- equal values ------------------------------------------------------------------------------


def _equal(net: Any, tree: Tree, node: Node) -> Iterator[Node]:
    if tree.size > MOST_SLOTS or not _telling(node):
        return
    others = [one for one in tree.alike(node) if one.tensor_number != node.tensor_number]
    if not 0 < len(others) < MOST_ALIKE:
        return
    mine = held_at(net, node.path)
    here = None if mine is None else _values(mine)
    if here is None:
        return
    left, sample = BUDGET, _sampled(here)
    for other in others:
        its = held_at(net, other.path)
        there = None if its is None or _tied(tree, node, other) else _values(its)
        if there is None or left < there.nbytes or not same_bits(sample, _sampled(there)):
            continue
        left -= there.nbytes
        if same_bits(here, there) and bool((here != here.reshape(-1)[0]).any()):
            yield other


def _telling(node: Node) -> bool:
    """Whether equal values say something: a short vector is often equal to another."""
    shape = node.shape or ()
    count = 1
    for size in shape:
        count *= size
    return node.state == "ready" and count > 1 and (len(shape) > 1 or count >= LEAST)


def _values(tensor: torch.Tensor) -> torch.Tensor | None:
    try:
        return readable(tensor)
    except Unreadable:
        return None


def _sampled(values: torch.Tensor) -> torch.Tensor:
    """Some elements, spread over the rows."""
    rows = values[:: max(1, len(values) // 8)][:8].reshape(min(8, len(values)), -1)
    return rows[:, :: max(1, rows.shape[1] // 8)][:, :8]


def _tied(tree: Tree, first: Node, second: Node) -> bool:
    return any(second.label in groups.get(first.label, ()) for groups in tree.tied_with.values())


# --- declared ----------------------------------------------------------------------------------


def _declared(net: Any, tree: Tree, node: Node) -> Iterator[tuple[Node, str]]:
    """The slots that a class declares to be tied with this one and that are not."""
    for holder in tree.modules_with(_KEYS):
        module = module_at(net, holder.path)
        if module is None or not _wants_ties(module):
            continue
        for other in _partners(module, tree, holder, node):
            held = other.state == "ready" and other.tensor_number >= 0
            if (
                other != node
                and held
                and other.shape == node.shape
                and not _tied(tree, node, other)
            ):
                yield other, class_name(type(module))


def _wants_ties(module: Any) -> bool:
    config = compat.module_fields(module).get("config")
    try:
        fields = object.__getattribute__(config, "__dict__")
    except AttributeError:
        return True
    return bool(fields.get("tie_word_embeddings", True) is not False)


def _partners(module: Any, tree: Tree, holder: Node, node: Node) -> Iterator[Node]:
    """The slots that hold the tensor of this one too, as declared."""
    keys = compat.module_fields(module).get(_KEYS) or class_lookup(type(module), _KEYS)
    if isinstance(keys, dict):
        for second, first in keys.items():
            others = _named(tree, holder, second)
            for one in _named(tree, holder, first)[:1]:
                if node == one:
                    yield from others
                elif node in others:
                    yield one
        return
    if not isinstance(keys, (list, tuple, set)):
        return
    held = [slot for key in keys for slot in _named(tree, holder, key)]
    if node not in held and not _is_embedding(node):
        return  # one that no key means; all slots are gone through for the others alone
    embeddings = (
        slot
        for slot in tree.slots_below(holder)
        if _is_embedding(slot) and slot.shape == node.shape and slot not in held
    )
    first = next(embeddings, None)
    if node in held and first is not None:
        yield first
    elif node == first:
        yield from (slot for slot in held if slot.shape == node.shape)


def _is_embedding(slot: Node) -> bool:
    cls = slot.module_class
    return cls is not None and issubclass(cls, nn.Embedding) and slot.path[-1] == "weight"


def _named(tree: Tree, holder: Node, key: Any) -> list[Node]:
    """The slots of a name, or of a pattern, below the module."""
    if not isinstance(key, str):
        return []
    depth = len(holder.path)
    found = tree.find((*holder.path, *key.split(".")))
    if found is not None and found.slot >= 0:
        return [found]
    try:
        pattern = re.compile(key)
    except re.error:
        return []
    return [
        slot for slot in tree.slots_below(holder) if pattern.search(".".join(slot.path[depth:]))
    ]
