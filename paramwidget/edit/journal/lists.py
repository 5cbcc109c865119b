"""What the journal notes is noted as a whole, and what follows it stops nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paramwidget.edit.journal.entry import Entry

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
