"""The little language: it computes what numpy computes, and says where a text is no formula."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edit.kit import Bench, Holder, contents, refusal
from paramwidget.conversation.catalog import catalog_message
from paramwidget.edit.errors import EditError
from paramwidget.edit.formula.evaluate import evaluate, working_dtype, working_part
from paramwidget.edit.formula.functions import CONSTANTS, FUNCTIONS, Function, on_tensors
from paramwidget.edit.formula.parse import DEEPEST, LONGEST, parse

ELEMENTWISE = {
    "abs": np.abs, "ceil": np.ceil, "cos": np.cos, "floor": np.floor, "relu": lambda x: np.where(
        np.isnan(x), x, np.maximum(x, 0)), "round": np.round, "sign": np.sign, "sin": np.sin,
    "square": np.square, "tanh": np.tanh, "trunc": np.trunc,
}  # fmt: skip
ATOMS = st.sampled_from(["w", "w", "w", "0.5", "2", "3", "1e-3", "pi", ".25", "7.", "e"])


def binary(parts: Any) -> Any:
    return st.tuples(parts, st.sampled_from("+-*"), parts).map(lambda t: f"{t[0]} {t[1]} {t[2]}")


def grown(parts: Any) -> Any:
    return st.one_of(
        binary(parts),
        parts.map(lambda t: f"({t})"),
        parts.map(lambda t: f"-{t}"),
        parts.map(lambda t: f"({t}) ** 2"),
        st.tuples(st.sampled_from(sorted(ELEMENTWISE)), parts).map(lambda t: f"{t[0]}({t[1]})"),
        parts.map(lambda t: f"clamp({t}, -1.5, 1)"),
        st.tuples(st.sampled_from(["min", "max"]), parts, parts).map(
            lambda t: f"{t[0]}({t[1]}, {t[2]})"
        ),
    )


FORMULAS = st.recursive(ATOMS, grown, max_leaves=12)
NUMBERS = st.floats(-4, 4, width=32).map(lambda x: round(x, 3))


def by_numpy(formula: str, w: Any) -> Any:
    """Python's own reading of the formula, with numpy's functions."""
    names: dict[str, Any] = {
        **ELEMENTWISE, "clamp": np.clip, "min": np.minimum, "max": np.maximum,
        "pi": np.pi, "e": np.e, "w": w,
    }  # fmt: skip
    return eval(formula, {"__builtins__": {}}, names)  # the test's own text, never a user's


@settings(max_examples=400, deadline=None)
@given(FORMULAS, st.lists(NUMBERS, min_size=1, max_size=6))
@example("-w ** 2", [2.0])
@example("2 - w - 1", [2.0])
@example("-w - -w", [2.0])
def test_a_formula_gives_what_numpy_gives(formula: str, values: list[float]) -> None:
    w = torch.tensor(values, dtype=torch.float64)
    with np.errstate(all="ignore"):
        expected = np.broadcast_to(by_numpy(formula, w.numpy()), (len(values),))
    term = evaluate(parse(formula), w)
    got = torch.as_tensor(term.value, dtype=torch.float64).expand(len(values)).numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)


@settings(max_examples=300, deadline=None)
@given(
    FORMULAS,
    st.lists(NUMBERS, min_size=4, max_size=4),
    st.sampled_from([torch.float32, torch.float64, torch.float16, torch.bfloat16]),
    st.booleans(),
)
def test_the_script_gives_the_same_bits(
    formula: str, values: list[float], dtype: torch.dtype, strided: bool
) -> None:
    tensor = torch.tensor(values, dtype=dtype).reshape(2, 2)
    net = Holder(tensor.t() if strided else tensor)
    bench = Bench(net)
    refused = refusal(lambda: bench.compute("t", formula, (slice(None), 1) if strided else ...))
    if refused is not None:
        assert "too large" in str(refused) or "cannot be" in str(refused)
        assert torch.equal(net.t, bench.fresh.t)
        return
    replayed = bench.replayed()
    assert torch.equal(replayed.t.nan_to_num(7.0), net.t.nan_to_num(7.0))
    bench.undo()
    assert torch.equal(net.t, tensor.t() if strided else tensor)


WHOLE_FORMULAS = st.recursive(
    st.sampled_from(["w", "w", "2", "3", "-5", "1000000007", "9223372036854775807"]),
    lambda parts: st.one_of(
        binary(parts),
        parts.map(lambda t: f"-({t})"),
        parts.map(lambda t: f"({t}) ** 3"),
        st.tuples(parts, parts).map(lambda t: f"max({t[0]}, {t[1]})"),
        st.tuples(parts, parts).map(lambda t: f"min({t[0]}, {t[1]})"),
        parts.map(lambda t: f"abs({t})"),
        parts.map(lambda t: f"({t}) % 7"),
    ),
    max_leaves=6,
)
INT64 = st.integers(-(2**63), 2**63 - 1)


@settings(max_examples=400, deadline=None)
@given(WHOLE_FORMULAS, st.lists(st.one_of(INT64, st.integers(-9, 9)), min_size=1, max_size=4))
@example("w - 1", [-(2**63)])
@example("w - 1", [2**63 - 1])
@example("-w", [-(2**63)])
@example("w * 2", [2**62])
@example("abs(w)", [-(2**63)])
def test_whole_numbers_are_exact_or_refused(formula: str, values: list[int]) -> None:
    """By Python's own unlimited integers."""
    names = {"min": min, "max": max, "abs": abs}
    expected = [eval(formula, {"__builtins__": {}}, {**names, "w": value}) for value in values]
    bench = Bench(Holder(torch.tensor(values, dtype=torch.int64)))
    if refusal(lambda: bench.compute("t", formula)) is not None:
        # a step may have overflowed where the result would not
        assert bench.net.t.tolist() == values
        return
    assert bench.net.t.tolist() == expected
    assert bench.replayed().t.tolist() == expected


