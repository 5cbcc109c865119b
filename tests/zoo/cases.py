"""All cases of the zoo."""

from __future__ import annotations

from zoo import distributed, hostile, states, structure, subclasses, ties
from zoo.case import Case

CASES: list[Case] = [
    case
    for room in (states, ties, structure, subclasses, hostile, distributed)
    for case in room.zoo.cases
]
