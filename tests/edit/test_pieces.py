"""A formula on a large tensor works in pieces: little memory, the same bits, an end at any time."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from edit.kit import Bench, Holder, bytes_of, contents, refusal
from paramwidget.edit.errors import EditError
from paramwidget.edit.formula import staged
from paramwidget.edit.formula.functions import FUNCTIONS, Function
from paramwidget.edit.formula.parse import parse

MIB = 2**20
BOUND = 64 * MIB


class Live(TorchDispatchMode):
    """The bytes of all tensors that came to be inside and are alive, at most."""

    def __init__(self, known: int) -> None:
        super().__init__()
        self.known = known
        self.now = self.most = 0
        self.seen: dict[int, tuple[Any, int]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:  # fmt: skip
        made = func(*args, **(kwargs or {}))
        for one in made if isinstance(made, (tuple, list)) else [made]:
            if isinstance(one, torch.Tensor):
                storage = one.untyped_storage()
                if storage.data_ptr() == self.known:
                    continue
                self.seen[storage.data_ptr()] = (torch.multiprocessing.reductions.StorageWeakRef(
                    storage), storage.nbytes())  # fmt: skip
        self.seen = {at: kept for at, kept in self.seen.items() if not kept[0].expired()}
        self.most = max(self.most, sum(size for _, size in self.seen.values()))
        return made


def most_bytes(net: Holder, action: Callable[[], object]) -> int:
    """What the action holds beside the model at most, as far as torch's dispatcher sees."""
    with Live(net.t.untyped_storage().data_ptr()) as live:
        action()
    return live.most


def chain(length: int) -> str:
    """((w*2+1)*3-4)/5 ..., so many operators long."""
    text = "w"
    for _, one in zip(range(length), itertools.cycle(["*2", "+1", "*3", "-4", "/5"]), strict=False):
        text = f"({text}{one})" if one in ("+1", "-4") else f"{text}{one}"
    return text


def waiting(depth: int) -> str:
    """w*2+(w*3+(w*4+ ...: every product waits for the rest."""
    return "".join(f"w*{n}+(" for n in range(2, depth)) + "w" + ")" * (depth - 2)


