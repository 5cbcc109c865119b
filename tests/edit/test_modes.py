"""Whatever mode the calling cell is in: the same bytes and numbers, and what can be trained."""

from __future__ import annotations

import functools
import json
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from edit.kit import bytes_of, contents, run_script
from paramwidget import ParamWidget, Workbench, initializer

# --- the modes ---------------------------------------------------------------------------------


@contextmanager
def setting(put: Callable[[Any], object], value: Any, usual: Any) -> Iterator[None]:
    """One of torch's global settings, and then the usual one."""
    put(value)
    try:
        yield
    finally:
        put(usual)


def default_dtype(dtype: torch.dtype) -> Any:
    return setting(torch.set_default_dtype, dtype, torch.get_default_dtype())


@contextmanager
def fused_autocast() -> Iterator[None]:
    with (
        torch.inference_mode(),
        torch.autocast("cpu", torch.bfloat16),
        default_dtype(torch.float64),
    ):
        yield


@contextmanager
def transformed() -> Iterator[None]:
    """Inside a ``torch.vmap`` that another line of the cell has begun."""
    from torch._functorch.vmap import vmap_increment_nesting

    with vmap_increment_nesting(3, "error"):
        yield


class Changing(TorchFunctionMode):
    """A user's mode that makes every new tensor one of float64."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if isinstance(out, torch.Tensor) and out.dtype == torch.float32:
            return out * 2
        return out


class Failing(TorchDispatchMode):
    """A user's mode that refuses everything."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise RuntimeError("not here")


def fake_mode() -> Any:
    from torch._subclasses.fake_tensor import FakeTensorMode

    return FakeTensorMode(allow_non_fake_inputs=True)


@contextmanager
def errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


MODES: dict[str, Callable[[], Any]] = {
    "inference mode": torch.inference_mode,
    "no_grad": torch.no_grad,
    "enable_grad": torch.enable_grad,
    "set_grad_enabled": lambda: torch.set_grad_enabled(False),
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "float64": lambda: default_dtype(torch.float64),
    "bfloat16": lambda: default_dtype(torch.bfloat16),
    "with a device": lambda: torch.device("meta"),
    "default device": lambda: setting(torch.set_default_device, "meta", None),
    "deterministic": lambda: setting(torch.set_deterministic_debug_mode, "error", 0),
    "deterministic, warning": lambda: setting(torch.set_deterministic_debug_mode, "warn", 0),
    "anomaly": lambda: torch.autograd.set_detect_anomaly(True, check_nan=True),
    "function mode": Changing,
    "dispatch mode": Failing,
    "fake tensors": fake_mode,
    "vmap": transformed,
    "flush denormal": lambda: setting(torch.set_flush_denormal, True, False),
    "numpy raises": lambda: np.errstate(all="raise"),
    "warnings are errors": errors,
    "several": fused_autocast,
    "hooks on saved tensors": lambda: torch.autograd.graph.saved_tensors_hooks(
        lambda tensor: tensor, lambda tensor: tensor
    ),
}


