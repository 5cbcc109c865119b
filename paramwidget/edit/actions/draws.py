"""Who draws a tensor that several modules share: the first of them; the others leave it as it is.

It is followed by what the modules' own methods do, since a method need not touch all that its
module holds. A module that contains the one that drew may draw again, as when it is made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from torch import nn

from paramwidget.edit.actions.modules import existing_module, unique_modules
from paramwidget.edit.actions.outcome import display_name
from paramwidget.edit.actions.write_target import Ties
from paramwidget.edit.errors import listed
from paramwidget.edit.memory.tensor_state import TensorState
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.names import held_at
from paramwidget.slots.tree import Node, Path, Tree

_NAMES = ("reset_parameters", "_reset_parameters")  # the second: MultiheadAttention, Transformer


def own_reset(module: nn.Module) -> str | None:
    """The name of the method by which this class initializes itself, or None."""
    for name in _NAMES:
        if callable(getattr(type(module), name, None)):
            return name
    return None


@dataclass(frozen=True)
class Turn:
    """One module's turn: what others have drawn before, and how the tensors below it were."""

    drawn: dict[int, TensorState | None]
    then: dict[int, Any]


class Draws:
    """The shared tensors of a model, and which module drew each; a tensor is known by its id."""

    def __init__(self, net: nn.Module, tree: Tree) -> None:
        self._net = net
        self._ties = Ties(tree)
        self._nodes: dict[int, Node] = {}  # the first slot of each
        self._tensors: dict[int, Any] = {}
        self._reached: dict[int, set[int]] = {}  # which of them a write to each may change
        self._by: dict[int, tuple[Path, nn.Module]] = {}  # in the order in which they were drawn
        for group in tree.ties:
            held = {node: held_at(net, node.path) for node in map(tree.node, group.names)}
            ready = {node: value for node, value in held.items()
                     if value is not None and node.state == "ready"}  # fmt: skip
            keys = {id(value) for value in ready.values()}
            for node, value in ready.items():
                self._nodes.setdefault(id(value), node)
                self._tensors[id(value)] = value
                self._reached.setdefault(id(value), set()).update(keys)

    def begin(self, module: nn.Module, below: Collection[int]) -> Turn:
        """The turn of a module with the tensors ``below`` it."""
        within = {id(one) for one in unique_modules(module)}
        reached = {key for one in below for key in self._reached.get(one, ())}
        drawn = [key for key in self._by if key in reached and id(self._by[key][1]) not in within]
        return Turn(
            {key: TensorState.of(self._tensors[key]) for key in drawn},
            {key: self._look(key) for key in below if key in self._tensors},
        )

    def end(self, path: Path, module: nn.Module, turn: Turn) -> list[int]:
        """Put back what others had drawn, and note what this module drew.

        Returns the tensors that were put back.
        """
        written = [key for key, then in turn.then.items() if self._look(key) != then]
        self._by.update({key: (path, module) for key in written if key not in turn.drawn})
        back = []
        for key, held in turn.drawn.items():
            if held is not None and not held.same_content():
                held.put_bytes_back()
                back.append(key)
        return back

    def _look(self, key: int) -> Any:
        """What differs after a write, also of the same values if it is not through ``.data``."""
        tensor = self._tensors[key]
        return None if tensor.is_inference() else tensor._version, fingerprint(tensor)

    def warnings(self, among: Collection[int]) -> list[str]:
        """Who drew each shared tensor, where other modules would have drawn it in their own way."""
        found, told = [], set()
        for key, (path, module) in self._by.items():
            told.add(key)
            if key not in among:
                continue
            node, drawer = self._nodes[key], f"{display_name(path)}.{own_reset(module)}"
            same = self._ties.same(node)
            memory = [one for one in self._ties.memory(node)
                      if id(held_at(self._net, one.path)) not in told]  # fmt: skip
            within = {id(one) for one in unique_modules(module)}
            if rest := self._resetting(same, within):
                is_, whose = ("are", "theirs") if len(rest) > 1 else ("is", _whose(rest[0]))
                names = listed(map(display_name, rest), 4)
                found.append(f"{names} {is_} the same tensor: drawn by {drawer}, not by {whose}")
            for one in self._resetting(memory, within):
                found.append(
                    f"{display_name(one)} shares memory with {display_name(node)}: what they share "
                    f"was drawn by {drawer}, not by {_whose(one)}"
                )
        return found

    def _resetting(self, nodes: Iterable[Node], within: set[int]) -> list[Node]:
        """Those of the slots whose module, not one of these, has a method of its own."""
        holders = {node: existing_module(self._net, node.path[:-1]) for node in nodes}
        return [node for node, one in holders.items() if id(one) not in within and own_reset(one)]


def _whose(node: Node) -> str:
    return f"{display_name(node.path[:-1])}'s"
