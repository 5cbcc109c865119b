"""Widgets on two models with one trunk: each shows at once what is done in the other."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from conversation.talk import Talk


@pytest.fixture
def trunk() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(4, 4)


@pytest.fixture
def talks(trunk: nn.Linear) -> list[Talk]:
    talks = [Talk(nn.Sequential(trunk, nn.Linear(4, size))) for size in (2, 3)]
    for talk in talks:
        talk.open("0", "weight")
        talk.hush()
    return talks


def newest(talk: Talk) -> dict[str, Any]:
    return talk.of("journal")[-1]


def test_an_edit_repaints_the_panel_of_the_other_model(talks: list[Talk]) -> None:
    first, second = talks
    first.initialize("0", "weight", name="ones_")
    assert len(second.frames()) == 1
    first.hush()
    second.hush()
    first.initialize("1", "weight", name="ones_")
    assert not second.told


def test_undo_takes_the_other_models_edit_from_its_button_too(talks: list[Talk]) -> None:
    first, second = talks
    first.initialize("0", "weight", name="ones_")
    second.initialize("1", "bias", name="ones_")
    second.initialize("0", "weight", name="zeros_")
    refused = first.ask("undo")
    assert refused["where"] == "confirmed"
    said = "0.weight was changed by an edit of another model (zeros_ on 0.weight) since"
    assert said in refused["error"]
    second.hush()
    answer = {"entry": refused["entry"], "stake": refused["stake"]}
    undone = first.ask("undo", confirmed=True, **answer)
    assert "an edit of another model (zeros_ on 0.weight)" in str(undone["warnings"])
    assert newest(second)["undo"] == "ones_ on 1.bias"
    assert [line["stands"] for line in newest(second)["entries"]] == [False]
    assert len(second.frames()) == 1
    first.ask("redo")
    assert newest(second)["undo"] == "zeros_ on 0.weight"


def test_a_model_that_shares_nothing_hears_nothing(talks: list[Talk]) -> None:
    other = Talk(nn.Linear(2, 2))
    other.open("weight")
    other.hush()
    talks[0].initialize("0", "weight", name="ones_")
    assert not other.told
