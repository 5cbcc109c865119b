"""A listener that fails, however it does so, costs only itself."""

from __future__ import annotations

import asyncio

import pytest
from torch import nn

from paramwidget.workbench import Workbench


class Failing:
    def __init__(self, error: type[BaseException]) -> None:
        self.error, self.told = error, 0

    def edited(self, *_: object) -> None:
        self.told += 1
        raise self.error


@pytest.mark.parametrize("error", [ValueError, SystemExit, GeneratorExit, asyncio.CancelledError])
def test_an_edit_that_happened_is_not_reported_as_failed(
    error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    net = nn.Linear(2, 2)
    bench = Workbench(net)
    failing = Failing(error)
    bench.listen(failing)
    assert bench.assign("bias", (0,), 3).changed == ["bias"]
    assert bench.undo() is not None
    assert failing.told == 2
    assert "an edit could not be shown" in caplog.text


def test_ctrl_c_in_a_listener_is_raised_after_the_edit() -> None:
    net = nn.Linear(2, 2)
    bench = Workbench(net)
    failing = Failing(KeyboardInterrupt)
    bench.listen(failing)
    with pytest.raises(KeyboardInterrupt):
        bench.assign("bias", (0,), 3)
    assert [edit.title for edit in bench.history] == ["bias[0] = 3"]
