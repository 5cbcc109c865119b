"""All cases of the zoo."""

from __future__ import annotations

from zoo import (
    crashes,
    distributed,
    hostile,
    packed,
    states,
    structure,
    subclasses,
    ties,
    wrappers,
)
from zoo.case import Case

CASES: list[Case] = [
    case
    for room in (
        *(states, ties, structure, wrappers, subclasses),
        *(packed, hostile, crashes, distributed),
    )
    for case in room.zoo.cases
]
