"""Freezing: a slot, a module, a glob; one edit with undo and code, each tensor once."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from edit.kit import Bench, contents
from paramwidget.edit.errors import EditError
from paramwidget.workbench import Workbench


def net() -> nn.Sequential:
    """Two layers, the second of whose weight is tied to the first's, a norm with buffers."""
    torch.manual_seed(0)
    made = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3), nn.BatchNorm1d(3), nn.ReLU())
    made[1].weight = made[0].weight
    return made


def frozen(model: nn.Module) -> list[str]:
    named = model.named_parameters(remove_duplicate=False)
    return [name for name, parameter in named if not parameter.requires_grad]


@pytest.mark.parametrize(
    ("target", "narrow", "names"),
    [
        ("0.bias", {}, ["0.bias"]),
        ("1.weight", {}, ["1.weight", "0.weight"]),
        ("2", {}, ["2.weight", "2.bias"]),
        ("", {"types": "Linear"}, ["0.weight", "1.weight", "0.bias", "1.bias"]),
        ("", {"types": nn.BatchNorm1d, "parameters": "bias"}, ["2.bias"]),
        ("*.bias", {}, ["0.bias", "1.bias", "2.bias"]),
        (("0",), {"parameters": ["weight"]}, ["0.weight", "1.weight"]),
    ],
)
def test_a_target_is_frozen_as_one_edit(target: Any, narrow: dict[str, Any], names: Any) -> None:
    bench = Bench(net())
    edit = bench.set_requires_grad(target, False, **narrow)
    assert edit.changed == names
    assert edit.skipped == {}
    assert sorted(frozen(bench.net)) == sorted(names)
    assert contents(bench.replayed()) == contents(bench.net)
    bench.undo()
    assert contents(bench.net) == contents(bench.fresh)
    bench.redo()
    assert contents(bench.replayed()) == contents(bench.net)


def test_what_had_the_value_already_is_not_changed() -> None:
    bench = Bench(net())
    bench.set_requires_grad("0", False)
    edit = bench.set_requires_grad("", False)
    assert edit.changed == ["1.bias", "2.weight", "2.bias"]
    assert edit.title == "3 tensors are frozen"
    assert "net[0].bias" not in edit.code
    bench.undo()
    assert frozen(bench.net) == ["0.weight", "0.bias", "1.weight"]


def test_doing_it_again_does_nothing_and_is_no_error() -> None:
    bench = Bench(net())
    edit = bench.set_requires_grad("0.weight", True)
    assert edit.changed == ["0.weight", "1.weight"]
    before = contents(bench.net)
    bench.undo()
    assert contents(bench.net) == before


def test_the_code_is_what_one_would_write() -> None:
    bench = Bench(net())
    one = bench.set_requires_grad("0.bias", False)
    assert one.code.splitlines()[-1] == "net[0].bias.requires_grad = False"
    many = bench.set_requires_grad("2", False)
    assert many.code.splitlines()[-5:] == [
        "for parameter in (",
        "    net[2].weight,",
        "    net[2].bias,",
        "):",
        "    parameter.requires_grad = False",
    ]


def test_what_cannot_be_switched_is_skipped_with_its_reason() -> None:
    model = net()
    model.whole = nn.Parameter(torch.arange(3), requires_grad=False)
    bench = Bench(model)
    edit = bench.set_requires_grad("", True)
    assert edit.skipped == {"whole": "It is int64: only real and complex numbers have gradients."}
    assert bench.set_requires_grad("", False).skipped == {}


def test_buffers_are_not_meant_by_a_module_and_can_be_named() -> None:
    bench = Bench(net())
    assert not any("running" in str(name) for name in bench.set_requires_grad("", True).skipped)
    assert bench.set_requires_grad("2.running_mean", True).changed == ["2.running_mean"]
    assert bench.net[2].running_mean.requires_grad


def test_a_parametrized_weight_is_not_meant_but_its_original_is() -> None:
    model = nn.Sequential(nn.Linear(3, 3))
    parametrize.register_parametrization(model[0], "weight", nn.Tanh(), unsafe=True)
    bench = Bench(model)
    edit = bench.set_requires_grad("", False)
    assert sorted(map(str, edit.changed)) == ["0.bias", "0.parametrizations.weight.original"]
    edit = bench.set_requires_grad("", True, parameters=["weight", "bias"])
    assert edit.changed == ["0.bias"]
    assert edit.skipped == {"0.weight": "It is a computed tensor: it has no requires_grad."}


@pytest.mark.parametrize(
    ("target", "value", "said"),
    [
        ("0.bias", 1, "requires_grad is True or False, not 1"),
        ("nowhere", True, "nowhere"),
        ("3", True, "set_requires_grad cannot change '3': It selects no parameters."),
        ("2.num_batches_tracked", True, "'2.num_batches_tracked' is int64: only real and complex"),
        ("4.bias", False, "'4.bias' is None: it has no requires_grad"),
        ("made", False, "'made' is computed from other tensors, which have the gradients"),
    ],
)
def test_a_refusal_says_why(target: str, value: Any, said: str) -> None:
    model = net()
    model.append(nn.Linear(3, 3, bias=False))
    model.made = model[0].bias * 2
    bench = Bench.of(model)
    with pytest.raises(EditError, match=re.escape(said)):
        bench.set_requires_grad(target, value)
    assert frozen(model) == []
    assert bench.journal.history == []


def test_an_uninitialized_parameter_can_be_frozen() -> None:
    bench = Bench(nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 2)))
    edit = bench.set_requires_grad("", False)
    assert set(edit.changed) == {"0.weight", "0.bias", "1.weight", "1.bias"}
    assert edit.skipped == {}
    assert len(frozen(bench.net)) == 4
    assert len(frozen(bench.replayed(copy.deepcopy(bench.fresh)))) == 4
    bench.undo()
    assert frozen(bench.net) == []
    assert bench.set_requires_grad("0.weight", False).changed == ["0.weight"]


@pytest.mark.parametrize("both", [True, False])
def test_inference_tensors_are_switched_in_their_mode(both: bool) -> None:
    def made() -> nn.Module:
        with torch.inference_mode():
            model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2, bias=both))
        model.append(nn.Linear(2, 2))
        return model

    bench = Bench.of(made())
    edit = bench.set_requires_grad("", False)
    assert len(edit.changed) == (6 if both else 5)
    assert frozen(bench.replayed(made())) == frozen(bench.net)
    bench.undo()
    assert frozen(bench.net) == []


def test_the_workbench_does_it() -> None:
    model = net()
    bench = Workbench(model)
    edit = bench.set_requires_grad("", False, types=nn.Linear, parameters="bias")
    assert edit.changed == ["0.bias", "1.bias"]
    assert bench.history == [edit]
    bench.undo()
    assert frozen(model) == []


def test_a_function_named_as_the_loops_variable_is_still_called() -> None:
    def parameter(tensor: torch.Tensor) -> None:
        tensor.fill_(3)

    bench = Bench(net())
    bench.set_requires_grad("2", False)
    bench.initialize("0.bias", parameter)
    assert contents(bench.replayed()) == contents(bench.net)
