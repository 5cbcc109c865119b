"""A script holds literals and checked names only: it compiles, runs and gives the same bits."""

from __future__ import annotations

import copy
import enum
import struct
import sys
from collections import OrderedDict
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from edit.kit import bytes_of, contents
from paramwidget import Workbench
from paramwidget.edit.actions.initialize import Initialize
from paramwidget.edit.script import function_name
from paramwidget.namespace import is_name


def run(code: str, net: Any, *functions: Any, name: str = "net") -> dict[str, Any]:
    """Run a script where the model is in a variable and the user's functions under their names."""
    names = {name: net, **{function_name(one): one for one in functions}}
    exec(compile(code, "<code>", "exec"), names)
    return names


def described(value: Any) -> str:
    """A value with its type and every bit."""
    cls = type(value).__name__
    if isinstance(value, torch.Tensor):
        shape = tuple(value.shape), value.stride(), value.dtype, value.requires_grad
        return f"{cls}{shape}{bytes_of(value)!r}"
    if isinstance(value, (np.ndarray, np.generic)):
        return f"{cls}{value.dtype.str}{value.shape}{value.tobytes()!r}"
    if isinstance(value, dict):
        pairs = [f"{described(key)}: {described(held)}" for key, held in value.items()]
        return f"{cls}({pairs})"
    if isinstance(value, (set, frozenset)):
        return f"{cls}({sorted(map(described, value))})"
    if isinstance(value, (list, tuple)):
        return f"{cls}({[described(held) for held in value]})"
    if type(value) is int:
        return hex(value)
    return f"{cls}({struct.pack('d', value) if type(value) is float else value!r})"


def record(tensor: torch.Tensor, /, **keywords: Any) -> None:
    """Fill with a number that any difference in an argument changes."""
    text = described(keywords).encode("utf-8", "surrogatepass")
    tensor.fill_(sum(byte * (place % 251 + 1) for place, byte in enumerate(text)) % 999_983)


def replayed(**keywords: Any) -> str:
    """The script of an edit with these arguments, after it has given the same bits."""
    net = nn.Linear(2, 2)
    fresh, bench = copy.deepcopy(net), Workbench(net)
    edit = bench.do(Initialize("weight", record, arguments=keywords))
    assert not edit.warnings
    assert bench.code().startswith("import ")
    run(bench.code(), fresh, record)
    assert contents(fresh) == contents(net), bench.code()
    return bench.code()


# --- the names of arguments ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "x=__import__('os').abort()",
        "__import__('os').abort() if 1 else x",
        "class",
        "None",
        "__debug__",
        "ﬁ",
        "odd name",
        "a\nimport os; os.abort()\nb",
        "a\u2028b",
        "\ud800",
        "",
        "*",
        "tensor",
        "function",
        "self",
        "generator",
    ],
)
def test_an_argument_name_is_never_code(name: str) -> None:
    code = replayed(**{name: 3, "usual": 1})
    line = code.splitlines()[-1]
    assert line.startswith("fill_by(net.weight, record, ")
    given = f"{name}=3" if is_name(name) else f"**{{{name!r}: 3}}"
    assert line.endswith(f", record, {given}, usual=1)")


# --- the values of arguments ---------------------------------------------------------------------

EXACT: dict[str, Any] = {
    "none": None,
    "ellipsis": ...,
    "a huge integer": -(10**5000),
    "a negative zero": -0.0,
    "not a number": [float("nan"), float("inf"), -float("inf")],
    "complex": complex(-0.0, float("nan")),
    "text": "a\u2028\n'\"\\\ud800\x00\x01",
    "bytes": b"\x00'\n",
    "containers": [1, [2, (3,)], (), {"k": [None]}],
    "keys that are no strings": {1.5: 2, (1, 2): 3, True: 4, None: 5, b"": 6},
    "sets": [{1, 2}, set(), frozenset({1.5}), frozenset()],
    "a range and a slice": [range(0, 9, 2), slice(None, -1)],
    "numpy's float64": np.float64(1.5),
    "numpy's float32": np.float32(0.1),
    "numpy's float16": np.float16(-0.0),
    "numpy's integers": [np.int8(-3), np.uint64(2**64 - 1)],
    "numpy's bool": np.bool_(True),
    "numpy's complex": np.complex64(1 + 2j),
    "numpy's long double": np.longdouble(1) / 3,
    "numpy's time": np.datetime64("2020-01-01"),
    "numpy's text": np.str_("x\n"),
    "an array": np.arange(6.0).reshape(2, 3),
    "an array by columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "an empty array": np.zeros((0, 3), dtype=np.int16),
    "an array of NaN": np.array([0x7FC12345], dtype=np.uint32).view(np.float32),
    "a foreign byte order": np.arange(3, dtype=">i4"),
    "a dtype": torch.bfloat16,
    "a device": torch.device("cpu"),
    "a size": torch.Size([2, 3]),
    "a memory format": torch.channels_last,
    "a function of torch": torch.relu,
    "a class of torch": nn.Linear,
    "a tensor": torch.tensor([1.0, float("nan"), -0.0, float("-inf")]),
    "a number in a tensor": torch.tensor(1.5, dtype=torch.bfloat16),
    "a complex tensor": torch.tensor([1 + 2j, complex(-0.0, float("nan"))]),
    "an empty tensor": torch.zeros(2, 0, 3),
    "a transposed tensor": torch.arange(6.0).view(2, 3).t(),
    "an expanded tensor": torch.ones(1).expand(3, 4),
    "every other element": torch.rand(8)[::2],
    "a tensor of bool": torch.tensor([True, False]),
    "a tensor of eight bits": torch.tensor([1.0, 2.0]).to(torch.float8_e4m3fn),
    "a wide unsigned tensor": torch.tensor([2**64 - 1], dtype=torch.uint64),
    "a NaN with a payload": torch.tensor([0x7FC12345], dtype=torch.int32).view(torch.float32),
    "a parameter": nn.Parameter(torch.ones(2)),
    "a frozen parameter": nn.Parameter(torch.ones(2), requires_grad=False),
    "a conjugate": torch.tensor([1 + 2j]).conj(),
    "a thousand elements": torch.rand(10, 100),
    "tensors in containers": {"a": [torch.rand(2), (torch.rand(()),)]},
}


