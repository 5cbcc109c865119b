"""The loop: everything on hello, one reply to an intent, frames for what changed and no others."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

from conversation.talk import Talk
from paramwidget import protocol


def tied_net() -> nn.Sequential:
    shared = nn.Sequential(nn.Linear(8, 8, bias=False), nn.ReLU())
    return nn.Sequential(nn.Linear(20, 8, bias=False), nn.ReLU(), shared, shared, nn.Linear(8, 10))


def bytes_of(net: nn.Module) -> list[bytes]:
    return [p.detach().numpy().tobytes() for p in net.parameters()]


def test_hello_is_answered_with_everything_each_time():
    talk = Talk(tied_net())
    talk.open("0", "weight")
    for _ in range(2):
        talk.hush()
        talk.say("hello", view="again", protocol=1)
        kinds = {content["kind"] for content, _ in talk.told}
        assert kinds == {"status", "catalog", "journal", "tree", "panels", "facts", "frame"}


def test_all_that_is_said_decodes_strictly():
    talk = Talk(tied_net())
    talk.open("0", "weight")
    talk.say("rows", view="v", revision=1, rows=[2, 3])
    talk.ask("assign", path=["0", "weight"], index=[0, 0], value="42")
    for content, _ in talk.told:
        assert protocol.encode(protocol.decode_frame(content)) == content


def test_an_edit_repaints_every_slot_of_its_group_and_nothing_else():
    talk = Talk(tied_net())
    panels = [talk.open("2", "0", "weight"), talk.open("3", "0", "weight")]
    talk.open("0", "weight")
    talk.hush()
    reply = talk.ask("assign", path=["2", "0", "weight"], index=[1, 2], value="42")
    assert reply["ok"]
    assert reply["changed"] == 2
    assert [frame["panel"] for frame, _ in talk.frames()] == panels
    assert {frame["cause"] for frame, _ in talk.frames()} == {"edit"}


def test_a_cell_that_changes_a_tensor_behind_every_version_counter_is_shown():
    net = tied_net()
    talk = Talk(net)
    talk.open("0", "weight")
    talk.say("rows", view="v", revision=1, rows=list(range(14)))
    talk.hush()
    talk.session.cell_began()
    net[0].weight.data += 1
    talk.session.cell_ended()
    assert [frame["cause"] for frame, _ in talk.frames()] == ["cell"]
    assert [brief["row"] for brief in talk.of("briefs")[0]["briefs"]] == [2]
    talk.hush()
    talk.session.cell_ended()
    assert not talk.frames()
    assert not talk.of("briefs")


def test_no_gradient_yet_is_a_state_and_then_there_is_one():
    net = tied_net()
    talk = Talk(net)
    talk.open("0", "weight", lens="grad")
    frame, buffers = talk.frames()[-1]
    assert frame["picture"] is None
    assert frame["message"] == "No gradient yet: run backward()."
    assert not buffers
    net(torch.ones(1, 20)).sum().backward()
    talk.session.cell_ended()
    assert talk.frames()[-1][0]["picture"]["exact"]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("assign", {"path": ["0", "weight"], "index": [99, 0], "value": "1"}),
        ("assign", {"path": ["0", "weight"], "index": [0, 0], "value": "seven"}),
        ("assign", {"path": ["0", "weight"], "index": [0, 0], "value": "1e400"}),
        ("assign", {"path": ["0", "weight"], "index": [0, "0"], "value": "1"}),
        ("assign", {"path": ["0", "weight"], "index": [0, 0], "value": 1}),
        ("assign", {"path": ["0", "nothing"], "index": [0, 0], "value": "1"}),
        ("assign", {"path": ["0", "weight"], "index": [0, 0], "value": "1", "more": 1}),
        ("assign", {"path": ["0", "weight"], "index": [True, 0], "value": "1"}),
        ("compute", {"path": ["0", "weight"], "index": "", "expression": "__import__('os')"}),
        ("compute", {"path": ["0", "weight"], "index": "", "expression": "w.data"}),
        ("compute", {"path": ["0", "weight"], "index": "a:b", "expression": "w"}),
        ("compute", {"path": ["0", "weight"], "index": "", "expression": "(" * 10_000}),
        ("set_requires_grad", {"path": ["1"], "value": True}),
        ("set_requires_grad", {"path": ["0", "weight"], "value": 1}),
    ],
)
def test_bad_input_is_refused_once_and_changes_no_byte(kind: str, fields: dict[str, object]):
    net = tied_net()
    talk = Talk(net)
    before = bytes_of(net)
    reply = talk.ask(kind, **fields)
    assert not reply["ok"]
    assert len(reply["error"]) > 10
    assert bytes_of(net) == before
    assert talk.ask("assign", path=["0", "weight"], index=[0, 0], value="1")["ok"]


def test_bad_arguments_of_an_initializer_are_told_at_their_control():
    net = tied_net()
    talk = Talk(net)
    before = bytes_of(net)
    reply = talk.initialize("0", "weight", name="normal_", arguments={"std": "-1"})
    assert not reply["ok"]
    assert reply["where"] == "std"
    assert not talk.initialize("0", "weight", name="os.system")["ok"]
    assert not talk.initialize("0", "weight", name="normal_", seed="word")["ok"]
    assert bytes_of(net) == before


def test_what_is_no_message_is_dropped_and_the_loop_lives():
    talk = Talk(tied_net())
    talk.hush()
    for content in (None, 4, "x", [], {}, {"kind": "nonsense"}, {"kind": "hello"}, {"kind": []}):
        talk.session.receive(content)
    assert not talk.told
    assert talk.ask("undo")["ok"]


def test_nan_typed_on_purpose_is_allowed_and_says_so():
    net = tied_net()
    talk = Talk(net)
    reply = talk.ask("assign", path=["0", "weight"], index=[0, 0], value="NaN")
    assert reply["ok"]
    assert reply["warnings"]
    assert math.isnan(net[0].weight[0, 0].item())


def test_a_dry_run_changes_nothing_and_says_what_would_be_done():
    net = tied_net()
    talk = Talk(net)
    before = bytes_of(net)
    preview = talk.initialize(name="xavier_uniform_", dry=True)["preview"]
    assert preview["count"] == 4
    assert preview["skipped"][0]["names"] == ["4.bias"]
    assert "fan_in 20" in preview["promise"]
    assert bytes_of(net) == before
    assert not talk.bench.history


def test_back_to_the_start():
    net = tied_net()
    talk = Talk(net)
    before = bytes_of(net)
    assert talk.initialize(name="normal_", types=["Linear"])["ok"]
    assert talk.ask("compute", path=["0", "weight"], index="0", expression="w * 2")["ok"]
    assert talk.ask("restart")["ok"]
    assert bytes_of(net) == before
    assert talk.of("journal")[-1]["redo"]


def test_two_widgets_on_one_model_show_one_truth_and_one_journal():
    net = tied_net()
    first, second = Talk(net), Talk(net)
    second.open("3", "0", "weight")
    second.hush()
    first.ask("assign", path=["2", "0", "weight"], index=[0, 0], value="5")
    assert len(second.frames()) == 1
    assert second.of("journal")[-1]["entries"][0]["title"]


def test_a_structure_that_changes_is_followed_and_lost_panels_are_closed_with_a_word():
    net = tied_net()
    talk = Talk(net)
    talk.open("0", "weight")
    gone = talk.open("4", "weight")
    talk.hush()
    del net[4]
    net.append(nn.ReLU())
    talk.session.cell_ended()
    assert talk.of("tree")[0]["revision"] == 2
    panels = talk.of("panels")[0]
    assert [panel["path"] for panel in panels["panels"]] == [["0", "weight"]]
    assert panels["closed"] == [{"panel": gone, "reason": "4.weight is no longer in the model"}]


def test_a_first_forward_and_a_change_of_dtype_are_shown():
    net = nn.Sequential(nn.LazyLinear(3))
    talk = Talk(net)
    talk.open("0", "weight")
    assert "forward" in talk.frames()[-1][0]["message"]
    net(torch.ones(2, 5))
    talk.session.cell_ended()
    assert talk.frames()[-1][0]["picture"]["layout"]["shape"] == [3, 5]
    net.double()
    talk.session.cell_ended()
    assert talk.frames()[-1][0]["picture"]["planes"][0]["encoding"] == "f8"
    assert talk.of("facts")[-1]["dtype"] == "float64"


def test_int64_beyond_2_53_travels_as_text():
    net = nn.Module()
    net.register_buffer("big", torch.tensor([1, 2**60 + 1, -(2**62)]))
    talk = Talk(net)
    talk.open("big")
    texts = talk.frames()[-1][0]["picture"]["texts"]
    assert texts == {"1": str(2**60 + 1), "2": str(-(2**62))}


@pytest.mark.parametrize("shape", [(256, 256), (1000, 1000), (64, 3, 7, 7), (3_000_000,), (0, 4)])
def test_a_frame_stays_within_its_bytes(shape: tuple[int, ...]):
    net = nn.Module()
    net.weight = nn.Parameter(torch.randn(shape, dtype=torch.float64))
    talk = Talk(net)
    talk.open("weight")
    assert sum(map(len, talk.frames()[-1][1])) <= 256 * 1024
    kept = sum(len(part) for _, buffers in talk.session.saved_messages() for part in buffers)
    assert kept <= 40 * 1024


def test_the_largest_cell_is_within_the_range_of_colours_however_it_is_sent():
    net = nn.Linear(512, 512)
    nn.init.constant_(net.weight, 0.0123)
    talk = Talk(net)
    talk.open("weight")
    frame, buffers = talk.frames()[-1]
    (plane, *_) = frame["picture"]["planes"]
    assert plane["encoding"] == "bf16"
    sent = torch.frombuffer(bytearray(buffers[plane["buffer"]]), dtype=torch.bfloat16)
    assert frame["picture"]["limits_text"] == "±max of cells"
    assert sent.abs().max().item() <= frame["picture"]["limits"][1]


def test_a_step_shows_a_live_frame_and_the_cell_the_rest():
    net = tied_net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    talk = Talk(net)
    talk.open("0", "weight")
    talk.hush()
    talk.session.cell_began()
    for _ in range(3):
        optimizer.zero_grad()
        net(torch.ones(1, 20)).sum().backward()
        optimizer.step()
    live = talk.frames()
    assert [frame["cause"] for frame, _ in live][:1] == ["step"]
    talk.session.cell_ended()
    assert talk.frames()[-1][0]["cause"] == "cell"
    assert not any(status["busy"] for status in talk.of("status")[-1:])


def test_an_edit_while_a_cell_runs_elsewhere_waits_for_the_step(monkeypatch):
    from paramwidget.conversation import gate

    net = tied_net()
    talk = Talk(net)
    before = copy.deepcopy(net.state_dict())
    monkeypatch.setattr(gate, "cell_runs_elsewhere", lambda: True)
    talk.say("assign", id="a", path=["0", "weight"], index=[0, 0], value="9")
    assert not talk.of("reply")
    assert talk.of("status")[-1]["waiting"] == 1
    assert torch.equal(net[0].weight, before["0.weight"])
    talk.session.stepped()
    assert talk.of("reply")[-1]["ok"]
    assert talk.of("status")[-1]["waiting"] == 0
    assert net[0].weight[0, 0].item() == 9


def test_an_edit_that_waits_is_taken_back(monkeypatch):
    from paramwidget.conversation import gate

    net = tied_net()
    talk = Talk(net)
    before = copy.deepcopy(net.state_dict())
    monkeypatch.setattr(gate, "cell_runs_elsewhere", lambda: True)
    for id, column in (("a", 0), ("b", 1)):
        talk.say("assign", id=id, path=["0", "weight"], index=[0, column], value="9")
    talk.say("withdraw", intent="a")
    (reply,) = talk.of("reply")
    assert (reply["id"], reply["ok"]) == ("a", False)
    assert talk.of("status")[-1]["waiting"] == 1
    talk.session.stepped()
    assert net[0].weight[0, 0] == before["0.weight"][0, 0]
    assert net[0].weight[0, 1].item() == 9
    assert len(talk.bench.history) == 1


def test_an_edit_that_was_done_meanwhile_is_undone_when_taken_back():
    net = tied_net()
    talk = Talk(net)
    before = copy.deepcopy(net.state_dict())
    talk.say("assign", id="a", path=["0", "weight"], index=[0, 0], value="9")
    talk.say("withdraw", intent="a")
    assert torch.equal(net[0].weight, before["0.weight"])
    assert talk.bench.history == []
    talk.say("withdraw", intent="a")
    talk.say("withdraw", intent="unheard of")


def test_only_the_newest_edit_is_undone_when_taken_back():
    net = tied_net()
    talk = Talk(net)
    talk.say("assign", id="a", path=["0", "weight"], index=[0, 0], value="9")
    talk.say("assign", id="b", path=["0", "weight"], index=[0, 1], value="8")
    talk.say("withdraw", intent="a")
    assert net[0].weight[0, :2].tolist() == [9, 8]
    talk.bench.assign("0.weight", (0, 2), 1)
    talk.say("withdraw", intent="b")
    assert net[0].weight[0, :2].tolist() == [9, 8]


@pytest.mark.parametrize(
    "fields",
    [
        {"generation": 2**53},
        {"window": [0, 2**60, 0, 4]},
        {"window": [0, 4]},
        {"cells": []},
        {"cells": [-1, 4]},
        {"sliders": [10**400]},
    ],
)
def test_a_forged_look_changes_nothing_and_the_next_edit_is_normal(fields: dict[str, object]):
    talk = Talk(tied_net())
    panel = talk.open("0", "weight")
    look = {"generation": 1, "lens": "value", "window": None, "cells": [4, 4], "sliders": []}
    talk.hush()
    talk.say("look", panel=panel, **{**look, **fields})
    assert not talk.told
    talk.say("hello", view="v", protocol=1)
    assert talk.bench.assign("0.weight", (0, 0), 9).changed == ["0.weight"]
    assert talk.ask("assign", path=["0", "weight"], index=[0, 1], value="3")["ok"]


def test_a_listener_that_fails_does_not_undo_what_was_done(caplog: pytest.LogCaptureFixture):
    talk = Talk(tied_net())

    class Broken:
        def edited(self, edit: object, tree: object) -> None:
            raise RuntimeError("no screen")

    broken = Broken()
    talk.bench.listen(broken)
    assert talk.ask("assign", path=["0", "weight"], index=[0, 0], value="42")["ok"]
    assert talk.bench.stats("0.weight").max == 42
    assert "could not be shown" in caplog.text
