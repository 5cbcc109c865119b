"""What a browser is told of packed weights, offloaded ones and files: once, and at little cost."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from conversation.talk import Talk
from zoo.quantized import Failing, Halves, Linear4bit, Slow, codes, layer, scaled


def notes(talk: Talk) -> str:
    return " | ".join(talk.of("tree")[-1]["notes"].values())


def test_a_panel_shows_the_dequantized_values_marked_and_locked() -> None:
    net = nn.Sequential(layer(Halves(codes(8, 8))))
    talk = Talk(net)
    talk.open("0", "weight")
    facts, (frame, _) = talk.of("facts")[-1], talk.frames()[-1]
    assert "dequantize of Halves gives: float32 8×16, from uint8 8×8" in facts["note"]
    assert "cannot be edited" in facts["locked"]
    assert frame["picture"]["layout"]["shape"] == [8, 16]
    assert frame["picture"]["dtype"] == "float32"
    assert "dequantize of Halves" in notes(talk)


def test_a_look_without_a_change_dequantizes_nothing() -> None:
    net = nn.Sequential(layer(Halves(codes(8, 8))))
    talk = Talk(net)
    talk.say("rows", view="v", rows=[0, 1, 2, 3], revision=talk.of("tree")[-1]["revision"])
    assert net[0].weight.calls == 0
    talk.open("0", "weight")
    calls = net[0].weight.calls
    assert calls >= 1
    for _ in range(3):
        talk.session.cell_began()
        talk.session.cell_ended()
    assert net[0].weight.calls == calls
    net[0].weight.data.add_(1)
    assert talk.bench.refresh() == ["0.weight"]


def test_a_packed_weight_without_a_way_to_its_values_says_why() -> None:
    talk = Talk(nn.Sequential(Linear4bit()))
    talk.open("0", "weight")
    facts = talk.of("facts")[-1]
    assert facts["state"] == "unreadable"
    assert "It is packed: its uint8 bytes are nf4 codes" in facts["reason"]
    assert facts["locked"] == facts["reason"]
    assert "nf4" in notes(talk)


@pytest.mark.parametrize(
    ("weight", "said"),
    [(Failing, "dequantize failed"), (Slow, "dequantize takes 1.")],
)
def test_the_row_says_what_came_of_a_dequantize(weight: type[Halves], said: str) -> None:
    talk = Talk(nn.Sequential(layer(weight(codes(8, 8)))))
    rows = {"view": "v", "revision": talk.of("tree")[-1]["revision"], "rows": [0, 1, 2, 3]}
    talk.say("rows", **rows)
    talk.open("0", "weight")
    talk.say("rows", **rows)
    alarms = [one["alarm"] for briefs in talk.of("briefs") for one in briefs["briefs"]]
    assert any(alarm.startswith(said) for alarm in alarms)


def test_a_preview_and_an_edit_pass_packed_weights_over() -> None:
    talk = Talk(nn.Sequential(layer(scaled()), Linear4bit(), nn.Linear(8, 4)))
    dry = talk.initialize(name="zeros_", dry=True)["preview"]
    assert sorted(name for one in dry["skipped"] for name in one["names"]) == [
        "0.weight",
        "1.weight",
    ]
    assert talk.initialize(name="zeros_")["ok"]
    assert not talk.initialize("1", "weight", name="zeros_")["ok"]


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc/self/maps")
def test_the_panel_and_the_preview_name_the_file_that_an_edit_writes(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(bytes(16))
    net = nn.Linear(2, 2, bias=False)
    net.weight = nn.Parameter(torch.from_file(str(file), shared=True, size=4).reshape(2, 2))
    talk = Talk(net)
    talk.open("weight")
    said = f"mapped from {file}: an edit writes to the file"
    assert said in talk.of("facts")[-1]["note"]
    assert said in notes(talk)
    warnings = talk.initialize("weight", name="zeros_", dry=True)["preview"]["warnings"]
    assert any(said in one for one in warnings)
    assert file.read_bytes() == bytes(16)
    assert any(said in one for one in talk.initialize("weight", name="ones_")["warnings"])


def test_the_preview_of_a_reset_says_what_the_edit_does() -> None:
    net = nn.Sequential(Linear4bit(), layer(scaled()), nn.Linear(8, 4), nn.Embedding(4, 4))
    net.own = nn.Parameter(torch.ones(3))
    net.seen = net[2].bias  # of a Linear that resets it, and of the model, which does not
    net.norm = nn.LayerNorm(4, bias=False)
    talk = Talk(net)
    dry = talk.initialize(name="reset_parameters", dry=True)["preview"]
    why = {name: one["reason"] for one in dry["skipped"] for name in one["names"]}
    assert why["own"] == "Its Sequential has no reset_parameters."
    assert "is not called: 0.weight is packed" in why["0.bias"]
    assert "is not called: 1.weight is packed" in why["1.bias"]
    done = talk.initialize(name="reset_parameters")
    edit = talk.bench.history[-1]
    assert dry["count"] == done["changed"] == len(edit.changed)
    assert set(dry["names"]) == set(edit.changed)
    assert why == edit.skipped
    alone = talk.initialize("own", name="reset_parameters", dry=True)["preview"]
    assert (alone["count"], alone["warnings"]) == (0, [])
    assert not talk.initialize("own", name="reset_parameters")["ok"]


def test_the_switch_of_a_packed_weight_can_only_freeze() -> None:
    net = nn.Sequential(Linear4bit(storage=torch.bfloat16), nn.Linear(8, 4))
    talk = Talk(net)
    talk.open("0", "weight")
    assert "optimizer would update its codes" in talk.of("facts")[-1]["untrainable"]
    net[0].weight.requires_grad_(True)
    talk.session.cell_ended()
    facts = talk.of("facts")[-1]
    assert (facts["requires_grad"], facts["untrainable"]) == (True, "")
    talk.open("1", "weight")
    assert talk.of("facts")[-1]["untrainable"] == ""
