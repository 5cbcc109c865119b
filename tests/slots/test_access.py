"""Expressions that reach a slot are true under every name, and readable where that is certain."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from paramwidget import Workbench
from paramwidget.namespace import ModelName, is_name
from paramwidget.slots.lookup import asks_registries_first
from paramwidget.slots.names import held_at, module_at
from paramwidget.slots.tree import read_tree
from slots.kit import child_called_training, training_is_a_property


class Wrapper(nn.Module):
    """As PEFT's models are: what nn.Module finds, else what the inner model has."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.base_model = inner

    def __getattr__(self, name: str) -> Any:
        """Forward missing attributes to the wrapped model."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name == "base_model":
                raise
            return getattr(self.base_model, name)


class Tuner(Wrapper):
    """A wrapper of another class, by the older spelling, around the first."""

    def __init__(self, inner: nn.Module) -> None:
        nn.Module.__init__(self)
        self.model = inner

    def __getattr__(self, item: str) -> Any:
        try:
            return super(Wrapper, self).__getattr__(item)
        except AttributeError:
            pass
        return getattr(self.model, item)


class Named(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.module = inner

    def __getattr__(self, name: str) -> Any:
        try:
            return torch.nn.Module.__getattr__(self, name)
        except AttributeError:
            return getattr(self.module, name)


class Changes(nn.Module):
    """What it finds is not what is registered."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(2, 2)

    def __getattr__(self, name: str) -> Any:
        found = super().__getattr__(name)
        return nn.Linear(2, 2) if name == "inner" else found


class Finally(Changes):
    def __getattr__(self, name: str) -> Any:
        try:
            return super(Changes, self).__getattr__(name)
        finally:
            if name == "inner":
                return nn.Linear(2, 2)  # noqa: B012


class Other(Changes):
    def __getattr__(self, name: str) -> Any:
        name = {"inner": "training"}.get(name, name)
        return super(Changes, self).__getattr__(name)


class Delegates(Changes):
    """Begins as usual, but what comes next in the order is not nn.Module."""

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return 0


def shadowed_super() -> nn.Module:
    made: dict[str, Any] = {"nn": nn, "super": lambda: Changes()}
    exec(
        "class Shadowed(nn.Module):\n"
        "    def __init__(self):\n"
        "        nn.Module.__init__(self)\n"
        "        self.inner = nn.Linear(2, 2)\n"
        "    def __getattr__(self, name):\n"
        "        return super().__getattr__(name)\n",
        made,
    )
    net: nn.Module = made["Shadowed"]()
    return net


def evaluated(expression: str, net: nn.Module, name: str = "net") -> Any:
    return eval(expression, {name: net, "torch": torch})


def check(net: nn.Module) -> None:
    """Every expression of every slot and module is true."""
    tree = read_tree(net)
    for node in tree.slots:
        for way in node.access:
            found, held = evaluated(way, net), held_at(net, node.path)
            same = found is held or (".state_dict()" in way and torch.equal(found, held))
            assert same, way
    rows = [tree.root]
    while rows:
        node = rows.pop()
        rows += node.children
        if node.kind == "module":
            assert all(evaluated(way, net) is module_at(net, node.path) for way in node.access)


@pytest.mark.parametrize("wrap", [Wrapper, Tuner, Named, lambda net: Wrapper(Tuner(net))])
def test_what_a_wrapper_asks_nn_module_first_is_an_attribute(
    wrap: Callable[[nn.Module], nn.Module],
) -> None:
    net = wrap(nn.Sequential(nn.Linear(2, 2)))
    (slot, *_) = read_tree(net).slots
    assert slot.access[0] == f"net.{'.'.join(slot.path[:-2])}[0].weight"
    check(net)


def test_the_wrappers_own_attribute_goes_before_the_inner_ones() -> None:
    inner = nn.Sequential(nn.Linear(2, 2))
    net = Wrapper(inner)
    net.weight = nn.Parameter(torch.ones(1))
    assert read_tree(net).node("weight").access[0] == "net.weight"
    check(net)


@pytest.mark.parametrize("made", [Changes, Finally, Other, Delegates, shadowed_super])
def test_a_getattr_that_may_give_something_else_is_not_trusted(
    made: Callable[[], nn.Module],
) -> None:
    net = made()
    assert not asks_registries_first(type(net))
    assert "__dict__" in read_tree(net).node("inner.weight").access[0]
    check(net)


def test_a_method_that_is_exchanged_is_read_anew() -> None:
    net = Wrapper(nn.Linear(2, 2))
    assert read_tree(net).node("base_model.weight").access[0] == "net.base_model.weight"
    kept = Wrapper.__getattr__
    try:
        Wrapper.__getattr__ = Changes.__getattr__  # type: ignore[method-assign]
        assert "__dict__" in read_tree(net).node("base_model.weight").access[0]
    finally:
        Wrapper.__getattr__ = kept  # type: ignore[method-assign]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchs_compiled_module_is_read_by_attributes() -> None:
    net = torch.compile(nn.Sequential(nn.Linear(2, 2)))
    assert isinstance(net, nn.Module)
    assert read_tree(net).slots[0].access[0] == "net._orig_mod[0].weight"
    check(net)


