"""Every state a tensor can be in: the edit is true afterwards, or refused with a reason."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from edit.kit import Bench, Holder, contents
from paramwidget.edit.actions.set_requires_grad import SetRequiresGrad
from paramwidget.edit.errors import EditError

FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
COMPLEX = [torch.complex64, torch.complex128]
EIGHT = [torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz]
WHOLE = [torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64, torch.uint16]
WHOLE += [torch.uint32, torch.uint64]


def layouts() -> dict[str, Callable[[torch.dtype], torch.Tensor]]:
    def base(*shape: int, dtype: torch.dtype) -> torch.Tensor:
        return torch.arange(1, 1 + torch.Size(shape).numel()).reshape(shape).to(dtype)

    return {
        "plain": lambda d: base(5, 6, dtype=d),
        "transposed": lambda d: base(6, 5, dtype=d).t(),
        "strided": lambda d: base(10, 12, dtype=d)[::2, 1::2],
        "offset": lambda d: base(7, 6, dtype=d)[2:],
    }


@pytest.mark.parametrize("dtype", [*FLOATS, *COMPLEX], ids=str)
@pytest.mark.parametrize("layout", layouts())
@pytest.mark.parametrize("name", ["xavier_uniform_", "normal_", "sparse_", "eye_", "ones_"])
def test_same_seed_same_values_whatever_the_layout(
    dtype: torch.dtype, layout: str, name: str
) -> None:
    bench = Bench(Holder(layouts()[layout](dtype)))
    given = {"sparsity": 0.3} if name == "sparse_" else {}
    bench.initialize("t", name, seed=11, **given)
    plain = Bench(Holder(layouts()["plain"](dtype)))
    plain.initialize("t", name, seed=11, **given)
    assert torch.equal(bench.net.t, plain.net.t)
    assert contents(bench.replayed()) == contents(bench.net)
    bench.undo()
    assert contents(bench.net) == contents(bench.fresh)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, *EIGHT], ids=str)
def test_narrow_floats_hold_the_float32_draw_rounded(dtype: torch.dtype) -> None:
    bench = Bench(Holder(torch.zeros(8, 8).to(dtype), grad=False))
    bench.initialize("t", "xavier_normal_", seed=3)
    drawn = torch.empty(8, 8)
    nn.init.xavier_normal_(drawn, generator=torch.Generator().manual_seed(3))
    assert torch.equal(bench.net.t.float(), drawn.to(dtype).float())
    bench.assign("t", (0, 0), 2)
    bench.compute("t", "w * 2", (slice(1, 3), ...))
    assert contents(bench.replayed()) == contents(bench.net)


@pytest.mark.parametrize("dtype", [*WHOLE, torch.bool], ids=str)
def test_whole_numbers_take_what_they_can_hold(dtype: torch.dtype) -> None:
    bench = Bench(Holder(torch.zeros(3, 4).to(dtype)))
    bench.initialize("t", "eye_")
    bench.initialize("t", "ones_")
    bench.initialize("t", "constant_", val=1)
    bench.assign("t", (1, 2), 0)
    bench.compute("t", "1 - w" if dtype == torch.bool else "w + 1", 0)
    assert contents(bench.replayed()) == contents(bench.net)
    before = contents(bench.net)
    for refused in (
        lambda: bench.initialize("t", "normal_"),
        lambda: bench.initialize("t", "constant_", val=0.5),
        lambda: bench.assign("t", (0, 0), 0.7),
        lambda: bench.assign("t", (0, 0), float("nan")),
        lambda: bench.assign("t", (0, 0), 2**70),
        lambda: bench.compute("t", "w / 4 + 0.1"),
        lambda: bench.compute("t", "w + 1e30"),
    ):
        with pytest.raises(EditError):
            refused()
        assert contents(bench.net) == before


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.complex64])
def test_whole_numbers_beyond_int64_in_a_real_tensor_are_replayed(dtype: torch.dtype) -> None:
    bench = Bench(Holder(torch.ones(3, dtype=dtype)))
    bench.assign("t", (0,), 2**64)
    bench.initialize("t", "constant_", val=2**70)
    bench.assign("t", (1,), -(2**65))
    assert bench.net.t.tolist() == [2**70, -(2**65), 2**70]
    assert contents(bench.replayed()) == contents(bench.net)


def test_unsigned_and_signed_ends() -> None:
    for dtype in WHOLE:
        ends = torch.iinfo(dtype)
        bench = Bench(Holder(torch.zeros(2).to(dtype)))
        bench.assign("t", (0,), ends.max)
        bench.assign("t", (1,), ends.min)
        assert bench.net.t.tolist() == [ends.max, ends.min]
        assert contents(bench.replayed()) == contents(bench.net)
        for beyond in (ends.max + 1, ends.min - 1):
            with pytest.raises(EditError, match="out of range"):
                bench.assign("t", (0,), beyond)


def expanded() -> torch.Tensor:
    return torch.ones(3, 1).expand(3, 4)


def freed() -> torch.Tensor:
    tensor = torch.ones(3, 4)
    tensor.untyped_storage().resize_(0)
    return tensor


class Wrapped(torch.Tensor):
    """A wrapper subclass: its writes go to another tensor."""

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> Any:
        return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype)

    def __init__(self, inner: torch.Tensor) -> None:
        self.inner = inner

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise NotImplementedError(f"{func} of a wrapper")


REFUSED: dict[str, tuple[Callable[[], torch.Tensor], str]] = {
    "expanded": (expanded, "expanded"),
    "freed": (freed, "freed"),
    "sparse": (lambda: torch.eye(3, 4).to_sparse(), "sparse"),
    "meta": (lambda: torch.empty(3, 4, device="meta"), "meta"),
    "quantized": (
        lambda: torch.quantize_per_tensor(torch.ones(3, 4), 0.1, 0, torch.qint8),
        "quantized",
    ),
    "wrapper": (lambda: Wrapped(torch.ones(3, 4)), "Wrapped"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_cannot_be_written_is_refused(case: str) -> None:
    make, reason = REFUSED[case]
    net = nn.Module()
    net.register_buffer("t", make())
    net.lin = nn.Linear(2, 2)
    bench = Bench.of(net)
    before = contents(net.lin)
    for refused in (
        lambda: bench.initialize("t", "ones_"),
        lambda: bench.initialize("t", lambda t: t.zero_()),
        lambda: bench.assign("t", (0, 0), 1),
        lambda: bench.compute("t", "w + 1"),
        lambda: bench.compute("t", "1"),
    ):
        with pytest.raises(EditError, match=reason):
            refused()
    assert contents(net.lin) == before
    assert bench.initialize("", "ones_").changed == ["lin.weight", "lin.bias"]


def test_frozen_inference_tensors_can_be_edited() -> None:
    with torch.inference_mode():
        net = nn.Linear(3, 2)
    bench = Bench(net)
    bench.initialize("", "normal_", seed=1)
    bench.assign("weight", (0, 0), 5)
    bench.compute("bias", "w * 2")
    assert float(net.weight[0, 0]) == 5
    with torch.inference_mode():
        again = nn.Linear(3, 2)
    assert contents(bench.replayed(again)) == contents(net)
    bench.undo()
    bench.undo()


def test_uninitialized_tensors_are_named_and_the_others_done() -> None:
    net = nn.Sequential(nn.LazyLinear(4), nn.Linear(4, 2))
    bench = Bench(net)
    edit = bench.initialize("", "normal_")
    assert edit.changed == ["1.weight", "1.bias"]
    assert set(edit.skipped) == {"0.weight", "0.bias"}
    assert "first forward" in edit.skipped["0.weight"]
    with pytest.raises(EditError, match="first forward"):
        bench.initialize("0", "normal_")


def test_fan_needs_two_dimensions() -> None:
    bench = Bench(nn.Linear(3, 2))
    edit = bench.initialize("", "xavier_uniform_")
    assert edit.changed == ["weight"]
    assert "fan" in edit.skipped["bias"]
    with pytest.raises(EditError, match="fan_in"):
        bench.initialize("bias", "xavier_uniform_")


def test_empty_and_none() -> None:
    net = nn.Module()
    net.empty = nn.Parameter(torch.empty(0, 3))
    net.register_parameter("nothing", None)
    bench = Bench(net)
    for name in ("empty", "nothing", ""):
        with pytest.raises(EditError):
            bench.initialize(name, "ones_")
    with pytest.raises(EditError):
        bench.assign("nothing", (0,), 1)
    with pytest.raises(EditError):
        bench.compute("empty", "w + 1")


# --- what is made from other tensors -----------------------------------------------------------


def test_old_weight_norm_and_pruning_name_the_tensor_that_works() -> None:
    with pytest.warns(FutureWarning):
        normed = torch.nn.utils.weight_norm(nn.Linear(3, 2))
    pruned = prune.random_unstructured(nn.Linear(3, 2), "weight", 0.5)
    for net, works in ((normed, "weight_g"), (pruned, "weight_orig")):
        bench = Bench.of(net)
        with pytest.raises(EditError, match="weight_"):
            bench.assign("weight", (0, 0), 1)
        with pytest.raises(EditError, match="weight_"):
            bench.initialize("weight", "ones_")
        assert bench.initialize(works, "ones_").changed == [works]


class Doubled(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2

    def right_inverse(self, x: torch.Tensor) -> torch.Tensor:
        return x / 2


class Squared(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x**2


PARAMETRIZED: dict[str, Callable[[nn.Linear], Any]] = {
    "doubled": lambda m: parametrize.register_parametrization(m, "weight", Doubled()),
    "weight norm": parametrizations.weight_norm,
    "twice": lambda m: [
        parametrize.register_parametrization(m, "weight", Doubled()) for _ in range(2)
    ],
}


@pytest.mark.parametrize("case", PARAMETRIZED)
def test_a_parametrized_tensor_is_written_through_its_inverse(case: str) -> None:
    layer = nn.Linear(6, 5)
    PARAMETRIZED[case](layer)
    bench = Bench(nn.Sequential(layer))
    start = contents(bench.net)
    objects = dict(bench.net.named_parameters())
    edit = bench.initialize("0.weight", "xavier_uniform_", seed=5)
    expected = torch.empty(5, 6)
    nn.init.xavier_uniform_(expected, generator=torch.Generator().manual_seed(5))
    assert torch.allclose(layer.weight, expected, rtol=1e-5, atol=1e-7)
    assert edit.changed[0] == "0.weight"
    assert all("parametrizations" in name for name in edit.changed[1:])
    bench.assign("0.weight", (1, 2), 0.25)
    assert abs(float(layer.weight.detach()[1, 2]) - 0.25) < 1e-6
    bench.compute("0.weight", "w * 2 + 1", (0, ...))
    bench.compute("0.weight", "0.5", (1, ...))
    assert {k: v is objects[k] for k, v in bench.net.named_parameters()} == dict.fromkeys(
        objects, True
    )
    assert contents(bench.replayed()) == contents(bench.net)
    for _ in range(4):
        bench.undo()
    assert contents(bench.net) == start


def test_a_parametrization_that_cannot_be_inverted_names_its_original() -> None:
    layer = nn.Linear(3, 2)
    parametrize.register_parametrization(layer, "weight", Squared())
    bench = Bench(layer)
    for refused in (
        lambda: bench.initialize("weight", "ones_"),
        lambda: bench.assign("weight", (0, 0), 1),
        lambda: bench.compute("weight", "w + 1"),
    ):
        with pytest.raises(EditError, match="original"):
            refused()
    assert bench.initialize("", "ones_").changed == ["bias", "parametrizations.weight.original"]


def test_a_parametrization_that_gives_another_tensor_is_refused() -> None:
    layer = parametrizations.spectral_norm(nn.Linear(6, 5))
    bench = Bench(layer)
    before = contents(layer)
    with pytest.raises(EditError, match="another tensor"):
        bench.assign("weight", (0, 0), 100)
    with pytest.raises(EditError, match="another tensor"):
        bench.initialize("weight", "ones_")
    assert contents(layer) == before


def test_a_script_reads_a_spectral_norm_without_advancing_it() -> None:
    bench = Bench(nn.Sequential(parametrizations.spectral_norm(nn.Linear(6, 5))))
    for _ in range(3):
        bench.compute("0.weight", "-w")

    def again(tensor: torch.Tensor) -> None:
        tensor *= 1

    bench.initialize("0.weight", again)
    assert contents(bench.replayed()) == contents(bench.net)


def test_orthogonal_takes_an_orthogonal_matrix_only() -> None:
    layer = parametrizations.orthogonal(nn.Linear(5, 5))
    bench = Bench(layer)
    before = contents(layer)
    with pytest.raises(EditError):
        bench.assign("weight", (0, 0), 7)
    assert contents(layer) == before
    edit = bench.initialize("weight", "eye_")
    assert torch.allclose(layer.weight, torch.eye(5), atol=1e-6)
    assert "parametrizations.weight.0.base" in edit.changed  # what its right_inverse keeps there
    bench.undo()
    assert contents(layer) == before


def test_an_edit_through_the_inverse_names_who_shares_the_originals_memory() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    parametrize.register_parametrization(net[0], "weight", Doubled())
    original = net[0].parametrizations["weight"].original
    assert isinstance(original, torch.Tensor)
    net[1].weight.data = original.data.t()
    edit = Bench(net).assign("0.weight", (0, 1), 8)
    assert edit.changed == ["0.weight", "0.parametrizations.weight.original", "1.weight"]
    assert net[1].weight.tolist()[1][0] == 4


# --- embeddings --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [nn.Embedding, nn.EmbeddingBag])
def test_the_padding_row_is_zero_again(kind: Any) -> None:
    bench = Bench(nn.Sequential(kind(6, 4, padding_idx=-1)))
    edit = bench.initialize("", "normal_", std=2.0)
    assert not bench.net[0].weight[-1].any()
    assert bench.net[0].weight[:-1].any()
    assert edit.warnings == ["0.weight: row 5 (padding_idx) was set back to zero"]
    bench.initialize("", functools.partial(nn.init.constant_, val=3))
    assert contents(bench.replayed()) == contents(bench.net)


def test_a_refusal_says_what_was_named_and_what_can_be_named_instead() -> None:
    net = nn.Sequential(nn.Linear(3, 2, bias=False))
    parametrize.register_parametrization(net[0], "weight", Doubled())
    bench = Bench(net)
    told = {
        "name one of its slots, such as '0.bias'": lambda: bench.assign("0", (0, 0), 1),
        "'0.bias' is None; apply takes a module, such as '0'": lambda: bench.apply(print, "0.bias"),
        "'0.weight' is a computed tensor": lambda: bench.do(SetRequiresGrad("0.weight", True)),
        "the seed True is not an integer": lambda: bench.initialize("0", "ones_", seed=True),
    }
    for message, refused in told.items():
        with pytest.raises(EditError, match=re.escape(message)):
            refused()
