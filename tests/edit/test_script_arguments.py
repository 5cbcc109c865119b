"""The arguments of a user's function in a script: literals only, and the same to the bit."""

from __future__ import annotations

import copy
import enum
import struct
from collections import Counter, OrderedDict, defaultdict, namedtuple
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edit.kit import bytes_of, contents, run
from paramwidget import Workbench
from paramwidget.edit.actions.initialize import Initialize
from paramwidget.namespace import is_name


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


Point = namedtuple("Point", "x y")


def turned() -> OrderedDict[str, int]:
    """One whose own order is not that in which it was filled."""
    made = OrderedDict(a=1, b=2)
    made.move_to_end("a")
    return made


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Point(1, 2), "value=(1, 2)"),
        (turned(), "value={'b': 2, 'a': 1}"),
        (Counter("aab"), "value={'a': 2, 'b': 1}"),
        (defaultdict(list, a=[1]), "value={'a': [1]}"),
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


class Own(torch.Tensor):
    pass


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
        (np.eye(2).view(np.matrix), "of the class matrix of numpy"),
        ([np.ma.masked_array([1.0, 2.0], [True, False])], "of the class MaskedArray of numpy"),
        (np.ma.masked, "of the class MaskedConstant of numpy"),
        (np.ones(3).view(np.recarray), "of the class recarray of numpy"),
        (np.zeros(2, dtype=[("x", "f4")]), "of numpy"),
        (np.zeros(2, dtype=[("x", "f4")])[0], "of the class void of numpy"),
        (np.char.array(["a"]), "of numpy"),
        (torch.ones(2).as_subclass(Own), "of class Own"),
        (nn.UninitializedParameter(), "of class UninitializedParameter"),
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
