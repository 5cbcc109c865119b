"""Every model of the zoo is read right, and left as it was."""

from __future__ import annotations

import multiprocessing

import pytest

from slots.checks import check
from slots.deadly import DEADLY, report
from zoo.case import Case
from zoo.cases import CASES

SAFE = [case for case in CASES if not case.deadly]


@pytest.mark.parametrize("case", SAFE, ids=lambda case: case.name)
def test_is_read_right_and_left_as_it_was(case: Case) -> None:
    check(case)


def test_what_would_end_the_process_is_read_too() -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=report, args=(list(range(len(DEADLY))), theirs))
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
    failed = {DEADLY[number].name: text for number, text in reported.items() if text}
    assert not failed, "\n".join(f"{name}:\n{text}" for name, text in failed.items())
    assert len(reported) == len(DEADLY)
