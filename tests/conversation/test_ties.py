"""Ties in the browser: lost and gained ones are told with a click, twins stand in the panel."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from conversation.talk import Talk


def tied() -> Any:
    net: Any = nn.Module()
    net.emb, net.head = nn.Embedding(30, 4), nn.Linear(4, 30)
    net.head.weight = net.emb.weight
    return net


def test_a_load_that_breaks_a_tie_is_told_and_one_click_ties_again() -> None:
    net = tied()
    talk = Talk(net)
    assert talk.of("tienews") == []
    net.load_state_dict({k: v.clone() for k, v in net.state_dict().items()}, assign=True)
    talk.session.cell_ended()
    (news,) = talk.of("tienews")
    (offer,) = news["lost"]
    assert (offer["first_name"], offer["second_name"]) == ("emb.weight", "head.weight")
    assert offer["locked"] == ""
    reply = talk.ask("tie", first=offer["first"], second=offer["second"])
    assert reply["ok"]
    assert net.head.weight is net.emb.weight
    assert talk.of("tienews")[-1]["lost"] == []
    talk.ask("undo")
    assert talk.of("tienews")[-1]["lost"] == []


def test_what_cannot_be_tied_as_it_is_says_why() -> None:
    net = tied()
    talk = Talk(net)
    net.head.weight = nn.Parameter(net.head.weight.detach().half())
    talk.session.cell_ended()
    ((offer,),) = [news["lost"] for news in talk.of("tienews")]
    assert offer["locked"] == "head.weight has the dtype float16, and emb.weight float32"
    assert not talk.ask("tie", first=offer["first"], second=offer["second"])["ok"]


def test_a_page_that_says_hello_is_told_too() -> None:
    net = tied()
    talk = Talk(net)
    net.head.weight = nn.Parameter(torch.ones(30, 4))
    talk.session.cell_ended()
    talk.hush()
    talk.say("hello", view="w", protocol=1)
    assert len(talk.of("tienews")[0]["lost"]) == 1


def test_a_tie_that_a_cell_makes_is_told() -> None:
    net = tied()
    net.head.weight = nn.Parameter(torch.ones(30, 4))
    talk = Talk(net)
    net.head.weight = net.emb.weight
    talk.session.cell_ended()
    (news,) = talk.of("tienews")
    assert [offer["second_name"] for offer in news["gained"]] == ["head.weight"]


def test_twins_stand_in_the_panel_as_long_as_their_values_are_equal() -> None:
    layer = nn.Linear(9, 9)
    net = nn.Sequential(layer, copy.deepcopy(layer))
    talk = Talk(net)
    talk.open("1", "weight")
    (twin,) = talk.of("facts")[-1]["twins"]
    assert twin["same_values"]
    assert twin["offer"]["first_name"] == "0.weight"
    assert twin["offer"]["second_name"] == "1.weight"
    talk.ask("assign", path=["0", "weight"], index=[0, 0], value="5")
    assert talk.of("facts")[-1]["twins"] == []
    talk.ask("undo")
    assert len(talk.of("facts")[-1]["twins"]) == 1
    assert talk.ask("tie", first=["0", "weight"], second=["1", "weight"])["ok"]
    assert talk.of("facts")[-1]["twins"] == []
