"""What the journal does and notes: one thing at a time, as a whole or not at all."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paramwidget.edit.journal.entry import Entry

from paramwidget.edit.errors import EditError
from paramwidget.edit.journal.words import refusal
from paramwidget.edit.step import Step, step

_log = logging.getLogger("paramwidget")


def append_all(*further: tuple[list[Entry], Entry]) -> None:
    """Append an entry to each of several lists: to all of them or, without memory, to none."""
    done = 0
    try:
        for held, entry in further:
            held.append(entry)
            done += 1
    except MemoryError:
        for held, _ in further[:done]:
            held.pop()
        raise


@contextmanager
def afterwards() -> Iterator[None]:
    """Inside, what was done is noted already: memory that ends here stops nothing."""
    try:
        yield
    except MemoryError:
        _log.exception("paramwidget: what an edit left could not be looked at")


class OneAtATime:
    """Lets one step of a journal be done at a time, as a whole or not at all."""

    def __init__(self) -> None:
        self._running = False

    @contextmanager
    def step(self) -> Iterator[tuple[Step, int]]:
        """Yields the step, and how many ways back it had before.

        Raises EditError if another one is under way, and for whatever torch or the end of memory
        raises inside.
        """
        left_alone: list[str] = []
        try:
            with step() as current:
                left_alone = current.left_alone
                if self._running:
                    raise EditError(
                        "an edit is already running, and a function that it calls cannot start "
                        "another one"
                    )
                self._running = True
                try:
                    yield current, len(current.ways_back)
                finally:
                    self._running = False
        except (EditError, RuntimeError, MemoryError) as error:
            if isinstance(error, EditError) and not left_alone:
                raise
            raise refusal(error, left_alone) from error
