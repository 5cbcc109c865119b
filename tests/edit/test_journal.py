"""The journal: what stands, what was undone, what failed; the way back and what bounds it."""

from __future__ import annotations

import copy
import json
import os
from typing import Any

import pytest
import torch
from torch import nn

from edit.kit import Bench, contents
from paramwidget.edit.errors import EditError
from paramwidget.edit.journal.kept import ENTRY_BYTES


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))


def test_the_history_is_what_stands() -> None:
    bench = Bench(net())
    first = bench.assign("0.weight", (0, 0), 1)
    second = bench.assign("0.weight", (0, 1), 2)
    assert bench.journal.history == [first, second]
    assert bench.journal.next_undo == second.title
    assert bench.undo() is second
    assert bench.journal.history == [first]
    assert (bench.journal.next_undo, bench.journal.next_redo) == (first.title, second.title)
    assert [entry.stands for entry in bench.journal.entries] == [True, False]
    third = bench.assign("0.weight", (0, 2), 3)
    assert bench.redo() is None
    assert bench.journal.history == [first, third]
    assert [entry.edit for entry in bench.journal.entries] == [first, second, third]


def test_back_to_the_start() -> None:
    bench = Bench(net())
    before = contents(bench.net)
    for value in range(5):
        bench.assign("0.weight", (0, 0), value)
    assert len(list(iter(bench.undo, None))) == 5
    assert contents(bench.net) == before
    assert bench.journal.history == []
    assert bench.undo() is None
    while bench.redo() is not None:
        pass
    assert float(bench.net[0].weight.detach()[0, 0]) == 4


def test_undo_takes_back_its_own_part_only() -> None:
    bench = Bench(net())
    weight = bench.net[0].weight
    bench.assign("0.weight", (0, 0), 5)
    weight.data[1, 1] = 9
    bench.undo()
    assert float(weight.detach()[1, 1]) == 9
    assert torch.equal(weight.detach()[0, 0], bench.fresh[0].weight.detach()[0, 0])


def test_undo_keeps_the_object_its_gradient_and_its_version() -> None:
    bench = Bench(net())
    bench.net(torch.ones(1, 4)).sum().backward()
    weight = bench.net[0].weight
    grad, version = weight.grad, weight._version
    bench.initialize("", "normal_")
    bench.undo()
    bench.redo()
    assert bench.net[0].weight is weight
    assert weight.grad is grad
    assert weight._version == version


def test_undo_follows_a_replaced_tensor_and_refuses_another_shape() -> None:
    bench = Bench(net())
    bench.initialize("0.weight", "ones_")
    bench.net.load_state_dict(copy.deepcopy(bench.net.state_dict()), assign=True)
    bench.undo()
    assert contents(bench.net) == contents(bench.fresh)
    bench.redo()
    bench.net[0] = nn.Linear(3, 3)
    before = contents(bench.net)
    with pytest.raises(EditError, match=r"cannot undo .* has changed shape since"):
        bench.undo()
    assert contents(bench.net) == before
    assert len(bench.journal.history) == 1
    bench.net[0] = nn.ReLU()
    with pytest.raises(EditError, match="no longer a tensor"):
        bench.undo()


def test_undo_writes_every_slot_of_a_tie_that_was_broken_since() -> None:
    model = net()
    model[1].weight = model[0].weight
    bench = Bench(model)
    bench.initialize("0.weight", "ones_")
    model.load_state_dict(copy.deepcopy(model.state_dict()), assign=True)
    assert model[0].weight is not model[1].weight
    bench.undo()
    assert torch.equal(model[0].weight, bench.fresh[0].weight)
    assert torch.equal(model[1].weight, bench.fresh[0].weight)


def test_the_oldest_bytes_go_first() -> None:
    bench = Bench(net(), budget=3 * (64 + ENTRY_BYTES))  # a weight has 64 bytes
    for _ in range(5):
        bench.initialize("0.weight", "normal_")
    for _ in range(3):
        bench.undo()
    before = contents(bench.net)
    with pytest.raises(EditError, match="can no longer be undone"):
        bench.undo()
    assert contents(bench.net) == before
    assert len(bench.journal.history) == 2


def test_the_newest_edit_can_be_undone_whatever_its_size() -> None:
    bench = Bench(net(), budget=1)
    bench.initialize("", "normal_")
    bench.initialize("", "normal_")
    bench.undo()
    with pytest.raises(EditError):
        bench.undo()


def test_a_refusal_leaves_no_line_and_a_failure_does() -> None:
    bench = Bench(net())

    def half(tensor: torch.Tensor) -> None:
        tensor.fill_(3)
        if tensor.dim() == 1:
            raise LookupError("a bias")

    with pytest.raises(EditError):
        bench.assign("0.weight", (9, 9), 1)
    assert bench.journal.entries == []
    with pytest.raises(EditError, match="LookupError: a bias") as failed:
        bench.initialize("", half)
    assert isinstance(failed.value.__cause__, LookupError)
    assert contents(bench.net) == contents(bench.fresh)
    (entry,) = bench.journal.entries
    assert entry.error.startswith("Traceback")
    assert "in half" in entry.error
    assert f"paramwidget{os.sep}edit" not in entry.error
    assert not entry.stands
    assert bench.journal.code() == ""


