"""A method as the user's function: its script runs, or says that it cannot."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from edit.kit import contents, run
from paramwidget import Workbench


class Layer(nn.Module):
    def __init__(self, value: float) -> None:
        super().__init__()
        self.l = nn.Linear(2, 2)
        self.value = value
        self.ready: Any = None

    def init(self, held: Any) -> None:
        fill(held, self.value)

    @torch.no_grad()
    def __hidden(self, held: Any) -> None:
        fill(held, self.value * 2)

    @staticmethod
    def alone(held: Any) -> None:
        fill(held, 3)

    @classmethod
    def of_class(cls, held: Any) -> None:
        fill(held, 4)

    def hidden(self) -> Callable[..., None]:
        return self.__hidden


class Model(Layer):
    def __init__(self) -> None:
        super().__init__(5)
        self.parts = nn.ModuleList([Layer(6), Layer(7)])


class Helper:
    def init(self, held: Any) -> None:
        fill(held, 8)

    @staticmethod
    def alone(held: Any) -> None:
        fill(held, 9)

    @classmethod
    def of_class(cls, held: Any) -> None:
        fill(held, 10)


def fill(held: Any, value: float) -> None:
    for one in [held] if isinstance(held, torch.Tensor) else held.parameters(recurse=False):
        one.data.fill_(value).add_(torch.rand(one.shape))


REACHED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "of the model": (lambda net: net.init, "net.init"),
    "of a module below": (lambda net: net.parts[1].init, "net.parts[1].init"),
    "private": (lambda net: net.hidden(), "net._Layer__hidden"),
    "static": (lambda net: net.alone, "type(net).alone"),
    "static, of the class": (lambda net: Layer.alone, "type(net).alone"),
    "of a class": (lambda net: Layer.of_class, "type(net.parts[0]).of_class"),
    "of the model's class": (lambda net: net.of_class, "type(net).of_class"),
    "not of a module at all": (lambda net: net.ready, "net.ready"),
}


@pytest.mark.parametrize("case", REACHED)
def test_a_method_of_a_module_is_called_as_one(case: str) -> None:
    of, written = REACHED[case]
    net = Model()
    if case == "not of a module at all":
        net.ready = Helper().init  # a copy of the model has a copy of it
    fresh, bench = copy.deepcopy(net), Workbench(net)
    edits = [bench.apply(of(net)), bench.apply(of(net), "parts.0.l", recurse=False),
             bench.initialize("l", of(net))]  # fmt: skip
    assert not any(edit.warnings for edit in edits)
    code = bench.code()
    assert code.startswith("import ")
    assert f"net.apply({written})\n" in code
    assert f"{written}(net.parts[0].l)\n" in code
    assert f"fill_by(net.l.weight, {written})\n" in code
    run(code, fresh)
    assert contents(fresh) == contents(net)


@pytest.mark.parametrize("function", [torch.Tensor.zero_, torch.relu_, nn.init.ones_])
def test_a_function_that_torch_has_is_called_as_there(function: Any) -> None:
    net = nn.Linear(3, 2)
    fresh, bench = copy.deepcopy(net), Workbench(net)
    assert bench.initialize("", function).warnings == []
    run(bench.code(), fresh)
    assert contents(fresh) == contents(net)


@pytest.mark.parametrize(
    ("function", "word"),
    [
        (Helper().init, "a method of an object that is not part of the model"),
        (Helper.of_class, "a method of an object that is not part of the model"),
        (Model().init, "a method of an object that is not part of the model"),
        (Helper.alone, "belongs to the class Helper, which is not part of the model"),
    ],
)
def test_a_method_that_is_not_of_the_model_is_told_once(function: Any, word: str) -> None:
    for net in (nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)), nn.Linear(2, 2)):
        bench = Workbench(net)
        for edit in (bench.apply(function), bench.initialize("", function)):
            (warning,) = edit.warnings
            assert word in warning
            assert warning.endswith(f": the script calls {function.__name__}")
            assert edit.code.splitlines()[0] == f"# Incomplete: {warning}"
        assert bench.code().splitlines()[0] == f"# Incomplete: {warning}"
        run(bench.code(), copy.deepcopy(net), function)


def test_a_method_that_an_attribute_hides_is_told() -> None:
    net = Model()
    function = net.init
    net.init = None  # type: ignore[assignment, method-assign]
    (warning,) = Workbench(net).apply(function).warnings
    assert "a method of an object" in warning
