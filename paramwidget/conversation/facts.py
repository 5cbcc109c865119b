"""What a panel says of its slot beside the picture, and why it shows none."""

from __future__ import annotations

import torch

from paramwidget import protocol
from paramwidget.compat import MemoryMap
from paramwidget.conversation.intents import FEW
from paramwidget.edit.actions.write_target import locked
from paramwidget.edit.initializers.catalogue import Initializer, catalogue
from paramwidget.edit.initializers.requirements import unmet_requirement
from paramwidget.protocol import PanelState
from paramwidget.slots.names import held_at, resolve
from paramwidget.slots.ties import TieGroup
from paramwidget.slots.tree import Node, Tree
from paramwidget.tensors import Unreadable, condition
from paramwidget.workbench import Workbench, through

NO_GRADIENT = "no gradient yet"


def what_is_seen(bench: Workbench, panel: PanelState) -> tuple[torch.Tensor | None, str]:
    """The tensor that a panel shows, or None and the sentence that says why there is none."""
    try:
        tensor = resolve(bench.net, tuple(panel.path))
    except Unreadable as reason:
        return None, str(reason)
    if tensor is None:
        return None, "None: nothing is registered here"
    known = condition(tensor)
    if known.state != "ready":
        return None, known.reason or known.state
    seen = through(tensor, panel.lens)
    if seen is not None:
        return seen, ""
    if panel.lens == "angle":
        return None, "only a complex tensor has an angle"
    return None, NO_GRADIENT if tensor.requires_grad else "no gradient: requires_grad is False"


def facts(bench: Workbench, tree: Tree, panel: PanelState) -> protocol.Facts:
    """What stands beside the picture of a slot."""
    node = tree.node(tuple(panel.path))
    tensor = held_at(bench.net, node.path)
    return protocol.Facts(
        panel=panel.panel,
        path=list(node.path),
        name=node.name,
        slot_kind=node.kind,
        type_name=node.type_name,
        shape=None if node.shape is None else list(node.shape),
        dtype=node.dtype or "",
        device=node.device or "",
        requires_grad=node.requires_grad if node.kind == "parameter" else None,
        state=node.state,
        reason=node.reason or "",
        note=node.note or "",
        access=list(node.access),
        ties=[_tie(tree, group, node) for group in tree.ties if node.label in group.names],
        lenses=_lenses(node, tensor),
        locked=_locked(node, tensor),
        unfit=_unfit(tensor),
    )


def _tie(tree: Tree, group: TieGroup, here: Node) -> protocol.TieFact:
    nodes = [tree.node(name) for name in group.names[:FEW]]
    partner = next((node for node in nodes if node != here), here)
    first, second = here.access[0], partner.access[0]
    same = f"{first} is {second}"
    return protocol.TieFact(
        kind=group.kind,
        names=[node.name for node in nodes],
        paths=[list(node.path) for node in nodes],
        proof=same if group.kind == "same" else f"{first} and {second} share memory",
    )


def _lenses(node: Node, tensor: torch.Tensor | None) -> list[protocol.Lens]:
    lenses: list[protocol.Lens] = ["value"]
    if node.kind == "parameter":
        lenses.append("grad")
    if tensor is not None and node.state == "ready" and tensor.is_complex():
        lenses.append("angle")
    return lenses


def _locked(node: Node, tensor: torch.Tensor | None) -> str:
    return locked(node, tensor, MemoryMap.now()) or ""


def _unfit(tensor: torch.Tensor | None) -> dict[str, str]:
    if tensor is None:
        return {}
    reasons = {entry.name: _why_unfit(entry, tensor) for entry in catalogue()}
    return {name: reason for name, reason in reasons.items() if reason}


def _why_unfit(entry: Initializer, tensor: torch.Tensor) -> str | None:
    known = condition(tensor)
    if known.state != "ready" or known.shape is None:
        return known.reason
    return unmet_requirement(entry, known.shape, tensor.dtype)
