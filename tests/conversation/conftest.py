"""What these tests share: whether a cell runs."""

from __future__ import annotations

import pytest

from paramwidget.conversation import gate


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether a cell runs elsewhere, so that edits wait."""
    runs = [True]
    monkeypatch.setattr(gate, "cell_runs_elsewhere", lambda: runs[0])
    return runs
