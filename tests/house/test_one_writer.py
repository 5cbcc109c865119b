"""Only edit/memory/write.py changes a tensor's bytes: by the text of every file."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from house.sources import PACKAGE, dotted, nodes, place, python_files

WRITER = PACKAGE / "edit" / "memory" / "write.py"
HARMLESS = {"requires_grad_"}  # in-place by name, but of no byte
# What reads as a write into a tensor and is none into a model's, each with its reason.
KNOWN = {
    ("auto.py", "assigns an element of printers"): "IPython's table of printers by type",
    ("edit/actions/initialize.py", "assigns an element of values"): "scratch; the writer stores it",
    ("picture/matrix.py", "calls into.copy_()"): "an array that was made for the copy",
    ("picture/moments.py", "writes into out="): "its callers' scratch arrays",
    ("picture/passes.py", "writes into out="): "its callers' scratch arrays",
    ("picture/raster.py", "writes into out=reduced"): "the reduced cells",
    ("picture/sweep.py", "assigns an element of cells."): "the reduced cells",
}
FRESH_MAKERS = {"torch", "np", "numpy"}  # what they return is new, these apart
SAME_MEMORY = ("from_numpy", "asarray", "as_tensor", "frombuffer", "as_strided", "broadcast_to")
FRESH_METHODS = {
    "clone",
    "copy",
    "astype",
    "tolist",
    "splitlines",
    "new_empty",
    "new_zeros",
    "new_ones",
    "new_full",
    "new_tensor",
}
CONTAINERS = {"dict", "list", "set", "defaultdict", "OrderedDict", "Counter", "deque", "bytearray"}
ARRAYS = {"Array", "Bytes"}  # the package's short names of numpy arrays
CONTAINERS |= {"MutableMapping", "MutableSequence", "ndarray", "WeakValueDictionary"}
CONTAINERS |= {"WeakKeyDictionary"}


def writes(path: Path) -> Iterator[tuple[ast.AST, str]]:
    """Everything in a file that reads as a write into a tensor that was not made right there."""
    own = _made_here(path)
    for node in nodes(path, ast.Call, ast.Assign, ast.AugAssign, ast.AnnAssign):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and _in_place(node, node.func, own):
                yield node, f"calls {ast.unparse(node.func)}()"
            for keyword in node.keywords:
                if keyword.arg == "out" and _root(keyword.value) not in own:
                    yield node, f"writes into out={_root(keyword.value)}"
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Attribute) and target.attr == "data":
                yield node, "assigns .data"
            if isinstance(target, ast.Subscript) and not _is_own(target, own):
                yield node, f"assigns an element of {ast.unparse(target.value)}"


def _is_own(target: ast.Subscript, own: set[str]) -> bool:
    attribute = f".{target.value.attr}" if isinstance(target.value, ast.Attribute) else ""
    return _root(target) in own or attribute in own


def _in_place(call: ast.Call, called: ast.Attribute, own: set[str]) -> bool:
    name, root = called.attr, _root(called.value)
    if (
        not name.endswith("_")
        or name.startswith("_")
        or name in HARMLESS
        or root in {"np", "numpy"}
    ):
        return False
    if root in {"torch", "nn", "init"}:  # torch.nn.init.zeros_(t) writes into its argument
        root = _root(call.args[0]) if call.args else ""
    return root not in own


def _root(node: ast.expr) -> str:
    """What is written into: ``self.rows`` for ``self.rows[k]``, ``x`` for ``x[0].T``."""
    while True:
        if isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func.value
        elif isinstance(node, ast.Attribute) and not dotted(node).startswith("self."):
            node = node.value
        else:
            return dotted(node) or ast.unparse(node)


def _made_here(path: Path) -> set[str]:
    """Names that the file itself shows to be a container, an array or a tensor of its own."""
    own = {f".{name}" for name in _container_attributes() | _makers()}
    for node in nodes(path, ast.Assign, ast.AnnAssign, ast.arg):
        if isinstance(node, ast.arg) and node.annotation and _is_container(node.annotation):
            own.add(node.arg)
        elif isinstance(node, ast.AnnAssign):
            if _is_container(node.annotation) or (node.value and _is_fresh(node.value, own)):
                name = dotted(node.target)
                own |= {name, f"self.{name}"}
        elif isinstance(node, ast.Assign):
            for target, value in _pairs(node):
                if _is_fresh(value, own):
                    own.add(dotted(target))
    return own - {""} | {"globals()"}


@functools.cache
def _container_attributes() -> frozenset[str]:
    """Names of attributes that some class of the package declares to be a container."""
    declared = (node for path in python_files() for node in nodes(path, ast.AnnAssign))
    return frozenset(
        dotted(node.target).rpartition(".")[2]
        for node in declared
        if isinstance(node, ast.AnnAssign) and _is_container(node.annotation)
    )


@functools.cache
def _makers() -> frozenset[str]:
    """Functions of the package that return a container or an array by their own words."""
    said: list[tuple[str, ast.expr]] = []
    for path in python_files():
        for node in nodes(path, ast.FunctionDef, ast.AnnAssign):
            if isinstance(node, ast.FunctionDef) and node.returns:
                said.append((node.name, node.returns))
            elif isinstance(node, ast.AnnAssign) and isinstance(node.annotation, ast.Subscript):
                kind = node.annotation  # name: Callable[..., dict[str, int]]
                if dotted(kind.value) == "Callable" and isinstance(kind.slice, ast.Tuple):
                    said.append((dotted(node.target), kind.slice.elts[-1]))
    return frozenset(name for name, kind in said if _is_container(kind) or dotted(kind) in ARRAYS)


def _pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Target and value of an assignment, ``a, b = x, y`` taken apart."""
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=False)
        else:
            yield target, node.value