def test_small_steps_of_whole_numbers_are_never_refused() -> None:
    bench = Bench(Holder(torch.tensor([2**53 + 1, -(2**53) - 1])))
    bench.compute("t", "w + 1")
    bench.compute("t", "w * 3 - 1")
    assert bench.net.t.tolist() == [(2**53 + 2) * 3 - 1, -(2**53) * 3 - 1]
    bench = Bench(Holder(torch.tensor([2, 4, -6])))
    bench.compute("t", "w / 2 + 0.5 * 2")
    assert bench.net.t.tolist() == [2, 3, -2]
    with pytest.raises(EditError, match="not an integer"):
        bench.compute("t", "w / 2")


WRONG = {
    "": "character 1",
    "   ": "empty",
    "w +": "character 4",
    "+": "ends",
    "(w": r"expected a \)",
    "w)": "character 2",
    "w w": "character 3",
    "2 w": "character 3",
    "foo": "unknown name",
    "__import__('os')": "unknown name",
    "w.data": "attributes are not supported",
    "w[0]": "index",
    "w = 1": "only the new value",
    "lambda: 1": "unknown name",
    "exit()": "unknown name",
    "w if w else w": "character 3",
    "1e400": "too large",
    "w^2": r"\*\*",
    "w // 2": "floor",
    "clamp(w, 1)": "3 arguments, got 2",
    "abs()": "1 argument, got 0",
    "abs": r"expected \( after the function abs",
    "mean(w, 1)": "1 argument,",
    "atan2(w)": "2 arguments, got 1",
    "softplus": r"expected \( after the function softplus",
    "softplus(w, 2)": "1 argument, got 2",
    "max()": "1 or 2 arguments, got 0",
    "abs(w,)": "character 7",
    "atan2(w, 2j)": "cannot be computed",
    "w @ w": "unexpected",
    "'w'": "strings are not supported",
    "1/0": "division",
    "w % 0": "division|w",
    "10 ** 400": "too large for float64",
    "2j": "complex",
    "w\x00": "not understood",
    "w\u202e": "not understood",
    "０x10": "understood|character",
    "std(w)": "two elements",
    "0 ** -1": "cannot be computed",
    "(-8) ** 0.5": "complex",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_formula_is_told_where(text: str) -> None:
    bench = Bench(Holder(torch.tensor([1.0])))
    with pytest.raises(EditError, match=WRONG[text]) as refusal:
        bench.compute("t", text)
    assert refusal.value.where == "expression"
    assert bench.net.t.tolist() == [1.0]


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="w+-*/%().,123 e^[]abs\n_'\"=", max_size=30) | st.text(max_size=20))
def test_any_text_is_a_formula_or_an_error(text: str) -> None:
    w = torch.tensor([0.5, -1.0, 2.0])

    def understood() -> None:
        formula = parse(text)
        evaluate(formula, working_part(w, working_dtype(formula, w.dtype)))

    refused = refusal(understood)
    assert refused is None or refused.where == "expression"


