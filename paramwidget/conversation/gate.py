"""The gate: an edit from the browser waits until it is safe to change the model."""

from __future__ import annotations

import threading
from collections import deque
from typing import Protocol

from paramwidget.compat import cell_runs_elsewhere


class Errand(Protocol):
    """What passes the gate; each of its ends is reached at most once.

    ``name`` is what it can be withdrawn by, None for never.
    """

    name: str | None
    begun: bool

    def carry_out(self) -> None:
        """Do it. Raises nothing but what interrupts."""

    def give_up(self) -> None:
        """It was interrupted, before or while it was done."""

    def refuse(self, why: str) -> None:
        """It is not going to be done."""


class Gate:
    """Runs edits at once if no cell is running on another thread, else queues them.

    Between a forward and its backward an edit would give one step a mixed gradient; so while a
    cell runs on the main thread, edits that come in on another wait for ``open`` to be called on
    the thread of the cell: after an optimizer step, or when the cell has ended. Whoever runs them
    holds ``lock``, the bench's.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._waiting: deque[Errand] = deque()
        self._lock = lock

    @property
    def waiting(self) -> int:
        """How many edits are waiting."""
        return len(self._waiting)

    def pass_or_wait(self, errand: Errand) -> bool:
        """Run it now, after those that wait, or queue it; returns whether it ran."""
        self._waiting.append(errand)
        if cell_runs_elsewhere():
            return False
        self.open()
        return True

    def withdraw(self, name: str) -> bool:
        """Remove the edit of that name; False if it is no longer waiting."""
        with self._lock:
            for errand in list(self._waiting):
                if errand.name == name and not errand.begun:
                    self._waiting.remove(errand)
                    return True
        return False

    def clear(self) -> list[Errand]:
        """Forget all that waits, and return it; does not wait for an edit under way."""
        left = [errand for errand in list(self._waiting) if not errand.begun]
        self._waiting.clear()
        return left

    def open(self) -> None:
        """Run all waiting edits, in order, on the calling thread.

        One that is interrupted stays in the queue until it is settled, and those behind it are
        done before the interrupt goes on its way.
        """
        interrupt: BaseException | None = None
        with self._lock:
            while self._waiting:
                errand = self._waiting[0]
                try:
                    errand.carry_out()
                except BaseException as error:
                    errand.give_up()
                    interrupt = interrupt or error
                if self._waiting and self._waiting[0] is errand:
                    self._waiting.popleft()
        if interrupt is not None:
            raise interrupt
