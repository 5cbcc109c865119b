"""What the operating system lets this process do with its memory."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property

import torch


class MemoryMap:
    """What the operating system does with a write to an address of this process.

    ``closed`` are the address ranges that may not be written to. Read once and queried often. It is
    read from ``/proc/self/maps``, so on Linux only; elsewhere everything counts as writable, and as
    memory of the process alone.
    """

    def __init__(self, closed: list[tuple[int, int]] | None = None) -> None:
        self._given = closed

    @classmethod
    def now(cls) -> MemoryMap:
        """The current map, as of the first question that is asked of it."""
        return cls()

    @cached_property
    def _read(self) -> tuple[list[tuple[int, int]], list[tuple[int, int, str]]]:
        if self._given is not None:
            return self._given, []
        try:
            with open("/proc/self/maps", encoding="utf-8", errors="backslashreplace") as lines:
                text = lines.read()
        except OSError:
            text = ""
        closed = [(int(low, 16), int(high, 16)) for low, high in _CLOSED.findall(text)]
        shared = [(int(low, 16), int(high, 16), rest) for low, high, rest in _SHARED.findall(text)]
        files = [(low, high, path) for low, high, rest in shared if (path := _user_file(rest))]
        return closed, files

    @property
    def files(self) -> list[tuple[int, int, str]]:
        """The address ranges that are written to a file, each with the file's path."""
        return self._read[1]

    def may_be_closed(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor may lie in such memory; not in what torch has allocated itself."""
        return not torch.Tensor.untyped_storage(tensor).resizable()

    def writable(self, low: int, high: int) -> bool:
        """True if no byte of the half-open range lies in a mapping without write permission."""
        closed, _ = self._read
        after = bisect_left(closed, (high,))
        return after == 0 or closed[after - 1][1] <= low


#: The lines of mappings that may not be written to, and of shared ones that may.
_CLOSED = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) .-", re.MULTILINE)
_SHARED = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) .w.s (.*)$", re.MULTILINE)

#: Shared memory and devices look like files there.
_NO_FILES = ("/dev/", "/memfd:", "/SYSV", "/proc/", "/sys/", "/anon_hugepage")


def _user_file(rest: str) -> str:
    """The path at the end of a line, if it is that of a file that still exists; else ""."""
    path = rest.split(maxsplit=3)[-1]
    named = path.startswith("/") and not path.startswith(_NO_FILES)
    return path if named and not path.endswith(" (deleted)") else ""
