"""apply: whatever a function makes of a model is undone, and put back where it raises."""

from __future__ import annotations

import os
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from edit.kit import Bench, contents
from paramwidget.edit.errors import EditError


class Odd(nn.Module):
    """Holds tensors in every way."""

    def __init__(self) -> None:
        super().__init__()
        self.lin = nn.Linear(3, 3)
        self.rnn = nn.LSTM(3, 2)
        self.norm = nn.BatchNorm1d(3)
        self.constant = torch.ones(4)
        self.register_buffer("wide", torch.ones(3, 1).expand(3, 2))
        self.alias = nn.Parameter(self.lin.weight.data.t())


def wreck(m: nn.Module, then: str = "raise") -> None:
    if not isinstance(m, Odd):
        return
    with torch.no_grad():
        m.lin.weight.fill_(7)
        m.lin.bias.data = torch.zeros(5)
        m.rnn.weight_ih_l0 = nn.Parameter(torch.zeros(8, 3))
        m.norm.running_mean = torch.full((3,), 9.0)
        m.norm.running_var.mul_(2)
        m.constant += 1
        m.more = torch.ones(2)
        m.extra = nn.Linear(1, 1)
        m.wide[:, 0] = 5
        m.lin.weight.requires_grad_(False)
    del m._parameters["alias"]
    if then == "raise":
        raise RuntimeError("after all that")


def odd_contents(net: Odd) -> dict[str, Any]:
    found = contents(net)
    found["objects"] = [id(p) for p in net.parameters()] + [id(b) for b in net.buffers()]
    found["vars"] = sorted(net.__dict__)
    found["modules"] = [name for name, _ in net.named_modules()]
    found["constant"] = net.constant.tolist()
    found["versions"] = [p._version for p in net.parameters()]
    found["flat"] = [id(p) for p in net.rnn._flat_weights]
    alias = net._parameters.get("alias")
    found["shared"] = alias is not None and alias.data_ptr() == net.lin.weight.data_ptr()
    return found


def test_everything_is_put_back_where_the_function_raises() -> None:
    net = Odd()
    before = odd_contents(net)
    bench = Bench(net)
    with pytest.raises(EditError, match="after all that") as refusal:
        bench.apply(wreck)
    assert isinstance(refusal.value.__cause__, RuntimeError)
    assert odd_contents(net) == before
    assert bench.journal.history == []
    (entry,) = bench.journal.entries
    assert not entry.stands
    assert "after all that" in entry.error
    assert "in wreck" in entry.error
    assert f"paramwidget{os.sep}edit" not in entry.error
    net.rnn(torch.ones(1, 1, 3))


def wreck_quietly(m: nn.Module) -> None:
    wreck(m, "return")


def changes_what_is_no_tensor_and_raises(m: nn.Module) -> None:
    m.eval()
    m.counter = 5
    m.register_forward_hook(lambda *_: None)
    m.register_buffer("own", torch.ones(1), persistent=False)
    m.zero_grad()
    if isinstance(m, nn.Sequential):
        raise ValueError("too late")


def test_a_function_that_raises_leaves_modes_attributes_hooks_and_gradients() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    net(torch.ones(3, 2)).sum().backward()
    gradients = [parameter.grad for parameter in net.parameters()]
    before = [dict(vars(module)) for module in net.modules()]
    with pytest.raises(EditError, match="too late"):
        Bench.of(net).apply(changes_what_is_no_tensor_and_raises)
    assert [dict(vars(module)) for module in net.modules()] == before
    assert not any(module._forward_hooks for module in net.modules())
    assert not any(module._non_persistent_buffers_set for module in net.modules())
    assert all(p.grad is g for p, g in zip(net.parameters(), gradients, strict=True))


def test_undoing_another_dtype_takes_the_gradients_along() -> None:
    net = nn.Sequential(nn.Linear(2, 2))
    net(torch.ones(3, 2)).sum().backward()
    bench = Bench.of(net)
    bench.apply(lambda m: m.double())
    bench.undo()
    assert {p.grad.dtype for p in net.parameters() if p.grad is not None} == {torch.float32}
    net(torch.ones(3, 2)).sum().backward()
    torch.optim.SGD(net.parameters(), lr=0.1).step()
    bench.apply(lambda m: m.double())
    bench.undo()
    bench.redo()
    assert {p.grad.dtype for p in net.parameters() if p.grad is not None} == {torch.float64}


def test_everything_is_undone_and_done_again() -> None:
    net = Odd()
    bench = Bench(net)
    before = odd_contents(net)
    edit = bench.apply(wreck_quietly)
    after = odd_contents(net)
    assert {"lin.weight", "lin.bias", "constant", "norm.running_var"} <= set(edit.changed)
    for _ in range(2):
        bench.undo()
        assert odd_contents(net) == before
        bench.redo()
        assert odd_contents(net) == after