def test_the_script_of_an_edit_stands_alone() -> None:
    bench = Bench(nn.Sequential(nn.Linear(4, 4).half(), nn.Linear(4, 4)))
    edits = [
        bench.initialize("", "xavier_uniform_"),
        bench.compute("0.weight", "w * 3"),
        bench.assign("1.bias", (0,), float("-inf")),
        bench.set_requires_grad("1.weight", False),
        bench.initialize("", "reset_parameters", parameters="weight"),
    ]
    fresh = bench.fresh
    for edit in edits:
        exec(edit.code, {"net": fresh})
    assert contents(fresh) == contents(bench.net)
    assert contents(bench.replayed(copy.deepcopy(Bench(bench.net).fresh))) is not None


def test_set_requires_grad() -> None:
    model = net()
    model[1].weight = model[0].weight
    model.register_buffer("whole", torch.arange(3))
    bench = Bench(model)
    edit = bench.set_requires_grad("1.weight", False)
    assert edit.changed == ["1.weight", "0.weight"]
    assert not model[0].weight.requires_grad
    assert contents(bench.replayed()) == contents(model)
    bench.undo()
    assert model[0].weight.requires_grad
    bench.redo()
    assert not model[0].weight.requires_grad
    for name, value in (("whole", True), ("0.weight", 1), ("nowhere", True)):
        with pytest.raises(EditError):
            bench.set_requires_grad(name, value)


def test_two_functions_of_one_name_are_told() -> None:
    bench = Bench(net())

    def make(value: float) -> Any:
        def custom(tensor: torch.Tensor) -> None:
            tensor.fill_(value)

        return custom

    assert bench.initialize("0.bias", make(1)).warnings == []
    assert "another function called custom" in bench.initialize("0.bias", make(2)).warnings[0]


def test_edits_are_json() -> None:
    bench = Bench(net())
    bench.initialize("", "normal_", std=0.5, types=nn.Linear, parameters=["weight"])
    bench.assign("0.weight", (0, 0), 2**60)
    bench.compute(("0", "bias"), "w + 1", slice(1, 3))
    bench.set_requires_grad("0.bias", False)
    text = json.dumps([edit.to_json() for edit in bench.journal.history], allow_nan=False)
    assert [entry["action"]["kind"] for entry in json.loads(text)] == [
        "initialize",
        "assign",
        "compute",
        "set_requires_grad",
    ]


@pytest.mark.parametrize("name", ["fill", "fill_by", "w", "seed_all", "part", "random", "numpy"])
def test_a_function_may_have_a_name_that_the_script_uses(name: str) -> None:
    def function(tensor: torch.Tensor) -> None:
        tensor.fill_(3)

    def visitor(module: nn.Module) -> None:
        for parameter in module.parameters():
            function(parameter.data)

    function.__name__ = visitor.__name__ = name
    bench = Bench(nn.Linear(2, 2).half())
    bench.initialize("", "normal_")
    bench.compute("weight", "w * 2")
    bench.initialize("bias", function)
    assert contents(bench.replayed()) == contents(bench.net)
    bench = Bench(nn.Linear(2, 2).half())
    bench.compute("weight", "w * 2")
    bench.apply(visitor)
    assert contents(bench.replayed()) == contents(bench.net)


def test_a_function_cannot_edit_while_an_edit_calls_it() -> None:
    bench = Bench(nn.Linear(2, 2))

    def nested(module: nn.Module) -> None:
        nn.init.ones_(module.weight)  # type: ignore[arg-type]
        bench.assign("weight", (0, 0), 1)

    with pytest.raises(EditError, match="an edit is already running"):
        bench.apply(nested)
    assert contents(bench.net) == contents(bench.fresh)
    assert bench.journal.history == []
    bench.assign("weight", (0, 0), 1)


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_an_exception_without_words() -> None:
    def fails(module: nn.Module) -> None:
        raise Unspeakable

    with pytest.raises(EditError, match="Unspeakable"):
        Bench(nn.Linear(2, 2)).apply(fails)


def test_what_was_dropped_goes_before_what_stands() -> None:
    bench = Bench(net(), budget=2 * (64 + ENTRY_BYTES))
    bench.initialize("0.weight", "normal_")
    bench.initialize("0.weight", "ones_")
    bench.undo()
    bench.initialize("1.weight", "normal_")
    assert [entry.kind for entry in bench.journal.entries] == ["edit", "dropped", "edit"]
    assert [entry.nbytes for entry in bench.journal.entries] == [64, 0, 64]
    assert not bench.journal.entries[1].can_be_brought_back


def test_too_little_memory_is_a_refusal() -> None:
    def greedy(tensor: torch.Tensor) -> None:
        torch.empty(1 << 60)

    bench = Bench(net())
    with pytest.raises(EditError):
        bench.initialize("", greedy)
    assert contents(bench.net) == contents(bench.fresh)
