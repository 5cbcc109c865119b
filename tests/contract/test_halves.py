"""Half a character, which UTF-8 cannot hold, is escaped when it is sent; a name comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paramwidget import protocol
from paramwidget.protocol.halves import name_sent, sendable, sent_name, shown

TEXTS = st.lists(
    st.sampled_from(
        ["\ud800", "\udfff", "\\", "\\\\", "ud800", "u", "d8", "a", ".", "é", "😀", "\x00"]
    )
).map("".join)


@given(TEXTS, TEXTS)
@example("\ud800", "\\ud800")
@example("\\\ud800", "\\\\ud800")
@example("\\\\ud800", "\\ud800")
def test_every_name_can_be_sent_and_finds_its_way_back(one: str, other: str) -> None:
    assert name_sent(sent_name(one)) == one
    assert (sent_name(one) == sent_name(other)) == (one == other)
    sent_name(one).encode()
    shown(one).encode()


@given(st.text())
def test_a_text_without_halves_is_sent_as_it_is(text: str) -> None:
    assert shown(text) == text
    if "\\ud" not in text:
        assert sendable([text])
        assert sent_name(text) == text


def test_a_script_is_not_escaped_twice() -> None:
    code = "net._modules['\\ud800'].weight  # a name"
    assert shown(code) == code


@pytest.mark.parametrize("name", ["\ud800", "\\ud800", "a\udc00\\b", "\\\\ud800", "plain"])
def test_a_path_goes_to_the_browser_and_comes_back(name: str) -> None:
    state = protocol.PanelState("p", [name, "weight"], "value", 0, None, [1, 1], [])
    sent = json.loads(json.dumps(protocol.encode(protocol.Panels([state], [])), ensure_ascii=False)
                      .encode().decode())  # fmt: skip
    path = sent["panels"][0]["path"]
    for content in (
        {"kind": "open", "panel": "p", "path": path, "lens": ""},
        {"kind": "compute", "id": "1", "path": path, "index": "", "expression": "0"},
    ):
        message: Any = protocol.decode(content)
        assert message.path == [name, "weight"]


def test_texts_with_halves_are_shown_escaped() -> None:
    reply = protocol.Reply("1", False, "no \udcff", "", "\ud83d", 0, "", ["\udfff!"], None)
    sent = protocol.encode(reply)
    assert sent["error"] == "no \\udcff"
    assert sent["title"] == "\\ud83d"
    assert sent["warnings"] == ["\\udfff!"]
    json.dumps(sent, ensure_ascii=False).encode()
