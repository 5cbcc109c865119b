"""The text that users and readers meet keeps to the conventions of CONTRIBUTING.md."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from house.sources import at, python_files, script_files, tree_of

WIDTH = 100

#: What plain English says in another way, and how.
AVOIDED = {
    r"\b(?:is|are) no (?!longer|more)": "is not a",
    r"\ba text\b|\btexts\b": "a string",
    r"\bwhole numbers?\b": "an integer",
    r"\bwants\b|\bwanted\b": "expects, expected",
    r"\bbe it\b": "even if it is",
    r"\banew\b": "again",
    r"\bmeanwhile\b": "in the meantime",
    r"\bas asked\b": "as requested",
    r"\blearns\b": "is trainable",
    r"\boutside of\b": "outside",
}

#: Errors whose text follows a colon in a traceback: a fragment, not a sentence.
FRAGMENTS = {
    "EditError",
    "ProtocolError",
    "UnknownName",
    "IndexError",
    "RuntimeError",
    "TypeError",
    "ValueError",
}


def text_of(node: ast.AST) -> str | None:
    """The text of a literal, each placeholder of an f-string being ``{}``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "{}" for part in node.values)
    return None


def documented(tree: ast.AST) -> Iterator[tuple[ast.AST, int, str]]:
    """Every string that is a statement: the definition or statement before it, line and text."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        before: ast.AST = node
        for statement in body if isinstance(body, list) else ():
            text = text_of(statement.value) if isinstance(statement, ast.Expr) else None
            if text is not None:
                yield before, statement.lineno, text
            before = statement


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of Python that are not documentation, with their lines."""
    tree = tree_of(path)
    known = {line for _, line, _ in documented(tree)}
    parts = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    for node in ast.walk(tree):
        text = None if id(node) in parts else text_of(node)
        if text and " " in text and getattr(node, "lineno", 0) not in known:
            yield getattr(node, "lineno", 0), text


def quoted(path: Path) -> Iterator[tuple[int, str]]:
    """The quoted texts of TypeScript that hold a space, and the text between its tags."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        code = re.sub(r"^\s*(?:/?\*|//).*|\s//\s.*", "", line)
        for match in re.finditer(r'"([^"]*)"|`([^`]*)`|>([^<>{}=]* [^<>{}=]*)<', code):
            text = "".join(filter(None, match.groups()))
            if " " in text:
                yield number, text


def raised(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line, class and text of each exception that is raised with a literal."""
    for node in ast.walk(tree_of(path)):
        call = node.exc if isinstance(node, ast.Raise) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.args:
            text = text_of(call.args[0])
            if text:
                yield node.lineno, call.func.id, text


def test_sentences_are_plain() -> None:
    found = [(path, *one) for path in python_files() for one in literals(path)]
    found += [(path, *one) for path in script_files() for one in quoted(path)]
    wrong = [
        f"{at(path, line)}: {text!r}: rather {instead!r}"
        for path, line, text in found
        for avoided, instead in AVOIDED.items()
        if re.search(avoided, text)
    ]
    assert not wrong, "\n".join(wrong)


def test_a_reason_is_a_sentence() -> None:
    """It stands alone: in a row, in a panel, in the list of what was skipped.

    Those of the expression language do not: they follow the character and the function.
    """
    files = [path for path in python_files() if "formula" not in path.parts]
    found = [(path, line, text) for path in files for line, text in literals(path)]
    wrong = [
        f"{at(path, line)}: {text!r}"
        for path, line, text in found
        if re.match(r"(?:it|its) [a-z]", text)
        or (re.match(r"(?:It|Its) ", text) and not text.endswith((".", "{}")))
    ]
    wrong += [
        f"{at(path, line)}: {text!r}"
        for path in python_files()
        for line, name, text in raised(path)
        if name == "Unreadable" and not text.startswith(("{}", "torch ")) and text[0].islower()
    ]
    assert not wrong, "starts with a small letter or has no full stop:\n" + "\n".join(wrong)


def test_the_message_of_an_error_is_a_fragment() -> None:
    """No capital, no full stop; where it has several sentences, or ends with a reason, a stop."""
    wrong = [
        f"{at(path, line)}: {text!r}"
        for path in python_files()
        for line, name, text in raised(path)
        if name in FRAGMENTS
        and (
            re.match(r"(?:A|An|The|It|This|There|No) ", text)
            or (text.endswith(".") and not text.endswith("...") and ". " not in text)
        )
    ]
    assert not wrong, "\n".join(wrong)


def test_a_docstring_begins_with_one_line_that_ends() -> None:
    wrong = []
    for path in python_files():
        for _, line, text in documented(tree_of(path)):
            first, *rest = text.strip().splitlines()
            ends = first.endswith((".", "?", ":"))
            if not ends or len(first) > WIDTH or (rest and rest[0].strip()):
                wrong.append(f"{at(path, line)}: {first!r}")
    assert not wrong, "\n".join(wrong)


def test_code_in_prose_stands_in_double_backticks() -> None:
    wrong = []
    for path in python_files():
        source = path.read_text(encoding="utf-8")
        prose = [(line, text) for _, line, text in documented(tree_of(path))]
        prose += [
            (token.start[0], token.string)
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type == tokenize.COMMENT
        ]
        for line, text in prose:
            plain = [one for one in text.splitlines() if not one.strip().startswith(">>>")]
            if re.search(r"(?<!`)`(?!`)", "\n".join(plain)):
                wrong.append(at(path, line))
    assert not wrong, "single backticks: " + ", ".join(wrong)


def test_a_constant_is_documented_above_it() -> None:
    wrong = [
        at(path, line)
        for path in python_files()
        for before, line, _ in documented(tree_of(path))
        if isinstance(before, (ast.Assign, ast.AnnAssign))
    ]
    assert not wrong, "write ``#: ...`` above: " + ", ".join(wrong)