@pytest.mark.parametrize("case", EXACT)
def test_an_argument_is_written_out_to_the_bit(case: str) -> None:
    replayed(value=EXACT[case])


class Mode(enum.IntEnum):
    FAN_IN = 7


class Kind(enum.Enum):
    A = 1


class Lying(str):
    def __repr__(self) -> str:
        return "__import__('os').abort()"


class Count(int):
    def __repr__(self) -> str:
        return "__import__('os').abort()"

    __str__ = __format__ = __repr__  # type: ignore[assignment]


class Pair(tuple[int, ...]):
    def __iter__(self) -> Any:
        raise RuntimeError("not this way")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Mode.FAN_IN, "value=7"),
        (Lying("x"), "value='x'"),
        (Count(3), "value=3"),
        (OrderedDict(a=1), "value={'a': 1}"),
        ([Pair((1, 2))], "value=[(1, 2)]"),
        ({Lying("k"): Mode.FAN_IN}, "value={'k': 7}"),
    ],
)
def test_a_subclass_is_written_as_what_it_holds_and_said_so(value: Any, written: str) -> None:
    bench = Workbench(nn.Linear(2, 2))
    edit = bench.initialize("weight", fill_with_ones, value=value)
    (warning,) = edit.warnings
    assert warning.startswith("the argument value is of class ")
    assert bench.code().splitlines()[0] == f"# Incomplete: {warning}"
    assert written in bench.code()
    run(bench.code(), nn.Linear(2, 2), fill_with_ones)


def fill_with_ones(tensor: torch.Tensor, **keywords: Any) -> None:
    tensor.fill_(1)


def endless() -> list[Any]:
    held: list[Any] = []
    held.append(held)
    return held


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (torch.rand(1001), "a tensor of 1,001 elements"),
        ([torch.rand(5000)], "a tensor of 5,000 elements"),
        (np.ones(5000), "an array of 5,000 elements"),
        ([0] * 20_000, "longer than 10,000"),
        (endless(), "nested deeper than 40"),
        (Kind.A, "of class Kind"),
        (object(), "of class object"),
        (torch.Generator(), "of class Generator"),
        (fill_with_ones, "of class function"),
        (torch.eye(2).to_sparse(), "a sparse"),
        (torch.empty(2, device="meta"), "without data"),
        (np.array([None]), "of numpy"),
    ],
)
def test_what_a_script_cannot_hold_stands_in_its_first_line(value: Any, word: str) -> None:
    bench = Workbench(nn.Linear(2, 2))
    edit = bench.initialize("weight", fill_with_ones, noise=value)
    (warning,) = edit.warnings
    assert warning.startswith("the argument noise is ")
    assert word in warning
    for code in (bench.code(), edit.code):
        assert code.splitlines()[0] == f"# Incomplete: {warning}"
        assert code.splitlines()[-1] == "fill_by(net.weight, fill_with_ones, noise=...)"
        compile(code, "<code>", "exec")


def test_arguments_are_written_as_they_were_before_the_function_changed_them() -> None:
    def counting(tensor: torch.Tensor, start: torch.Tensor, seen: list[int]) -> None:
        tensor.fill_(float(start) + len(seen))
        start += 1
        seen.append(1)

    net = nn.Linear(2, 2)
    fresh, bench = copy.deepcopy(net), Workbench(net)
    bench.initialize("", counting, start=torch.tensor(5.0), seen=[])
    run(bench.code(), fresh, counting)
    assert contents(fresh) == contents(net)


def test_a_default_with_the_other_sign_of_zero_is_written() -> None:
    net = nn.Linear(2, 2)
    fresh, bench = copy.deepcopy(net), Workbench(net)
    bench.initialize("weight", "normal_", mean=-0.0, std=0.0)
    bench.initialize("bias", "constant_", val=Mode.FAN_IN)
    bench.assign("weight", (Mode.FAN_IN - 6, 0), Count(9))
    run(bench.code(), fresh)
    assert contents(fresh) == contents(net)


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


def shadowed() -> nn.Module:
    net = nn.Module()
    net.training = nn.Linear(2, 2)  # type: ignore[assignment]
    return net


def shadowed_by_property() -> nn.Module:
    class Always(nn.Linear):
        training = property(lambda self: True, lambda self, value: None)  # type: ignore[assignment]

    return nn.Sequential(Always(2, 2))


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


@pytest.mark.parametrize("made", [shadowed, shadowed_by_property, keywords, deep])
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
