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
from paramwidget.edit.arguments import arguments_of, call_text
from paramwidget.edit.convert import converted
from paramwidget.edit.draw import UNSEEDED, draw, scratch_dtype, user_scratch
from paramwidget.edit.errors import EditError, listed, shown
from paramwidget.edit.fitness import fitness
from paramwidget.edit.initializers import RESET, Initializer, find
from paramwidget.edit.numbers import dtype_name, parse_seed
from paramwidget.edit.outcome import Failed, Outcome, chosen, spoken
from paramwidget.edit.promise import promise
from paramwidget.edit.reset import reset
from paramwidget.edit.rng import fresh_seed, private_generators
from paramwidget.edit.script import Script, callable_text, comment
from paramwidget.edit.spot import Partners, Spot, Ties, covered, locked, padding_rows
from paramwidget.edit.write import Transaction, copied, transaction
from paramwidget.slots.resolve import resolve
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Tree


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
    spots: tuple[Spot, ...]
    covered: tuple[Spot, ...]  # filled along with another that has the same memory
    skipped: dict[Name, str]

    @property
    def names(self) -> list[Name]:
        return [node.label for spot in (*self.spots, *self.covered) for node in spot.nodes]

    @property
    def promise(self) -> str:
        """What the first tensor is promised: fan, gain, bound, standard deviation."""
        if not self.spots:
            return ""
        return promise(self.entry, tuple(self.spots[0].tensor.shape), self.arguments).text


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
        """What would be done; raises EditError where nothing can, or an argument is wrong."""
        entry = find(self.function)
        arguments = arguments_of(entry, self.arguments)
        nodes, skipped = chosen(tree, self.target, self.types, self.parameters)
        spots: list[Spot] = []
        seen: set[int] = set()
        ties, memory = Ties(tree), compat.MemoryMap.now()
        for node in nodes:
            number = node.tensor_number
            if number in seen and number >= 0:
                continue
            seen.add(number)
            spot = _spot(net, node, ties, memory)
            if isinstance(spot, str):
                reason: str | None = spot
            else:
                reason = fitness(entry, tuple(spot.tensor.shape), spot.tensor.dtype, arguments)
                if reason is None:
                    spots.append(spot)
            if reason is not None:
                skipped.update((other.label, reason) for other in ties.same(node))
        along = covered(spots) if entry.source != "module" else {}
        kept = tuple(spot for place, spot in enumerate(spots) if place not in along)
        return Plan(entry, arguments, kept, tuple(spots[place] for place in along), skipped)

    def run(self, net: nn.Module, tree: Tree) -> Outcome:
        """Draws each tensor in a scratch of its own, then copies; all or nothing."""
        plan = self.plan(net, tree)
        if not plan.spots:
            raise _nothing(plan, self.target)
        given = parse_seed(self.seed)
        seed = given if given is not None else fresh_seed() if plan.entry.random else None
        if plan.entry.name == RESET:
            assert seed is not None
            return reset(net, tree, plan.spots, plan.skipped, self.target, seed)
        spots, skipped = list(plan.spots), dict(plan.skipped)
        while True:
            try:
                return self._fill(net, tree, plan, spots, skipped, seed)
            except _Unfit as unfit:
                spots.remove(unfit.spot)
                skipped.update((node.label, unfit.reason) for node in unfit.spot.nodes)
                if not spots:
                    raise _nothing(
                        Plan(plan.entry, plan.arguments, (), (), skipped), self.target
                    ) from None

    def _fill(
        self,
        net: nn.Module,
        tree: Tree,
        plan: Plan,
        spots: list[Spot],
        skipped: dict[Name, str],
        seed: int | None,
    ) -> Outcome:
        entry = plan.entry
        title = f"{entry.name} on {_count(spots)}"
        partners = Partners(net, Ties(tree), spots)
        lines = [comment(title + (f", seed {seed}" if seed is not None else ""))]
        helpers: set[str] = set()
        warnings: list[str] = []
        generator = torch.Generator("cpu")
        if seed is not None:
            generator.manual_seed(seed)
            lines += _seeding(entry, seed)
            helpers |= {"seed_all"} if entry.source == "yours" else set()
        changed: list[Name] = []
        with transaction(net) as work, _randomness(entry, seed):
            for spot in spots:
                try:
                    values, told = _values(entry, spot, plan.arguments, generator)
                    rows = padding_rows(net, spot)
                    for row in rows:
                        values[row] = 0
                    values = converted(values, spot.tensor.dtype)
                    changed += _store(work, tree, spot, values)
                except EditError as error:
                    if entry.source == "yours":
                        raise
                    raise _Unfit(spot, str(error)) from None
                warnings += told
                warnings += [f"{spoken(spot.node)}: row {row}, the padding, is zero again"
                             for row in rows]  # fmt: skip
                written, used = _script(entry, spot, plan.arguments, rows)
                lines += written
                helpers |= used
        changed += [node.label for spot in plan.covered for node in spot.nodes]
        changed += [node.label for node in partners.changed()]
        if "val" in plan.arguments and plan.arguments["val"] - plan.arguments["val"] != 0:
            warnings.append(f"filled with {plan.arguments['val']}, as asked")
        return Outcome(
            title,
            tuple(dict.fromkeys(changed)),
            {name: why for name, why in skipped.items() if name not in changed},
            seed,
            tuple(dict.fromkeys(warnings)),
            work.inverses,
            Script(tuple(lines), frozenset(helpers)),
        )


