"""The place an edit writes to: one tensor, all its slots, and who shares its memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.actions.modules import existing_module
from paramwidget.edit.errors import EditError, quoted
from paramwidget.edit.script import ROOT, indented
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.memory.overlap import Block, block_of, within
from paramwidget.slots.names import resolve, tensor_of
from paramwidget.slots.tree import Node, Path, Tree, UnknownName
from paramwidget.tensors import Condition, is_distributed, plain, writable_reason

_PADDED = (nn.Embedding, nn.EmbeddingBag)


@dataclass(frozen=True)
class WriteTarget:
    """One tensor that can be written to, with all its slots, the requested one first.

    For a computed slot ``tensor`` is a copy of its present value, and ``moving`` the Python
    expression for the buffers that computing it may change; "" if there are none.
    """

    tensor: torch.Tensor
    nodes: tuple[Node, ...]
    moving: str = ""

    @property
    def node(self) -> Node:
        return self.nodes[0]

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(node.path for node in self.nodes)

    @property
    def access(self) -> str:
        """The Python expression for what is written to, the model being ``net``."""
        access = self.node.expression(ROOT)
        return f"{access}.to_local()" if is_distributed(self.tensor) else access

    @property
    def computed(self) -> bool:
        return self.node.kind == "computed"

    @property
    def plainly_laid(self) -> bool:
        """Whether torch's functions, called on it directly, do the same as on a scratch tensor."""
        tensor = self.tensor
        return (
            type(tensor) in compat.PLAIN_TENSORS
            and tensor.device.type == "cpu"
            and tensor.is_contiguous()
            and not (tensor.is_conj() or tensor.is_neg() or tensor.is_inference())
        )

    def guarded(self, lines: list[str]) -> list[str]:
        """The lines of a script, in inference mode if the tensor requires it."""
        with compat.without_torch_function():
            if not self.tensor.is_inference():
                return lines
        return ["with torch.inference_mode():", *indented(lines)]


class Ties:
    """Ties, looked up by slot."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._same, self._memory = tree.tied_with["same"], tree.tied_with["memory"]

    def same(self, node: Node) -> tuple[Node, ...]:
        """Every slot of the node's tensor, the node first, the others in the order of the tree."""
        others = [self._tree.node(name) for name in self._same.get(node.label, ())]
        return (node, *(other for other in others if other.path != node.path))

    def memory(self, node: Node) -> tuple[Node, ...]:
        """Every slot of every tensor that shares memory with this one, directly or not."""
        return tuple(self._tree.node(name) for name in self._memory.get(node.label, ()))

    def behind(self, node: Node) -> list[Node]:
        """The slots of the parametrizations that a computed slot comes from, if any."""
        if node.kind != "computed":
            return []
        chain = self._tree.find((*node.path[:-1], "parametrizations", node.path[-1]))
        return [] if chain is None else self._tree.slots_below(chain)


def what_is(node: Node) -> str:
    """``is a parameter``: what a row is, to continue a sentence after its name."""
    return {"none": "is None", "computed": "is a computed tensor"}.get(
        node.kind, f"is a {node.kind}"
    )


def locked(
    node: Node,
    tensor: torch.Tensor | None,
    memory: compat.MemoryMap,
    known: Condition | None = None,
) -> str | None:
    """Why a slot's values cannot be edited; None if they can. Not for computed slots.

    ``known`` is the tensor's condition, where the caller has it.
    """
    if node.kind == "module":
        slot = next((one for one in node.children if one.kind != "module"), None)
        such = "" if slot is None else f", such as {quoted(slot.name)}"
        return f"It is a module, not a tensor; name one of its slots{such}."
    if tensor is None:
        return "It is None: nothing is registered here."
    if node.sources:
        return node.note  # recomputed at each forward pass: the note names the one to edit
    if node.state != "ready":
        return node.reason
    return writable_reason(tensor, memory, known)


def packed_tensors(net: nn.Module, tree: Tree) -> dict[int, Node]:
    """The first slot of each packed tensor, by the tensor's id."""
    return _by_tensor(net, (node for node in tree.slots if node.packed))


def code_tensors(net: nn.Module, tree: Tree) -> dict[int, Node]:
    """The same of each packed tensor and of what it is read with."""
    return _by_tensor(net, (node for node in tree.slots if node.packed or node.codes))


def _by_tensor(net: nn.Module, nodes: Iterable[Node]) -> dict[int, Node]:
    found: dict[int, Node] = {}
    for node in nodes:
        tensor = tensor_of(net, node)
        if tensor is not None:
            found.setdefault(id(tensor), node)
    return found


def node_at(tree: Tree, name: Any) -> Node:
    """The slot or module of a name; raises EditError with similar names."""
    try:
        node = tree.node(name)
    except UnknownName as error:
        raise EditError(str(error), "target") from None
    if node.namesake:
        raise EditError(f"{quoted(node.name)} cannot be edited: {node.namesake}", "target")
    return node


def padding_rows(net: nn.Module, write_target: WriteTarget) -> list[int]:
    """The rows that an embedding keeps at zero for padding, if this tensor is its weight."""
    rows = set()
    for node in write_target.nodes:
        parent = existing_module(net, node.path[:-1])
        if node.path[-1] == "weight" and isinstance(parent, _PADDED):
            row = parent.padding_idx
            if isinstance(row, int) and -len(write_target.tensor) <= row < len(write_target.tensor):
                rows.add(row % len(write_target.tensor))
    return sorted(rows)


def covered(write_targets: list[WriteTarget], ties: Ties) -> set[int]:
    """The positions of targets that need no writing, because another one covers their memory."""
    tied = [
        place for place, write_target in enumerate(write_targets) if ties.memory(write_target.node)
    ]
    blocks = {place: block_of(plain(write_targets[place].tensor)) for place in tied}
    written: list[int] = []
    for place in sorted(tied, key=lambda place: (-_extent(blocks[place]), place)):
        if not any(_covered_by(blocks[place], blocks[outer]) for outer in written):
            written.append(place)
    return set(tied).difference(written)


def _extent(block: Block | None) -> int:
    return 0 if block is None else block.high - block.low


def _covered_by(inner: Block | None, outer: Block | None) -> bool:
    return inner is not None and outer is not None and within(inner, outer)


class Partners:
    """The slots that share memory with what is written, and which of them changed."""

    def __init__(self, net: nn.Module, ties: Ties, write_targets: Iterable[WriteTarget]) -> None:
        self._net = net
        nodes = [node for write_target in write_targets for node in write_target.nodes]
        found = [partner for node in nodes for partner in ties.memory(node)]
        # a write to a computed slot goes to its originals, and to what its parametrizations keep
        for node in nodes:
            for below in ties.behind(node):
                found += [*ties.same(below), *ties.memory(below)]
        self._nodes = {partner.path: partner for partner in found}
        self._before = {path: self._look(path) for path in self._nodes}

    def _look(self, path: Path) -> Any:
        tensor = resolve(self._net, path)
        return None if tensor is None else fingerprint(tensor)

    def changed(self) -> list[Node]:
        return [
            node for path, node in self._nodes.items() if self._look(path) != self._before[path]
        ]
