"""Actions as JSON: there and back the same edit; a forged one is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn

from edit.kit import Bench, contents
from paramwidget.edit.actions.action import Action, from_json, to_json
from paramwidget.edit.actions.apply import Apply
from paramwidget.edit.actions.assign import Assign
from paramwidget.edit.actions.compute import Compute
from paramwidget.edit.actions.fields import Target
from paramwidget.edit.actions.initialize import Initialize
from paramwidget.edit.actions.set_requires_grad import SetRequiresGrad
from paramwidget.edit.actions.tie import Tie, Untie
from paramwidget.edit.errors import EditError


class Special(nn.Linear):
    pass


def net() -> nn.Module:
    torch.manual_seed(0)
    made = nn.Sequential(nn.Linear(3, 3), Special(3, 3), nn.Linear(3, 3))
    made.register_buffer("whole", torch.arange(4))
    made[2].weight = made[0].weight
    return made


def custom(m: Any) -> None:
    nn.init.normal_(m.weight if isinstance(m, nn.Linear) else torch.empty(1))


def fill(tensor: torch.Tensor, value: float = 2.0) -> None:
    tensor.fill_(value)


ACTIONS: list[Action] = [
    Initialize("", "xavier_uniform_", nn.Linear, "weight", 3, {"gain": 2.0}),
    Initialize(("0",), "kaiming_normal_", "Linear", ["weight"], 4, {"mode": "fan_out"}),
    Initialize("0.bias", "constant_", None, None, None, {"val": float("nan")}),
    Initialize("0.bias", fill, None, None, 1, {"value": 0.1}),
    Initialize("", "reset_parameters", [Special], None, 9),
    Apply(custom, "1", True, 5),
    Apply(custom, ("0",), False, 6),
    Assign("0.weight", (0, -1), 0.1),
    Assign("whole", [3], 2**62 + 1),
    Assign("0.bias", (1,), float("-inf")),
    Compute("0.weight", "w + 1"),
    Compute("0.weight", "w * 2", (slice(None, 2), 0)),
    Compute("0.weight", "w * 2", (..., slice(0, None, 2))),
    SetRequiresGrad("0.weight", False),
    Untie("2.weight"),
    Tie("0.bias", "1.bias"),
]


#: What an action without an example of its own is given, by the names of its fields.
SAMPLE: dict[str, Any] = {"target": "", "value": True, "types": None, "parameters": None}


def examples() -> list[Action]:
    """The actions above, and one of each kind that is not among them."""
    others = [kind for kind in Action.catalogue.values() if kind not in set(map(type, ACTIONS))]
    return [*ACTIONS, *(kind(**{name: SAMPLE[name] for name in kind.fields}) for kind in others)]


@pytest.mark.parametrize("action", examples(), ids=lambda a: a.kind)
def test_its_script_does_the_same_and_undo_takes_it_back(action: Action) -> None:
    bench = Bench(net())
    bench.functions.update(custom=custom, fill=fill)
    edit = bench.do(action)
    assert edit.changed
    assert contents(bench.replayed(net())) == contents(bench.net)
    changed = contents(bench.net)
    bench.undo()
    assert contents(bench.net) == contents(net())
    bench.redo()
    assert contents(bench.net) == changed


@pytest.mark.parametrize("action", examples(), ids=lambda a: a.kind)
def test_there_and_back_it_is_the_same_edit(action: Action) -> None:
    text = json.dumps(to_json(action), allow_nan=False)
    again = from_json(json.loads(text), {"custom": custom, "fill": fill})
    one, other = Bench(net()), Bench(net())
    first, second = one.do(action), other.do(again)
    assert contents(one.net) == contents(other.net)
    assert first.changed == second.changed
    assert first.title == second.title


def test_the_seed_that_was_drawn_is_kept() -> None:
    bench = Bench(net())
    edit = bench.initialize("", "normal_")
    again = Bench(net())
    again.do(from_json(edit.to_json()["action"]))
    assert contents(again.net) == contents(bench.net)


GOOD = to_json(Assign("0.weight", (0, 0), 1))


@pytest.mark.parametrize(
    "forged",
    [
        None,
        [],
        "assign",
        {},
        {"kind": "run"},
        {"kind": ["assign"]},
        {**GOOD, "more": 1},
        {key: value for key, value in GOOD.items() if key != "value"},
        {**GOOD, "value": 1},
        {**GOOD, "index": [0, 0]},
        {**GOOD, "target": 5},
        {**GOOD, "target": ["0", 1]},
        {**to_json(ACTIONS[0]), "types": ["Linear", 3]},
        {**to_json(ACTIONS[0]), "types": [{"class": "os:system"}]},
        {**to_json(ACTIONS[0]), "types": [{"class": "nowhere:Linear"}]},
        {**to_json(ACTIONS[0]), "types": [{"class": "torch.nn:Linear", "more": 1}]},
        {**to_json(ACTIONS[0]), "arguments": {"gain": 2.0}},
        {**to_json(ACTIONS[0]), "parameters": [1]},
        {**to_json(ACTIONS[0]), "seed": 3},
        {**to_json(Apply(custom)), "function": "nowhere"},
        {**to_json(Apply(custom)), "recurse": "yes"},
        {**to_json(SetRequiresGrad("0.weight", True)), "value": 1},
    ],
)
def test_a_forged_action_is_refused(forged: Any) -> None:
    with pytest.raises(EditError):
        from_json(forged, {"custom": custom})


def test_a_field_without_a_codec_fails_where_it_is_declared() -> None:
    with pytest.raises(TypeError, match=r"Wave\.strength has no JSON codec: give it a type of"):

        class Wave(Action):
            target: Target
            strength: Any


def test_two_actions_of_one_kind_fail_where_they_are_declared() -> None:
    with pytest.raises(TypeError, match="Wave and Tie are both of the kind 'tie'"):

        class Wave(Action, kind="tie"):
            target: Target

    assert Action.catalogue["tie"] is Tie


def test_an_action_that_is_no_frozen_dataclass_or_cannot_run_is_refused() -> None:
    for action in Action.catalogue.values():
        action.check()

    class Wave(Action, kind="wave-without-a-dataclass"):
        target: Target

    @dataclass(frozen=True)
    class Nod(Action, kind="nod-that-cannot-run"):
        target: Target

    try:
        with pytest.raises(TypeError, match=r"Wave needs @dataclass\(frozen=True\)"):
            Wave.check()
        with pytest.raises(TypeError, match=r"Nod needs a method run\(net, tree\)"):
            Nod.check()
    finally:
        del Action.catalogue[Wave.kind], Action.catalogue[Nod.kind]
