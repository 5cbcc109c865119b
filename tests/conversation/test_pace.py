"""The rate of live frames is the one that a host's settings ask for."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from conversation.talk import Talk
from paramwidget.conversation import session


def live_frames(rate: float, monkeypatch: pytest.MonkeyPatch) -> int:
    """Frames of a cell of ten seconds that steps a hundred times a second; no time passes."""
    now = [1000.0]
    monkeypatch.setattr(session.time, "monotonic", lambda: now[0])
    net = nn.Linear(4, 4)
    talk = Talk(net)
    talk.open("weight")
    talk.say("pace", view="v", rate=rate)
    talk.session.cell_began()
    before = len(talk.frames())
    for _ in range(1000):
        now[0] += 0.01
        with torch.no_grad():
            net.weight += 0.001
        talk.session.stepped()
    sent = len(talk.frames()) - before
    talk.session.close()
    return sent


@pytest.mark.parametrize(("rate", "least", "most"), [(2.0, 19, 21), (25.0, 200, 250)])
def test_a_host_sets_how_many_frames_a_second_there_are(
    rate: float, least: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert least <= live_frames(rate, monkeypatch) <= most


def test_none_is_asked_for_and_nonsense_is_pythons_own(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = live_frames(0, monkeypatch)
    assert 90 <= usual <= 100
    assert live_frames(-3.0, monkeypatch) == usual
