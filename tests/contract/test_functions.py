"""The list beside the expression bar names what an expression may hold, and nothing else."""

from __future__ import annotations

import re

import node
from paramwidget.edit.formula.parse import CONSTANTS, FUNCTIONS


def test_the_list_of_functions_is_pythons() -> None:
    source = (node.JS / "widget" / "src" / "controls" / "functions.ts").read_text("utf-8")
    calls = re.findall(r'call: "([^"]*)"', source)
    named = {name for call in calls for name in re.findall(r"(\w+)\(", call)}
    assert named == set(FUNCTIONS)
    for call in calls:
        for name, arguments in re.findall(r"(\w+)\(([^)]*)\)", call):
            assert len(arguments.split(",")) in FUNCTIONS[name]
    assert set(calls[-1].split(", ")) == set(CONSTANTS)
