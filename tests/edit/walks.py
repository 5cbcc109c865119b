"""A random walk of edits, ways back and others' writes, with what must hold at each step."""

from __future__ import annotations

import os
import random
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrizations

from edit.kit import contents, run_script
from paramwidget.edit.errors import EditError
from paramwidget.edit.journal import Edit, Entry
from paramwidget.workbench import Workbench

#: Of one walk, and how many walks of each kind.
STEPS = int(os.environ.get("PARAMWIDGET_STEPS", "50"))
WALKS = int(os.environ.get("PARAMWIDGET_WALKS", "1"))


class Views(nn.Module):
    """Three parameters that overlap in one memory."""

    def __init__(self) -> None:
        super().__init__()
        flat = torch.randn(24)
        self.a = nn.Parameter(flat[:12].view(3, 4))
        self.b = nn.Parameter(flat[8:20].view(4, 3))
        self.c = nn.Parameter(flat.view(6, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.c.t()


class Lazy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lazy, self.linear = nn.LazyLinear(4), nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.linear(self.lazy(x))
        return out


def tied() -> nn.Module:
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4), nn.Linear(4, 4))
    net[2].weight = net[0].weight
    return net


def shared() -> nn.Module:
    layer = nn.Linear(4, 4)
    return nn.Sequential(layer, nn.ReLU(), layer, nn.Linear(4, 4))


def parametrized() -> nn.Module:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    parametrizations.weight_norm(net[0])
    parametrizations.spectral_norm(net[1])
    return net


def normed() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 4))


MODELS: dict[str, Callable[[], nn.Module]] = {
    "tied": tied,
    "shared": shared,
    "views": Views,
    "parametrized": parametrized,
    "normed": normed,
    "lazy": Lazy,
}


def fill(tensor: torch.Tensor) -> None:
    tensor.uniform_(-1, 1)


def ready(net: nn.Module) -> dict[str, Any]:
    named = net.named_parameters()
    return {name: one for name, one in named if not nn.parameter.is_lazy(one)}


def visit(module: nn.Module) -> None:
    for parameter in module.parameters(recurse=False):
        if not nn.parameter.is_lazy(parameter):
            nn.init.normal_(parameter)