LONG = {
    "a chain of 30": chain(30),
    "60 operators": "w" + "*1.01+1-w/3" * 15,
    "80 that wait": waiting(80),
    "reductions": "(w - mean(w)) / std(w) + min(w) * max(w) - var(w) + sum(w)",
    "reductions of expressions": "w / std(exp(w * 2) - mean(abs(w))) + mean(exp(w * 2))",
    "a result that is infinite": "w / 0 + 1e30 * 0",
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_temporaries_of_a_formula_are_bounded(text: str, dtype: torch.dtype) -> None:
    """Beside the result and the way back there are 64 MiB, where one copy would be 80."""
    net = Holder(torch.rand(20, MIB, dtype=torch.float32).to(dtype) + 1)
    own = net.t.nbytes
    bench = Bench(net)
    assert most_bytes(net, lambda: bench.compute("t", text)) <= 2 * own + BOUND


@pytest.mark.parametrize(
    "tensor",
    [
        torch.rand(MIB, 20).t(),
        torch.rand(20, 64, 128, 128).to(memory_format=torch.channels_last),
        torch.rand(20, 2 * MIB)[:, ::2],
        torch.rand(10, MIB, dtype=torch.complex64).conj(),
    ],
    ids=["transposed", "channels_last", "strided", "conjugate"],
)
def test_a_tensor_that_is_not_contiguous_is_bounded_too(tensor: torch.Tensor) -> None:
    """What was written is read back, undone and compared piece by piece."""
    net = Holder(tensor)
    own = tensor.numel() * tensor.element_size()
    bench = Bench(net)
    assert most_bytes(net, lambda: bench.compute("t", "w + 1")) <= 2 * own + BOUND
    assert most_bytes(net, lambda: bench.apply(lambda module: None)) <= own + BOUND


def test_a_large_part_of_whole_numbers_is_bounded_too() -> None:
    net = Holder(torch.arange(20 * MIB, dtype=torch.int32).reshape(20, MIB))
    bench = Bench(net)
    assert most_bytes(net, lambda: bench.compute("t", "(w + 1) % 7 * 3 - max(w % 5)")) < (
        2 * net.get_buffer("t").nbytes + BOUND
    )
    assert torch.equal(net.get_buffer("t").reshape(-1)[:9], (torch.arange(9) + 1) % 7 * 3 - 4)


EVERY = sorted(
    f"{name}({', '.join(['w', 'w * 2', '1.5'][:count])})"
    for name, row in FUNCTIONS.items()
    for count in row.arity
)
DTYPES = [torch.float32, torch.float64, torch.bfloat16, torch.float16]
SMALL = 256  # elements of a piece in the tests that follow


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces so small that a small tensor has many."""
    monkeypatch.setattr(staged, "LARGEST", SMALL)


def odd(dtype: torch.dtype, shape: tuple[int, ...] = (7, 311)) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return (torch.rand(shape, generator=generator, dtype=torch.float64) * 2 + 0.1).to(dtype)


def same_after_the_script(bench: Bench, text: str, index: Any = ...) -> str:
    """Compute, run the script on a fresh copy, and compare every bit; returns the script."""
    bench.compute("t", text, index)
    assert contents(bench.replayed()) == contents(bench.net)
    code = bench.journal.code()
    assert "pieces(part" in code
    ast.parse(code)
    return code


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("text", EVERY)
def test_every_function_gives_the_bits_of_its_script(text: str, dtype: torch.dtype) -> None:
    """Where a vector ends a function may round otherwise: so the script has the same pieces."""
    same_after_the_script(Bench(Holder(odd(dtype))), f"{text} + 0 * w")
    same_after_the_script(Bench(Holder(odd(dtype, (1777,))[1:])), text)
    same_after_the_script(Bench(Holder(odd(dtype).t())), f"w + {text}")
    same_after_the_script(Bench(Holder(odd(dtype))), text, (slice(None), slice(3, None, 2)))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
@pytest.mark.parametrize(
    "text",
    ["w ** 3 + 2j", "exp(w)", "tanh(w) / w", "w - mean(w)", "w / std(w * 2j)", "sum(w ** 2) + w"],
)
def test_complex_numbers_in_pieces(text: str, dtype: torch.dtype) -> None:
    w = torch.complex(odd(torch.float64), odd(torch.float64) - 1).to(dtype)
    same_after_the_script(Bench(Holder(w)), text)
    same_after_the_script(Bench(Holder(w.t().conj())), text)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.float8_e4m3fn, torch.bool])
@pytest.mark.parametrize("text", ["w % 2", "max(w) - w", "round(w * 0.3 + mean(w)) % 2", "1 - w"])
def test_other_dtypes_in_pieces(text: str, dtype: torch.dtype) -> None:
    w = (odd(torch.float32).round() % 2).to(dtype)
    same_after_the_script(Bench(Holder(w, grad=False)), text)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", [name for name, row in FUNCTIONS.items() if row.of_pieces])
def test_what_reduces_pieces_gives_what_torch_gives_of_the_whole(name: str) -> None:
    for w in (odd(torch.float64), odd(torch.float64) + 1e4, odd(torch.float64)[:1, :300]):
        bench = Bench(Holder(w.clone()))
        bench.compute("t", f"{name}(exp(w / 1e4)) + 0 * w")
        expected = FUNCTIONS[name].function(torch.exp(w / 1e4))
        torch.testing.assert_close(bench.net.t[0, 0].detach(), expected, rtol=1e-9, atol=0)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("special", [torch.inf, -torch.inf, torch.nan])
@pytest.mark.parametrize("name", [name for name, row in FUNCTIONS.items() if row.of_pieces])
def test_what_reduces_pieces_is_nan_or_infinite_where_torch_is(name: str, special: float) -> None:
    w = odd(torch.float64)
    w[3, 5] = special
    bench = Bench(Holder(w.clone()))
    bench.compute("t", f"{name}(w * 1.0)")
    torch.testing.assert_close(
        bench.net.t[0, 0].detach(), FUNCTIONS[name].function(w), equal_nan=True
    )


def test_a_script_of_a_large_tensor_shows_what_is_reduced_once_and_before() -> None:
    net = Holder(odd(torch.float32, (3, 2**18 + 5)))
    code = same_after_the_script(Bench(net), "(w - mean(w)) / std(w) + mean(w) + var(w ** 2)")
    assert code.endswith(
        "part = net.t.data\n"
        "reduced = [torch.mean(part)]\n"
        "reduced.append(torch.std(part))\n"
        "reduced.append(variance(w ** 2 for w in pieces(part, 262144)))\n"
        "for w in pieces(part, 262144):\n"
        "    w.copy_((w - reduced[0]) / reduced[1] + reduced[0] + reduced[2])\n"
    )


def test_a_large_tensor_is_normalized_bit_for_bit_as_torch_does() -> None:
    w = odd(torch.float32, (2, 2**19 + 3))
    bench = Bench(Holder(w.clone()))
    bench.compute("t", "(w - mean(w)) / std(w)")
    assert torch.equal(bench.net.t, (w - torch.mean(w)) / torch.std(w))


def test_the_script_of_a_small_tensor_stays_one_line() -> None:
    bench = Bench(Holder(odd(torch.float32)))
    bench.compute("t", "(w - mean(w)) / std(w)")
    assert bench.journal.code().endswith(
        "w = net.t.data\nw.copy_((w - torch.mean(w)) / torch.std(w))\n"
    )


@pytest.mark.usefixtures("small")
def test_a_parametrized_weight_is_computed_in_pieces() -> None:
    class Twice(nn.Module):
        def forward(self, w: torch.Tensor) -> torch.Tensor:
            return w * 2

        def right_inverse(self, w: torch.Tensor) -> torch.Tensor:
            return w / 2

    net = nn.Sequential(nn.Linear(40, 20))
    nn.utils.parametrize.register_parametrization(net[0], "weight", Twice())
    for text, index in (("w - mean(exp(w))", ...), ("w / std(w)", (slice(1, None), slice(30)))):
        bench = Bench(net)
        bench.compute("0.weight", text, index)
        assert contents(bench.replayed()) == contents(net)


@pytest.mark.usefixtures("small")
def test_a_refusal_counts_the_values_of_all_pieces() -> None:
    bench = Bench(Holder(torch.full((3, 500), 1e30)))
    before = contents(bench.net)
    with pytest.raises(EditError, match="1500 of 1500 results are too large for float32"):
        bench.compute("t", "w * 1e30 - mean(w)")
    assert contents(bench.net) == before
    bench = Bench(Holder((torch.arange(1500) % 256).to(torch.uint8)))
    over = int((torch.arange(1500) % 256 >= 64).sum())
    with pytest.raises(EditError, match=f"{over} of 1500 values .* 256, which is out of range"):
        bench.compute("t", "w * 4")
    bench = Bench(Holder(torch.linspace(-1, 1, 1500)))
    assert bench.compute("t", "log(w)").warnings == ["750 became NaN"]


@pytest.mark.usefixtures("small")
def test_whole_numbers_that_overflow_in_a_later_piece_are_refused() -> None:
    bench = Bench(Holder(torch.cat([torch.zeros(1000), torch.ones(9)]).to(torch.int64) * 2**62))
    before = contents(bench.net)
    with pytest.raises(EditError, match=r"at character 3: \* cannot be computed: .* int64"):
        bench.compute("t", "w * 2")
    assert contents(bench.net) == before


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("at", [0, 1, 4, 9])
@pytest.mark.parametrize("text", ["exp(w) * 2", "w - mean(exp(w))"])
def test_an_interrupt_between_pieces_leaves_the_model_as_it_was(
    text: str, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    exp, left = torch.exp, [at]

    def interrupted(w: torch.Tensor) -> torch.Tensor:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return exp(w)

    bench = Bench(Holder(odd(torch.float32, (50, 100))))
    before = bytes_of(bench.net.t)
    with monkeypatch.context() as patch:
        patch.setattr(torch, "exp", interrupted)
        with pytest.raises(KeyboardInterrupt):
            bench.compute("t", text)
    assert bytes_of(bench.net.t) == before
    assert not bench.journal.history
    bench.compute("t", text)
    assert contents(bench.replayed()) == contents(bench.net)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "row",
    [
        Function("median(w)", "the middle one"),
        Function("unit(w)", "of length 1", "torch.nn.functional.normalize"),
    ],
)
def test_a_row_that_says_nothing_of_pieces_gets_the_whole(
    row: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FUNCTIONS, row.name, row)
    w = odd(torch.float32)
    bench = Bench(Holder(w.clone()))
    bench.compute("t", f"w - {row.name}(w)")
    assert torch.equal(bench.net.t, w - row.function(w))
    assert contents(bench.replayed()) == contents(bench.net)


def test_every_row_of_the_language_works_in_pieces() -> None:
    for name, row in FUNCTIONS.items():
        assert row.elementwise or row.of_pieces is not None, name


def test_a_piece_is_smaller_the_more_values_wait() -> None:
    sizes = [staged.piece_size(parse(waiting(depth)), torch.float64) for depth in (2, 20, 90)]
    assert sizes == sorted(sizes, reverse=True)
    for depth, size in zip((2, 20, 90), sizes, strict=True):
        assert size * 8 * depth <= BOUND // 2


def test_a_refusal_is_the_same_in_pieces_and_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["1 / (w % 1 - w % 1) ** -1", "w % 0", "min(w, 2j)", "atan2(w, 2j)", "0 ** -1 * w"]
    bench = Bench(Holder(odd(torch.int64)))

    def refusals() -> list[str]:
        return [str(refusal(partial(bench.compute, "t", text))) for text in texts]

    whole = refusals()
    monkeypatch.setattr(staged, "LARGEST", SMALL)
    assert refusals() == whole
