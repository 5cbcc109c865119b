"""The small language of a tensor's formula: a parser to postfix code; nothing is ever eval'ed.

Numbers, ``w``, signs, parentheses, and the rows of ``OPERATORS``, ``FUNCTIONS`` and ``CONSTANTS``.
The result is a flat list in postfix order, so that whatever evaluates or prints it needs no
recursion.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from paramwidget.edit.errors import EditError, quoted
from paramwidget.edit.formula.functions import CONSTANTS, FUNCTIONS
from paramwidget.edit.formula.operators import OPERATORS
from paramwidget.edit.formula.term import PRODUCT, SUM
from paramwidget.edit.values.numbers import Number

LONGEST: Final = 10_000  # characters
DEEPEST: Final = 100  # parentheses, signs and calls inside one another


@dataclass(frozen=True)
class Step:
    """One step of the postfix code: push a value, or work on the last ``arity`` of them."""

    kind: str  # "number", "w", "binary", "negate", "call", "reduced"
    name: str = ""  # the operator or the function
    value: Number = 0
    arity: int = 0
    position: int = 0  # where in the text, from 1, for messages
    place: int = 0  # of what was reduced beforehand


@dataclass(frozen=True)
class Formula:
    """An expression that was understood."""

    text: str
    steps: tuple[Step, ...]

    @property
    def uses_w(self) -> bool:
        """Whether the tensor's present values matter."""
        return any(step.kind == "w" for step in self.steps)


def parse(text: object) -> Formula:
    """The formula in ``text``; raises EditError that says at which character it is wrong."""
    if not isinstance(text, str):
        raise EditError(f"expected an expression such as 'w + 1', got {quoted(text)}", "expression")
    if len(text) > LONGEST:
        raise EditError(
            f"an expression has at most {LONGEST} characters, got {len(text)}", "expression"
        )
    parser = _Parser(text)
    return Formula(" ".join(text.split()), parser.everything())


@dataclass(frozen=True)
class _Token:
    kind: str  # "number", "name", "operator", "end"
    text: str
    position: int


_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?j?)(?![\w.])"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<operator>\*\*|//|<<|>>|[=!<>]=|[-+*/%(),^@<>=&|~\[\]{}.:;!?'\"`$\\]))"
)
_HINTS = {
    "^": "a power is written **",
    "//": "a quotient rounded down is written floor(w / 2)",
    ".": "attributes are not supported",
    "[": "the part is chosen by the index, not in the expression",
    "=": "write only the new value, such as w + 1",
    "'": "strings are not supported",
    '"': "strings are not supported",
}


def _tokens(text: str) -> Iterator[_Token]:
    plain = text.replace("\N{MINUS SIGN}", "-").replace("×", "*").replace("·", "*")
    at = 0
    while at < len(plain):
        match = _TOKEN.match(plain, at)
        if match is None:
            rest = plain[at:]
            if not rest.strip():
                break
            start = at + len(rest) - len(rest.lstrip()) + 1
            raise error_at(start, f"{quoted(rest.split()[0], 24)} is not understood")
        kind = match.lastgroup or "operator"
        yield _Token(kind, match[kind], match.start(kind) + 1)
        at = match.end()
    yield _Token("end", "", len(plain) + 1)


def error_at(position: int, message: str) -> EditError:
    """The error for what stands at a character of an expression."""
    return EditError(f"at character {position}: {message}", "expression")


class _Parser:
    """Precedence climbing; what is understood is appended to ``steps`` in postfix order."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.at = 0
        self.depth = 0
        self.steps: list[Step] = []

    def everything(self) -> tuple[Step, ...]:
        if self.next.kind == "end":
            raise error_at(1, "the expression is empty; expected one such as w + 1")
        self.sum()
        if self.next.kind != "end":
            raise self.unexpected(f"an operator ({' '.join(OPERATORS)}) or the end")
        return tuple(self.steps)

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def taken(self, *texts: str) -> _Token | None:
        token = self.next
        if token.kind == "operator" and token.text in texts:
            self.at += 1
            return token
        return None

    def unexpected(self, expected: str) -> EditError:
        token = self.next
        if token.kind == "end":
            return error_at(token.position, f"the expression ends too early; expected {expected}")
        hint = _HINTS.get(token.text) if token.kind == "operator" else None
        return error_at(
            token.position, f"unexpected {token.text!r}; {hint or f'expected {expected}'}"
        )

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise error_at(self.next.position, f"nested more than {DEEPEST} levels deep")

    def sum(self) -> None:
        self.left_to_right(SUM, self.product)

    def product(self) -> None:
        self.left_to_right(PRODUCT, self.signed)

    def left_to_right(self, binds: int, operand: Callable[[], None]) -> None:
        operators = [row.symbol for row in OPERATORS.values() if row.binds == binds]
        operand()
        while (token := self.taken(*operators)) is not None:
            operand()
            self.steps.append(Step("binary", token.text, arity=2, position=token.position))

    def signed(self) -> None:
        """A sign binds weaker than a power: -w ** 2 is -(w ** 2)."""
        self.deeper()
        if self.taken("+") is not None:
            self.signed()
        elif (token := self.taken("-")) is not None:
            self.signed()
            self.steps.append(Step("negate", "-", arity=1, position=token.position))
        else:
            self.power()
        self.depth -= 1

    def power(self) -> None:
        self.atom()
        if (token := self.taken("**")) is not None:
            self.signed()
            self.steps.append(Step("binary", "**", arity=2, position=token.position))

    def atom(self) -> None:
        token = self.next
        if token.kind == "number":
            self.at += 1
            self.steps.append(Step("number", value=_number(token), position=token.position))
        elif token.kind == "name":
            self.at += 1
            self.named(token)
        elif self.taken("(") is not None:
            self.sum()
            if self.taken(")") is None:
                raise self.unexpected("a )")
        else:
            raise self.unexpected("a number, w, a function or (")

    def named(self, token: _Token) -> None:
        name = token.text
        if name in FUNCTIONS:
            return self.call(token)
        if name == "w":
            self.steps.append(Step("w", position=token.position))
        elif name in CONSTANTS:
            self.steps.append(Step("number", value=CONSTANTS[name].value, position=token.position))
        else:
            raise error_at(
                token.position,
                f"unknown name {quoted(name, 30)}; expected w, one of the constants "
                f"{', '.join(CONSTANTS)}, or one of the functions {', '.join(sorted(FUNCTIONS))}",
            )
        return None

    def call(self, token: _Token) -> None:
        if self.taken("(") is None:
            raise self.unexpected(f"( after the function {token.text}")
        count = 0
        while self.taken(")") is None:
            if count and self.taken(",") is None:
                raise self.unexpected("a comma or )")
            self.sum()
            count += 1
        takes = FUNCTIONS[token.text].arity
        if count not in takes:
            expected = " or ".join(str(number) for number in takes)
            noun = "argument" if takes == (1,) else "arguments"
            raise error_at(token.position, f"{token.text} takes {expected} {noun}, got {count}")
        self.steps.append(Step("call", token.text, arity=count, position=token.position))


def _number(token: _Token) -> Number:
    typed = token.text
    if typed.endswith("j"):
        return complex(0.0, _finite(typed[:-1], token))
    if typed.isdecimal() and len(typed) < 400:
        return int(typed)
    return _finite(typed, token)


def _finite(typed: str, token: _Token) -> float:
    value = float(typed)
    if math.isinf(value):
        raise error_at(
            token.position, f"{quoted(typed, 30)} is too large for float64; write inf for infinity"
        )
    return value
