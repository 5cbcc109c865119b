"""The gate: an edit from the browser waits for a moment at which the model is safe to change."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from paramwidget.compat import cell_runs_elsewhere


class Gate:
    """Runs edits at once where no cell is running on another thread, else keeps them in order.

    Between a forward and its backward an edit would give one step a mixed gradient; so while a
    cell runs on the main thread, edits that come in on another wait for ``open`` to be called on
    the thread of the cell: after an optimizer step, or when the cell has ended.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Callable[[], None]]] = deque()
        self._order = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many edits wait."""
        return len(self._waiting)

    def pass_or_wait(self, name: str, edit: Callable[[], None]) -> bool:
        """Run ``edit`` now, after those that wait, or keep it; whether it ran."""
        self._waiting.append((name, edit))
        if cell_runs_elsewhere():
            return False
        self.open()
        return True

    def withdraw(self, name: str) -> bool:
        """Forget the edit of that name; False where it does not wait any more."""
        with self._order:
            for entry in list(self._waiting):
                if entry[0] == name:
                    self._waiting.remove(entry)
                    return True
        return False

    def open(self) -> None:
        """Run all that waits, in order, on the calling thread."""
        with self._order:
            while self._waiting:
                self._waiting.popleft()[1]()
