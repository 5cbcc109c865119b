"""The small language of a tensor's formula: a parser to postfix code; nothing is ever eval'ed.

Numbers, ``w``, ``+ - * / % **``, signs, parentheses, and the functions of ``FUNCTIONS``. The result
is a flat list in postfix order, so that whatever evaluates or prints it needs no recursion.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from paramwidget.edit.errors import EditError, listed, quoted
from paramwidget.edit.values.numbers import Number

LONGEST: Final = 2000  # characters
DEEPEST: Final = 100  # parentheses, signs and calls inside one another

# name -> the numbers of arguments it takes
FUNCTIONS: Final[dict[str, tuple[int, ...]]] = {
    "abs": (1,), "ceil": (1,), "clamp": (3,), "cos": (1,), "exp": (1,), "floor": (1,),
    "log": (1,), "log10": (1,), "log2": (1,), "max": (1, 2), "maximum": (2,), "mean": (1,),
    "min": (1, 2), "minimum": (2,), "relu": (1,), "round": (1,), "sigmoid": (1,), "sign": (1,),
    "sin": (1,), "sqrt": (1,), "square": (1,), "std": (1,), "sum": (1,), "tan": (1,),
    "tanh": (1,), "trunc": (1,), "var": (1,),
}  # fmt: skip
CONSTANTS: Final[dict[str, float]] = {
    "e": math.e, "inf": math.inf, "nan": math.nan, "pi": math.pi,
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One step of the postfix code: push a value, or work on the last ``arity`` of them."""

    kind: str  # "number", "w", "binary", "negate", "call"
    name: str = ""  # the operator or the function
    value: Number = 0
    arity: int = 0
    position: int = 0  # where in the text, from 1, for messages


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
    """The formula in ``text``; raises EditError that says at which character it cannot be."""
    if not isinstance(text, str):
        raise EditError(
            f"an expression is a text such as 'w + 1', not {quoted(text)}", "expression"
        )
    if len(text) > LONGEST:
        raise EditError(
            f"an expression of {len(text)} characters is too long; {LONGEST} can be", "expression"
        )
    parser = _Parser(text)
    return Formula(" ".join(text.split()), parser.everything())


@dataclass(frozen=True)
class _Token:
    kind: str  # "number", "name", "operator", "end"
    text: str
    position: int


_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?j?)(?![\w.])"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<operator>\*\*|//|<<|>>|[=!<>]=|[-+*/%(),^@<>=&|~\[\]{}.:;!?'\"`$\\]))"
)
_WRONG = {
    "^": "a power is written **",
    "//": "floor(w / 2) divides to whole numbers",
    ".": "names have no attributes here",
    "[": "the part is chosen by the index, not in the expression",
    "=": "write only what w shall become, such as w + 1",
    "'": "there are no texts here",
    '"': "there are no texts here",
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
            raise _error(start, f"{quoted(rest.split()[0], 24)} is not understood")
        kind = match.lastgroup or "operator"
        yield _Token(kind, match[kind], match.start(kind) + 1)
        at = match.end()
    yield _Token("end", "", len(plain) + 1)


def _error(position: int, message: str) -> EditError:
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
            raise _error(1, "an expression such as w + 1 is wanted, and this is empty")
        self.sum()
        if self.next.kind != "end":
            raise self.unexpected("the expression should end or go on with + - * / % **")
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

    def unexpected(self, wanted: str) -> EditError:
        token = self.next
        if token.kind == "end":
            return _error(token.position, f"the expression ends, and {wanted}")
        hint = _WRONG.get(token.text) if token.kind == "operator" else None
        return _error(token.position, f"{token.text!r} cannot stand here; {hint or wanted}")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _error(self.next.position, f"more than {DEEPEST} parts inside one another")

    def sum(self) -> None:
        self.left_to_right(("+", "-"), self.product)

    def product(self) -> None:
        self.left_to_right(("*", "/", "%"), self.signed)

    def left_to_right(self, operators: tuple[str, ...], operand: object) -> None:
        assert callable(operand)
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
                raise self.unexpected("a ) is missing")
        else:
            raise self.unexpected("a number, w, a function or ( should stand here")

    def named(self, token: _Token) -> None:
        name = token.text
        if name in FUNCTIONS:
            return self.call(token)
        if name == "w":
            self.steps.append(Step("w", position=token.position))
        elif name in CONSTANTS:
            self.steps.append(Step("number", value=CONSTANTS[name], position=token.position))
        else:
            raise _error(
                token.position,
                f"{quoted(name, 30)} is not known; there are w, {listed(sorted(CONSTANTS))}, "
                f"and the functions {listed(sorted(FUNCTIONS), 99)}",
            )
        return None

    def call(self, token: _Token) -> None:
        if self.taken("(") is None:
            raise self.unexpected(f"the function {token.text} wants its argument in ( )")
        self.sum()
        count = 1
        while self.taken(",") is not None:
            self.sum()
            count += 1
        if self.taken(")") is None:
            raise self.unexpected("a ) or a comma is missing")
        takes = FUNCTIONS[token.text]
        if count not in takes:
            wanted = " or ".join(str(number) for number in takes)
            noun = "argument" if takes == (1,) else "arguments"
            raise _error(token.position, f"{token.text} takes {wanted} {noun}, not {count}")
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
        raise _error(
            token.position, f"{quoted(typed, 30)} is too large for float64; infinity is written inf"
        )
    return value
