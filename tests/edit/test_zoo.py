"""Every kind of edit on every kind of model: what it promises of itself holds, down to the bits."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from edit.kit import Bench, bytes_of, refusal, run_script
from paramwidget.edit.actions.tie import Tie, Untie
from paramwidget.slots.content.fingerprint import fingerprint
from paramwidget.slots.names import resolve
from paramwidget.slots.tree import read_tree
from paramwidget.tensors import Unreadable, condition
from zoo.case import Case
from zoo.cases import CASES


class Mixed(nn.Module):
    """Every dtype side by side."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("float16", "bfloat16", "float32", "float64", "complex64", "complex128"):
            self.register_parameter(
                f"p_{name}", nn.Parameter(torch.rand(3, 4).to(getattr(torch, name)))
            )
        for name in ("int8", "uint8", "int64", "bool", "uint16", "float8_e5m2"):
            self.register_buffer(f"b_{name}", torch.ones(3, 4).to(getattr(torch, name)))
        self.scalar = nn.Parameter(torch.tensor(1.5))
        self.deep = nn.Parameter(torch.rand(2, 3, 2, 2, 1, 2))
        self.none = None
        self.register_parameter("nothing", None)
        self.empty = nn.Parameter(torch.empty(0, 4))
        self.constant = torch.rand(4)


