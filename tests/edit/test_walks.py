"""Random walks of edits, ways back and others' writes: nothing is lost, claimed or hidden."""

from __future__ import annotations

import random

import pytest
import torch

from edit.kit import contents
from edit.walks import (
    MODELS,
    STEPS,
    WALKS,
    Walk,
    foreign,
    sharing,
    visit,
)
from paramwidget.edit.errors import EditError
from paramwidget.workbench import Workbench


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("outside", [False, True], ids=["alone", "among others"])
def test_a_random_walk_loses_and_hides_nothing(kind: str, outside: bool) -> None:
    for seed in range(WALKS):
        walk = Walk(kind, seed, outside)
        if kind == "lazy" and seed:
            walk.net(torch.randn(3, 4))
            walk.outside = True
        for _ in range(STEPS):
            walk.step()


@pytest.mark.parametrize("kind", ["two", "three", "encoder", "views"])
def test_benches_that_share_tensors_take_nothing_back_in_silence(kind: str) -> None:
    torch.manual_seed(0)
    rng, nets = random.Random(0), sharing(kind)
    benches = [Workbench(net) for net in nets]
    for _ in range(2 * STEPS):
        bench = rng.choice(benches)
        name = rng.choice([node.name for node in bench.slots()])
        tensor = bench.tensor(name)
        assert tensor is not None
        draw, before = rng.random(), [contents(net) for net in nets]
        histories = [one.history for one in benches]
        try:
            if draw < 0.2:
                bench.assign(name, [rng.randrange(n) for n in tensor.shape], rng.random())
            elif draw < 0.4:
                bench.initialize(rng.choice([name, ""]), "normal_")
            elif draw < 0.5:
                bench.apply(visit)
            elif draw < 0.6:
                kept = [one for one in bench.log.entries if one.can_be_brought_back]
                bench.bring_back(rng.choice(kept or [None]))  # type: ignore[list-item]
            elif draw < 0.65:
                bench.skip()
            elif draw < 0.75:
                bench.redo()
            elif (undone := bench.undo()) is not None:
                others = [one for one in benches if one is not bench]
                lost = [edit for one, had in zip(benches, histories, strict=True)
                        for edit in had if one in others and edit not in one.history]  # fmt: skip
                assert foreign(undone) or " since; " in str(undone.warnings) or not lost
                bench.redo()
                assert [contents(net) for net in nets] == before
                assert [one.history for one in benches] == histories
                bench.undo()
        except EditError:
            assert [contents(net) for net in nets] == before
            assert [one.history for one in benches] == histories