def test_length_and_depth_are_bounded() -> None:
    for text in (
        "(" * 10_000 + "w" + ")" * 10_000,
        "-" * 1000 + "w",
        "abs(" * 400 + "w" + ")" * 400,
    ):
        with pytest.raises(EditError):
            parse(text)
    parse("(" * (DEEPEST - 2) + "w" + ")" * (DEEPEST - 2))
    parse("+".join(["w"] * (LONGEST // 2)))
    parse("**".join(["w"] * (DEEPEST // 2)))
    with pytest.raises(EditError, match="expected an expression"):
        parse(3)


def test_every_function_is_there() -> None:
    w = torch.tensor([[0.5, 2.0], [1.5, 0.25]], dtype=torch.float64)
    for name, row in FUNCTIONS.items():
        for count in row.arity:
            text = f"{name}({', '.join(['w', '1', '2'][:count])})"
            value = evaluate(parse(text), w).value
            assert isinstance(value, torch.Tensor)
            assert bool(value.isfinite().all())


ROWS = {
    "softplus(w)": torch.nn.functional.softplus,
    "atan2(w, 2)": lambda w: torch.atan2(w, torch.full_like(w, 2)),
    "atan2(0.1, w)": lambda w: torch.atan2(torch.full_like(w, 0.1), w),
    "atan2(w, w * 2)": lambda w: torch.atan2(w, w * 2),
    "atan2(mean(w), 3) * w": lambda w: torch.atan2(w.mean(), torch.full_like(w.mean(), 3)) * w,
    "atan2(1, 2) + softplus(0.5) * w": None,
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int64])
@pytest.mark.parametrize("text", ROWS)
def test_a_function_and_its_script_give_the_same_bits(text: str, dtype: torch.dtype) -> None:
    values = torch.tensor([[3.0, -1.5, 0.25, 40.0], [0.0, 1e-3, -70.0, 9.0]]).to(dtype)
    net = Holder(values.clone(), grad=dtype.is_floating_point)
    bench = Bench(net)
    whole = dtype == torch.int64
    bench.compute("t", f"round({text})" if whole else text)
    assert torch.equal(bench.replayed().t, net.t)
    if (by_hand := ROWS[text]) is not None:
        working = values.to({torch.bfloat16: torch.float32, torch.int64: torch.float64}.get(
            dtype, dtype))  # fmt: skip
        expected = by_hand(working)
        assert torch.equal(net.t.detach(), (expected.round() if whole else expected).to(dtype))


NEW_ROWS = {
    "lerp(w, w * 2, 0.5)": Function("lerp(a, b, t)", "between a and b"),
    "hypot(w, 3)": Function("hypot(a, b)", "length of (a, b)", of=on_tensors),
    "gelu(w)": Function("gelu(w)", "w · Φ(w)", "torch.nn.functional.gelu"),
    "gcd(w, 6)": Function("gcd(a, b)", "divisor", of=on_tensors, on_integers=math.gcd),
}


@pytest.mark.parametrize("text", NEW_ROWS)
def test_a_new_function_is_one_row(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = NEW_ROWS[text]
    bench = Bench(Holder(torch.tensor([4, 9, -12]) if row.on_integers else torch.rand(2, 2)))
    with pytest.raises(EditError, match=f"unknown name '{row.name}'"):
        bench.compute("t", text)
    monkeypatch.setitem(FUNCTIONS, row.name, row)
    bench.compute("t", text)
    assert f"{row.script}(" in bench.journal.code()
    assert torch.equal(bench.replayed().t, bench.net.t)
    assert row.call in [function.call for function in catalog_message().functions]
    with pytest.raises(EditError, match=f"{row.name} takes {row.arity[0]} argument.*, got 4"):
        bench.compute("t", f"{row.name}(w, 1, 2, 3)")


@pytest.mark.parametrize(
    ("call", "script"),
    [
        ("no_such_function(w)", ""),
        ("pi2(w)", "torch.pi"),
        ("sin(w)", "math.sin"),
        ("rand()", ""),
        ("sin", ""),
        ("sin(w), cos(w)", ""),
    ],
)
def test_a_row_that_cannot_be_is_refused_when_it_is_made(call: str, script: str) -> None:
    with pytest.raises((AttributeError, TypeError, ValueError)):
        Function(call, "", script)


def test_every_row_has_a_help_of_a_few_words() -> None:
    for row in (*FUNCTIONS.values(), *CONSTANTS.values()):
        assert 0 < len(row.means) <= 32


def test_a_number_between_two_numbers() -> None:
    bench = Bench(Holder(torch.tensor([0.5, 1.5, 9.0])))
    bench.compute("t", "clamp(1, 2, w)")
    assert bench.net.t.tolist() == [0.5, 1.5, 2.0]
    assert torch.equal(bench.replayed().t, bench.net.t)


@pytest.mark.parametrize(
    ("dtype", "start", "formula", "message"),
    [
        (torch.float16, 300.0, "w * 300", "cannot be stored as float16"),
        (torch.float32, 1e30, "w * 1e30", "too large for float32"),
        (torch.float32, 1e30, "w * w / w", "too large for float32"),
        (torch.bfloat16, 1e38, "w * 10", "too large|cannot be stored"),
        (torch.uint8, 250, "w + 10", "out of range"),
        (torch.int8, 100, "w * 2", "out of range"),
        (torch.float32, 1.0, "2j * w", "complex"),
        (torch.bool, 1, "w + 1", "neither 0 nor 1"),
        (torch.bool, 1, "w * 0.99999999", "the first is 0.99999999, which is neither 0 nor 1"),
        (torch.uint8, 20, "softplus(w)", r"the first is 20\.0000000\d+, which is not an integer"),
        (torch.int32, 7, "-w - 1e-9", r"the first is -7\.000000001, which is not an integer"),
        (torch.float8_e4m3fn, 400.0, "w * 2", "cannot be stored"),
    ],
)
def test_what_cannot_be_stored_is_an_error(
    dtype: torch.dtype, start: float, formula: str, message: str
) -> None:
    bench = Bench(Holder(torch.full((3,), start, dtype=torch.float64).to(dtype), grad=False))
    with pytest.raises(EditError, match=message) as refusal:
        bench.compute("t", formula)
    assert refusal.value.where == "expression"


def test_nan_and_infinity_that_the_formula_asks_for_are_told() -> None:
    bench = Bench(Holder(torch.tensor([-1.0, 0.0, 1.0])))
    edit = bench.compute("t", "log(w)")
    assert edit.warnings == ["1 became NaN", "1 became infinite"]
    assert torch.isnan(bench.net.t[0])
    assert bench.compute("t", "nan", 1).warnings == ["nan was stored, as requested"]
    bench.compute("t", "w + 1")
    assert bench.journal.history[-1].warnings == []
    replayed = bench.replayed()
    assert torch.equal(replayed.t.isnan(), bench.net.t.isnan())


@pytest.mark.filterwarnings("ignore:ComplexHalf")
def test_complex_numbers_beyond_the_dtype_are_counted_once() -> None:
    bench = Bench(Holder(torch.tensor([300 + 300j, 1j]).to(torch.complex32)))
    with pytest.raises(EditError, match="1 of 2 values cannot be stored as complex32"):
        bench.compute("t", "w ** 2")


def test_complex_numbers() -> None:
    bench = Bench(Holder(torch.tensor([1 + 2j, 3 - 1j])))
    bench.compute("t", "w * 2j + abs(w)")
    expected = np.array([1 + 2j, 3 - 1j], dtype=np.complex64)
    expected = expected * 2j + np.abs(expected)
    np.testing.assert_allclose(bench.net.t.detach().numpy(), expected, rtol=1e-6)
    assert torch.equal(bench.replayed().t, bench.net.t)
    with pytest.raises(EditError, match="cannot be computed"):
        bench.compute("t", "w % 2")


@pytest.mark.parametrize("dtype", [torch.uint64, torch.int8, torch.bool, torch.float8_e5m2])
@pytest.mark.parametrize("expression", ["sum(1)", "sqrt(1)", "abs(1j)", "sum(1) + 0"])
def test_a_constant_is_written_as_its_dtype_takes_it(dtype: torch.dtype, expression: str) -> None:
    bench = Bench(Holder(torch.zeros(2).to(dtype)))
    bench.compute("t", expression)
    assert contents(bench.replayed()) == contents(bench.net)
