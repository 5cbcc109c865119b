"""A browser's half of the conversation, for tests: what it says, and what it was told."""

from __future__ import annotations

from typing import Any

from torch import nn

from paramwidget.conversation.session import Session
from paramwidget.workbench import Workbench


class Talk:
    """One widget over a live model, with one view that is open."""

    def __init__(self, net: nn.Module, opened: bool = True) -> None:
        self.bench = Workbench(net)
        self.told: list[tuple[dict[str, Any], list[bytes]]] = []
        self.kept = 0
        self.session = Session(self.bench, lambda c, b: self.told.append((c, b)), self._keep)
        self._ids = 0
        if opened:
            self.say("hello", view="v", protocol=1)
            self.say("view", view="v", what="opened")

    def _keep(self) -> None:
        self.kept += 1

    def say(self, kind: str, **fields: Any) -> None:
        self.session.receive({"kind": kind, **fields})

    def open(self, *path: str, lens: str = "value") -> str:
        panel = f"p{len(self.session.views.panels)}"
        self.say("open", panel=panel, path=[*path], lens=lens)
        return panel

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """An intent and its one reply."""
        self._ids += 1
        before = len(self.of("reply"))
        self.say(kind, id=str(self._ids), **fields)
        replies = self.of("reply")[before:]
        assert len(replies) == 1
        assert replies[0]["id"] == str(self._ids)
        return replies[0]

    def initialize(self, *path: str, name: str, dry: bool = False, **fields: Any) -> dict[str, Any]:
        rest = {"arguments": {}, "types": [], "parameters": [], "seed": "", **fields}
        return self.ask("initialize", path=[*path], name=name, dry=dry, **rest)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [content for content, _ in self.told if content["kind"] == kind]

    def frames(self) -> list[tuple[dict[str, Any], list[bytes]]]:
        return [(content, buffers) for content, buffers in self.told if content["kind"] == "frame"]

    def hush(self) -> None:
        self.told.clear()
