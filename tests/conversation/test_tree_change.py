"""A large tree travels once, then as what changed; what is saved of it is bounded.

The trees that TypeScript has to arrive at are in ``tests/contract/tree_changes.json``; run as a
script, this file writes it anew.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from conversation.talk import Talk
from paramwidget import protocol
from paramwidget.conversation.rows import Words, tree_message
from paramwidget.conversation.saved_tree import SAVED
from paramwidget.conversation.tree_change import tree_change
from paramwidget.slots.tree import read_tree

GOLDEN = Path(__file__).parents[1] / "contract" / "tree_changes.json"


def blocks(count: int, layers: int = 2) -> nn.Sequential:
    return nn.Sequential(
        *[nn.Sequential(*[nn.Linear(2, 2) for _ in range(layers)]) for _ in range(count)]
    )


def freeze(net: Any) -> None:
    for block in net:
        block[0].bias.requires_grad_(False)


CHANGES: dict[str, Callable[[Any], object]] = {
    "frozen": freeze,
    "a layer more": lambda net: net[3].append(nn.Conv2d(1, 1, 3)),
    "a layer in between": lambda net: net[2].insert(1, nn.ReLU()),
    "a block less": lambda net: net.__delitem__(4),
    "a replaced block": lambda net: net.__setitem__(1, nn.Sequential(nn.Linear(2, 2))),
    "tied": lambda net: setattr(net[5][0], "weight", net[0][0].weight),
    "another dtype": lambda net: net[5].double(),
    "a constant": lambda net: setattr(net, "extra", torch.ones(3)),
    "a bias taken away": lambda net: net[7][1].register_parameter("bias", None),
    "a note": lambda net: setattr(net[0], "kept", [nn.Linear(1, 1)]),
}


def golden() -> list[dict[str, Any]]:
    found = []
    for name, change in CHANGES.items():
        net, words = blocks(8), Words()
        before = tree_message(read_tree(net), 1, words)
        change(net)
        after = tree_message(read_tree(net), 2, words)
        told = tree_change(before, after, whole=0)
        assert told is not None, name
        messages = {"before": before, "change": told, "after": after}
        found.append({"name": name, **{k: protocol.encode(m) for k, m in messages.items()}})
    return found


def text_of(rows: list[dict[str, Any]]) -> str:
    return "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n"


def test_the_golden_changes_are_those_of_the_code() -> None:
    assert text_of(golden()) == GOLDEN.read_text("utf-8")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> nn.Sequential:
    small = functools.partial(tree_change, whole=10)
    monkeypatch.setattr("paramwidget.conversation.presenter.tree_change", small)
    return blocks(200)


def test_a_large_tree_travels_once_and_then_as_what_changed(large: nn.Sequential) -> None:
    talk = Talk(large)
    assert len(talk.of("tree")) == 1
    talk.ask("assign", path=["5", "0", "weight"], index=[0, 0], value="42")
    talk.session.cell_began()
    large[7].append(nn.Linear(3, 3))
    talk.session.cell_ended()
    assert len(talk.of("tree")) == 1
    (change,) = talk.of("treechange")
    assert (change["before"], change["revision"]) == (1, 2)
    assert change["rows"]["names"] == ["2", "weight", "bias"]
    assert len(json.dumps(change)) < 2000
    talk.say("hello", view="another", protocol=1)
    assert talk.of("tree")[1]["revision"] == 2


def test_a_page_that_says_hello_gets_the_whole_tree_whatever_has_changed(
    large: nn.Sequential,
) -> None:
    talk = Talk(large)
    saved = dict(talk.session.saved_messages()[0][0])
    large.append(nn.Linear(3, 3))
    talk.hush()
    talk.say("hello", view="another", protocol=1)
    (tree,) = talk.of("tree")
    assert "200.weight" in paths_of(tree)
    assert talk.of("treechange") == []
    assert len(saved["names"]) < len(tree["names"])
    assert saved["revision"] == -1, "a page must not take it for the tree that a change is to"


def test_a_small_tree_is_sent_anew() -> None:
    net = blocks(2)
    talk = Talk(net)
    talk.session.cell_began()
    net[0][0].bias.requires_grad_(False)
    talk.session.cell_ended()
    assert len(talk.of("tree")) == 2
    assert talk.of("treechange") == []


def test_what_is_saved_of_a_large_tree_is_bounded_and_says_so() -> None:
    net = blocks(1000)
    talk = Talk(net)
    talk.open("990", "1", "weight")
    talk.open("17", "0", "bias")
    messages = talk.session.saved_messages()
    size = sum(len(json.dumps(content)) + sum(map(len, parts)) for content, parts in messages)
    assert size < 100 * 1024
    (tree,) = [content for content, _ in messages if content["kind"] == "tree"]
    protocol.decode_frame(tree)
    assert len(tree["names"]) == SAVED
    paths = paths_of(tree)
    assert {"990.1.weight", "17.0.bias"} <= set(paths)
    assert "of the 7,001 rows" in tree["warnings"][0]
    assert "of its rows were not saved in this picture" in tree["notes"]["0"]
    assert tree["notes"][str(paths.index("990"))].startswith("1 of its rows")


def test_a_tree_that_fits_is_saved_whole() -> None:
    talk = Talk(blocks(20))
    (tree,) = talk.of("tree")
    assert talk.session.saved_messages()[0][0] == tree


def paths_of(tree: dict[str, Any]) -> list[str]:
    paths: list[list[str]] = []
    for name, parent in zip(tree["names"], tree["parents"], strict=True):
        paths.append([] if parent < 0 else [*paths[parent], name])
    return [".".join(path) for path in paths]


if __name__ == "__main__":
    GOLDEN.write_text(text_of(golden()), "utf-8")