def made(kind: str, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return MODELS[kind]()


def dotted(names: list[Any]) -> list[str]:
    return [name if isinstance(name, str) else ".".join(name) for name in names]


def foreign(edit: Edit) -> list[str]:
    by = ("something else since", "of another model (")
    return [warning for warning in edit.warnings if any(one in warning for one in by)]


class Walk:
    """One model, its bench, and what is known of both from outside."""

    def __init__(self, kind: str, seed: int, outside: bool) -> None:
        self.kind, self.seed, self.outside = kind, seed, outside
        self.random = random.Random(seed)
        self.net = made(kind, seed)
        self.bench = Workbench(self.net)
        self.left: dict[Entry, dict[str, Any]] = {}  # what each edit left

    def name(self) -> str:
        slots = self.bench.slots()
        names = [n.name for n in slots if n.state == "ready" and n.kind in ("parameter", "buffer")]
        return self.random.choice(names)

    def element(self, name: str) -> tuple[int, ...]:
        tensor = self.bench.tensor(name)
        assert tensor is not None
        return tuple(self.random.randrange(size) for size in tensor.shape)

    def edits(self) -> list[Callable[[], Any]]:
        bench, rng, name = self.bench, self.random, self.name()
        seed = rng.randrange(100)
        return [
            lambda: bench.assign(name, self.element(name), rng.randint(-9, 9)),
            lambda: bench.initialize(rng.choice([name, ""]), "normal_", seed=seed),
            lambda: bench.initialize(name, "xavier_uniform_", seed=seed),
            lambda: bench.initialize(name, fill, seed=seed),
            lambda: bench.initialize(rng.choice([name, ""]), "reset_parameters", seed=seed),
            lambda: bench.compute(name, rng.choice(["w * 2", "w - mean(w)", "0", "w"])),
            lambda: bench.compute(name, "w * 3", (slice(0, 2), ...)),
            lambda: bench.apply(visit, seed=seed),
            lambda: bench.set_requires_grad(rng.choice([name, ""]), rng.random() < 0.5),
            lambda: bench.tie(name, self.name()),
            lambda: bench.untie(name),
            lambda: bench.assign(name, (99, 99), 1),
            lambda: bench.apply(lambda module: {}["no such key"]),
            lambda: bench.bring_back(rng.choice(bench.log.entries)),
        ]

    def others(self) -> list[Callable[[], Any]]:
        net = self.net

        def add() -> None:
            for parameter in ready(net).values():
                parameter.data += 1

        def train() -> None:
            optimizer = torch.optim.SGD([p for p in ready(net).values() if p.requires_grad], lr=0.1)
            net(torch.randn(3, 4)).square().sum().backward()
            optimizer.step()
            optimizer.zero_grad()

        def load() -> None:
            state = {
                k: v if nn.parameter.is_lazy(v) else v + 1 for k, v in net.state_dict().items()
            }
            net.load_state_dict(state)

        def rebind() -> None:
            module, _, key = self.random.choice([*ready(net)]).rpartition(".")
            holder: Any = net.get_submodule(module)
            holder.register_parameter(key, nn.Parameter(holder._parameters[key].detach() + 2))

        return [add, train, load, rebind, lambda: net.half().float()]

    def step(self) -> None:
        if self.outside and self.random.random() < 0.25:
            with suppress(RuntimeError, ValueError):  # nothing to train
                self.random.choice(self.others())()
            return
        bench, before = self.bench, contents(self.net)
        draw = self.random.random()
        if draw < 0.3:
            self.undo(before)
        elif draw < 0.4:
            bench.redo()
        elif draw < 0.5:
            self.random.choice([bench.refresh, bench.code, lambda: bench.journal])()
        else:
            self.edit(before)
        if not self.outside:
            assert bench.refresh() == []
            assert all(entry.kind != "outside" for entry in bench.journal)
        self.replay()

    def edit(self, before: dict[str, Any]) -> None:
        history = self.bench.history
        try:
            self.random.choice(self.edits())()
        except (EditError, IndexError):  # no entry yet
            assert contents(self.net) == before
            assert self.bench.history == history
            return
        assert len(self.bench.history) == len(history) + 1
        self.left[self.bench.log._done[-1]] = contents(self.net)

    def undo(self, before: dict[str, Any]) -> None:
        bench, history = self.bench, self.bench.history
        try:
            undone = bench.undo()
        except EditError:
            assert contents(self.net) == before
            assert bench.history == history
            bench.skip()
            return
        if undone is None:
            assert not history
            return
        after = contents(self.net)
        entry = bench.log._undone[-1]
        self.check_warnings(entry, undone, before, after)
        redone = bench.redo()
        assert redone is not None
        assert contents(self.net) == before
        assert bench.history == history
        if self.random.random() < 0.6:
            again = bench.undo()
            assert again is not None
            assert contents(self.net) == after
            assert again.warnings == undone.warnings

    def check_warnings(
        self, entry: Entry, undone: Edit, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        """The slots whose bytes were not the edit's, and are gone, are named; no others are."""
        names = [name for name in dotted(entry.names) if name in before]
        left = self.left[entry]
        changed = [n for n in names if before[n][3:] != left.get(n, ())[3:]]
        gone = [n for n in changed if before[n][3:] != after.get(n, ())[3:]]
        said = " ".join(foreign(undone))
        if self.outside:
            assert changed or not said
            whole = "[" not in undone.title and entry.sets_whole
            assert not whole or all(name in said for name in gone), undone.title
        elif not any(one.number > entry.number for one in self.bench.log._skipped):
            assert not said

    def replay(self) -> None:
        code = self.bench.code("net")
        fresh = made(self.kind, self.seed)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                run_script(code, fresh, {"fill": fill, "visit": visit})
            same = contents(fresh) == contents(self.net) or (
                self.outside
                and {k: v[3:] for k, v in contents(fresh).items()}
                == {k: v[3:] for k, v in contents(self.net).items()}
            )
        except Exception:
            same = False
        assert same or "differ from here on" in code


def sharing(kind: str) -> list[nn.Module]:
    trunk = nn.Linear(3, 3)
    if kind == "encoder":
        encoder = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
        return [encoder, nn.Sequential(encoder, nn.Linear(2, 3))]
    if kind == "views":
        flat, both = torch.randn(12), [nn.Linear(3, 3), nn.Linear(3, 3)]
        both[0].weight = nn.Parameter(flat[:9].view(3, 3))
        both[1].weight = nn.Parameter(flat[3:].view(3, 3))
        return [nn.Sequential(layer) for layer in both]
    return [nn.Sequential(trunk, nn.Linear(3, n)) for n in range(2, 4 if kind == "two" else 5)]
