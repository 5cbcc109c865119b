"""Assign: set one element to a value."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from paramwidget.edit.actions.action import Action
from paramwidget.edit.actions.fields import IndexText, NumberText, Target
from paramwidget.edit.actions.outcome import Outcome, display_name
from paramwidget.edit.actions.part import (
    element_text,
    part_outcome,
    stored_warnings,
    through_property,
    write_part,
    write_target_at,
)
from paramwidget.edit.actions.remarks import rewritten
from paramwidget.edit.values.index import element_index, index_text
from paramwidget.edit.values.numbers import as_stored, literal, number_of, taken
from paramwidget.slots.tree import Tree


@dataclass(frozen=True)
class Assign(Action):
    """``bench.assign``: one element becomes a value."""

    target: Target
    index: IndexText
    value: NumberText

    def run(self, net: nn.Module, tree: Tree) -> Outcome:
        """Raises EditError if the index is out of range or the dtype cannot hold the value."""
        write_target = write_target_at(net, tree, self.target)
        dtype = write_target.tensor.dtype
        index = element_index(self.index, tuple(write_target.tensor.shape))
        value = number_of(self.value, dtype)
        stored = as_stored(value, dtype)
        changed, work = write_part(net, tree, write_target, index, stored)
        value_text_ = f"{value:.6g}" if isinstance(value, float) else str(value)
        where = f"[{', '.join(map(str, index))}]" if index else ""
        title = f"{display_name(write_target.node)}{where} = {value_text_}"
        place = index_text(index, tuple(write_target.tensor.shape))
        text = element_text(literal(taken(value, dtype)), dtype)
        lines = [f"{write_target.access}.data[{place}] = {text}"]
        if write_target.computed:
            lines = through_property(write_target, [f"    w[{place}] = {text}"])
        warnings = (*stored_warnings(value, stored), *rewritten(net, write_target.nodes, index))
        return part_outcome(title, changed, warnings, work, write_target, lines)
