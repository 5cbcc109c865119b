"""One step: what is begun is done as a whole or put back, whatever Ctrl-C or a full memory does.

Ctrl-C is held back on the main thread while bytes and the journal disagree, and raised afterwards.
What computes values runs in ``step.interruptible()``, where it is raised at once.
"""

from __future__ import annotations

import mmap
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

#: Address space that is set aside, for the small objects that a way back needs.
RESERVE_BYTES = 1 << 20

#: Calls within calls that must still be possible, likewise.
RESERVE_CALLS = 100


class Step:
    """The step that a thread is in; ``ways_back`` undo what it has done so far, the last first."""

    def __init__(self, reserve: bool) -> None:
        self.ways_back: list[Callable[[], None]] = []
        self.left_alone: list[str] = []  # slots that others wrote to meanwhile: not put back
        self._open = False
        self._held: tuple[int, FrameType | None] | None = None
        self._previous: Any = None
        self._reserve: mmap.mmap | None = _reserve() if reserve else None

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """What runs inside may be interrupted: nothing is written yet, or a way back is known."""
        before, self._open = self._open, True
        try:
            self._raise_held()
            yield
        finally:
            self._open = before

    def go_back(self, mark: int = 0) -> None:
        """Undo everything that was done since there were ``mark`` ways back."""
        self._open = False
        self.release()
        while len(self.ways_back) > mark:
            self.ways_back.pop()()

    def keep(self, mark: int = 0) -> None:
        """What was done since there were ``mark`` ways back is done for good."""
        self.release()
        del self.ways_back[mark:]

    def release(self) -> None:
        """Give up the reserve: memory has ended, or may have."""
        if self._reserve is not None:
            self._reserve.close()
            self._reserve = None

    def hold_interrupts(self) -> None:
        """Take over Ctrl-C; only the main thread can, and only it is interrupted."""
        previous = signal.getsignal(signal.SIGINT)
        if not callable(previous):
            return
        self._previous = previous
        try:
            signal.signal(signal.SIGINT, self._interrupted)
        except ValueError:
            self._previous = None  # another thread

    def let_interrupts_go(self) -> None:
        """Give Ctrl-C back, and raise what was held."""
        self.release()
        if self._previous is None:
            return
        try:
            self._give_back()
        except MemoryError:  # what has passed has given some back
            self._give_back()
        self._open = True
        self._raise_held()

    def _give_back(self) -> None:
        if signal.getsignal(signal.SIGINT) == self._interrupted:
            signal.signal(signal.SIGINT, self._previous)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        self._held = (number, frame)
        if self._open:
            self._raise_held()

    def _raise_held(self) -> None:
        """Pass an interrupt on. What follows it is the way back, which is not interruptible."""
        if self._held is None or not self._open:
            return
        (number, frame), self._held = self._held, None
        self._open = False
        self._previous(number, frame)
        self._open = True  # the handler has noted it, and raised nothing


class _Thread(threading.local):
    """Not a context: a task that is scheduled inside a step runs after it."""

    step: Step | None = None


_this_thread = _Thread()


class NoReserve(MemoryError):
    """Not even a little memory is left, or room for a few calls; nothing was begun."""


def _reserve() -> mmap.mmap:
    try:
        return mmap.mmap(-1, RESERVE_BYTES)
    except (OSError, MemoryError):
        raise NoReserve("no memory is left") from None


def _check_calls() -> None:
    """Raises NoReserve where the way back would end in a RecursionError."""

    def call(left: int) -> None:
        if left:
            call(left - 1)

    try:
        call(RESERVE_CALLS)
    except RecursionError:
        raise NoReserve("too many calls within calls are under way") from None


@contextmanager
def step(reserve: bool = True) -> Iterator[Step]:
    """The step that this thread is in, or a new one; with a reserve of memory for its way back.

    An exception inside undoes what was done inside. Raises NoReserve before anything is done, if
    not even a little memory is left.
    """
    outer = _this_thread.step
    if outer is not None:
        with _whole(outer):
            yield outer
        return
    if reserve:
        _check_calls()
    own = Step(reserve)
    own.hold_interrupts()
    try:
        _this_thread.step = own
        with _whole(own):
            yield own
    finally:
        _this_thread.step = None
        own.let_interrupts_go()


@contextmanager
def _whole(current: Step) -> Iterator[None]:
    mark = len(current.ways_back)
    try:
        yield
    except BaseException:
        current.go_back(mark)
        raise
