"""The pulse: reports that a cell has started or ended, or that an optimizer has stepped.

The hooks are installed only while a view is open. They must not raise: IPython would print the
traceback into the user's cell, and torch would raise it from the user's ``opt.step()``.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from typing import Any, Protocol

from paramwidget.compat import interactive_shell
from paramwidget.conversation import steps

_log = logging.getLogger("paramwidget")


class Beat(Protocol):
    """What is called at a pulse."""

    def cell_began(self) -> None: ...
    def cell_ended(self) -> None: ...
    def stepped(self) -> None: ...


class Pulse:
    """The hooks of one conversation; ``start`` and ``stop`` may be called repeatedly.

    They do not keep the conversation alive.
    """

    def __init__(self, beat: Beat) -> None:
        self._beat = weakref.ref(beat)
        self.runs = False  # whether the hooks are in place
        self._shell: Any = None

    @property
    def hears_cells(self) -> bool:
        """Whether the host reports the end of a cell; marimo and Solara do not."""
        return interactive_shell() is not None

    def start(self) -> None:
        """Put the hooks in place."""
        if self.runs:
            return
        self.runs = True
        steps.listen(self._on_step)
        self._shell = interactive_shell()
        if self._shell is not None:
            self._shell.events.register("pre_run_cell", self._on_begin)
            self._shell.events.register("post_run_cell", self._on_end)

    def stop(self) -> None:
        """Take every hook away."""
        if not self.runs:
            return
        self.runs = False
        steps.forget(self._on_step)
        if self._shell is not None:
            _quietly(lambda: self._shell.events.unregister("pre_run_cell", self._on_begin))
            _quietly(lambda: self._shell.events.unregister("post_run_cell", self._on_end))
            self._shell = None

    def _on_begin(self, *_: object) -> None:
        beat = self._beat()
        if beat is not None:
            _quietly(beat.cell_began)

    def _on_end(self, *_: object) -> None:
        beat = self._beat()
        if beat is not None:
            _quietly(beat.cell_ended)

    def _on_step(self) -> None:
        beat = self._beat()
        if beat is not None:
            _quietly(beat.stepped)


def _quietly(call: Callable[[], object]) -> None:
    try:
        call()
    except Exception:
        _log.exception("paramwidget: an update after a cell or a step failed")
