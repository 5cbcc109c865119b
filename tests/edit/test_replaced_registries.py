"""Functions that give a module other registries, another ``__dict__`` or another class."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from edit.kit import contents, refusal
from paramwidget.workbench import Workbench


class MyLinear(nn.Linear):
    pass


def model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))


def other() -> nn.Linear:
    """Another size, with a hook of its own."""
    made = nn.Linear(3, 3)
    made.register_forward_hook(hook)
    return made


def hook(*_: Any) -> None:
    pass


OTHER = other()


def set_fields(module: Any) -> None:
    module.__dict__.update(other().__dict__)


def set_state(module: Any) -> None:
    module.__setstate__(other().__dict__)


def share_fields(module: Any) -> None:
    module.__dict__.update(OTHER.__dict__)


def set_parameters(module: Any) -> None:
    module._parameters = {"weight": nn.Parameter(torch.ones(3, 3)), "bias": None}


def write_and_set_parameters(module: Any) -> None:
    module.weight.data.fill_(5)
    module._parameters["bias"] = nn.Parameter(torch.ones(3))
    module._parameters = {"weight": module.weight}


def set_dict(module: Any) -> None:
    module.__dict__ = dict(other().__dict__)


def set_dict_and_class(module: Any) -> None:
    module.__dict__ = dict(other().__dict__)
    module.__class__ = MyLinear


FUNCTIONS: list[Callable[[Any], None]] = [
    set_fields, set_state, share_fields, set_parameters, write_and_set_parameters, set_dict,
    set_dict_and_class,
]  # fmt: skip


def on_linears(function: Callable[[Any], None]) -> Callable[[Any], None]:
    def visit(module: Any) -> None:
        if type(module) is nn.Linear:
            function(module)

    return visit


def seen(net: nn.Module) -> Any:
    """Values, and which objects stand where."""
    return contents(net), [
        (type(m), id(m.__dict__), {k: id(v) for k, v in vars(m).items()},
         {k: id(v) for k, v in (*m._parameters.items(), *m._modules.items())},
         list(m._forward_hooks.values()))
        for m in net.modules()
    ]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.__name__)
def test_other_registries_are_undone_and_redone(function: Callable[[Any], None]) -> None:
    net = model()
    bench, before = Workbench(net), seen(net)
    edit = bench.apply(on_linears(function))
    after = seen(net)
    assert {"0.weight", "1.weight"} <= set(edit.changed)
    for _ in range(2):
        undone = bench.undo()
        assert undone is not None
        assert undone.warnings == edit.warnings
        assert seen(net) == before
        bench.redo()
        assert seen(net) == after
    bench.undo()
    assert bench.history == []
    assert bench.refresh() == []
    assert list(OTHER._forward_hooks.values()) == [hook]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.__name__)
def test_a_function_that_fails_after_it_leaves_no_trace(function: Callable[[Any], None]) -> None:
    net = model()
    bench, before = Workbench(net), seen(net)

    def fails(module: Any) -> None:
        on_linears(function)(module)
        if module is net:
            raise ValueError("in the end")

    error = refusal(lambda: bench.apply(fails))
    assert error is not None
    assert str(error).endswith("the model was not changed")
    assert seen(net) == before
    assert list(OTHER._forward_hooks.values()) == [hook]


def test_other_children_are_undone() -> None:
    net = nn.Sequential(model(), nn.Linear(2, 2))
    net[1].weight = net[0][0].weight
    bench, before = Workbench(net), seen(net)

    def replace(module: Any) -> None:
        if module is net[0]:
            module._modules = {"0": nn.Linear(2, 2), "2": nn.Linear(2, 2)}

    assert "0.2.weight" in bench.apply(replace).changed
    assert len(bench.ties()) == 0
    bench.undo()
    assert seen(net) == before
    assert len(bench.ties()) == 1


def test_a_registry_that_was_replaced_since_is_refused() -> None:
    net = model()
    bench = Workbench(net)
    bench.apply(on_linears(set_parameters))
    net[0]._parameters = dict(net[0]._parameters)
    error = refusal(bench.undo)
    assert error is not None
    assert "_parameters of one of its modules has been replaced" in str(error)


def test_values_trained_in_other_registries_are_told_and_come_back() -> None:
    net = model()
    bench, before = Workbench(net), contents(net)
    bench.apply(on_linears(set_parameters))
    net[0].weight.data += 1
    undone = bench.undo()
    assert undone is not None
    assert "0.weight has been changed" in undone.warnings[0]
    assert contents(net) == before
    bench.redo()
    assert net[0].weight.tolist() == [[2.0] * 3] * 3


def test_the_list_of_weights_of_an_rnn_is_undone_with_them() -> None:
    net = nn.LSTM(2, 2)
    bench, given = Workbench(net), torch.ones(1, 1, 2)
    before = net(given)[0]

    def replace(module: Any) -> None:
        for name in list(module._parameters):
            module._parameters[name] = nn.Parameter(torch.ones_like(module._parameters[name]))
        module._flat_weights = [getattr(module, name) for name in module._flat_weights_names]

    bench.apply(replace)
    assert not torch.equal(net(given)[0], before)
    bench.undo()
    assert torch.equal(net(given)[0], before)


def test_a_class_is_put_back_on_failure_and_by_undo() -> None:
    net = model()
    bench = Workbench(net)

    def change(module: Any) -> None:
        if type(module) is nn.Linear:
            module.__class__ = MyLinear

    def fails(module: Any) -> None:
        change(module)
        raise ValueError("in the end")

    assert refusal(lambda: bench.apply(fails)) is not None
    assert [type(one) for one in net] == [nn.Linear, nn.Linear]
    assert bench.apply(change).warnings == []
    assert [type(one) for one in net] == [MyLinear, MyLinear]
    bench.undo()
    assert [type(one) for one in net] == [nn.Linear, nn.Linear]
    bench.redo()
    assert [type(one) for one in net] == [MyLinear, MyLinear]


def test_a_lazy_layer_that_met_its_first_batch_in_a_failing_function_still_works() -> None:
    net = nn.Sequential(nn.LazyLinear(2))
    bench = Workbench(net)

    def fails(module: Any) -> None:
        module(torch.ones(1, 3))
        raise ValueError("in the end")

    assert refusal(lambda: bench.apply(fails)) is not None
    assert net(torch.ones(1, 3)).shape == (1, 2)
    assert copy.deepcopy(net)(torch.ones(1, 3)).shape == (1, 2)
