"""Forged messages over the comm of a live kernel: it goes on, and each intent has one reply."""

from __future__ import annotations

import json
import queue
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from conversation.forging import COUNT, for_json, forged
from house.sources import ROOT

SETUP = f"""
import sys, logging; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
from conversation.forging import hostile_net
from paramwidget import ParamWidget
logging.disable(logging.CRITICAL)
net = hostile_net()
w = ParamWidget(net)
"""

PATIENCE = 120  # s


class Line:
    """A browser's end of one widget's comm."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client
        self.replies: Counter[str] = Counter()
        self.last: dict[str, Any] = {}
        self.errors: list[str] = []
        self.comm = self.run(SETUP, "w.model_id")
        client.session.pack = lambda content: json.dumps(
            content, default=str
        ).encode()  # half characters, too

    def run(self, code: str, wanted: str) -> str:
        """The text of an expression after the code has run."""
        asked = self.client.execute(code, user_expressions={"x": wanted}, store_history=False)
        self.drain(asked)
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == asked:
                text = reply["content"]["user_expressions"]["x"]["data"]["text/plain"]
                return str(text).strip("'")

    def say(self, content: Any) -> str:
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": self.comm, "data": data})
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def drain(self, asked: str) -> None:
        """Hear everything up to the end of what was asked."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                heard = self.client.get_iopub_msg(timeout=PATIENCE)
            except queue.Empty:
                break
            content = heard["content"]
            if heard["msg_type"] in ("error", "stream"):
                self.errors.append(str(content))
            said = content.get("data", {}).get("content") or {}
            if heard["msg_type"] == "comm_msg" and said.get("kind") == "reply":
                self.replies[said["id"]] += 1
                self.last = said
            mine = heard["parent_header"].get("msg_id") == asked
            if mine and content.get("execution_state") == "idle":
                return
        raise TimeoutError("the kernel fell silent")


@pytest.fixture
def line() -> Iterator[Line]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        yield Line(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def has_id(content: Any) -> bool:
    """Whether it is answered: an intent, or what is none for having an ``id``."""
    return isinstance(content, dict) and isinstance(content.get("id"), str)


def test_a_live_kernel_takes_forged_messages_and_the_next_edit_is_normal(line: Line) -> None:
    asked: Counter[str] = Counter()
    line.drain(line.say({"kind": "view", "view": "v", "what": "opened"}))
    for message in forged(5, min(2000, COUNT // 4)):
        content = for_json(message if type(message) is dict else None)
        if has_id(content):
            asked[content["id"]] += 1
        line.drain(line.say(content))
    assert line.errors == []
    plain = {id for id in asked if id.isascii()}  # half a character may come back written out
    assert {id: line.replies[id] for id in plain} == {id: asked[id] for id in plain}
    line.drain(line.say({"kind": "hello", "view": "v", "protocol": 1}))
    edit = {"path": ["0", "weight"], "index": [0, 0], "value": "42"}
    line.drain(line.say({"kind": "assign", "id": "last", **edit}))
    assert (line.last["id"], line.last["ok"]) == ("last", True)
    assert line.run("", "net[0].weight[0, 0].item()") == "42.0"
    assert line.errors == []