class Odd(nn.Module):
    """Names that no attribute has."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("class", "with space", "<b>", "ключ", "a'b\"c", "__proto__", "x\ny"):
            self.register_parameter(name, nn.Parameter(torch.rand(2, 2)))
        self.add_module("import", nn.Linear(2, 2))
        self.add_module("9", nn.Sequential(nn.Linear(2, 2)))
        self.items = nn.ParameterList([torch.rand(2, 2), torch.rand(2)])
        self.named = nn.ParameterDict({"key": torch.rand(2), "a b": torch.rand(2)})
        self.layers = nn.ModuleDict({"one": nn.Linear(2, 2), "t w o": nn.Linear(2, 2)})
        self.stack = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Embedding(5, 4, padding_idx=0)
        self.block = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
        self.again = self.block
        self.inner = nn.Sequential(self.block[0], nn.Linear(4, 4))
        self.head = nn.Linear(4, 5, bias=False)
        self.head.weight = self.emb.weight


class Memory(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        qkv = torch.rand(6, 4)
        self.qkv = nn.Parameter(qkv)
        self.q, self.k = nn.Parameter(qkv[:2]), nn.Parameter(qkv[2:4])
        self.t = nn.Parameter(qkv.t())
        self.apart = nn.Parameter(torch.rand(4, 4)[:, ::2])
        z = torch.rand(3, 3, dtype=torch.complex64)
        self.z = nn.Parameter(z)
        self.parts = nn.Parameter(torch.view_as_real(z))
        self.conj = nn.Parameter(torch.rand(2, 2, dtype=torch.complex64).conj())


class Hostile(nn.Module):
    """Lies about itself wherever it can."""

    def __init__(self) -> None:
        super().__init__()
        self.lin = nn.Linear(3, 3)

    def named_parameters(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("no names")

    def parameters(self, recurse: bool = True) -> Any:
        raise RuntimeError("no parameters")

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("no state")

    def children(self) -> Any:
        raise RuntimeError("no children")

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        raise RuntimeError("no truth")

    def __repr__(self) -> str:
        raise RuntimeError("no text")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no equality")

    __hash__ = None  # type: ignore[assignment]


class Halved(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x / 2

    def right_inverse(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2


def parametrized() -> nn.Module:
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3), nn.Conv1d(2, 3, 2))
    parametrize.register_parametrization(net[0], "weight", Halved())
    parametrizations.weight_norm(net[1])
    parametrizations.spectral_norm(net[2])
    return net


def channels_last() -> nn.Module:
    net: nn.Module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    return net.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def halves() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4).half(), nn.LSTM(3, 3).bfloat16(), nn.Linear(2, 2).double())


def inference() -> nn.Module:
    with torch.inference_mode():
        return nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))


def pruned() -> nn.Module:
    net = nn.Sequential(nn.Linear(3, 3))
    prune.l1_unstructured(net[0], "weight", 0.5)
    return net


MODELS: dict[str, Callable[[], nn.Module]] = {
    "plain": lambda: nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)),
    "alone": lambda: nn.Linear(3, 3),
    "mixed": Mixed,
    "odd names": Odd,
    "tied": Tied,
    "memory": Memory,
    "hostile": Hostile,
    "parametrized": parametrized,
    "channels last": channels_last,
    "halves": halves,
    "inference": inference,
    "pruned": pruned,
    "lazy": lambda: nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 3), nn.LazyBatchNorm1d()),
    "meta": lambda: nn.Sequential(nn.Linear(3, 3, device="meta"), nn.Linear(3, 3)),
    "attention": lambda: nn.MultiheadAttention(4, 2),
    "frozen": lambda: nn.Sequential(nn.Linear(3, 3)).requires_grad_(False),
    "norms": lambda: nn.Sequential(nn.BatchNorm1d(3), nn.LayerNorm(3), nn.GroupNorm(1, 3)),
    "scripted": lambda: torch.jit.script(nn.Sequential(nn.Linear(3, 3))),
    "averaged": lambda: torch.optim.swa_utils.AveragedModel(nn.Sequential(nn.Linear(3, 3))),
    "empty": nn.Sequential,
}


def own(tensor: torch.Tensor, by: float = 1.0) -> None:
    tensor.copy_(torch.rand(tensor.shape) * 2 + by)


def visit(m: nn.Module) -> None:
    for parameter in m.parameters(recurse=False):
        if condition(parameter).state == "ready" and parameter.is_floating_point():
            parameter.data.copy_(torch.rand(parameter.shape))


def fails(m: nn.Module) -> None:
    visit(m)
    if isinstance(m, nn.Linear):
        m.bias = nn.Parameter(torch.zeros(3))
        raise RuntimeError("half-way")


# its class answers every operation of torch by an exception, those of the script too
UNSCRIPTED = {"dispatching_subclass"}
FUNCTIONS = {"own": own, "visit": visit, "fails": fails}


def whole_model_edits() -> list[Callable[[Bench], Any]]:
    return [
        *(lambda b, n=name: b.initialize("", n, **({"sparsity": 0.3} if n == "sparse_" else
                                                   {"val": 1} if n == "constant_" else {}))
          for name in ("xavier_normal_", "normal_", "trunc_normal_", "orthogonal_", "sparse_",
                       "eye_", "dirac_", "ones_", "constant_", "kaiming_uniform_")),
        lambda b: b.initialize("", "reset_parameters"),
        lambda b: b.initialize("", "reset_parameters", parameters="weight"),
        lambda b: b.initialize("", own),
        lambda b: b.apply(visit),
        lambda b: b.apply(visit, recurse=False),
        lambda b: b.apply(fails),
    ]  # fmt: skip


def slot_edits(path: tuple[str, ...], shape: tuple[int, ...]) -> list[Callable[[Bench], Any]]:
    last = tuple(size - 1 for size in shape)
    return [
        lambda b: b.assign(path, last, 1),
        lambda b: b.assign(path, last, 0.3),
        lambda b: b.compute(path, "w + 1"),
        lambda b: b.compute(path, "2 - w", (..., 0) if shape else ...),
        lambda b: b.compute(path, "1"),
        lambda b: b.initialize(path, "normal_", std=0.5),
        lambda b: b.initialize(path, "ones_"),
        lambda b: b.initialize(path, own),
        lambda b: b.set_requires_grad(path, False),
        lambda b: b.do(Untie(path)),
    ]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Tensors of ten numbers are not worth waking other threads for."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("case", MODELS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:.*Lazy modules:UserWarning")
def test_every_edit_keeps_its_word(case: str) -> None:
    def made() -> nn.Module:
        torch.manual_seed(0)
        return MODELS[case]()

    net = made()
    slots = [node for node in read_tree(net).slots if node.kind != "module"]
    edits = whole_model_edits()
    for node in slots[:9]:
        edits += slot_edits(node.path, node.shape or ())
    if len(slots) > 2:
        edits += [lambda b: b.do(Tie(slots[0].path, slots[2].path))]
    done = 0
    for edit in edits:
        done += check(edit, net, made())
    assert done or not slots


def check(edit: Callable[[Bench], Any], net: nn.Module, fresh: nn.Module | None) -> int:
    """Do it, undo it, do it again; returns 1 where it was done and 0 where it was refused."""
    bench = Bench.of(net)
    generators = (bytes_of(torch.get_rng_state()), random.getstate())
    before, objects, versions = held(net), identities(net), counters(net)
    result: list[Any] = []
    refused = refusal(lambda: result.append(edit(bench)))
    assert (bytes_of(torch.get_rng_state()), random.getstate()) == generators
    if refused is not None:
        assert str(refused)
        assert held(net) == before
        assert identities(net) == objects
        assert counters(net) == versions
        return 0
    (record,) = result
    after = held(net)
    really = {path for path in before if before[path] != after[path]}
    named = {node.path for node in read_tree(net).slots if node.label in record.changed}
    if record.kind in ("apply",):
        assert named - computed_paths(net) == really - computed_paths(net)
    assert really <= named | computed_paths(net)
    if record.kind not in ("tie", "untie"):
        assert identities(net) == objects
        assert counters(net) == versions
    if fresh is not None:
        run_script(bench.journal.code(), fresh, FUNCTIONS)
        assert held(fresh) == after
    bench.undo()
    assert held(net) == before
    assert identities(net) == objects
    bench.redo()
    assert held(net) == after
    bench.undo()
    assert held(net) == before
    assert counters(net) == versions
    return 1


def held(net: nn.Module) -> dict[tuple[str, ...], Any]:
    """The content of every slot to the bit, computed ones too."""
    found: dict[tuple[str, ...], Any] = {}
    for node in read_tree(net).slots:
        try:
            content = fingerprint(resolve(net, node.path))
        except Unreadable as error:
            content = str(error)
        found[node.path] = (node.state, node.requires_grad, content)
    return found


def computed_paths(net: nn.Module) -> set[tuple[str, ...]]:
    return {node.path for node in read_tree(net).slots if node.kind == "computed" or node.sources}


def identities(net: nn.Module) -> list[int]:
    tensors = [resolve(net, node.path) for node in read_tree(net).slots if node.kind != "computed"]
    return [id(tensor) for tensor in tensors]


def counters(net: nn.Module) -> list[int]:
    tensors = [resolve(net, node.path) for node in read_tree(net).slots if node.kind != "computed"]
    ready = [t for t in tensors if t is not None and condition(t).state == "ready"]
    with torch._C.DisableTorchFunctionSubclass():
        return [t._version for t in ready if not t.is_inference()]


@pytest.mark.parametrize("case", [c for c in CASES if not c.crashes], ids=lambda case: case.name)
@pytest.mark.filterwarnings("ignore")
def test_some_edits_on_every_model_of_the_zoo(case: Case) -> None:
    def made() -> nn.Module:
        torch.manual_seed(0)
        model: nn.Module = case.build()
        return model

    net = made()
    slots = read_tree(net).slots
    edits = [edit for place, edit in enumerate(whole_model_edits()) if place in (1, 7, 10, 13, 15)]
    if len(slots) > 3000:
        edits = []
    for node in slots[:2]:
        edits += [edit for place, edit in enumerate(slot_edits(node.path, node.shape or ()))
                  if place in (0, 2, 7)]  # fmt: skip
    for edit in edits:
        check(edit, net, None if case.name in UNSCRIPTED else made())
