"""The gate: an edit from the browser waits until it is safe to change the model."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from paramwidget.compat import cell_runs_elsewhere


class Gate:
    """Runs edits at once if no cell is running on another thread, else queues them.

    Between a forward and its backward an edit would give one step a mixed gradient; so while a
    cell runs on the main thread, edits that come in on another wait for ``open`` to be called on
    the thread of the cell: after an optimizer step, or when the cell has ended.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Callable[[], None]]] = deque()
        self._order = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many edits are waiting."""
        return len(self._waiting)

    def pass_or_wait(self, name: str, edit: Callable[[], None]) -> bool:
        """Run ``edit`` now, after those that wait, or queue it; returns whether it ran."""
        self._waiting.append((name, edit))
        if cell_runs_elsewhere():
            return False
        self.open()
        return True

    def withdraw(self, name: str) -> bool:
        """Remove the edit of that name; False if it is no longer waiting."""
        with self._order:
            for entry in list(self._waiting):
                if entry[0] == name:
                    self._waiting.remove(entry)
                    return True
        return False

    def open(self) -> None:
        """Run all waiting edits, in order, on the calling thread."""
        with self._order:
            while self._waiting:
                self._waiting.popleft()[1]()
