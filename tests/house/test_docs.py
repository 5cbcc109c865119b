"""What the documents say is so: the code and commands of the README, links, docstring examples."""

from __future__ import annotations

import doctest
import importlib
import re
from types import ModuleType

import pytest

import paramwidget
from house.sources import PACKAGE, ROOT, python_files

README = (ROOT / "README.md").read_text("utf-8")
DEMO = 'pip install -c tests/constraints.txt ".[demo]" && jupyter lab examples/'
TEST = 'pip install -c tests/constraints.txt ".[test]" && pytest'


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_python_of_the_readme_runs() -> None:
    shown: list[object] = []
    names = {"display": shown.append}
    for code in blocks("python"):
        exec(compile(code, "README.md", "exec"), names)
    assert [type(widget).__name__ for widget in shown] == ["ParamWidget"]


def test_the_two_commands_name_what_is_there() -> None:
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    (demo,) = [line for line in commands if line.startswith(DEMO)]
    assert TEST in commands
    assert (ROOT / demo.split()[-1]).exists()
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "README.md" in script, "CI runs the README's own command"


def test_the_files_that_contributing_names_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    homes = (ROOT, PACKAGE, ROOT / "js" / "widget" / "src")
    rooms = (
        r"\.ci|paramwidget|js|tests|edit|slots|picture|protocol|conversation|store|panel|heatmap"
    )
    names = re.findall(rf"(?<![\w./-])(?:{rooms})/[\w./-]*\w", text)
    for name in {*names} - {"js/node_modules"}:  # which a fresh clone lacks
        assert any((home / name).exists() for home in homes), name


def test_every_link_of_the_readme_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def modules() -> list[str]:
    parts = [path.relative_to(ROOT).with_suffix("").parts for path in python_files()]
    return [".".join(part for part in name if part != "__init__") for name in parts]


@pytest.mark.parametrize("name", modules())
def test_the_examples_of_the_docstrings_run(name: str) -> None:
    module: ModuleType = importlib.import_module(name)
    assert module.__doc__, f"{name} does not say what it is for"
    failed = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert not failed.failed


def test_the_changelog_knows_the_version() -> None:
    assert f"## {paramwidget.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert PACKAGE.name == paramwidget.__name__
