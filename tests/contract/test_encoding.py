"""What can travel does, as it is; what JSON or a JavaScript number cannot carry is refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from page import made
from paramwidget import protocol
from paramwidget.protocol import Brief, ProtocolError, Tree
from paramwidget.protocol.decoding import _decode_fields
from paramwidget.protocol.encoding import check_of

TREE: Tree = made.tree(made.every_badge())


@dataclass(frozen=True)
class Part:
    """One field of each type that a message may have."""

    text: str = "a"
    whole: int = 1
    real: float = 0.5
    flag: bool = True
    choice: protocol.State = "ready"
    maybe: int | None = None
    lists: list[list[int] | None] = field(default_factory=lambda: [[1, 2], None, []])
    names: dict[str, list[str]] = field(default_factory=lambda: {"a": ["b"]})
    briefs: list[Brief] = field(default_factory=list)


def test_a_message_comes_back_as_it_was() -> None:
    assert protocol.decode_frame(protocol.encode(TREE)) == TREE
    brief = Brief(0, "0", "1", [1, 2], False, "")
    briefs = protocol.Briefs(1, [brief, replace(brief, row=1)])
    assert protocol.decode_frame(protocol.encode(briefs)) == briefs


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"text": 1}, "part.text: expected str, got int"),
        ({"text": None}, "part.text: expected str, got NoneType"),
        ({"whole": 2**53}, "part.whole: 9007199254740992 does not fit into a JavaScript number"),
        ({"whole": 1.0}, "part.whole: expected int, got float"),
        ({"maybe": -(2**53)}, "does not fit into a JavaScript number"),
        ({"real": float("nan")}, "part.real: nan is not a JSON number"),
        ({"real": float("-inf")}, "part.real: -inf is not a JSON number"),
        ({"real": 2**60}, "does not fit into a JavaScript number"),
        ({"flag": 1}, "part.flag: expected bool, got int"),
        ({"choice": "colour"}, "part.choice: expected one of"),
        ({"lists": [[1], [2**53]]}, "part.lists: 9007199254740992 does not fit"),
        ({"lists": [[1], "ab"]}, "part.lists: expected list, got str"),
        ({"lists": [[1], [None]]}, "part.lists: expected int, got NoneType"),
        ({"lists": (1, 2)}, "part.lists: expected list, got tuple"),
        ({"names": {1: ["a"]}}, "part.names: expected str, got int"),
        ({"names": {"a": [2]}}, "part.names: expected str, got int"),
        ({"briefs": [Part()]}, "part.briefs: expected Brief, got Part"),
        (
            {"briefs": [Brief(0, "", "", [0], False, ""), Brief(0, "", "", [0.5], False, "")]},  # type: ignore[list-item]
            "part.briefs.bars: expected int, got float",
        ),
    ],
)
def test_what_cannot_travel_is_refused(changed: dict[str, Any], said: str) -> None:
    check = check_of(Part)
    check([Part(), Part(real=3, whole=2**53 - 1)], "part")
    with pytest.raises(ProtocolError) as refused:
        check([Part(), replace(Part(), **changed)], "part")
    assert said in str(refused.value)


def test_a_field_with_a_default_may_be_missing() -> None:
    said = {"kind": "set_requires_grad", "id": "1", "path": ["0"], "value": False}
    message = protocol.decode(said)
    assert message == protocol.SetRequiresGrad("1", ["0"], False, [], [])
    with pytest.raises(ProtocolError, match="the field value is missing"):
        protocol.decode({key: value for key, value in said.items() if key != "value"})
    with pytest.raises(ProtocolError, match="unknown field 'more'"):
        protocol.decode({**said, "more": 1})
    assert _decode_fields(Part, {"text": "b"}, "part") == Part(text="b")


def test_the_browser_may_leave_out_what_the_kernel_always_says() -> None:
    printed = protocol.typescript()
    assert "  types?: string[];" in printed  # of set_requires_grad, which a browser says
    assert "  notice: string;" in printed  # of status, which the kernel says
