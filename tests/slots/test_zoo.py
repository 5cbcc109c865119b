"""Every model of the zoo is read right, and left as it was."""

from __future__ import annotations

import multiprocessing

import pytest

from paramwidget.slots.tree import Node, Path, read_tree
from slots.checks import check
from slots.crashes import CRASHING, report
from zoo.case import Case
from zoo.cases import CASES

SAFE = [case for case in CASES if not case.crashes]


@pytest.mark.parametrize("case", SAFE, ids=lambda case: case.name)
def test_is_read_right_and_left_as_it_was(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", SAFE, ids=lambda case: case.name)
def test_each_row_is_found_by_name_and_path(case: Case) -> None:
    tree = read_tree(case.build())
    modules = [tree.root]
    for module in modules:
        modules += [child for child in module.children if child.kind == "module"]
    by_name: dict[str, Node] = {}
    by_path: dict[Path, Node] = {}
    for node in (*tree.slots, *modules):
        by_name.setdefault(node.name, node)
        by_path.setdefault(node.path, node)
    for node in (*tree.slots[:500], *modules[:500]):
        name = node.name
        assert tree.find(name) == (by_name[name] if name else tree.root)
        assert tree.find(node.path) == by_path[node.path]
        assert tree.find((*node.path, "no such")) is None
        assert tree.find(f"{name}.no such") is None


def test_what_would_end_the_process_is_read_too() -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=report, args=(list(range(len(CRASHING))), theirs))
    child.start()
    theirs.close()
    reported = {}
    while ours.poll(120):
        try:
            number, failure = ours.recv()
        except EOFError:
            break
        reported[number] = failure
    child.join(60)
    assert child.exitcode == 0, f"the child died after {len(reported)} cases"
    failed = {CRASHING[number].name: text for number, text in reported.items() if text}
    assert not failed, "\n".join(f"{name}:\n{text}" for name, text in failed.items())
    assert len(reported) == len(CRASHING)
