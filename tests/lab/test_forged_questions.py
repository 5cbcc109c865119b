"""Forged questions of the JupyterLab extension: each has one answer that can travel."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from comm.base_comm import BaseComm
from torch import nn

from conversation.forging import COUNT, forged_questions
from lab.kit import Asker
from paramwidget.lab import answers as lab


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What is refused is logged, here some thousand times."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_each_of_thousands_of_forged_questions_has_one_answer(user: Asker) -> None:
    user.names["net"] = nn.Sequential(nn.Linear(2, 2))
    user.names["models"] = [{"a": nn.Linear(2, 2)}]
    before = [tensor.tolist() for tensor in user.names["net"].parameters()]
    for message in forged_questions(3, COUNT // 4):
        said = lab.sent(lab.answer(message))
        asked = dict.get(message, "n") if isinstance(message, dict) else None
        exact = type(asked) is int and abs(asked) < 2**53
        assert said["n"] == (asked if exact else -1), message
        json.dumps(said, allow_nan=False, ensure_ascii=False).encode()
    assert [tensor.tolist() for tensor in user.names["net"].parameters()] == before
    assert "net" in user.rows()


class Line(BaseComm):
    """A comm that is closed after so many answers."""

    def __init__(self, open_for: int) -> None:
        super().__init__(target_name=lab.TARGET, primary=False)
        self.left, self.sent = open_for, 0

    def publish_msg(self, *_: Any, **__: Any) -> None:
        if self.left == 0:
            raise RuntimeError("the comm is closed")
        self.left -= 1
        self.sent += 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda message: message,
        lambda message: message.clear(),
        lambda message: message.update(content=None),
        lambda message: message["content"].pop("data"),
        lambda message: message["content"].update(data={1, 2}),
    ],
)
def test_a_closed_comm_or_an_empty_message_is_no_error_of_the_kernel(
    user: Asker, spoil: Callable[[dict[str, Any]], Any]
) -> None:
    line = Line(1)
    ask: dict[str, Any] = {"kind": "lablist", "n": 1, "rows": True, "bonds": []}
    lab._opened(line, {"content": {"data": ask}})
    assert line.sent == 1
    message = {"content": {"data": ask}}
    spoil(message)
    line.handle_msg(message)
    line.left = 1
    line.handle_msg({"content": {"data": ask}})
    assert line.sent == 2