def _state() -> tuple[Any, ...]:
    return (
        torch.is_inference_mode_enabled(),
        torch.is_grad_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.get_autocast_dtype("cpu"),
        torch.get_default_dtype(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.is_anomaly_enabled(),
        torch._C._len_torch_function_stack(),
        torch._C._len_torch_dispatch_stack(),
        torch._C._functorch.maybe_current_level(),
        2.2250738585072014e-308 / float("2") == 0,
        np.geterr(),
        [*warnings.filters],
    )


# --- the operations ----------------------------------------------------------------------------


@initializer
def shaken(tensor: torch.Tensor) -> None:
    tensor.copy_(torch.randn(tensor.shape) + torch.tensor(np.random.rand()) + random.random())


def shake(module: nn.Module) -> None:
    """A function that draws and makes tensors in the default dtype, on the default device."""
    if type(module) is nn.Linear:
        with torch.no_grad():
            module.weight.copy_(torch.randn(module.weight.shape) @ torch.ones(20, 20))
            module.bias.copy_(torch.linspace(0, 1 / 3, len(module.bias)))


def replace(module: nn.Module) -> None:
    if type(module) is nn.Linear:
        module.weight = nn.Parameter(torch.randn(module.weight.shape) * module.weight)


FILLING = [
    "uniform_", "trunc_normal_", "xavier_normal_", "kaiming_uniform_", "orthogonal_", "eye_",
]  # fmt: skip

Operation = Callable[[Workbench], Any]
OPERATIONS: dict[str, Operation] = {
    **{
        name: lambda bench, name=name: bench.initialize("", name, parameters="weight", seed=5)
        for name in FILLING
    },
    "constant_": lambda bench: bench.initialize("", "constant_", val=1 / 3),
    "sparse_": lambda bench: bench.initialize("", "sparse_", sparsity=0.4, seed=5),
    "reset_parameters": lambda bench: bench.initialize("", "reset_parameters", seed=5),
    "own initializer": lambda bench: bench.initialize("", "shaken", seed=5),
    "apply": lambda bench: bench.apply(shake, seed=5),
    "apply that replaces": lambda bench: bench.apply(replace, seed=5),
    "assign": lambda bench: bench.assign("lin.weight", (0, 0), 1 / 3),
    "assign a small number": lambda bench: bench.assign("lin.weight", (0, 0), "1e-40"),
    "compute": lambda bench: bench.compute("lin.weight", "w / 3 + exp(w) * std(w)"),
    "compute a part": lambda bench: bench.compute("lin.weight", "w * 1e-39", (slice(0, 3), 1)),
    "compute a constant": lambda bench: bench.compute("low", "1 / 3"),
    "compute through a norm": lambda bench: bench.initialize("normed.weight", "ones_"),
    "freeze": lambda bench: bench.set_requires_grad("lin", False),
    "tie": lambda bench: bench.tie("lin.weight", "other.weight"),
    "untie": lambda bench: bench.untie("head.weight"),
    "untie memory": lambda bench: bench.untie("row"),
}


def net() -> Any:
    torch.manual_seed(0)
    made: Any = nn.Module()
    made.emb = nn.Embedding(20, 20, padding_idx=3)
    made.lin, made.other = nn.Linear(20, 20), nn.Linear(20, 20)
    made.head = nn.Linear(20, 20)
    made.head.weight = made.emb.weight
    made.norm = nn.BatchNorm1d(20)
    made.low = nn.Parameter(torch.randn(20, 20).bfloat16())
    made.row = nn.Parameter(torch.ones(20))
    made.row.data = made.other.weight.data[1]
    made.normed = parametrizations.weight_norm(nn.Linear(20, 20))
    return made


def generators() -> tuple[Any, ...]:
    numbers = np.random.get_state()
    return bytes_of(torch.get_rng_state()), str(numbers), random.getstate()


def readings(bench: Workbench) -> Any:
    """All that can be read, as plain values."""
    found: list[Any] = [bench.ties(), bench.select("*").names]
    for node in bench.slots():
        found.append((node.name, node.kind, node.shape, node.dtype, node.requires_grad, node.state))
        if node.shape:
            raster = bench.raster(node.name, cells=(4, 4))
            bars = bench.histogram(node.name, bins=7)
            assert raster is not None
            assert bars is not None
            found += [
                str(bench.stats(node.name)),
                np.asarray(raster.values).tobytes(),
                [*map(float, bars.counts)], [*map(float, bars.edges)],
            ]  # fmt: skip
            shown = bench.tensor(node.name)
            assert shown is not None
            found.append((shown.dtype, shown.device.type, shown.is_inference()))
    return found


def check_trainable(model: Any) -> None:
    """Gradients flow into every parameter that was trainable, and a step can be made."""
    for parameter in model.parameters():
        assert not parameter.is_inference()
        assert parameter.is_leaf
        assert parameter._version >= 0
        assert type(parameter) is nn.Parameter
    wanted = [p for p in model.parameters() if p.requires_grad]
    x = torch.ones(4, dtype=torch.int64)
    y = model.norm(model.lin(model.emb(x))) + model.other(model.head(model.normed(model.emb(x))))
    (y.sum() + model.low.float().sum() + model.row.sum()).backward()
    assert all(p.grad is not None for p in wanted)
    torch.optim.SGD(model.parameters(), lr=0.1).step()


@functools.cache
def plainly(operation: str) -> tuple[dict[str, Any], Any]:
    """What the operation does in a plain cell, and its script on a fresh model too."""
    model, fresh = net(), net()
    bench = Workbench(model)
    edit = OPERATIONS[operation](bench)
    run_script(bench.code(), fresh, {"shake": shake, "replace": replace, "shaken": shaken})
    assert contents(fresh) == contents(model)
    return contents(model), edit


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_edit_is_the_same_in_every_mode(operation: str, mode: str) -> None:
    after, expected = plainly(operation)
    here = net()
    bench, before, drawn = Workbench(here), contents(here), generators()
    with MODES[mode]():
        state = _state()
        edit = OPERATIONS[operation](bench)
        assert _state() == state
    assert generators() == drawn
    assert contents(here) == after
    assert (edit.changed, edit.skipped, edit.warnings) == (
        expected.changed, expected.skipped, expected.warnings)  # fmt: skip
    assert edit.code == expected.code
    with MODES[mode]():
        assert bench.undo() is not None
        assert _state() == state
    assert contents(here) == before
    with MODES[mode]():
        assert bench.redo() is not None
    assert contents(here) == after
    check_trainable(here)


@pytest.mark.parametrize("mode", MODES)
def test_what_is_read_is_the_same_in_every_mode(mode: str) -> None:
    model = net()
    expected = readings(Workbench(net()))
    drawn = generators()
    with MODES[mode]():
        state = _state()
        found = readings(Workbench(model))
        assert Workbench(model).refresh() == []
        assert _state() == state
    assert found == expected
    assert generators() == drawn
    check_trainable(model)


@pytest.mark.parametrize("mode", MODES)
def test_the_journal_is_the_same_in_every_mode(mode: str) -> None:
    model = net()
    bench = Workbench(model)
    bench.initialize("lin", "ones_")
    with torch.no_grad():
        model.lin.weight.add_(1)
    with MODES[mode]():
        state = _state()
        assert bench.at_stake().names == ["lin.weight"]
        code = bench.code()
        assert [entry.title for entry in bench.journal][1:] == ["changed outside: 1 slot"]
        assert bench.undo() is not None
        assert bench.bring_back(bench.journal[2]).changed == ["lin.weight"]
        assert _state() == state
    assert "# lin.weight changed outside" in code


def shown_by(model: Any) -> str:
    widget = ParamWidget(model, open=["lin.weight", "low", "normed.weight", "norm.running_var"])
    bundle = widget._repr_mimebundle_()
    assert bundle is not None
    messages = [one["content"] for one in widget.saved["messages"]]
    html = bundle[0]["text/plain"]
    widget.close()
    return json.dumps([messages, html], default=str)


@pytest.mark.parametrize("mode", MODES)
def test_what_a_widget_shows_is_the_same_in_every_mode(mode: str) -> None:
    expected = shown_by(net())
    model = net()
    with MODES[mode]():
        state = _state()
        found = shown_by(model)
        assert _state() == state
    assert found == expected


def test_an_edit_between_forward_and_backward_in_a_mode_does_not_stop_the_backward() -> None:
    model = net()
    loss = model.lin(torch.ones(20)).square().sum()
    with torch.inference_mode():
        Workbench(model).initialize("lin", "normal_", parameters="weight")
        Workbench(model).untie("head.weight")
    loss.backward()
    assert model.lin.weight.grad is not None


def test_a_model_of_inference_mode_is_edited_in_and_out_of_it() -> None:
    with torch.inference_mode():
        model = nn.Linear(3, 3)
    first = model.weight.clone()
    for mode in (torch.inference_mode, torch.enable_grad, torch.no_grad):
        with mode():
            Workbench(model).initialize("weight", "ones_")
        assert bool((model.weight == 1).all())
        with mode():
            Workbench(model).undo()
        assert torch.equal(model.weight, first)


def test_a_function_of_the_users_runs_as_in_a_plain_cell() -> None:
    seen = []

    def look(module: nn.Module) -> None:
        made = torch.ones(1)
        gradients = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        cast = torch.is_autocast_enabled("cpu")
        seen.append((made.dtype, made.device.type, float(made), gradients, cast))

    model = net()
    for mode in MODES.values():
        with mode():
            Workbench(model).apply(look, "lin")
    assert {*seen} == {(torch.float32, "cpu", 1.0, (True, False), False)}


def test_the_mode_is_restored_where_an_edit_fails() -> None:
    def fail(module: nn.Module) -> None:
        raise KeyError("no")

    for mode in MODES.values():
        model = net()
        with mode():
            state = _state()
            with pytest.raises(ValueError, match="no"):
                Workbench(model).apply(fail)
            assert _state() == state
