"""A few threads for the duration of one call: none outlives it, no global setting changes.

torch's and BLAS's own threads would split every small operation; here each thread has its own
pieces, small enough that neither library splits them. A pool kept between calls would be dead in a
forked process, and starting a thread takes only some tens of microseconds.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from paramwidget.picture.scratch import Scratch, borrowed

T = TypeVar("T")
R = TypeVar("R")


def in_threads(work: Callable[[T, Scratch], R], items: Sequence[T], workers: int) -> list[R]:
    """``work`` of each item, in the order of the items; raises what ``work`` raises.

    Each thread has its own scratch.
    """
    waiting = deque(enumerate(items))
    done: dict[int, R] = {}
    errors: list[BaseException] = []

    def run() -> None:
        try:
            with borrowed() as scratch:
                while waiting and not errors:
                    try:
                        place, item = waiting.popleft()
                    except IndexError:  # another thread took the last one
                        return
                    done[place] = work(item, scratch)
        except BaseException as error:
            errors.append(error)

    more = min(workers, len(items)) - 1
    threads = [threading.Thread(target=run, daemon=True) for _ in range(more)]
    for thread in threads:
        thread.start()
    run()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [done[place] for place in range(len(items))]
