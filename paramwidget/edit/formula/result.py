"""What a formula gives for a whole part: the values in its dtype, or the reason why they are not.

The parts of the count are added up over the pieces, so that an error tells of the whole.
"""

from __future__ import annotations

import torch

from paramwidget import compat
from paramwidget.edit.errors import EditError
from paramwidget.edit.formula.staged import Staged
from paramwidget.edit.formula.term import Term
from paramwidget.edit.pieces import pieces
from paramwidget.edit.values.convert import WHATS, Misfits, all_finite, misfits, refusal, within
from paramwidget.tensors import dtype_name

_WIDER = {torch.float32: torch.float64, torch.complex64: torch.complex128}


def computed(staged: Staged) -> tuple[torch.Tensor, str, tuple[str, ...]]:
    """The values of the part, the Python of one piece, and what became NaN or infinite.

    Raises EditError if the part's dtype cannot hold them.
    """
    part = staged.part
    with torch.inference_mode(False), torch.no_grad():
        values = torch.empty(part.shape, dtype=part.dtype, device=part.device)
        flat = values.view(-1)
        taken = _Taken(staged)
        text, at = "", 0
        for piece in pieces(part, staged.most):
            term = staged.term(piece)
            stored = taken.stored(term, piece)
            if stored is not None:
                flat[at : at + piece.numel()].copy_(stored.reshape(-1))
            text, at = term.text, at + piece.numel()
    taken.refuse()
    return values, text, taken.warnings()


class _Taken:
    """The pieces that were stored, and the count of those that were not as they should be."""

    def __init__(self, staged: Staged) -> None:
        self.staged = staged
        self.wider: Staged | None = None  # the same in a wider dtype, once it is needed
        self.lost = self.nan = self.inf = 0
        self.wrong: dict[str, Misfits] = {}

    def stored(self, term: Term, piece: torch.Tensor) -> torch.Tensor | None:
        """The formula's value for a piece as its dtype holds it, None if it cannot."""
        assert isinstance(term.value, torch.Tensor)
        result = term.value.expand(piece.shape)
        finite = all_finite(term.value)
        if not finite:
            self.lost += self._beyond(result, piece)
        wrong = misfits(result, piece.dtype)
        if wrong is not None:
            before = self.wrong.get(wrong.what)
            count, first = (before.count, before.first) if before else (0, wrong.first)
            self.wrong[wrong.what] = Misfits(count + wrong.count, first, wrong.what)
            return None
        held = within(result, piece.dtype)
        if not finite:
            self._note(held, piece)
        return held

    def _beyond(self, result: torch.Tensor, piece: torch.Tensor) -> int:
        """How many results are infinite only because the dtype is too narrow."""
        dtype = _WIDER.get(self.staged.working)
        if dtype is None:
            return 0
        if self.wider is None:
            self.wider = Staged(self.staged.formula, self.staged.part, dtype)
        exact = self.wider.term(piece).value
        assert isinstance(exact, torch.Tensor)
        return int((exact.isfinite() & ~result.isfinite()).sum())

    def _note(self, after: torch.Tensor, before: torch.Tensor) -> None:
        if after.dtype in compat.FLOAT8_DTYPES:
            after, before = after.float(), before.float()
        self.nan += int((after.isnan() & ~before.isnan()).sum())
        self.inf += int((after.isinf() & ~before.isinf()).sum())

    def refuse(self) -> None:
        """Raise EditError if a result could not be stored."""
        count, dtype = self.staged.part.numel(), self.staged.part.dtype
        if self.lost:
            raise EditError(
                f"{self.lost} of {count} results are too large for {dtype_name(dtype)}",
                "expression",
            )
        for what in WHATS:
            if what in self.wrong:
                raise refusal(self.wrong[what], count, dtype, "expression")

    def warnings(self) -> tuple[str, ...]:
        """What became NaN or infinite, in numbers."""
        became = ((self.nan, "NaN"), (self.inf, "infinite"))
        return tuple(f"{count} became {what}" for count, what in became if count)
