"""What to know of a layer when its tensor is edited: fans of another meaning, rows it rewrites."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize

from paramwidget.edit.actions.modules import existing_module
from paramwidget.edit.actions.outcome import display_name
from paramwidget.edit.actions.write_target import Ties, WriteTarget
from paramwidget.edit.initializers.catalogue import Initializer
from paramwidget.edit.initializers.expected import fans
from paramwidget.edit.memory.write import part_of
from paramwidget.edit.values.index import Index
from paramwidget.slots.names import held_at
from paramwidget.slots.tree import Node

_LOOKED_UP = (nn.Embedding, nn.EmbeddingBag)
_STACKS: tuple[tuple[type[nn.Module], str, int], ...] = (  # one matrix a gate, or for q, k and v
    (nn.LSTM, "weight_", 4), (nn.LSTMCell, "weight_", 4),
    (nn.GRU, "weight_", 3), (nn.GRUCell, "weight_", 3),
    (nn.MultiheadAttention, "in_proj_weight", 3),
)  # fmt: skip
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, *_TRANSPOSED)


def remarks(
    net: nn.Module,
    ties: Ties,
    write_target: WriteTarget,
    entry: Initializer,
    arguments: Mapping[str, Any],
) -> list[str]:
    """What is worth knowing of an initialization of one tensor."""
    found = list(_computed_from(net, write_target.nodes))
    shape = tuple(write_target.tensor.shape)
    if len(shape) > 1 and entry.source == "torch":
        by_fan = entry.name.startswith(("xavier_", "kaiming_"))
        used = arguments.get("mode", "both") if by_fan else ""
        for node in write_target.nodes:
            layer = existing_module(net, node.path[:-1])
            found += _of_convolution(node, layer, shape, used)
            found += _of_stack(node, layer, entry.name, used)
        if by_fan:
            found += _of_roles(net, ties, write_target)
    return found


def _of_convolution(
    node: Node, layer: nn.Module, shape: tuple[int, ...], used: str
) -> Iterator[str]:
    """torch counts a fan by the shape alone; a convolution has groups, and may be transposed."""
    if not isinstance(layer, _CONVOLUTIONS) or node.path[-1] != "weight" or not used:
        return
    fan_in, fan_out = fans(shape)
    name, groups, transposed = display_name(node), layer.groups, isinstance(layer, _TRANSPOSED)
    if transposed and used != "both":
        yield (
            f"{name}: a transposed convolution stores (in, out, ...), so torch's fan_in {fan_in} "
            f"is its fan_out, and torch's fan_out {fan_out} counts its inputs"
        )
    if groups > 1 and used != "fan_in":
        what = "input" if transposed else "output"
        yield (
            f"{name}: torch's fan_out {fan_out} counts the {what} channels of all {groups} groups; "
            f"those of one group give {fan_out // groups}"
        )


def _of_stack(node: Node, layer: nn.Module, name: str, used: str) -> Iterator[str]:
    """Recurrent layers and attention keep several matrices in one tensor, one below the other."""
    key = node.path[-1]
    count = next((many for cls, prefix, many in _STACKS
                  if isinstance(layer, cls) and key.startswith(prefix)), 1)  # fmt: skip
    if count < 2:
        return
    if used in ("both", "fan_out"):
        yield (
            f"{display_name(node)} is a stack of {count} matrices, and torch's fan_out counts the "
            "rows of all of them"
        )
    elif name == "orthogonal_":
        yield (
            f"{display_name(node)} is a stack of {count} matrices; the stack was made orthogonal, "
            "not each of them"
        )


def _of_roles(net: nn.Module, ties: Ties, write_target: WriteTarget) -> Iterator[str]:
    """A shared tensor that its layers use in different ways has one fan for all of them."""
    layers = {node: existing_module(net, node.path[:-1]) for node in write_target.nodes}
    looked_up = [node for node, layer in layers.items() if isinstance(layer, _LOOKED_UP)]
    others = [node for node in layers if node not in looked_up]
    fan_in, fan_out = fans(tuple(write_target.tensor.shape))
    if looked_up and others:
        yield (
            f"{display_name(looked_up[0])} is looked up and {display_name(others[0])} is "
            f"multiplied with: fan_in {fan_in} and fan_out {fan_out} are those of the latter"
        )
    shape = write_target.tensor.shape
    for node in ties.memory(write_target.node):
        other = held_at(net, node.path)
        if other is not None and len(other.shape) == len(shape) and other.shape != shape and (
            sorted(other.shape) == sorted(shape)
        ):  # fmt: skip
            yield (
                f"{display_name(node)} holds the same memory in another shape: fan_in {fan_in} and "
                f"fan_out {fan_out} are those of {display_name(write_target.node)}"
            )


def _computed_from(net: nn.Module, nodes: Iterable[Node]) -> Iterator[str]:
    """What is written is not what the layer uses, which is computed from it."""
    for node in nodes:
        layer, key = existing_module(net, node.path[:-1]), node.path[-1]
        used = ""
        if isinstance(layer, parametrize.ParametrizationList):
            used = ".".join((*node.path[:-3], node.path[-2]))
        elif key.endswith(("_g", "_v", "_orig")):
            plain = key.rpartition("_")[0]
            computed = getattr(layer, "__dict__", {}).get(plain)
            used = ".".join((*node.path[:-1], plain)) if computed is not None else ""
        if used:
            yield f"{display_name(node)}: the layer uses {used}, which it computes from this"


def rewritten(net: nn.Module, nodes: Iterable[Node], index: Index | None = None) -> list[str]:
    """The rows of embeddings with ``max_norm`` that the next forward scales down.

    ``index`` is the part that was written; only its rows are looked at.
    """
    found: dict[tuple[str, ...], str] = {}
    for node in nodes:
        layer = existing_module(net, node.path[:-1])
        tensor = held_at(net, node.path)
        if not isinstance(layer, _LOOKED_UP) or node.path[-1] != "weight" or tensor is None:
            continue
        limit = layer.max_norm
        if limit is None or node.state != "ready":
            continue
        rows = part_of(tensor, index[:1] if index else None)
        wide = rows.reshape(-1, rows.shape[-1]).to(torch.float64)
        count = int((wide.norm(layer.norm_type, dim=1) > limit * (1 + 1e-6)).sum())
        if count:
            exceed, them = (
                ("1 row exceeds", "it") if count == 1 else (f"{count} rows exceed", "them")
            )
            found[node.path] = (
                f"{display_name(node)}: {exceed} max_norm={limit:g}; the next forward pass that "
                f"looks {them} up scales {them} down"
            )
    return list(found.values())
