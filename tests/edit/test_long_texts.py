"""A text of any length is read in linear time, or refused with a sentence that says the limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from edit.kit import Bench, Holder, contents, refusal
from paramwidget import Workbench
from paramwidget.edit.errors import EditError
from paramwidget.edit.formula.parse import LONGEST, parse
from paramwidget.edit.values import numbers
from paramwidget.edit.values.index import element_index, parse_index, part_index
from paramwidget.edit.values.numbers import parse_number, parse_seed
from paramwidget.slots.names import slot_at
from paramwidget.slots.tree import UnknownName

DTYPES = [torch.float32, torch.complex64, torch.int64, torch.bool]
NO_NUMBERS: dict[str, Callable[[int], str]] = {
    "digits and a letter": lambda n: "9" * n + "x",
    "digits, a point, digits and a letter": lambda n: "9" * n + "." + "9" * n + "x",
    "an exponent and a letter": lambda n: "1e" + "9" * n + "x",
    "two numbers": lambda n: "9" * n + "+" + "9" * n + "x",
    "digits and half a unit": lambda n: "9" * n + "jj",
    "signs": lambda n: "+" * n,
    "points": lambda n: "." * n,
    "infinities": lambda n: "inf" * n,
    "spaces": lambda n: "1" + " " * n + "1",
    "signs of complex numbers": lambda n: "1+" * n + "j",
}


def seconds(action: Callable[[], object]) -> float:
    """The shortest of three times."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        refusal(action)
        taken.append(time.perf_counter() - began)
    return min(taken)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("text", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_what_is_no_number_is_refused_in_linear_time(
    text: Callable[[int], str], dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbers, "_LONGEST", 10**7)
    once = seconds(lambda: parse_number(text(400), dtype))
    assert seconds(lambda: parse_number(text(4000), dtype)) < 60 * once + 0.05


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1+2j", 1 + 2j), ("-1e-3-.5i", -1e-3 - 0.5j), ("j", 1j), ("-j", -1j), ("2.j", 2j),
        ("1 - j", 1 - 1j), ("inf+infj", complex("inf+infj")), ("1e+5j", 1e5j), ("3", 3),
        ("1e-5+1e+5J", 1e-5 + 1e5j),
    ],
)  # fmt: skip
def test_complex_numbers_are_still_read(text: str, number: complex) -> None:
    assert parse_number(text, torch.complex128) == number


@pytest.mark.parametrize("text", ["1+-2j", "12+3", "1j2", "--1j", "1+2jj", "+", "e5j"])
def test_what_only_looks_complex_is_refused(text: str) -> None:
    if text != "12+3":
        with pytest.raises(EditError, match="is not a number"):
            parse_number(text, torch.complex64)


FORMULAS: dict[str, Callable[[int], str]] = {
    "digits and a letter": lambda n: "9" * n + "x",
    "digits": lambda n: "9" * n,
    "numbers without operators": lambda n: "1 " * n,
    "parentheses": lambda n: "(" * n + "w" + ")" * n,
    "calls": lambda n: "abs(" * n + "w" + ")" * n,
    "powers": lambda n: "w" + "**2" * n,
    "a tower of numbers": lambda n: "**".join(["9"] * n),
    "signs": lambda n: "-" * n + "w",
    "a sum": lambda n: "w" + "+w" * n,
    "spaces": lambda n: "w" + " " * n + "w",
    "a long name": lambda n: "n" * n,
    "points": lambda n: "1." * n,
    "an exponent": lambda n: "1e" + "9" * n,
    "stars": lambda n: "*" * n,
}


@pytest.mark.parametrize("text", FORMULAS.values(), ids=FORMULAS)
def test_an_expression_is_read_in_linear_time_and_has_a_limit(text: Callable[[int], str]) -> None:
    once = seconds(lambda: parse(text(90)))
    assert seconds(lambda: parse(text(900))) < 60 * once + 0.05
    bench = Bench(Holder(torch.ones(3)))
    before = contents(bench.net)
    assert refusal(lambda: bench.compute("t", text(900))) is None or contents(bench.net) == before
    with pytest.raises(EditError, match=f"at most {LONGEST} characters, got"):
        bench.compute("t", text(10**6))


@pytest.mark.parametrize(
    "text", ["9" * 5000, "1" + "0" * 9000, "10 ** 400", "9 ** 9 ** 9 ** 9"], ids=range(4)
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.complex64])
def test_numbers_that_no_dtype_holds_are_refused(text: str, dtype: torch.dtype) -> None:
    bench = Bench(Holder(torch.ones(3).to(dtype)))
    for formula in (text, f"w + {text}", f"max(w, {text})"):
        with pytest.raises(EditError) as refused:
            bench.compute("t", formula)
        assert refused.value.where == "expression"
        assert len(str(refused.value)) < 300


HUGE = [10**400, -(10**400), 10**5000, 2**63, "9" * 400, "9" * 10**6, float("inf"), 1e300]


@pytest.mark.parametrize("huge", HUGE, ids=range(len(HUGE)))
def test_a_huge_number_is_refused_wherever_it_is_given(huge: Any) -> None:
    bench = Workbench(nn.Linear(3, 2))
    before = contents(bench.net)
    for action in (
        lambda: bench.assign("weight", (0, 0), huge if huge != float("inf") else 10**5000),
        lambda: bench.assign("weight", (huge, 0), 1.0),
        lambda: bench.assign("weight", huge, 1.0),
        lambda: bench.compute("weight", "w", huge),
        lambda: bench.compute("weight", "w", (slice(None), huge)),
        lambda: bench.initialize("weight", "ones_", seed=huge),
        lambda: bench.initialize("weight", "constant_", val=huge if huge != 2**63 else 10**5000),
    ):
        refused = refusal(action)
        if refused is None:  # 1e300 is a number, and infinity is one of float32
            assert not isinstance(huge, str)
            bench.undo()
        else:
            assert len(str(refused)) < 400
    assert contents(bench.net) == before