def _spot(net: nn.Module, node: Any, ties: Ties, memory: compat.MemoryMap) -> Spot | str:
    """The spot of a selected slot, or the reason why it cannot be written."""
    if node.kind == "computed":
        return computed.spot(net, node)
    tensor = resolve(net, node.path)
    reason = locked(node, tensor, memory)
    if reason is not None or tensor is None:
        return reason or "it is None"
    return Spot(tensor, ties.same(node))


def _nothing(plan: Plan, target: Any) -> EditError:
    by_reason: dict[str, list[str]] = {}
    for name, reason in plan.skipped.items():
        by_reason.setdefault(reason, []).append(spoken(name))
    reasons = [f"{listed(names, 3)}: {reason}" for reason, names in list(by_reason.items())[:3]]
    more = f"; and {len(by_reason) - 3} more reasons" if len(by_reason) > 3 else ""
    about = "; ".join(reasons) + more if reasons else "it selects no tensor"
    return EditError(f"{plan.entry.name} can do nothing for {shown(target)}: {about}", "target")


def _count(spots: list[Spot]) -> str:
    return spoken(spots[0].node) if len(spots) == 1 else f"{len(spots)} tensors"


@contextmanager
def _randomness(entry: Initializer, seed: int | None) -> Iterator[None]:
    """The global generators, seeded where the function draws from them."""
    if seed is None or (entry.source == "torch" and entry.name not in UNSEEDED):
        yield
    else:
        with private_generators(seed):
            yield


def _seeding(entry: Initializer, seed: int) -> list[str]:
    if entry.source == "yours":
        return [f"seed_all({seed})"]
    if entry.name in UNSEEDED:
        return [f"torch.manual_seed({seed})"]
    return [f"generator = torch.Generator().manual_seed({seed})"] if entry.random else []


def _values(
    entry: Initializer, spot: Spot, arguments: Mapping[str, Any], generator: torch.Generator
) -> tuple[torch.Tensor, list[str]]:
    """The new values in a scratch tensor, and what torch warned of."""
    if entry.source == "torch":
        return draw(entry, tuple(spot.tensor.shape), spot.tensor.dtype, arguments, generator)
    assert entry.function is not None
    try:
        return user_scratch(entry.function, copied(spot.tensor), arguments), []
    except EditError:
        raise
    except Exception as error:
        raise Failed.of(f"{entry.name} failed at {spoken(spot.node)}", error) from error


def _store(work: Transaction, tree: Tree, spot: Spot, values: torch.Tensor) -> list[Name]:
    if spot.computed:
        return computed.store(work, tree, spot, values)
    work.write(spot.paths, spot.tensor, values.to(spot.tensor.device))
    return [node.label for node in spot.nodes]


def _script(
    entry: Initializer, spot: Spot, arguments: Mapping[str, Any], rows: list[int]
) -> tuple[list[str], set[str]]:
    """The lines that do the same to one tensor, and the helpers they call."""
    given = call_text(arguments, entry)
    if entry.source == "torch" and entry.random and entry.name not in UNSEEDED:
        given += ", generator=generator"
    zero = [f"{spot.access}.data[{row}] = 0" for row in rows]
    dtype = scratch_dtype(entry, spot.tensor.dtype)
    if spot.computed:
        text = entry.name if entry.source == "torch" else callable_text(entry.function)
        return computed.script(entry, spot, text, dtype, given, rows)
    if entry.source != "torch":
        name = callable_text(entry.function)
        return [f"fill_by({spot.access}, {name}{given})", *zero], {"fill_by"}
    if spot.plainly_laid and dtype == spot.tensor.dtype:
        return [f"torch.nn.init.{entry.name}({spot.access}{given})", *zero], set()
    working = "" if dtype == torch.float32 else f", dtype=torch.{dtype_name(dtype)}"
    call = f"fill({spot.access}, torch.nn.init.{entry.name}{working}{given})"
    return [call, *zero], {"fill"}
