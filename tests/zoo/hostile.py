"""Modules whose own code raises, lies or leaves a trace; names that no one expects."""

from __future__ import annotations

import collections
from typing import Any

import torch
from torch import nn

from zoo.case import Holder, Zoo

zoo = Zoo()
LINEAR = {"layer.weight": "parameter ready", "layer.bias": "parameter ready"}

#: Every call of code that reading must not run; the tests look here.
tripped: list[str] = []


def trip(what: str) -> Any:
    def method(*_: Any, **__: Any) -> Any:
        tripped.append(what)
        raise RuntimeError(f"{what} was called")

    return method


def with_methods(*names: str, base: type = nn.Module) -> Any:
    """A module with one Linear, whose class then gets these methods, each of which trips."""
    cls = type("Hostile", (base,), {})
    net: Any = cls()
    net.layer = nn.Linear(2, 2)
    for name in names:
        setattr(cls, name, trip(name))
    return net


def with_base(namespace: dict[str, Any]) -> Any:
    """A Holder whose class becomes one with this namespace."""
    net = Holder(layer=nn.Linear(2, 2))
    object.__setattr__(net, "__class__", type("Hostile", (Holder,), namespace))
    return net


@zoo("hostile: __getattr__", rows=LINEAR, walks=False)
def getattr_raises() -> nn.Module:
    return with_methods("__getattr__")


@zoo("hostile: __getattribute__", rows=LINEAR, walks=False)
def getattribute_raises() -> nn.Module:
    return with_methods("__getattribute__")


@zoo("hostile: __repr__, __bool__, __len__, __iter__", rows=LINEAR)
def repr_and_bool_raise() -> nn.Module:
    return with_methods("__repr__", "__str__", "__bool__", "__len__", "__iter__", "__dir__")


@zoo("hostile: __hash__, __eq__", rows=LINEAR, walks=False)
def unhashable() -> nn.Module:
    return with_methods("__hash__", "__eq__", "__ne__")


@zoo("hostile: named_parameters and its like", rows=LINEAR, walks=False)
def walkers_raise() -> nn.Module:
    return with_methods(
        "named_parameters",
        "parameters",
        "named_buffers",
        "buffers",
        "named_modules",
        "modules",
        "named_children",
        "children",
        "state_dict",
        "get_submodule",
        "_named_members",
    )


@zoo(
    "hostile: a child of every kind",
    rows={"0.layer.weight": "parameter ready", "5.weight": "parameter ready"},
    walks=False,
)
def hostile_children() -> nn.Module:
    return nn.Sequential(
        getattr_raises(),
        getattribute_raises(),
        repr_and_bool_raise(),
        unhashable(),
        walkers_raise(),
        nn.Linear(2, 2),
    )


@zoo("hostile: named_parameters lies", rows=LINEAR, complete=True, walks=False)
def named_parameters_lies() -> nn.Module:
    class Liar(Holder):
        def named_parameters(self, *_: Any, **__: Any) -> Any:
            yield "weight", nn.Parameter(torch.zeros(1))

        def state_dict(self, *_: Any, **__: Any) -> Any:
            return {"layer.weight": torch.zeros(1)}

        def __getattr__(self, name: str) -> Any:
            return torch.zeros(1)

    return Liar(layer=nn.Linear(2, 2))


@zoo("hostile: __class__ lies", rows=LINEAR, walks=False)
def class_lies() -> nn.Module:
    return with_base({"__class__": property(trip("__class__"))})


@zoo("hostile: __dict__ is a property", rows=LINEAR, walks=False)
def dict_is_a_property() -> nn.Module:
    return with_base({"__dict__": property(trip("__dict__"))})


@zoo("hostile: properties everywhere", rows={**LINEAR, "weight": "parameter ready"}, walks=True)
def properties_trip() -> nn.Module:
    net = with_methods()
    net._parameters["weight"] = nn.Parameter(torch.ones(2))
    for name in ("weight", "shape", "T", "data", "grad", "parametrizations", "device", "dtype"):
        setattr(type(net), name, property(trip(name)))
    return net


@zoo("hostile: a metaclass", rows=LINEAR)
def metaclass_trips() -> nn.Module:
    class Meta(type):
        __hash__ = trip("Meta.__hash__")
        __eq__ = trip("Meta.__eq__")
        __repr__ = trip("Meta.__repr__")
        __instancecheck__ = trip("Meta.__instancecheck__")
        __subclasscheck__ = trip("Meta.__subclasscheck__")

        def __getattribute__(cls, name: str) -> Any:
            if name in ("__name__", "__mro__", "__dict__", "__qualname__", "__module__"):
                trip(f"Meta.{name}")()
            return super().__getattribute__(name)

    net = Holder(layer=nn.Linear(2, 2))
    net.__class__ = Meta("WithMeta", (Holder,), {})
    return net


@zoo(
    "hostile: no super().__init__()",
    rows={"1.weight": "parameter ready"},
    walks=False,
    reasons={"0": "super().__init__()"},
)
def no_init() -> nn.Module:
    class Forgot(nn.Module):
        def __init__(self) -> None:
            self.size = 3

    net = nn.Sequential()
    net._modules["0"] = Forgot()
    net._modules["1"] = nn.Linear(2, 2)
    return net


@zoo(
    "hostile: no super().__init__()",
    reasons={"": "super().__init__()"},
    walks=False,
    rows={"table": "constant ready"},
    complete=True,
)
def no_init_at_the_root() -> nn.Module:
    class Forgot(nn.Module):
        def __init__(self) -> None:
            self.__dict__["table"] = torch.ones(2)

    return Forgot()


