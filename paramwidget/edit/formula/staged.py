"""A formula over a part of any size, in pieces: what reduces the part is worked out first.

The temporaries of a piece stay within a bound, whatever the size of the part and the length of the
formula. A part that is one piece is evaluated as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import torch

from paramwidget.edit.formula.evaluate import evaluate, refusals_at, working_part
from paramwidget.edit.formula.functions import FUNCTIONS, Function
from paramwidget.edit.formula.parse import Formula, Step
from paramwidget.edit.formula.term import Term
from paramwidget.edit.pieces import CALLS, pieces
from paramwidget.tensors import dtype_name

LARGEST: Final = 2**18  # elements of a piece, which both cores then find in their caches
_ROOM: Final = 2**25  # bytes for the values of one piece that are alive at a time
_ASIDE: Final = 8  # values that the checks of a step may need besides


class Staged:
    """A formula for one part, which is read where it lies.

    ``reduced`` holds what was reduced beforehand, each with the Python that gives the same bits,
    the part being called ``part``; ``helpers`` the functions of ``edit/pieces.py`` in it.
    """

    def __init__(self, formula: Formula, part: torch.Tensor, working: torch.dtype) -> None:
        self.formula = formula
        self.part = part
        self.working = working
        self.most = piece_size(formula, working)
        if self.in_pieces and not all(map(_works_in_pieces, formula.steps)):
            self.most = part.numel()
        self.reduced: list[Term] = []
        self.helpers: set[str] = set()
        self.rest = formula
        if self.in_pieces:
            reductions, self.rest = split(formula)
            self.helpers.add(pieces.__name__)
            for reduction in reductions:
                self.reduced.append(self._reduced(reduction))

    @property
    def in_pieces(self) -> bool:
        """Whether the part is more than one piece."""
        return self.part.numel() > self.most

    @property
    def cast(self) -> str:
        """What makes a piece of the part the ``w`` of the formula, as Python."""
        contiguous = "" if self.part.is_contiguous() else ".contiguous()"
        same = self.working == self.part.dtype
        return contiguous + ("" if same else f".to(torch.{dtype_name(self.working)})")

    def term(self, piece: torch.Tensor) -> Term:
        """The formula's value for one piece of the part."""
        return self._term(self.rest, piece)

    def _term(self, formula: Formula, piece: torch.Tensor) -> Term:
        numbered = [replace(term, text=f"reduced[{n}]") for n, term in enumerate(self.reduced)]
        return evaluate(formula, working_part(piece, self.working), numbered)

    def _reduced(self, reduction: Formula) -> Term:
        call = reduction.steps[-1]
        row = FUNCTIONS[call.name]
        if len(reduction.steps) == 2 and not self.cast:  # torch does it without a copy
            with refusals_at(call, self.working):
                return row.term([Term(self.part, "part")])
        return self._combined(row, call, replace(reduction, steps=reduction.steps[:-1]))

    def _combined(self, row: Function, call: Step, inner: Formula) -> Term:
        """The reduction of an expression, from its values for one piece after another."""
        assert row.of_pieces is not None
        texts: list[str] = []

        def values() -> Iterator[torch.Tensor]:
            for piece in pieces(self.part, self.most):
                term = self._term(inner, piece)
                assert isinstance(term.value, torch.Tensor)
                texts.append(term.text)
                yield term.value

        with refusals_at(call, self.working):
            value = row.of_pieces(values())
        name = row.of_pieces.__name__
        self.helpers |= {name, *CALLS.get(name, ())}
        each = f"pieces(part, {self.most})"
        if self.cast:
            each = f"(piece{self.cast} for piece in {each})"
        return Term(value, f"{name}({texts[0]} for w in {each})")


def _works_in_pieces(step: Step) -> bool:
    return step.kind != "call" or _reduces(step) or FUNCTIONS[step.name].elementwise


def _reduces(step: Step) -> bool:
    one = step.kind == "call" and step.arity == 1
    return one and FUNCTIONS[step.name].of_pieces is not None


def piece_size(formula: Formula, dtype: torch.dtype) -> int:
    """How many elements a piece has, a power of two."""
    size = 16 if dtype.is_complex else 8  # bytes, also where a wider dtype is tried
    room = _ROOM // (size * (_deepest(formula) + _ASIDE))
    return int(min(LARGEST, 1 << (room.bit_length() - 1)))


def _deepest(formula: Formula) -> int:
    """How many values wait at most while the formula is evaluated."""
    waiting = deepest = 0
    for step in formula.steps:
        waiting += 1 - step.arity
        deepest = max(deepest, waiting)
    return deepest


def split(formula: Formula) -> tuple[list[Formula], Formula]:
    """What reduces ``w`` in the formula, inner ones first, and the rest, which is elementwise.

    In the rest, and in those that follow, a step of the kind "reduced" stands for each.
    """
    reductions: list[Formula] = []
    known: dict[str, int] = {}
    steps: list[Step] = []
    waiting: list[tuple[int, bool]] = []  # of each value: where its steps begin, if w shapes it
    for step in formula.steps:
        arguments = waiting[len(waiting) - step.arity :]
        del waiting[len(waiting) - step.arity :]
        start = arguments[0][0] if arguments else len(steps)
        shaped = step.kind == "w" or any(argument[1] for argument in arguments)
        steps.append(step)
        if shaped and _reduces(step):
            own = tuple(steps[start:])
            key = repr([replace(one, position=0) for one in own])
            if key not in known:
                known[key] = len(reductions)
                reductions.append(replace(formula, steps=own))
            steps[start:] = [Step("reduced", position=step.position, place=known[key])]
            shaped = False
        waiting.append((start, shaped))
    return reductions, replace(formula, steps=tuple(steps))
