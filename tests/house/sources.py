"""The project's own source files, parsed: what the tests of the house look at."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "paramwidget"


def python_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def script_files() -> list[Path]:
    """What goes into the browser, tests left out."""
    found = [path for path in (ROOT / "js").rglob("*") if path.suffix in {".ts", ".tsx"}]
    outside = {"node_modules", "test", "tests", "lib"}
    return sorted(path for path in found if not outside & set(path.relative_to(ROOT).parts))


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def nodes(path: Path, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, kinds))


def at(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT).as_posix()}:{line}"


def place(path: Path, node: ast.AST) -> str:
    return at(path, getattr(node, "lineno", 0))


def room_of(path: Path) -> str:
    """``edit`` for paramwidget/edit/memory/write.py, ``tensors`` for paramwidget/tensors.py."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def dotted(node: ast.expr) -> str:
    """``torch.nn.init`` for that expression; "" where it is more than names and dots."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (base := dotted(node.value)):
        return f"{base}.{node.attr}"
    return ""


def imports(path: Path) -> Iterator[tuple[str, ast.AST]]:
    """Absolute dotted names that a file imports anywhere; ``from a import b`` gives ``a.b``."""
    for node in nodes(path, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
            base = ".".join([*package, *filter(None, [node.module])])
            yield from ((f"{base}.{alias.name}", node) for alias in node.names)
