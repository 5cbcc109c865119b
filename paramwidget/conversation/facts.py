"""What a panel shows of its slot: the picture's values, or why there are none, and the facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from paramwidget import protocol
from paramwidget.compat import MemoryMap
from paramwidget.conversation.intents import FEW
from paramwidget.edit.actions.set_requires_grad import untrainable_reason
from paramwidget.edit.actions.write_target import locked
from paramwidget.edit.initializers.catalogue import catalogue
from paramwidget.edit.initializers.requirements import unmet_requirement
from paramwidget.picture.lenses import LENSES, Lens, Slot, lens_named, lenses_for, look
from paramwidget.picture.values import Values
from paramwidget.protocol import PanelState
from paramwidget.slots.names import condition_at, resolve
from paramwidget.slots.ties import TieGroup
from paramwidget.slots.tree import Node, Tree
from paramwidget.tensors import Condition, Unreadable, look_of
from paramwidget.workbench import Workbench


@dataclass(frozen=True)
class Seen:
    """A panel's slot at one look: what its lens shows, or a sentence that says why nothing.

    ``tensor`` is the slot's own, ``known`` its condition; None if there is none.
    """

    lens: Lens
    shown: Values | str
    tensor: torch.Tensor | None = None
    known: Condition | None = None

    @property
    def readable(self) -> torch.Tensor | None:
        """The slot's own tensor, where it can be read."""
        return self.tensor if self.known and self.known.state == "ready" else None


def what_is_seen(bench: Workbench, panel: PanelState) -> Seen:
    """Look at a panel's slot once; the result holds everything that was read of it."""
    lens, path = lens_named(panel.lens), tuple(panel.path)
    try:
        tensor = resolve(bench.net, path)
    except Unreadable as reason:
        return Seen(lens, str(reason))
    if tensor is None:
        return Seen(lens, "It is None: nothing is registered here.")
    known = condition_at(bench.net, path, tensor)
    if known.state != "ready":
        return Seen(lens, known.reason or known.state, tensor, known)
    kept = bench.remembered.before((lens.name, path))
    try:
        shown = look(lens, Slot(tensor, Values(tensor, known), kept))
    except Unreadable as reason:
        shown = str(reason)
    return Seen(lens, shown, tensor, known)


def remember(bench: Workbench, viewer: object, panels: Iterable[PanelState]) -> None:
    """Start a look: copy what the lenses of a viewer's panels must remember."""
    known = (panel for panel in panels if panel.lens in LENSES)
    lenses = [(lens_named(panel.lens), tuple(panel.path)) for panel in known]
    wanted = {(lens.name, path): lens.needs for lens, path in lenses if lens.needs}
    bench.remembered.want(viewer, wanted)
    bench.remember("look")


def facts(tree: Tree, panel: PanelState, seen: Seen, twins: list[protocol.Twin]) -> protocol.Facts:
    """What stands beside the picture of a slot."""
    node = tree.node(tuple(panel.path))
    reason = _locked(node, seen)
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
        note=_note(node, seen),
        access=list(node.access),
        ties=[_tie(tree, group, node) for group in tree.ties if node.label in group.names],
        lenses=[
            protocol.LensFact(lens.name, lens.label, lens.locked or reason)
            for lens in lenses_for(node.kind, seen.readable)
        ],
        locked=reason,
        unfit={} if node.kind == "computed" else _unfit(seen),
        twins=twins,
        untrainable=_untrainable(node, seen),
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


def _note(node: Node, seen: Seen) -> str:
    """The row's note; of a packed tensor also what its values are in comparison with its bytes."""
    note = node.note or ""
    if not node.packed or not isinstance(seen.shown, Values):
        return note
    try:
        values = look_of(seen.shown.elements)
    except Unreadable as reason:
        return f"{note}; {reason}"
    stored = f"{node.dtype} {'×'.join(map(str, node.shape or ()))}"
    return f"{note}: {values}" + ("" if values == stored else f", from {stored}")


def _locked(node: Node, seen: Seen) -> str:
    if node.kind == "computed":
        return node.note or "It is computed at each use."
    return locked(node, seen.tensor, MemoryMap.now(), seen.known) or ""


def _untrainable(node: Node, seen: Seen) -> str:
    if node.kind != "parameter" or node.requires_grad or seen.tensor is None:
        return ""
    return untrainable_reason(seen.tensor, node.packed) or ""


def _unfit(seen: Seen) -> dict[str, str]:
    tensor, known = seen.tensor, seen.known
    if tensor is None or known is None:
        return {}
    if known.state != "ready" or known.shape is None:
        return {entry.name: known.reason for entry in catalogue() if known.reason}
    reasons = {
        entry.name: unmet_requirement(entry, known.shape, tensor.dtype) for entry in catalogue()
    }
    return {name: reason for name, reason in reasons.items() if reason}
