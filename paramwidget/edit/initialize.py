"""Initialize: fill every tensor of a target by an initializer, each shared one once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from paramwidget import compat
from paramwidget.edit import computed
from paramwidget.edit.arguments import arguments_of, call_text, unwritable
from paramwidget.edit.convert import converted
from paramwidget.edit.draw import UNSEEDED, draw, scratch_dtype, user_scratch
from paramwidget.edit.errors import EditError, listed
from paramwidget.edit.fitness import fitness
from paramwidget.edit.initializers import RESET, Initializer, find
from paramwidget.edit.numbers import dtype_name, parse_seed, taken
from paramwidget.edit.outcome import Failed, Notes, Outcome, chosen, spoken
from paramwidget.edit.promise import Promise, promise
from paramwidget.edit.reset import reset
from paramwidget.edit.rng import fresh_seed, private_generators
from paramwidget.edit.script import HELPERS, callable_text
from paramwidget.edit.spot import Partners, Spot, Ties, covered, locked, padding_rows
from paramwidget.edit.write import Transaction, copied, transaction, with_zero_rows
from paramwidget.slots.resolve import resolve
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Node, Tree


class _Unfit(Exception):
    """One tensor that turned out not to hold what was drawn; the others can go on without it."""

    def __init__(self, spot: Spot, reason: str) -> None:
        self.spot = spot
        self.reason = reason


@dataclass(frozen=True)
class Plan:
    """What an initialization will write, and what not and why: nothing has been changed yet."""

    entry: Initializer
    arguments: dict[str, Any]
    spots: list[Spot]
    covered: list[Spot]  # filled along with another that has the same memory
    skipped: dict[Name, str]

    @property
    def names(self) -> list[Name]:
        """Every slot that will be written."""
        return [node.label for spot in (*self.spots, *self.covered) for node in spot.nodes]

    @property
    def promised(self) -> Promise | None:
        """The distribution that the first tensor is promised."""
        if not self.spots:
            return None
        return promise(self.entry, tuple(self.spots[0].tensor.shape), self.arguments)

    @property
    def promise(self) -> str:
        """The same in words: fan, gain, bound, standard deviation."""
        return self.promised.text if self.promised is not None else ""

    def without(self, spot: Spot, reason: str) -> Plan:
        """The plan for the others."""
        skipped = {**self.skipped, **{node.label: reason for node in spot.nodes}}
        spots = [other for other in self.spots if other is not spot]
        return Plan(self.entry, self.arguments, spots, self.covered, skipped)

    def refuse_empty(self, target: Any) -> None:
        """Raises EditError with the reasons where nothing is left to do."""
        if self.spots:
            return
        by_reason: dict[str, list[str]] = {}
        for name, reason in self.skipped.items():
            by_reason.setdefault(reason, []).append(spoken(name))
        itself = [spoken(target if isinstance(target, str) else tuple(target))]
        told = [
            reason if names == itself else f"{listed(names, 3)}: {reason}"
            for reason, names in list(by_reason.items())[:3]
        ]
        more = f"; and {len(by_reason) - 3} more reasons" if len(by_reason) > 3 else ""
        about = "; ".join(told) + more if told else "it selects no parameter"
        raise EditError(f"{self.entry.name} can do nothing for {itself[0]!r}: {about}", "target")


@dataclass(frozen=True)
class Initialize:
    """``bench.initialize``: see there for the meaning of the fields."""

    target: Any
    function: str | Callable[..., Any]
    types: Any = None
    parameters: Any = None
    seed: Any = None
    arguments: Mapping[str, Any] = field(default_factory=dict)

    kind = "initialize"

    def plan(self, net: nn.Module, tree: Tree) -> Plan:
        """What would be done; raises EditError where an argument is wrong."""
        entry = find(self.function)
        arguments = arguments_of(entry, self.arguments)
        nodes, skipped = chosen(tree, self.target, self.types, self.parameters)
        spots: list[Spot] = []
        seen: set[int] = set()
        ties, memory = Ties(tree), compat.MemoryMap.now()
        for node in nodes:
            if node.tensor_number in seen:
                continue
            if node.tensor_number >= 0:
                seen.add(node.tensor_number)
            spot = _spot(net, node, ties, memory)
            reason = spot if isinstance(spot, str) else _unfit(entry, spot, arguments)
            if not isinstance(spot, str) and reason is None:
                spots.append(spot)
            else:
                skipped.update((other.label, str(reason)) for other in ties.same(node))
        along = covered(spots, ties) if entry.source != "module" else {}
        kept = [spot for place, spot in enumerate(spots) if place not in along]
        return Plan(entry, arguments, kept, [spots[place] for place in along], skipped)

    def run(self, net: nn.Module, tree: Tree) -> Outcome:
        """Draws each tensor in a scratch of its own, then copies; all or nothing."""
        plan = self.plan(net, tree)
        plan.refuse_empty(self.target)
        given = parse_seed(self.seed)
        seed = given if given is not None else fresh_seed() if plan.entry.random else None
        if plan.entry.name == RESET:
            return reset(net, tree, plan.spots, plan.skipped, self.target, seed or 0)
        while True:
            try:
                return _Filling(net, tree, plan, seed).run()
            except _Unfit as unfit:
                plan = plan.without(unfit.spot, unfit.reason)
                plan.refuse_empty(self.target)


def _spot(net: nn.Module, node: Node, ties: Ties, memory: compat.MemoryMap) -> Spot | str:
    """The spot of a selected slot, or the reason why it cannot be written."""
    if node.kind == "computed":
        return computed.spot(net, node)
    tensor = resolve(net, node.path)
    reason = locked(node, tensor, memory)
    if reason is not None or tensor is None:
        return reason or "it is None"
    return Spot(tensor, ties.same(node))


def _unfit(entry: Initializer, spot: Spot, arguments: Mapping[str, Any]) -> str | None:
    return fitness(entry, tuple(spot.tensor.shape), spot.tensor.dtype, arguments)


class _Filling:
    """One attempt to fill all spots of a plan."""

    def __init__(self, net: nn.Module, tree: Tree, plan: Plan, seed: int | None) -> None:
        self.net, self.tree, self.plan, self.seed = net, tree, plan, seed
        self.entry = plan.entry
        count = len(plan.spots)
        where = spoken(plan.spots[0].node) if count == 1 else f"{count} tensors"
        self.notes = Notes(f"{self.entry.name} on {where}", seed, skipped=dict(plan.skipped))
        self.generator = torch.Generator("cpu")

    def run(self) -> Outcome:
        """Raises _Unfit, with nothing changed, where one tensor cannot hold its values."""
        notes, plan = self.notes, self.plan
        partners = Partners(self.net, Ties(self.tree), plan.spots)
        self._seed()
        with transaction(self.net) as work, self._randomness():
            for spot in plan.spots:
                self._fill(work, spot)
        for spot in plan.covered:
            notes.changes(spot.nodes)
        notes.changes(partners.changed())
        value = plan.arguments.get("val", 0.0)
        if self.entry.source == "torch" and value - value != 0:
            notes.warnings.append(f"filled with {value}, as asked")
        return notes.outcome(work.inverses)

    def _seed(self) -> None:
        entry, seed, notes = self.entry, self.seed, self.notes
        if entry.source == "yours":
            notes.lines.append(f"seed_all({seed})")
            notes.helpers.add("seed_all")
            notes.function = entry.function
            notes.warnings += unwritable(self.plan.arguments)
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

    def _fill(self, work: Transaction, spot: Spot) -> None:
        notes = self.notes
        rows = padding_rows(self.net, spot)
        try:
            values = with_zero_rows(self._values(spot), rows)
            values = converted(values, spot.tensor.dtype)
            notes.changed += _store(work, self.tree, spot, values)
        except EditError as error:
            if self.entry.source == "yours":
                raise
            raise _Unfit(spot, str(error)) from None
        name = spoken(spot.node)
        notes.warnings += [f"{name}: row {row}, the padding, is zero again" for row in rows]
        self._write_lines(spot, rows)

    def _arguments(self, spot: Spot) -> dict[str, Any]:
        """The arguments for one tensor, a constant in a form that torch takes for its dtype."""
        given = self.plan.arguments
        if self.entry.source == "yours" or "val" not in given:
            return given
        return {**given, "val": taken(given["val"], spot.tensor.dtype)}

    def _values(self, spot: Spot) -> torch.Tensor:
        """The new values in a scratch tensor."""
        entry, given = self.entry, self._arguments(spot)
        if entry.source == "torch":
            shape, dtype = tuple(spot.tensor.shape), spot.tensor.dtype
            values, told = draw(entry, shape, dtype, given, self.generator)
            self.notes.warnings += told
            return values
        assert entry.function is not None
        try:
            return user_scratch(entry.function, copied(spot.tensor), given)
        except EditError:
            raise
        except Exception as error:
            raise Failed.of(f"{entry.name} failed at {spoken(spot.node)}", error) from error

    def _write_lines(self, spot: Spot, rows: list[int]) -> None:
        """The lines that do the same to one tensor."""
        entry, notes = self.entry, self.notes
        given = call_text(self._arguments(spot), entry)
        if entry.source == "torch" and entry.random and entry.name not in UNSEEDED:
            given += ", generator=generator"
        own = entry.source == "yours"
        name = callable_text(entry.function) if own else f"torch.nn.init.{entry.name}"
        dtype = spot.tensor.dtype if own else scratch_dtype(entry, spot.tensor.dtype)
        if spot.computed:
            lines = computed.filling(spot, own, f"{name}(w{given})", dtype, rows)
            notes.helpers |= {"keeping"} if own and spot.moving else set()
        else:
            lines = [f"{spot.access}.data[{row}].zero_()" for row in rows]
            if own:
                call = f"fill_by({spot.access}, {name}{given})"
            elif spot.plainly_laid and dtype == spot.tensor.dtype:
                call = f"{name}({spot.access}{given})"
            else:
                working = "" if dtype == torch.float32 else f", dtype=torch.{dtype_name(dtype)}"
                call = f"fill({spot.access}, {name}{working}{given})"
            notes.helpers |= {helper for helper in HELPERS if call.startswith(f"{helper}(")}
            lines.insert(0, call)
        notes.lines += spot.guarded(lines)


def _store(work: Transaction, tree: Tree, spot: Spot, values: torch.Tensor) -> list[Name]:
    if spot.computed:
        return computed.store(work, tree, spot, values)
    work.write(spot.paths, spot.tensor, values.to(spot.tensor.device))
    return [node.label for node in spot.nodes]
