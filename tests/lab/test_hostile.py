"""Variables that raise wherever one touches them: the list lives, and runs none of their code."""

from __future__ import annotations

import json
from typing import Any

import pytest
from torch import nn

from lab.kit import Asker, name
from paramwidget import protocol
from paramwidget.protocol import LabRows
from zoo.hostile import trip, tripped

CALLED = (
    *("__getattr__", "__repr__", "__str__", "__len__", "__iter__", "__bool__", "__eq__"),
    *("__contains__", "__getitem__", "__reduce__", "__sizeof__", "__dir__", "__call__"),
)


def hostile(*bases: type, metaclass: type = type) -> type:
    """A class whose every method raises, ``__class__`` and ``__getattribute__`` among them."""
    namespace: dict[str, Any] = {method: trip(method) for method in CALLED}
    namespace["__class__"] = property(trip("__class__"))
    namespace["__getattribute__"] = trip("__getattribute__")
    return metaclass("Hostile", bases, namespace)


class Meta(type):
    """A metaclass whose classes cannot be asked, compared, hashed or shown."""

    __instancecheck__ = trip("__instancecheck__")
    __subclasscheck__ = trip("__subclasscheck__")
    __getattribute__ = trip("metaclass __getattribute__")
    __hash__ = trip("metaclass __hash__")
    __eq__ = trip("metaclass __eq__")
    __repr__ = trip("metaclass __repr__")


class Unfriendly(nn.Module, metaclass=Meta):
    """Made before its metaclass is asked for anything."""


def an_unfriendly_module() -> Any:
    made = object.__new__(Unfriendly)
    object.__setattr__(made, "__dict__", dict(vars(nn.Linear(2, 2))))
    return made


@pytest.fixture(autouse=True)
def _untouched() -> Any:
    tripped.clear()
    yield
    assert tripped == []


def test_an_object_that_raises_everywhere_is_passed_over(user: Asker) -> None:
    user.names["bad"] = object.__new__(hostile(object))
    user.names["net"] = nn.Linear(2, 2)
    assert list(user.rows()) == ["net"]


@pytest.mark.parametrize("base", [list, dict, tuple, set])
def test_a_container_of_a_hostile_class_is_read_as_what_it_is(user: Asker, base: type) -> None:
    held = nn.ReLU()
    made = base.__new__(hostile(base), (held,)) if base is tuple else base.__new__(hostile(base))
    if base is list:
        list.append(made, held)
    elif base is dict:
        dict.__setitem__(made, "a", held)
    elif base is set:
        set.add(made, held)
    user.names["bad"] = made
    row = user.rows()["bad"]
    assert len(user.inside(row)) == 1


def test_a_module_with_a_hostile_metaclass_is_listed_and_docked(user: Asker) -> None:
    user.names["net"] = an_unfriendly_module()
    row = user.rows()["net"]
    assert (row.type_name, row.parameters, row.mode) == ("Unfriendly", 6, "training")
    assert user.ask("labdock", view="a", path=name("net")).type_name == "Unfriendly"


def test_a_module_with_raising_properties_is_listed(user: Asker) -> None:
    class Net(nn.Module):
        __repr__ = trip("__repr__")
        training = property(trip("training"))
        __class__ = property(trip("__class__"))

        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(2, 2)

    made = object.__new__(Net)
    vars_of_it = dict(vars(nn.Sequential(nn.Linear(2, 2))))
    object.__setattr__(made, "__dict__", vars_of_it)
    user.names["net"] = made
    assert user.rows()["net"].parameters == 6


def test_a_class_and_a_class_with_a_hostile_metaclass_are_no_modules(user: Asker) -> None:
    user.names.update(Linear=nn.Linear, Unfriendly=Unfriendly)
    assert user.rows() == {}


@pytest.mark.parametrize("key", ["\udc80", "\\udc80"])
def test_a_child_with_half_a_character_in_its_key_is_reached(user: Asker, key: str) -> None:
    user.names["net"] = nn.Sequential(nn.ReLU(), nn.Sequential())
    user.names["net"]._modules[key] = nn.Sequential(nn.Linear(2, 2))
    user.names["by_key"] = {key: nn.Sequential(nn.Linear(2, 2))}
    for holder in ("net", "by_key"):
        held = user.inside(user.rows()[holder])
        (row,) = [row for text, row in held.items() if repr(key) in text]
        sent = json.loads(json.dumps(protocol.encode(LabRows(0, True, [row], 0, False, [])),
                                     ensure_ascii=False).encode())  # fmt: skip
        answer = user.ask("labexpand", path=sent["rows"][0]["path"])
        assert [held.parameters for held in answer.rows] == [6]


@pytest.mark.parametrize("half_made", [nn.Module.__new__(nn.Linear), nn.Module.__new__(nn.Module)])
def test_a_module_whose_init_never_ran_is_listed(user: Asker, half_made: nn.Module) -> None:
    user.names["net"] = half_made
    user.names["rest"] = nn.ReLU()
    assert user.rows()["net"].parameters == 0
    assert user.rows()["net"].mode == ""
    assert list(user.rows()) == ["net", "rest"]
