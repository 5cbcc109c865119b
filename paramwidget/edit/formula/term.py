"""A value that a formula has reached, and the Python that gives the same bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import torch

from paramwidget.edit.values.numbers import Number, literal, taken

Value: TypeAlias = torch.Tensor | Number

# how tightly an operator binds, loosest first
SUM: Final = 0
PRODUCT: Final = 1
SIGN: Final = 2
POWER: Final = 3
ATOM: Final = 4


@dataclass(frozen=True)
class Term:
    """A value and the Python that gives it; ``binds`` how tightly, for parentheses."""

    value: Value
    text: str
    binds: int = ATOM

    def inside(self, weakest: int) -> str:
        """The text, in parentheses where it binds weaker than needed."""
        return self.text if self.binds >= weakest else f"({self.text})"


def number_term(value: Number, dtype: torch.dtype) -> Term:
    """A plain number in a formula that is worked out in ``dtype``."""
    value = taken(value, dtype)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise OverflowError("it does not fit in int64 (±9.2e18)")
    text = literal(value)
    return Term(value, text, SIGN if text.startswith("-") else ATOM)
