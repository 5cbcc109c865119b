"""Initialize: fill every tensor of a target by an initializer, each shared one once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit.actions import parametrized
from paramwidget.edit.actions.action import Action
from paramwidget.edit.actions.called import expression_of
from paramwidget.edit.actions.fields import (
    Arguments,
    InitializerName,
    Parameters,
    Seed,
    Target,
    Types,
)
from paramwidget.edit.actions.outcome import (
    Failed,
    Notes,
    Outcome,
    chosen,
    display_name,
    nothing_to_do,
)
from paramwidget.edit.actions.padding import Padding, note_zeroed
from paramwidget.edit.actions.part import store, write_target_of
from paramwidget.edit.actions.remarks import remarks, rewritten
from paramwidget.edit.actions.reset_parameters import reach, reset
from paramwidget.edit.actions.write_target import (
    Partners,
    Ties,
    WriteTarget,
    covered,
    padding_rows,
)
from paramwidget.edit.errors import EditError
from paramwidget.edit.initializers.arguments import arguments_of, call_text
from paramwidget.edit.initializers.catalogue import RESET, Initializer, find
from paramwidget.edit.initializers.draw import UNSEEDED, draw, scratch_dtype, user_scratch
from paramwidget.edit.initializers.expected import Expected, expected_of
from paramwidget.edit.initializers.requirements import unmet_requirement
from paramwidget.edit.initializers.seeds import fresh_seed, private_generators
from paramwidget.edit.memory.transaction import Transaction, transaction
from paramwidget.edit.memory.write import copied, with_zero_rows
from paramwidget.edit.script import FUNCTION, HELPERS
from paramwidget.edit.values.convert import converted
from paramwidget.edit.values.numbers import parse_seed, taken
from paramwidget.slots.node import file_warnings
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Path, Tree
from paramwidget.tensors import dtype_name


class _Unfit(Exception):
    """One tensor turned out unable to hold what was drawn; the others can go on without it."""

    def __init__(self, write_target: WriteTarget, reason: str) -> None:
        self.write_target = write_target
        self.reason = reason


@dataclass(frozen=True)
class Plan:
    """What an initialization will write and what it skips; nothing has been changed yet."""

    entry: Initializer
    arguments: dict[str, Any]
    write_targets: list[WriteTarget]
    covered: list[WriteTarget]  # filled along with another that has the same memory
    skipped: dict[Name, str]
    unmatched: list[str]  # which types and parameters match nothing
    resets: dict[Path, nn.Module] = field(default_factory=dict)  # whose own method is called

    @property
    def names(self) -> list[Name]:
        """Every slot that will be written to."""
        return [
            node.label
            for write_target in (*self.write_targets, *self.covered)
            for node in write_target.nodes
        ]

    @property
    def warnings(self) -> list[str]:
        """What there is to say of the tensors before they are written to."""
        return file_warnings(one.node for one in self.write_targets)

    @property
    def expected(self) -> Expected | None:
        """The expected distribution of the first tensor."""
        if not self.write_targets:
            return None
        return expected_of(self.entry, tuple(self.write_targets[0].tensor.shape), self.arguments)

    @property
    def expected_text(self) -> str:
        """The same in words: fan, gain, bound, standard deviation."""
        return self.expected.text if self.expected is not None else ""

    def without(self, write_target: WriteTarget, reason: str) -> Plan:
        """The plan without one tensor."""
        skipped = {**self.skipped, **{node.label: reason for node in write_target.nodes}}
        write_targets = [other for other in self.write_targets if other is not write_target]
        return replace(self, write_targets=write_targets, skipped=skipped)

    def refuse_empty(self, target: Any, tree: Tree) -> None:
        """Raise EditError with the reasons if nothing is left to do."""
        if not self.write_targets:
            what = f"{self.entry.name} cannot initialize"
            raise nothing_to_do(what, target, self.skipped, tree.called, self.unmatched)


@dataclass(frozen=True)
class Initialize(Action):
    """``bench.initialize``, which documents the fields."""

    target: Target
    function: InitializerName
    types: Types = None
    parameters: Parameters = None
    seed: Seed = None
    arguments: Arguments = field(default_factory=dict)

    def plan(self, net: nn.Module, tree: Tree) -> Plan:
        """What would be done; raises EditError if an argument is wrong."""
        entry = find(self.function)
        arguments = arguments_of(entry, self.arguments)
        selection = chosen(tree, self.target, self.types, self.parameters)
        nodes, skipped = selection.nodes, dict(selection.skipped)
        write_targets: list[WriteTarget] = []
        seen: set[int] = set()
        ties, memory = Ties(tree), compat.MemoryMap.now()
        for node in nodes:
            if node.tensor_number in seen:
                continue
            if node.tensor_number >= 0:
                seen.add(node.tensor_number)
            write_target = write_target_of(net, node, ties, memory)
            reason = (
                write_target
                if isinstance(write_target, str)
                else _unfit(entry, write_target, arguments)
            )
            if not isinstance(write_target, str) and reason is None:
                write_targets.append(write_target)
            else:
                skipped.update((other.label, str(reason)) for other in ties.same(node))
        if entry.name == RESET:
            found = reach(net, tree, nodes, write_targets, self.target)
            skipped.update(found.left_out)
            return Plan(
                entry, arguments, found.write_targets, [], skipped, selection.unmatched,
                found.modules,
            )  # fmt: skip
        along = covered(write_targets, ties)
        kept = [one for place, one in enumerate(write_targets) if place not in along]
        return Plan(
            entry, arguments, kept, [write_targets[at] for at in sorted(along)], skipped,
            selection.unmatched,
        )  # fmt: skip

    def run(self, net: nn.Module, tree: Tree) -> Outcome:
        """Draw each tensor in its own scratch memory, then copy; all or nothing."""
        plan = self.plan(net, tree)
        plan.refuse_empty(self.target, tree)
        given = parse_seed(self.seed)
        seed = given if given is not None else fresh_seed() if plan.entry.random else None
        if plan.entry.name == RESET:
            return reset(
                net, tree, plan.resets, plan.write_targets, plan.skipped, plan.unmatched,
                self.target, seed or 0,
            )  # fmt: skip
        while True:
            try:
                return _Filling(net, tree, plan, seed).run()
            except _Unfit as unfit:
                plan = plan.without(unfit.write_target, unfit.reason)
                plan.refuse_empty(self.target, tree)


def _unfit(
    entry: Initializer, write_target: WriteTarget, arguments: Mapping[str, Any]
) -> str | None:
    return unmet_requirement(
        entry, tuple(write_target.tensor.shape), write_target.tensor.dtype, arguments
    )


class _Filling:
    """One attempt to fill all tensors of a plan."""

    def __init__(self, net: nn.Module, tree: Tree, plan: Plan, seed: int | None) -> None:
        self.net, self.tree, self.plan, self.seed = net, tree, plan, seed
        self.entry = plan.entry
        count = len(plan.write_targets)
        where = display_name(plan.write_targets[0].node) if count == 1 else f"{count} tensors"
        title = f"{self.entry.name} on {where}"
        self.notes = Notes(title, seed, [], dict(plan.skipped), list(plan.unmatched))
        self.found = ""  # where the model has the user's function
        self.generator = torch.Generator("cpu")

    def run(self) -> Outcome:
        """Raise _Unfit, with nothing changed, if one tensor cannot hold its values."""
        notes, plan = self.notes, self.plan
        ties = Ties(self.tree)
        for write_target in plan.write_targets:
            notes.warnings += remarks(self.net, ties, write_target, self.entry, plan.arguments)
        partners = Partners(self.net, ties, plan.write_targets)
        padding = Padding(self.net, ties, plan.write_targets)
        self._seed()
        with transaction(self.net) as work, self._randomness():
            for write_target in plan.write_targets:
                self._fill(work, write_target)
            for node, tensor, row in padding.filled():  # in memory that an embedding shares
                work.write([node.path], tensor, torch.zeros((), dtype=tensor.dtype), (row,))
                note_zeroed(notes, WriteTarget(tensor, (node,)), row)
        notes.warnings += plan.warnings
        for write_target in plan.covered:
            notes.changes(write_target.nodes)
        notes.changes(partners.changed())
        written = (node for one in (*plan.write_targets, *plan.covered) for node in one.nodes)
        notes.warnings += rewritten(self.net, written)
        notes.warnings += work.warnings
        value = plan.arguments.get("val", 0.0)
        if self.entry.source == "torch" and value - value != 0:
            notes.warnings.append(f"filled with {value}, as requested")
        return notes.outcome(work.inverses)

    def _seed(self) -> None:
        entry, seed, notes = self.entry, self.seed, self.notes
        if entry.source == "user":
            notes.lines.append(f"seed_all({seed})")
            notes.helpers.add("seed_all")
            self.found = expression_of(self.net, self.tree, entry.function)
            notes.function = None if self.found else entry.function
            notes.ran_code = True
        elif entry.random:
            self.generator.manual_seed(seed or 0)
            unseeded = entry.name in UNSEEDED
            notes.lines.append(
                f"torch.manual_seed({seed})"
                if unseeded
                else f"generator = torch.Generator().manual_seed({seed})"
            )

    @contextmanager
    def _randomness(self) -> Iterator[None]:
        """The global generators, seeded where the function draws from them."""
        if self.entry.source == "torch" and self.entry.name not in UNSEEDED:
            yield
        else:
            with private_generators(self.seed or 0):
                yield

    def _fill(self, work: Transaction, write_target: WriteTarget) -> None:
        notes = self.notes
        rows = padding_rows(self.net, write_target)
        given, lacks = call_text(self._arguments(write_target), self.entry)  # before it runs
        notes.lacks += lacks
        try:
            values = with_zero_rows(self._values(write_target), rows)
            values = converted(values, write_target.tensor.dtype)
            notes.changed += store(work, self.tree, write_target, values)
        except EditError as error:
            if self.entry.source == "user":
                raise
            raise _Unfit(write_target, str(error)) from None
        name = display_name(write_target.node)
        notes.warnings += [f"{name}: row {row} (padding_idx) was set back to zero" for row in rows]
        self._write_lines(write_target, rows, given)

    def _arguments(self, write_target: WriteTarget) -> dict[str, Any]:
        """The arguments for one tensor, constants in a form that torch accepts for its dtype."""
        given = self.plan.arguments
        if self.entry.source == "user" or "val" not in given:
            return given
        return {**given, "val": taken(given["val"], write_target.tensor.dtype)}

    def _values(self, write_target: WriteTarget) -> torch.Tensor:
        """The new values, in a scratch tensor."""
        entry, given = self.entry, self._arguments(write_target)
        if entry.source == "torch":
            shape, dtype = tuple(write_target.tensor.shape), write_target.tensor.dtype
            values, warnings = draw(entry, shape, dtype, given, self.generator)
            self.notes.warnings += warnings
            return values
        assert entry.function is not None
        present = copied(write_target.tensor)
        try:
            return user_scratch(entry.function, present, given)
        except EditError:
            raise
        except Exception as error:
            raise Failed.of(
                f"{entry.name} failed on {display_name(write_target.node)}", error
            ) from error

    def _write_lines(self, write_target: WriteTarget, rows: list[int], given: str) -> None:
        """The lines that do the same to one tensor."""
        entry, notes = self.entry, self.notes
        if entry.source == "torch" and entry.random and entry.name not in UNSEEDED:
            given += ", generator=generator"
        own = entry.source == "user"
        name = self.found or FUNCTION if own else f"torch.nn.init.{entry.name}"
        dtype = (
            write_target.tensor.dtype if own else scratch_dtype(entry, write_target.tensor.dtype)
        )
        if write_target.computed:
            lines = parametrized.filling(write_target, own, f"{name}(w{given})", dtype, rows)
            notes.helpers |= {"keeping"} if own and write_target.moving else set()
        else:
            lines = [f"{write_target.access}.data[{row}].zero_()" for row in rows]
            if own:
                call = f"fill_by({write_target.access}, {name}{given})"
            elif write_target.plainly_laid and dtype == write_target.tensor.dtype:
                call = f"{name}({write_target.access}{given})"
            else:
                working = "" if dtype == torch.float32 else f", dtype=torch.{dtype_name(dtype)}"
                call = f"fill({write_target.access}, {name}{working}{given})"
            notes.helpers |= {helper for helper in HELPERS if call.startswith(f"{helper}(")}
            lines.insert(0, call)
        notes.lines += write_target.guarded(lines)
