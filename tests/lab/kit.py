"""A user's namespace without a kernel, and the extension's questions to it."""

from __future__ import annotations

from typing import Any

import pytest

from paramwidget import protocol
from paramwidget.lab import answers as lab
from paramwidget.lab import docks, paths
from paramwidget.protocol import LabRow, LabRows


class Shell:
    """As much of IPython's shell as the lab's half knows of."""

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {}
        self.user_ns_hidden: dict[str, Any] = {}


class Asker:
    """Asks as the extension does, by messages; ``names`` is what the user has."""

    def __init__(self, shell: Shell) -> None:
        self.names = shell.user_ns
        self.hidden = shell.user_ns_hidden
        self._n = 0

    def ask(self, kind: str, **fields: Any) -> Any:
        self._n += 1
        answer = lab.answer({"kind": kind, "n": self._n, **fields})
        assert answer.n == self._n
        protocol.encode(answer)  # whatever it says can travel
        return answer

    def listed(self) -> LabRows:
        answer: LabRows = self.ask("lablist", rows=True, bonds=[])
        return answer

    def rows(self) -> dict[str, LabRow]:
        """The list by the first name of each row."""
        return {row.names[0]: row for row in self.listed().rows}

    def inside(self, row: LabRow) -> dict[str, LabRow]:
        answer = self.ask("labexpand", path=steps(row))
        return {held.names[0]: held for held in answer.rows}


def steps(row: LabRow) -> list[dict[str, str]]:
    return [{"kind": step.kind, "key": step.key} for step in row.path]


def name(*path: str) -> list[dict[str, str]]:
    """A variable, and the dotted names behind it."""
    return [{"kind": "dotted" if place else "name", "key": key} for place, key in enumerate(path)]


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> Asker:
    shell = Shell()
    monkeypatch.setattr(paths, "get_ipython", lambda: shell)
    monkeypatch.setattr(docks, "open_docks", docks.Docks())
    return Asker(shell)