def test_an_interrupt_puts_everything_back_too() -> None:
    bench = Bench(nn.Linear(2, 2))
    before = contents(bench.net)

    def interrupted(m: nn.Module) -> None:
        nn.init.ones_(m.weight)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.apply(interrupted)
    assert contents(bench.net) == before


def test_freezing_is_a_change() -> None:
    bench = Bench(nn.Sequential(nn.Linear(2, 2)))

    def freeze(m: nn.Module) -> None:
        for parameter in m.parameters():
            parameter.requires_grad_(False)

    before = contents(bench.net)
    assert bench.apply(freeze).changed == ["0.weight", "0.bias"]
    assert contents(bench.replayed()) == contents(bench.net)
    bench.undo()
    assert contents(bench.net) == before


def test_freezing_reaches_what_has_no_bytes_to_keep() -> None:
    net = nn.Sequential(nn.Linear(2, 2, device="meta"))
    net.sparse = nn.Parameter(torch.eye(3).to_sparse())
    bench = Bench.of(net)
    edit = bench.apply(lambda m: m.requires_grad_(False))
    assert edit.changed == ["sparse", "0.weight", "0.bias"]
    bench.undo()
    assert all(parameter.requires_grad for parameter in net.parameters())
    bench.redo()
    assert not any(parameter.requires_grad for parameter in net.parameters())


def prunes(m: nn.Module) -> None:
    if isinstance(m, nn.Linear):
        prune.random_unstructured(m, "weight", 0.5)


def parametrizes(m: nn.Module) -> None:
    if type(m) is nn.Linear:
        parametrizations.weight_norm(m)


def turns_to(dtype: torch.dtype) -> Any:
    def turns(m: nn.Module) -> None:
        m.to(dtype)

    return turns


def moves(m: nn.Module) -> None:
    for name, parameter in list(m.named_parameters(recurse=False)):
        setattr(m, name, nn.Parameter(parameter.detach() * 2))


@pytest.mark.parametrize(
    "function",
    [prunes, parametrizes, turns_to(torch.float64), turns_to(torch.float16), moves],
    ids=["prunes", "parametrizes", "widens", "narrows", "moves"],
)
def test_whatever_a_function_makes_of_a_model_is_undone(function: Any) -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))
    bench = Bench(net)
    x = torch.rand(4, 3)
    before, result = contents(net), net.eval()(x)
    objects = [id(p) for p in net.parameters()]
    bench.apply(function)
    after, second = contents(net), net(x.to(net[0].bias.dtype))
    assert after != before
    bench.undo()
    assert contents(net) == before
    assert [id(p) for p in net.parameters()] == objects
    assert torch.equal(net(x), result)
    bench.redo()
    assert contents(net) == after
    assert torch.equal(net(x.to(net[0].bias.dtype)), second)
    assert contents(bench.replayed()) == after


def changes_the_others(m: nn.Module) -> None:
    m.sparse.data = m.sparse.data * 2
    m.whole.data = torch.quantize_per_tensor(torch.ones(2, 2), 0.5, 0, torch.qint8)


def changes_them_and_raises(m: nn.Module) -> None:
    changes_the_others(m)
    raise RuntimeError("no")


def test_a_tensor_whose_elements_overlap_is_put_back_too() -> None:
    net = nn.Module()
    net.register_buffer("windows", torch.arange(8.0).as_strided((3, 3), (2, 1), 1))
    bench = Bench.of(net)
    before = net.windows.clone()
    edit = bench.apply(lambda m: m.windows.data.fill_(9))
    assert edit.changed == ["windows"]
    bench.undo()
    assert torch.equal(net.windows, before)
    bench.redo()
    assert bool((net.windows == 9).all())


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_sparse_and_quantized_tensors_are_put_back_too() -> None:
    net = nn.Module()
    net.register_buffer("sparse", torch.eye(2).to_sparse())
    net.register_buffer("whole", torch.quantize_per_tensor(torch.eye(2), 0.5, 0, torch.qint8))
    bench = Bench.of(net)

    def values() -> list[Any]:
        return [net.sparse.to_dense().tolist(), net.whole.dequantize().tolist()]

    before = values()
    with pytest.raises(EditError):
        bench.apply(changes_them_and_raises)
    assert values() == before
    assert bench.apply(changes_the_others).changed == ["sparse", "whole"]
    after = values()
    bench.undo()
    assert values() == before
    bench.redo()
    assert values() == after
