"""Set requires_grad: freeze tensors, or unfreeze them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.actions.action import Action
from paramwidget.edit.actions.fields import Parameters, Switch, Target, Types
from paramwidget.edit.actions.outcome import (
    Notes,
    Outcome,
    chosen,
    display_name,
    nothing_to_do,
)
from paramwidget.edit.actions.write_target import Ties, WriteTarget, what_is
from paramwidget.edit.errors import EditError, quoted
from paramwidget.edit.memory.inverses import RequiresGrad, requires_grad, switch
from paramwidget.edit.memory.transaction import transaction
from paramwidget.edit.script import ROOT, indented
from paramwidget.slots.names import resolve
from paramwidget.slots.targets import Selection
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Node, Tree
from paramwidget.tensors import dtype_name


@dataclass(frozen=True)
class SetRequiresGrad(Action, kind="set_requires_grad"):
    """``bench.set_requires_grad``, which documents the fields."""

    target: Target
    value: Switch
    types: Types = None
    parameters: Parameters = None

    def run(self, net: nn.Module, tree: Tree) -> Outcome:
        """Raises EditError if nothing in the target can have its own gradient."""
        if not isinstance(self.value, bool):
            raise EditError(f"requires_grad is True or False, not {quoted(self.value)}", "value")
        selection = chosen(tree, self.target, self.types, self.parameters)
        tensors, skipped = self._tensors(net, tree, selection)
        switched: list[WriteTarget] = []
        changed: list[WriteTarget] = []
        with transaction(net) as work:
            for one in tensors:
                before = requires_grad(one.tensor)
                if before == self.value:
                    switched.append(one)
                    continue
                try:
                    kept = RequiresGrad(one.tensor, before, one.node.name)
                    with work.recorded(kept):
                        switch(one.tensor, self.value)
                except RuntimeError as error:
                    skipped.update((node.label, f"torch refuses: {error}") for node in one.nodes)
                    continue
                switched.append(one)
                changed.append(one)
        if not switched:
            raise self._refusal(tree, skipped, selection.unmatched)
        done = changed or switched
        notes = Notes(
            self._title(done),
            skipped=skipped,
            warnings=selection.unmatched,
            lines=self._lines(done),
        )
        for one in done:
            notes.changes(one.nodes)
        return notes.outcome(work.inverses)

    def _tensors(
        self, net: nn.Module, tree: Tree, selection: Selection
    ) -> tuple[list[WriteTarget], dict[Name, str]]:
        """What the target selects, each tensor once, and the slots that cannot be switched.

        A parameter without values can be: only its switch is touched.
        """
        nodes, skipped = selection.nodes, selection.skipped
        ties = Ties(tree)
        reasons: dict[Name, str] = {}
        found: dict[int, WriteTarget] = {}
        left_out = [tree.node(name) for name in skipped]
        for node in sorted([*nodes, *left_out], key=lambda node: node.place):
            tensor = None if node.kind in ("module", "computed") else resolve(net, node.path)
            reason = self._reason(node, tensor)
            harmless = bool(node.codes) and not self.value  # a frozen scale is left as it is
            ready = node.state == "ready" or skipped.get(node.label) != node.reason
            if reason is None and ready and not harmless:
                reason = skipped.get(node.label)
            if reason is not None or tensor is None:
                reasons[node.label] = reason or what_is(node)
            elif id(tensor) not in found:
                found[id(tensor)] = WriteTarget(tensor, ties.same(node))
        return list(found.values()), reasons

    def _reason(self, node: Node, tensor: torch.Tensor | None) -> str | None:
        """Why a slot cannot be switched, None if it can."""
        if tensor is None:
            return f"It {what_is(node)}: it has no requires_grad."
        if node.namesake:
            return node.namesake
        with compat.without_torch_function():
            if not tensor.is_leaf:
                return "It is computed from other tensors, which have the gradients."
            untrainable = untrainable_reason(tensor, node.packed)
            return untrainable if self.value and not tensor.requires_grad else None

    def _refusal(self, tree: Tree, skipped: dict[Name, str], unmatched: list[str]) -> EditError:
        named = tree.find(self.target if isinstance(self.target, str) else tuple(self.target))
        reason = "" if named is None else skipped.get(named.label, "")
        if named is None or not reason:
            what = "set_requires_grad cannot change"
            return nothing_to_do(what, self.target, skipped, tree.called, unmatched)
        it, _, rest = reason.partition(" ")
        about = f" {rest}" if it == "It" else f": {reason}"
        return EditError(f"{quoted(named.name)}{about}", "target")

    def _title(self, done: list[WriteTarget]) -> str:
        if len(done) == 1:
            return f"{display_name(done[0].node)} {'is trainable' if self.value else 'is frozen'}"
        return f"{len(done)} tensors {'are trainable' if self.value else 'are frozen'}"

    def _lines(self, done: list[WriteTarget]) -> list[str]:
        """One line for a tensor, a loop for several; those of inference mode in their own."""
        lines = []
        usual = [one for one in done if not _is_inference(one.tensor)]
        for group in (usual, [one for one in done if _is_inference(one.tensor)]):
            accesses = [one.node.expression(ROOT) for one in group]
            if len(group) == 1:
                lines += group[0].guarded([f"{accesses[0]}.requires_grad = {self.value}"])
            elif group:
                loop = [
                    "for parameter in (",
                    *indented(f"{access}," for access in accesses),
                    "):",
                    f"    parameter.requires_grad = {self.value}",
                ]
                lines += group[0].guarded(loop)
        return lines


def untrainable_reason(tensor: torch.Tensor, packed: bool) -> str | None:
    """Why a tensor must not be made trainable, None if it may be."""
    if packed:
        return "It is packed: an optimizer would update its codes, which are not its values."
    with compat.without_torch_function():
        if not (tensor.is_floating_point() or tensor.is_complex()):
            name = dtype_name(tensor.dtype)
            return f"It is {name}: only real and complex numbers have gradients."
    return None


def _is_inference(tensor: torch.Tensor) -> bool:
    with compat.without_torch_function():
        return tensor.is_inference()
