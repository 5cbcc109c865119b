"""Initializers: every one of torch and the layer's own; and what each cannot do."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from edit.kit import Bench, Holder, contents
from paramwidget.edit.errors import EditError
from paramwidget.edit.initializers.arguments import arguments_of
from paramwidget.edit.initializers.catalogue import catalogue, find
from paramwidget.edit.initializers.expected import Expected, expected_of, fans
from paramwidget.edit.initializers.requirements import unmet_requirement

TORCH = [entry for entry in catalogue() if entry.source == "torch"]
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.complex64]
DTYPES += [torch.int64, torch.uint8, torch.bool, torch.uint16, torch.float8_e4m3fn]
SHAPES = [(), (3,), (4, 3), (4, 2, 3), (4, 2, 3, 3), (4, 2, 3, 3, 1), (2, 2, 1, 1, 2, 2), (0, 3)]


def given_to(name: str) -> dict[str, Any]:
    return {"constant_": {"val": 1}, "sparse_": {"sparsity": 0.4}}.get(name, {})


def test_the_catalogue_is_torchs() -> None:
    names = {name for name in dir(nn.init) if name.endswith("_") and not name.startswith("_")}
    assert {entry.name for entry in TORCH} == names
    for entry in TORCH:
        assert entry.summary
        assert entry.doc
        assert "`" not in entry.summary
        assert all(argument.name != "generator" for argument in entry.arguments)


def test_arguments_say_their_types_and_defaults() -> None:
    told = {a.name: (a.type, a.default) for a in find("kaiming_uniform_").arguments}
    assert told == {
        "a": ("number", "0"),
        "mode": ("choice", "fan_in"),
        "nonlinearity": ("choice", "leaky_relu"),
    }
    assert find("kaiming_uniform_").arguments[1].choices == ("fan_in", "fan_out")
    assert "relu" in find("kaiming_uniform_").arguments[2].choices
    assert [(a.name, a.type, a.default) for a in find("dirac_").arguments] == [
        ("groups", "integer", "1")
    ]
    assert find("constant_").arguments[0].default is None


@pytest.mark.parametrize("spelling", ["xavier_uniform", "nn.init.xavier_uniform_",
                                      "torch.nn.init.xavier_uniform_", nn.init.xavier_uniform_,
                                      nn.init.xavier_uniform])  # fmt: skip
def test_spellings(spelling: Any) -> None:
    assert find(spelling).name == "xavier_uniform_"


@pytest.mark.parametrize("entry", TORCH, ids=lambda entry: entry.name)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_what_is_promised_to_fit_fits_and_the_rest_is_refused(
    entry: Any, dtype: torch.dtype, shape: tuple[int, ...]
) -> None:
    tensor = torch.zeros(shape).to(dtype)
    bench = Bench(Holder(tensor, grad=False))
    arguments = given_to(entry.name)
    reason = unmet_requirement(entry, shape, dtype)
    if reason is None:
        edit = bench.initialize("t", entry.name, seed=1, **arguments)
        assert edit.changed == ["t"]
        assert contents(bench.replayed()) == contents(bench.net)
    else:
        with pytest.raises(EditError) as refused:
            bench.initialize("t", entry.name, **arguments)
        assert reason in str(refused.value)
        assert contents(bench.net) == contents(bench.fresh)


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("normal_", {"std": -1}, "std", "0 or more"),
    ("normal_", {"std": "abc"}, "std", "not a number"),
    ("normal_", {"std": "1e400"}, "std", "too large"),
    ("normal_", {"std": float("nan")}, "std", "finite"),
    ("normal_", {"mean": float("inf")}, "mean", "finite"),
    ("normal_", {"mean": None}, "mean", "real number"),
    ("normal_", {"mean": [1]}, "mean", "real number"),
    ("normal_", {"mean": True}, "mean", "real number"),
    ("normal_", {"mean": 1j}, "mean", "real number"),
    ("normal_", {"sdt": 1}, "sdt", "no argument"),
    ("normal_", {"generator": torch.Generator()}, "generator", "seed="),
    ("normal_", {"tensor": 1}, "tensor", "no argument"),
    ("uniform_", {"a": 2, "b": 1}, "a", "no greater than"),
    ("uniform_", {"a": -3e38, "b": 3e38}, "target", "larger than float32 can hold"),
    ("trunc_normal_", {"std": 0}, "std", "greater than 0"),
    ("trunc_normal_", {"a": 1, "b": 1}, "a", "less than"),
    ("trunc_normal_", {"mean": 100}, "mean", "almost no draw"),
    ("constant_", {}, "val", "needs the argument val"),
    ("constant_", {"val": "x"}, "val", "not a number"),
    ("constant_", {"val": 1e39}, "target", "cannot be represented"),
    ("xavier_uniform_", {"gain": -1}, "gain", "0 or more"),
    ("kaiming_normal_", {"mode": "fan_up"}, "mode", "one of fan_in and fan_out"),
    ("kaiming_normal_", {"nonlinearity": "gelu"}, "nonlinearity", "one of"),
    ("kaiming_normal_", {"nonlinearity": []}, "nonlinearity", "one of"),
    ("sparse_", {"sparsity": 1.5}, "sparsity", "between 0 and 1"),
    ("sparse_", {}, "sparsity", "needs the argument"),
    ("dirac_", {"groups": 0}, "groups", "1 or more"),
    ("dirac_", {"groups": 1.5}, "groups", "must be an integer"),
    ("nonsense_", {}, "name", "unknown initializer"),
    ("os.system", {}, "name", "unknown initializer"),
]


@pytest.mark.parametrize(("name", "arguments", "where", "message"), WRONG)
def test_a_wrong_argument_is_refused_at_its_control(
    name: str, arguments: dict[str, Any], where: str, message: str
) -> None:
    bench = Bench(nn.Linear(3, 2))
    with pytest.raises(EditError, match=message) as refused:
        bench.initialize("weight", name, **arguments)
    assert refused.value.where == where
    assert contents(bench.net) == contents(bench.fresh)


def test_groups_that_do_not_divide_are_told_per_tensor() -> None:
    bench = Bench(nn.Sequential(nn.Conv1d(4, 4, 3), nn.Conv1d(4, 6, 3)))
    edit = bench.initialize("", "dirac_", groups=4)
    assert edit.changed == ["0.weight"]
    assert "multiple of groups=4" in edit.skipped["1.weight"]


def test_a_refusal_names_the_only_tensor_once() -> None:
    bench = Bench(nn.Sequential(nn.Linear(4, 3)))
    with pytest.raises(EditError, match=r"cannot initialize '0\.bias': xavier_uniform_ needs"):
        bench.initialize("0.bias", "xavier_uniform_")
    with pytest.raises(EditError, match=r"initialize '0': 0\.bias: xavier_uniform_ needs"):
        bench.initialize("0", "xavier_uniform_", parameters="bias")


@pytest.mark.parametrize(
    ("narrow", "message"),
    [({"types": 5}, "types must be a class"), ({"parameters": [5]}, "parameters must be a name")],
)
def test_a_narrowing_that_is_none_is_told(narrow: Any, message: str) -> None:
    with pytest.raises(EditError, match=message):
        Bench(nn.Linear(4, 3)).initialize("", "ones_", **narrow)


def test_a_wrong_number_names_its_argument() -> None:
    bench = Bench(nn.Linear(4, 3))
    with pytest.raises(EditError, match="'x' for std is not a number"):
        bench.initialize("weight", "normal_", std="x")
    with pytest.raises(EditError, match="expected a number for val, got None"):
        bench.initialize("weight", "constant_", val=None)


def test_what_one_tensor_cannot_hold_leaves_it_out() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(20, 20).half())
    bench = Bench(net)
    edit = bench.initialize("", "constant_", val=1e6, parameters="weight")
    assert edit.changed == ["0.weight"]
    assert "float16" in edit.skipped["1.weight"]
    edit = bench.initialize("", "normal_", std=40_000, parameters="weight", seed=0)
    assert edit.changed == ["0.weight"]
    assert "float16" in edit.skipped["1.weight"]
    assert contents(bench.replayed()) == contents(net)


def test_typed_arguments() -> None:
    bench = Bench(nn.Linear(3, 2))
    bench.initialize("weight", "constant_", val="0.25")
    assert bool((bench.net.weight == 0.25).all())
    bench.initialize("weight", "uniform_", a="-2", b="")
    bench.initialize("weight", "kaiming_normal_", a=np.float32(0.5), mode="fan_out")
    assert contents(bench.replayed()) == contents(bench.net)


def test_a_constant_may_be_any_number_that_the_tensor_holds() -> None:
    net = nn.Module()
    net.z = nn.Parameter(torch.zeros(2, dtype=torch.complex64))
    net.x = nn.Parameter(torch.zeros(2))
    net.register_buffer("n", torch.zeros(2, dtype=torch.int64))
    net.register_buffer("b", torch.zeros(2, dtype=torch.bool))
    bench = Bench(net)
    edit = bench.initialize("", "constant_", val="1+2j")
    assert edit.changed == ["z"]
    assert "real" in edit.skipped["x"]
    bench.initialize("n", "constant_", val=2**60 + 1)
    bench.initialize("b", "constant_", val=True)
    assert (net.z.tolist(), net.n.tolist()) == ([1 + 2j] * 2, [2**60 + 1] * 2)
    assert contents(bench.replayed()) == contents(net)


def test_nan_on_purpose_is_told() -> None:
    bench = Bench(nn.Linear(3, 2))
    assert bench.initialize("weight", "constant_", val="nan").warnings == [
        "filled with nan, as requested"
    ]
    assert bool(bench.net.weight.isnan().all())
    assert contents(bench.replayed()) == contents(bench.net)


# --- fan and the expected distribution ----------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple))
def test_fan_is_torchs(shape: tuple[int, ...]) -> None:
    expected = nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))
    assert fans(shape) == expected


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("uniform_", {"a": -2.0, "b": 5.0}),
        ("normal_", {"mean": 1.0, "std": 3.0}),
        ("trunc_normal_", {"mean": 0.5, "std": 1.0, "a": -1.0, "b": 2.0}),
        ("xavier_uniform_", {"gain": 2.0}),
        ("xavier_normal_", {}),
        ("kaiming_uniform_", {"a": math.sqrt(5)}),
        ("kaiming_normal_", {"mode": "fan_out", "nonlinearity": "relu"}),
        ("constant_", {"val": 3.0}),
        ("ones_", {}),
    ],
)
def test_the_expected_distribution_is_drawn(name: str, arguments: dict[str, Any]) -> None:
    entry = find(name)
    arguments = arguments_of(entry, arguments)
    expected = expected_of(entry, (400, 300), arguments)
    bench = Bench(Holder(torch.zeros(400, 300)))
    bench.initialize("t", name, seed=4, **arguments)
    values = bench.net.t.detach().double()
    assert expected.std is not None
    assert abs(float(values.std()) - expected.std) <= 0.01 * expected.std
    assert abs(float(values.mean()) - (expected.mean or 0.0)) <= 0.02 * expected.std
    if expected.bound is not None:
        assert 0.999 * expected.bound < float(values.abs().max()) <= expected.bound * (1 + 1e-6)
    if expected.distribution != "point":
        edges = np.linspace(float(values.min()), float(values.max()), 11)
        asked = np.diff([below(edge, expected, arguments) for edge in edges])
        shares = np.histogram(values.numpy(), edges)[0] / values.numel()
        np.testing.assert_allclose(shares, asked, atol=0.01)


def below(x: float, expected: Expected, arguments: dict[str, Any]) -> float:
    """The share of a distribution that lies below x."""
    low, high = expected.low, expected.high
    if expected.distribution == "uniform":
        assert low is not None
        assert high is not None
        return min(max((x - low) / (high - low), 0.0), 1.0)
    if expected.distribution == "normal":
        assert expected.std is not None
        return NormalDist(expected.mean or 0.0, expected.std).cdf(x)
    assert expected.distribution == "truncated"
    assert low is not None
    assert high is not None
    whole = NormalDist(arguments["mean"], arguments["std"]).cdf
    return (whole(min(max(x, low), high)) - whole(low)) / (whole(high) - whole(low))


def test_the_expected_distribution_in_words() -> None:
    entry = find("xavier_uniform_")
    assert expected_of(entry, (256, 20), arguments_of(entry, {})).text == (
        "fan_in 20, fan_out 256, gain 1, bound 0.1474, std 0.08513"
    )
    assert expected_of(find("orthogonal_"), (2, 2), {"gain": 1.0}).text == ""


# --- targets -----------------------------------------------------------------------------------


def test_targets() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Conv1d(2, 2, 1), nn.Linear(2, 2)))
    bench = Bench(net)
    for target, narrow, names in (
        ("", {"types": "Linear", "parameters": "weight"}, ["0.weight", "1.1.weight"]),
        ("1", {}, ["1.0.weight", "1.0.bias", "1.1.weight", "1.1.bias"]),
        (("1", "1"), {"parameters": ["b*"]}, ["1.1.bias"]),
        ("*.bias", {}, ["0.bias", "1.0.bias", "1.1.bias"]),
        ("", {"types": (nn.Conv1d, "Linear"), "parameters": "bias"}, ["0.bias", "1.0.bias",
                                                                      "1.1.bias"]),
    ):  # fmt: skip
        assert bench.initialize(target, "ones_", **narrow).changed == names  # type: ignore[arg-type]
    for target, narrow in (("nowhere", {}), ("", {"types": "Bilinear"}), ("0", {"parameters": "x"}),
                           (5, {}), (None, {})):  # fmt: skip
        with pytest.raises(EditError) as refused:
            bench.initialize(target, "ones_", **narrow)  # type: ignore[arg-type]
        assert refused.value.where == "target"


def test_what_a_target_passes_over_or_does_not_match_is_said_at_the_edit() -> None:
    net = nn.Sequential(nn.TransformerEncoderLayer(4, 2, 4), nn.Linear(4, 4))
    bench = Bench(net)
    for edit in (
        bench.initialize("", "ones_", types=["Linear", "Conv2d"], parameters=["weight", "kernel"]),
        bench.initialize("", "reset_parameters", types=["Linear", "Conv2d"],
                         parameters=["weight", "kernel"]),
        bench.set_requires_grad("", False, types=["Linear", "Conv2d"],
                                parameters=["weight", "kernel"]),
    ):  # fmt: skip
        assert "types=nn.Linear" in edit.skipped["0.self_attn.out_proj.weight"]
        assert "0.self_attn.out_proj.bias" not in edit.skipped
        assert any("no Conv2d here" in warning for warning in edit.warnings)
        assert any("'kernel'" in warning for warning in edit.warnings)
    assert net[0].self_attn.out_proj.weight.requires_grad
    with pytest.raises(EditError, match="no Conv3d here"):
        bench.initialize("", "ones_", types="Conv3d")
    with pytest.raises(EditError, match="none here is called 'wieght'"):
        bench.initialize("", "ones_", parameters="wieght")