def _is_container(annotation: ast.expr) -> bool:
    base = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return dotted(base).rpartition(".")[2] in CONTAINERS


def _is_fresh(value: ast.expr, own: set[str]) -> bool:
    if isinstance(value, ast.Dict | ast.List | ast.ListComp | ast.DictComp | ast.Set | ast.BinOp):
        return True
    if isinstance(value, ast.Attribute):
        return f".{value.attr}" in own
    if not isinstance(value, ast.Call):
        return False
    name = dotted(value.func).rpartition(".")[2]
    method = value.func.attr if isinstance(value.func, ast.Attribute) else ""
    if _root(value) in FRESH_MAKERS:
        return not any(f".{same}(" in ast.unparse(value) for same in SAME_MEMORY)
    made = name in CONTAINERS or name in _makers() or method in FRESH_METHODS
    return made or _root(value) in own


@pytest.mark.parametrize(
    "path", python_files(), ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_only_the_writer_changes_bytes(path: Path) -> None:
    name = path.relative_to(PACKAGE).as_posix()
    known = tuple(what for file, what in KNOWN if file == name)
    found = [
        f"{place(path, node)} {what}" for node, what in writes(path) if not what.startswith(known)
    ]
    assert path == WRITER or not found, "\n".join(found)


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ("def f(t): t.copy_(1)", True),
        ("def f(t): t[0].zero_()", True),
        ("def f(t): t.detach()[0] = 1", True),
        ("def f(t): t[0] += 1", True),
        ("def f(t): t.data = 1", True),
        ("def f(t): torch.add(t, 1, out=t)", True),
        ("def f(t):\n s = torch.empty(2)\n s.copy_(t)\n s[0] = 1\n torch.add(t, 1, out=s)", False),
        ("def f(t):\n s = t.clone()\n s.view(-1)[0] = 1", False),
        ("def f(d: dict[str, int]): d['a'] = 1", False),
        ("class A:\n rows: dict[str, int]\n def f(self): self.rows['a'] = 1", False),
        ("def f(t): t.requires_grad_(False)", False),
        ("def f(t): nn.init.zeros_(t)", True),
        ("def f(t):\n s = torch.empty_like(t)\n nn.init.zeros_(s)", False),
    ],
)
def test_the_check_catches_what_it_should(code: str, caught: bool, tmp_path: Path) -> None:
    path = tmp_path / "code.py"
    path.write_text(code)
    assert bool(list(writes(path))) is caught