@zoo(
    "hostile: registries of other kinds",
    rows={"0.weight": "parameter ready"},
    walks=False,
    reasons={"1": "registry of parameters", "2": "registry of modules"},
)
def registries_of_other_kinds() -> nn.Module:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Sequential(nn.ReLU()))
    net[1].__dict__["_parameters"] = [1, 2]
    net[2].__dict__["_modules"] = "modules"
    return net


@zoo(
    "hostile: registries that log",
    rows={"weight": "parameter ready", "bias": "parameter ready"},
    walks=False,
    complete=True,
)
def registries_that_trip() -> nn.Module:
    class Tripping(collections.OrderedDict[str, Any]):
        items = keys = values = __iter__ = __len__ = __contains__ = trip("registry")

        def __getitem__(self, key: str) -> Any:
            return trip("registry")()

    net = nn.Linear(2, 2)
    ready = Tripping()
    for name, value in net._parameters.items():
        collections.OrderedDict.__setitem__(ready, name, value)
    net.__dict__["_parameters"] = ready
    return net


@zoo(
    "hostile: strangers in the registries",
    walks=False,
    rows={"word": "parameter unreadable", "weight": "parameter ready"},
    reasons={"word": "of class str", "child": "of class int"},
)
def strangers_registered() -> nn.Module:
    net = nn.Linear(2, 2)
    net._parameters["word"] = "no tensor"
    net._modules["child"] = 3
    return net


@zoo("hostile: attributes that trip", rows=LINEAR)
def attributes_that_trip() -> nn.Module:
    tripping = type(
        "Tripping",
        (),
        {
            name: trip(f"attribute {name}")
            for name in (
                "__eq__",
                "__hash__",
                "__bool__",
                "__len__",
                "__iter__",
                "__repr__",
                "__getattr__",
                "__instancecheck__",
                "__torch_function__",
            )
        }
        | {"__class__": property(trip("attribute __class__"))},
    )
    net = with_methods()
    net.__dict__["odd"] = tripping()
    net.__dict__["many"] = [tripping(), {"a": tripping()}]
    return net


@zoo("hostile: __slots__ and __eq__", rows={"layer.weight": "parameter ready"}, walks=False)
def class_with_eq_and_slots() -> nn.Module:
    class Equal(Holder):
        __slots__ = ("extra",)

        def __eq__(self, other: object) -> bool:
            return True

    return Equal(layer=nn.Linear(2, 2), other=Equal(layer=nn.ReLU()))


@zoo("hostile: state_dict with hooks", rows=LINEAR)
def state_dict_hooks() -> nn.Module:
    net = with_methods()
    net._register_state_dict_hook(trip("state dict hook"))
    net.layer.register_forward_pre_hook(trip("forward pre hook"))
    net.layer.register_forward_hook(trip("forward hook"))
    net.layer.weight.register_hook(trip("tensor hook"))
    return net


@zoo(
    "shadowed",
    rows={("weight",): "constant ready", "bias": "parameter ready"},
    notes={"weight": "hidden"},
)
def parameter_behind_an_attribute() -> nn.Module:
    net = nn.Linear(2, 2)
    net.__dict__["weight"] = torch.zeros(2, 2)
    return net


@zoo("shadowed", rows={"bias": "parameter ready"})
def parameter_behind_a_class_attribute() -> nn.Module:
    class Behind(nn.Module):
        bias = None

    net = Behind()
    net._parameters["bias"] = nn.Parameter(torch.ones(2))
    return net


NAMES = {
    "<b onclick='x'>": "html",
    "a\nb": "newline",
    "‮rtl": "right to left",
    "__proto__": "prototype",
    "constructor": "prototype",
    "x" * 10_000: "long",
    "class": "keyword",
    "two words": "space",
    "ﬁ": "python reads this identifier as two letters",
    "été": "identifier",
    "0": "digit",
    "'": "quote",
    "\\": "backslash",
    "\ud800": "lone surrogate",
    " ": "blank",
    "net": "net",
    "*": "glob",
    "[0]": "glob",
}


@zoo("names", rows={f"{name}.weight": "parameter ready" for name in NAMES}, complete=False)
def odd_names() -> nn.Module:
    net = nn.Module()
    for name in NAMES:
        net.add_module(name, nn.Linear(1, 1, bias=False))
    return net


@zoo("names", rows=dict.fromkeys(NAMES, "parameter ready"), complete=True)
def odd_parameter_names() -> nn.Module:
    return Holder(**{name: nn.Parameter(torch.ones(1)) for name in NAMES})


@zoo(
    "names with dots",
    rows={
        ("a.b", "w"): "parameter ready",
        ("a", "b", "w"): "parameter ready",
        ("a", ""): "parameter ready",
    },
    ties=[("same", [("a.b", "w"), ("a", "b", "w"), ("a", "")])],
)
def dotted_and_empty_keys() -> nn.Module:
    shared = nn.Parameter(torch.ones(1))
    inner = Holder(b=Holder(w=shared))
    net = Holder(a=inner)
    inner._parameters[""] = shared
    net._modules = {"a.b": Holder(w=shared), "a": inner}
    return net


@zoo("names that are no strings", walks=False, rows={"3": "parameter ready"})
def keys_that_are_no_strings() -> nn.Module:
    class Text(str):
        __str__ = __repr__ = trip("key")

        def __hash__(self) -> int:
            return str.__hash__(self)

    net = nn.Module()
    net._parameters[3] = nn.Parameter(torch.ones(1))
    net._parameters[Text("text")] = nn.Parameter(torch.ones(1))
    net._modules[None] = nn.ReLU()
    return net
