"""Nothing that comes from a browser or a file is ever run as code or parsed as markup."""

from __future__ import annotations

import ast
import re

from house.sources import ROOT, dotted, nodes, place, python_files, room_of, script_files

RUNS_CODE = {"eval", "exec", "compile", "__import__", "pickle.load", "pickle.loads", "os.system"}
MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment"
    r"|\beval\s*\(|new\s+Function\b|setTimeout\(\s*[\"'`]|javascript:"
)


def test_python_runs_no_text() -> None:
    for path in python_files():
        for node in nodes(path, ast.Call):
            assert isinstance(node, ast.Call)
            assert dotted(node.func) not in RUNS_CODE, f"{place(path, node)} runs text"
            if dotted(node.func) == "torch.load":
                safe = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                assert safe.get("weights_only") == "True", f"{place(path, node)} unpickles"


def test_the_view_parses_no_markup_and_runs_no_text() -> None:
    files = script_files()
    assert files
    for path in files:
        found = MARKUP.search(path.read_text("utf-8"))
        assert not found, f"{path.relative_to(ROOT)}: {found and found[0]}"


def test_private_names_of_torch_stand_in_one_room() -> None:
    for path in python_files():
        if room_of(path) == "compat":
            continue
        for node in nodes(path, ast.Attribute):
            name = dotted(node)  # type: ignore[arg-type]
            private = re.match(r"torch\.(\w+\.)*_(?!_)", name)
            assert not private, f"{place(path, node)} uses {name}"
