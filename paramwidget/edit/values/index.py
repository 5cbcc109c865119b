"""Which part of a tensor: one element, or ints, slices and ``...`` as numpy takes them."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

from paramwidget.edit.errors import EditError, quoted

Index: TypeAlias = tuple[Any, ...]  # ints and slices, one per axis; a whole tensor is all slices

_WHOLE = re.compile(r"[+-]?\d{1,18}")
_LONGEST = 1000


def element_index(index: Any, shape: Sequence[int]) -> tuple[int, ...]:
    """One index per axis, counted from 0; negative ones count from the end.

    >>> element_index((0, -1), (5, 3))
    (0, 2)
    """
    if isinstance(index, str):
        _check_length(index)
        index = () if not index.strip() else tuple(index.strip().strip("()").rstrip(",").split(","))
    parts = tuple(index) if isinstance(index, (tuple, list)) else (index,)
    if len(parts) != len(shape):
        raise EditError(
            f"expected {_indices(len(shape))} for one element of the shape {tuple(shape)}, "
            f"got {len(parts)}: {quoted(tuple(parts))}",
            "index",
        )
    return tuple(
        _position(part, size, axis)
        for axis, (part, size) in enumerate(zip(parts, shape, strict=True))
    )


def _indices(number: int) -> str:
    return f"{number} index" if number == 1 else f"{number} indices"


def _position(part: Any, size: int, axis: int) -> int:
    if isinstance(part, str) and _WHOLE.fullmatch(part.strip()):
        part = int(part)
    try:
        if isinstance(part, bool):
            raise TypeError
        position = operator.index(part)
    except TypeError:
        raise EditError(
            f"the index {quoted(part)} of axis {axis} is not an integer", "index"
        ) from None
    if not -size <= position < size:
        valid = f": expected 0 to {size - 1}, or −{size} to −1" if size else ""
        raise EditError(
            f"the index {quoted(position)} is out of bounds for axis {axis} of size {size}{valid}",
            "index",
        )
    return position + size if position < 0 else position


def part_index(index: Any, shape: Sequence[int]) -> Index:
    """An index of ints, slices and ``...`` with one entry per axis, slices with plain bounds.

    A slice that runs backwards means the same elements forwards: no formula asks for their order.

    >>> part_index((..., 0), (5, 3))
    (slice(0, 5, 1), 0)
    >>> part_index(slice(None, None, -2), (6,))
    (slice(1, 6, 2),)
    """
    if isinstance(index, str):
        index = parse_index(index)
    if isinstance(index, list):
        raise EditError(
            f"expected an index of ints, slices and ..., got the list {quoted(index)}", "index"
        )
    parts = index if isinstance(index, tuple) else (index,)
    dots = [place for place, part in enumerate(parts) if part is Ellipsis]
    if len(dots) > 1:
        raise EditError("an index may contain ... only once", "index")
    given = len(parts) - len(dots)
    if given > len(shape):
        raise EditError(
            f"expected at most {_indices(len(shape))} for the shape {tuple(shape)}, got {given}",
            "index",
        )
    at = dots[0] if dots else len(parts)
    fill = (slice(None),) * (len(shape) - given)
    parts = parts[:at] + fill + parts[at + len(dots) :]
    return tuple(
        _entry(part, size, axis) for axis, (part, size) in enumerate(zip(parts, shape, strict=True))
    )


def _entry(part: Any, size: int, axis: int) -> int | slice:
    if not isinstance(part, slice):
        return _position(part, size, axis)
    try:
        start, stop, step = part.indices(size)
    except (TypeError, ValueError) as error:
        raise EditError(f"invalid slice for axis {axis}: {error}", "index") from None
    if step < 0:
        places = range(start, stop, step)[::-1]
        start, stop, step = (places[0], places[-1] + 1, -step) if places else (0, 0, 1)
    return slice(start, max(start, stop), min(step, max(size, 1)))


def parse_index(text: str) -> Index:
    """The index that numpy would read in ``text``: ``0, 1:3, ...``; empty means everything."""
    _check_length(text)
    typed = text.strip()
    if typed[:1] + typed[-1:] in ("[]", "()"):
        typed = typed[1:-1].strip()
    if not typed:
        return (Ellipsis,)
    parts = typed.removesuffix(",").split(",")
    return tuple(_parse_entry(part.strip(), text) for part in parts)


def _check_length(text: str) -> None:
    if len(text) > _LONGEST:
        raise EditError(f"an index has at most {_LONGEST} characters, got {len(text)}", "index")


def _parse_entry(part: str, text: str) -> Any:
    if part in ("...", "…"):
        return Ellipsis
    bounds = [bound.strip().replace("\N{MINUS SIGN}", "-") for bound in part.split(":")]
    if len(bounds) > 3 or not all(
        _WHOLE.fullmatch(bound) or (not bound and len(bounds) > 1) for bound in bounds
    ):
        raise EditError(
            f"{quoted(part)} in {quoted(text)} is not an index; "
            "expected one such as 3, 0:10, ::2 or ...",
            "index",
        )
    numbers = [int(bound) if bound else None for bound in bounds]
    return numbers[0] if len(numbers) == 1 else slice(*numbers)


def covers_all(index: Index, shape: Sequence[int]) -> bool:
    """Whether the part is the whole tensor."""
    return all(part == slice(0, size, 1) for part, size in zip(index, shape, strict=True))


def index_text(index: Index, shape: Sequence[int]) -> str:
    """The index as Python, for a script; shortest where a slice spans its axis.

    >>> index_text((slice(0, 5, 1), 0), (5, 3))
    ':, 0'
    """
    parts = [_entry_text(part, size) for part, size in zip(index, shape, strict=True)]
    while len(parts) > 1 and parts[-1] == ":":
        parts.pop()
    return ", ".join(parts) or "()"


def _entry_text(part: int | slice, size: int) -> str:
    if not isinstance(part, slice):
        return str(part)
    start = "" if part.start == 0 else str(part.start)
    stop = "" if part.stop == size else str(part.stop)
    return f"{start}:{stop}" + ("" if part.step == 1 else f":{part.step}")


def unparsed(index: Any) -> str:
    """The text of an index as it was given; ``parse_index`` reads it back."""
    if isinstance(index, str):
        return index
    parts = index if isinstance(index, (tuple, list)) else (index,)
    return ", ".join(_unparsed_entry(part) for part in parts)


def _unparsed_entry(part: Any) -> str:
    if part is Ellipsis:
        return "..."
    if not isinstance(part, slice):
        return str(part)
    bounds = ["" if bound is None else str(bound) for bound in (part.start, part.stop)]
    return ":".join(bounds) + ("" if part.step is None else f":{part.step}")