@pytest.mark.parametrize("step", [7, 10**30, 10**5000], ids=range(3))
def test_a_step_beyond_the_axis_takes_its_first_element(step: int) -> None:
    assert part_index(slice(1, None, step), (5,)) in ((slice(1, 5, 5),), (slice(1, 5, step),))
    bench = Bench(Holder(torch.zeros(5)))
    bench.compute("t", "1", slice(1, None, step))
    assert bench.net.t.tolist() == [0, 1, 0, 0, 0]
    assert contents(bench.replayed()) == contents(bench.net)


@pytest.mark.parametrize("part", ["0,", "9", ":", "(", " "])
def test_a_long_index_is_refused(part: str) -> None:
    text = part * 10**6
    for read in (parse_index, lambda text: element_index(text, (3, 3))):
        with pytest.raises(EditError, match="an index has at most 1000 characters, got"):
            read(text)


def test_a_long_seed_is_refused() -> None:
    for seed in ("9" * 10**6, "9" * 5000, 10**5000):
        with pytest.raises(EditError, match="seed"):
            parse_seed(seed)


def test_a_glob_has_a_limit_and_a_long_name_has_none() -> None:
    net = nn.Module()
    long = "a" * 10**5
    net.register_parameter(long, nn.Parameter(torch.ones(2)))
    bench = Workbench(net)
    assert bench.select(long).names == [long]
    assert bench.select("", parameters=long).names == [long]
    assert bench.select("*a*a*a*a*a*").names == [long]
    for glob in ("*a" * 10**5, "[" * 10**5, "*" * 10**6):
        with pytest.raises(ValueError, match="a glob has at most 1000 characters"):
            bench.select(glob)
        with pytest.raises(EditError, match="a glob has at most 1000 characters"):
            bench.initialize("", "ones_", parameters=glob)


@pytest.mark.parametrize(
    "glob", ["*a" * 400 + "b", "*" * 900 + "b", "?*" * 400 + "b", "[a]*" * 200]
)
def test_a_glob_with_many_stars_is_matched_at_once(glob: str) -> None:
    net = nn.Module()
    net.register_parameter("a" * 5000, nn.Parameter(torch.ones(2)))
    bench = Workbench(net)
    began = time.perf_counter()
    refusal(lambda: bench.initialize(glob, "ones_"))
    assert time.perf_counter() - began < 20


def test_values_nested_without_end_are_refused() -> None:
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    deep: list[Any] = []
    for _ in range(10**5):
        deep = [deep]
    bench = Workbench(nn.Linear(3, 2))
    before = contents(bench.net)
    for value in (cyclic, deep):
        for action in (
            lambda value=value: bench.assign("weight", (0, 0), value),
            lambda value=value: bench.compute("weight", value),
            lambda value=value: bench.compute("weight", "w", value),
            lambda value=value: bench.initialize("weight", "constant_", val=value),
        ):
            assert refusal(action) is not None
    assert contents(bench.net) == before


def test_many_types_and_names_are_refused_and_few_of_them_are_told() -> None:
    net = nn.Sequential(*(nn.Linear(1, 1) for _ in range(300)))
    bench = Workbench(net)
    many = [f"Name{n}" for n in range(48_000)]
    start = time.perf_counter()
    for field in ("types", "parameters"):
        with pytest.raises(EditError, match=f"{field} has at most 100 entries") as caught:
            bench.initialize("", "ones_", **{field: many})
        assert len(str(caught.value)) < 300
        with pytest.raises(EditError):
            bench.set_requires_grad("", False, **{field: many})
        there = "Linear" if field == "types" else "weight"
        told = bench.select("", **{field: [there, "x" * 10**6, *many[:98]]}).unmatched
        assert len(told) == 7
        assert "93 more" in told[-1]
        assert sum(map(len, told)) < 2000
    with pytest.raises(EditError, match="at most 100 arguments"):
        bench.initialize("", "ones_", **dict.fromkeys(many, 1))
    with pytest.raises(EditError, match="1000 characters") as caught:
        bench.initialize("", "ones_", **{"x" * 10**6: 1})
    assert len(caught.value.where) < 100
    assert time.perf_counter() - start < 5


def test_a_dotted_name_costs_as_much_as_its_path() -> None:
    def chain(depth: int) -> nn.Module:
        net: nn.Module = nn.Linear(1, 1)
        for _ in range(depth):
            net = nn.Sequential(net)
        return net

    def cost(net: nn.Module, name: Any) -> float:
        start = time.process_time()
        slot_at(net, name)
        return time.process_time() - start

    net, name = chain(1600), "0." * 1600 + "weight"
    assert slot_at(net, name) == tuple(name.split("."))
    by_name = min(cost(net, name) for _ in range(3))
    by_path = min(cost(net, tuple(name.split("."))) for _ in range(3))
    assert by_name < 10 * by_path
    start = time.perf_counter()
    with pytest.raises(UnknownName):
        Workbench(chain(800)).stats("0." * 16_000)
    assert time.perf_counter() - start < 4
