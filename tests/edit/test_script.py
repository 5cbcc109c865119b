"""A script compiles, runs and gives the same bits, whatever models and functions are called."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from edit.kit import bytes_of, contents, run
from paramwidget import Workbench
from slots.kit import child_called_training, training_is_a_property

# --- the names of functions ----------------------------------------------------------------------


def named(name: Any) -> Callable[..., None]:
    def draw(held: Any, **keywords: Any) -> None:
        for tensor in [held] if isinstance(held, torch.Tensor) else held.parameters(recurse=False):
            tensor.data.uniform_(-1, 1)

    draw.__name__ = name
    return draw


OWN = ["torch", "numpy", "random", "contextlib", "fill", "fill_by", "seed_all", "keeping", "visit"]
OWN += ["generator", "w", "part", "float", "complex", "getattr", "zip", "globals", "own_torch"]
NO_NAMES = ["class", "ﬁll", "x); import os; os.abort() #", "a\nb", "\ud800", "<lambda>", ""]


@pytest.mark.parametrize("name", [*OWN, *NO_NAMES])
def test_a_function_may_have_any_name(name: str) -> None:
    net = nn.Sequential(parametrizations.spectral_norm(nn.Linear(2, 2)), nn.Linear(2, 2))
    fresh, bench, draw = copy.deepcopy(net), Workbench(net), named(name)
    bench.initialize("1.weight", draw, low=float("nan"), high=complex(1, 2))
    bench.initialize("1.bias", "normal_")
    bench.compute("1.bias", "w * 2")
    edit = bench.apply(draw, "1")
    assert bool(edit.warnings) == (name in NO_NAMES)
    assert bench.code().startswith("# Incomplete: ") == (name in NO_NAMES)
    names = run(bench.code(), fresh, draw)
    assert contents(fresh) == contents(net)
    assert names[name] is draw  # the script has given back what it uses itself
    exec(compile(bench.code(), "<code>", "exec"), names)


def test_a_function_and_a_helper_under_its_other_name() -> None:
    net = nn.Linear(2, 2)
    fresh, bench = copy.deepcopy(net), Workbench(net)
    functions = [named("torch"), named("own_torch")]
    for function in functions:
        bench.initialize("", function)
    run(bench.code(), fresh, *functions)
    assert contents(fresh) == contents(net)


def test_a_function_with_the_models_name_is_told() -> None:
    net = nn.Linear(2, 2)
    fresh, bench, draw = copy.deepcopy(net), Workbench(net), named("net")
    (warning,) = bench.initialize("weight", draw).warnings
    assert "has the name of the model" in warning
    assert bench.code().startswith("# Incomplete: net is the model")
    run(bench.code().replace("own_net", "other"), copy.deepcopy(net), named("other"))
    assert bench.code("model").startswith("import ")
    run(bench.code("model"), fresh, draw, name="model")
    assert contents(fresh) == contents(net)


def test_two_functions_of_one_name_are_told_in_the_first_line() -> None:
    bench = Workbench(nn.Linear(2, 2))
    bench.initialize("weight", named("draw"))
    (warning,) = bench.initialize("weight", named("draw")).warnings
    assert bench.code().splitlines()[0] == f"# Incomplete: {warning}"


def test_a_callable_without_a_name_is_told() -> None:
    bench = Workbench(nn.Linear(2, 2))

    class Draw:
        def __call__(self, tensor: torch.Tensor) -> None:
            tensor.fill_(2)

    (warning,) = bench.initialize("weight", Draw()).warnings
    assert "no __name__" in warning
    assert bench.code().startswith("# Incomplete: ")


# --- comments -----------------------------------------------------------------------------------


def test_what_changed_outside_is_said_once_where_no_edit_stands_between() -> None:
    net = nn.Linear(2, 2)
    bench = Workbench(net)
    for _ in range(3):
        bench.initialize("bias", "normal_")
        bench.undo()
        net.weight.data.add_(1)
        bench.refresh()
    bench.assign("bias", 0, 1.0)
    assert len([entry for entry in bench.journal if entry.kind == "outside"]) == 3
    assert bench.code().count("weight changed outside the journal") == 1
    net.weight.data.add_(1)
    bench.refresh()
    assert bench.code().count("weight changed outside the journal") == 2


# --- the model's name ----------------------------------------------------------------------------


def edited() -> tuple[nn.Module, nn.Module, Workbench]:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    fresh, bench = copy.deepcopy(net), Workbench(net)
    bench.initialize("", "xavier_uniform_", types="Linear", parameters="weight")
    bench.assign("0.weight", (0, 0), float("inf"))
    bench.compute("1.weight", "w * 2", (0,))
    bench.initialize("", "reset_parameters", parameters="bias")
    bench.set_requires_grad("", False)
    bench.tie("0.weight", "1.weight")
    bench.apply(visit_each)
    return net, fresh, bench


def visit_each(module: nn.Module) -> None:
    for parameter in module.parameters(recurse=False):
        parameter.data.mul_(2)


@pytest.mark.parametrize(
    "name", ["encoder", "netnet", "generator", "w", "torch", "float", "fill", "seed_all", "own_w"]
)
def test_a_script_is_for_the_variable_that_is_asked_for(name: str) -> None:
    net, fresh, bench = edited()
    code = bench.code(name)
    names = run(code, fresh, visit_each, name=name)
    assert contents(fresh) == contents(net)
    assert names[name] is fresh
    assert "net" not in code.replace("netnet", "")


def test_a_script_is_for_an_attribute_that_is_asked_for() -> None:
    net, fresh, bench = edited()
    run(bench.code("trainer.w.net"), SimpleNamespace(w=SimpleNamespace(net=fresh)), visit_each,
        name="trainer")  # fmt: skip
    assert contents(fresh) == contents(net)


@pytest.mark.parametrize(
    "name", ["", "class", "a b", "net[0]", "a.", ".a", "a..b", "a.class", "net\n", "ﬁ", "f()", 3]
)
def test_what_is_no_name_is_refused(name: Any) -> None:
    bench = Workbench(nn.Linear(2, 2))
    bench.assign("weight", (0, 0), 1)
    with pytest.raises(ValueError, match="name must be a variable"):
        bench.code(name)


def test_titles_and_scripts_say_the_users_own_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    main = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    net = nn.Linear(2, 2)
    vars(main)["encoder"] = net
    bench = Workbench(net)
    edit = bench.apply(visit_each)
    assert edit.title == "visit_each on encoder"
    assert "encoder.apply(visit_each)" in edit.code
    assert "# visit_each on encoder, seed" in bench.code()
    vars(main)["student"] = vars(main).pop("encoder")
    assert "student.apply(visit_each)" in edit.code
    assert "encoder" not in bench.code()


# --- odd models ----------------------------------------------------------------------------------


def keywords() -> nn.Module:
    net = nn.Module()
    for key in ("class", "import", "__debug__", "ﬁ", "x\ny", "é\u2028", "'); import os; ('"):
        net.add_module(key, nn.Linear(2, 2))
    heads = nn.ModuleDict({"class": nn.Linear(2, 2), "a b": nn.Linear(2, 2)})
    net.add_module("heads", heads)
    return net


def deep() -> nn.Module:
    net: nn.Module = nn.Linear(2, 2)
    for place in range(3000):
        inner, net = net, nn.Module()
        net.add_module("class" if place % 3 else "inner", inner)
    return net


@pytest.mark.parametrize("made", [child_called_training, training_is_a_property, keywords, deep])
def test_every_edit_of_an_odd_model_can_be_repeated(made: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    net = made()
    torch.manual_seed(0)
    fresh, bench = made(), Workbench(net)
    for node in bench.slots():
        if node.path[-1] == "weight":
            bench.initialize(node.path, "normal_")
            bench.assign(node.path, (0, 0), -0.0)
            bench.compute(node.path, "w + 1")
    weights = [node.path for node in bench.slots() if node.path[-1] == "weight"]
    bench.initialize("", "reset_parameters", parameters="bias")
    bench.apply(visit_each)
    bench.set_requires_grad("", False)
    if len(weights) > 1:
        bench.tie(weights[0], weights[-1])
    run(bench.code(), fresh, visit_each)
    mine, its = (Workbench(one).slots() for one in (net, fresh))
    for node, other in zip(mine, its, strict=True):
        ways = [one.access[0] for one in (node, other)]
        left, right = (eval(ways[0], {"net": one}) for one in (net, fresh))
        assert bytes_of(left) == bytes_of(right)
        assert left.requires_grad == right.requires_grad