# --- what hides, what is no name ----------------------------------------------------------------


def child_hidden() -> nn.Module:
    net = nn.Module()
    net._modules["training"] = nn.Linear(2, 2)  # nn.Module has a plain attribute of that name
    return net


def parameter_hidden() -> nn.Module:
    net = nn.Linear(2, 2)
    net.__dict__["weight"] = "a plain attribute"
    return net


def one_name_in_every_registry() -> nn.Module:
    net = nn.Module()
    net._parameters["a"] = nn.Parameter(torch.ones(2))
    net._buffers["b"] = torch.ones(2)
    net._parameters["b"] = nn.Parameter(torch.zeros(2))
    net._modules["a"] = nn.Linear(2, 2)
    return net


def odd_keys() -> nn.Module:
    net = nn.Sequential()
    keys = ("class", "None", "__debug__", "ﬁ", "a b", "x\ny", "é\u2028", "match", "'; import os")
    for key in keys:
        net.add_module(key, nn.Linear(1, 1))
        net.register_parameter(f"{key}_", nn.Parameter(torch.ones(1)))
    net._modules[1.5] = nn.Linear(1, 1)  # type: ignore[index]
    net._modules[(1, 2)] = nn.Linear(1, 1)  # type: ignore[index]
    net._modules[True] = nn.Linear(1, 1)  # type: ignore[index]
    return net


@pytest.mark.parametrize(
    "made",
    [
        child_hidden,
        child_called_training,
        parameter_hidden,
        training_is_a_property,
    ],
)
def test_what_an_attribute_hides_is_reached_past_it(made: Callable[[], nn.Module]) -> None:
    check(made())


def test_one_name_in_two_registries_is_reached_in_each() -> None:
    net = one_name_in_every_registry()
    tree = read_tree(net)
    found = [evaluated(node.access[0], net) for node in tree.slots]
    held = [*net._parameters.values(), *net._buffers.values(), *net._modules["a"].parameters()]  # type: ignore[union-attr]
    assert list(map(id, found)) == list(map(id, held))


def test_keys_that_are_no_names_are_reached() -> None:
    net = odd_keys()
    values = [evaluated(node.access[0], net) for node in read_tree(net).slots]
    every = [*net._parameters.values()]
    for child in net._modules.values():
        assert child is not None
        every += child._parameters.values()
    assert sorted(map(id, values)) == sorted(map(id, every))


def nested(depth: int, key: str, holder: Callable[[], nn.Module]) -> nn.Module:
    net: nn.Module = nn.Linear(2, 2)
    for place in range(depth):
        inner, net = net, holder()
        net.add_module(key if place % 7 else "a b", inner)
    return net


@pytest.mark.parametrize("depth", [80, 81, 3000])
@pytest.mark.parametrize("key", ["0", "class"])
@pytest.mark.parametrize("holder", [nn.Sequential, nn.Module, Changes])
def test_a_path_of_any_depth_can_be_evaluated(
    depth: int, key: str, holder: Callable[[], nn.Module]
) -> None:
    net = nested(depth, key, holder)
    node = next(node for node in read_tree(net).slots if len(node.path) == depth + 1)
    compile(node.access[0], "<access>", "eval")
    assert evaluated(node.access[0], net) is held_at(net, node.path)


# --- what the model is called -------------------------------------------------------------------


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The user's namespace, in plain Python that of ``__main__``."""
    main = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    return vars(main)


def test_the_name_is_the_first_public_variable_that_is_the_model(user: dict[str, Any]) -> None:
    net = nn.Linear(2, 2)
    bench = Workbench(net)
    assert bench.name == "net"
    user.update({"_hidden": net, "a b": net, "class": net, "encoder": net, "other": net})
    assert bench.name == "encoder"
    assert bench.slots()[0].access == ["encoder.weight", "encoder.state_dict()['weight']"]
    user["encoder"] = nn.Linear(2, 2)
    assert bench.slots()[0].access[0] == "other.weight"
    del user["other"]
    assert bench.slots()[0].access[0] == "net.weight"


def test_two_models_keep_their_own_names(user: dict[str, Any]) -> None:
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    user.update(network=first, net2=second)
    names = [Workbench(net).slots()[0].access[0] for net in (first, second)]
    assert names == ["network.weight", "net2.weight"]


def test_looking_runs_no_code_of_the_users(user: dict[str, Any]) -> None:
    class Raises:
        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError("touched")

        def __eq__(self, other: object) -> bool:
            raise RuntimeError("compared")

        def __hash__(self) -> int:
            raise RuntimeError("hashed")

    net = nn.Linear(2, 2)
    user.update(first=Raises(), model=net, last=Raises())
    assert Workbench(net).name == "model"


def test_the_name_keeps_no_model_alive() -> None:
    net = nn.Linear(2, 2)
    called = ModelName(net)
    del net
    assert called() == "net"


def test_a_name_is_what_python_reads() -> None:
    assert is_name("match")
    assert is_name("größe")
    for text in ("class", "None", "__debug__", "ﬁ", "a b", "", "1", "a.b", None):
        assert not is_name(text)
