"""The list of live modules: the user's variables, and what one of them holds."""

from __future__ import annotations

from itertools import islice
from typing import Any

from paramwidget.compat import module_fields
from paramwidget.lab import docks
from paramwidget.lab.counting import Counter
from paramwidget.lab.finding import Found, held_in, opens, variables
from paramwidget.lab.paths import MOST_ROWS, follow_path, namespace, path_text, sendable
from paramwidget.picture.text import bytes_of
from paramwidget.protocol import (
    LabAnswer,
    LabBond,
    LabExpand,
    LabList,
    LabRefused,
    LabRow,
    LabRows,
    LabStep,
)
from paramwidget.tensors import class_name


def variables_asked(question: LabList) -> LabRows:
    """The user's variables, and the state of the docked ones."""
    names, hidden = namespace()
    counter = Counter()
    rows: list[LabRow] = []
    more = 0
    if question.rows:
        found: dict[int, list[Found]] = {}
        for held in variables(names, hidden):
            found.setdefault(id(held.value), []).append(held)
        rows = [_row(same, [], counter) for same in islice(found.values(), MOST_ROWS)]
        more = len(found) - len(rows)
    docks.open_docks.drop_unseen()
    return LabRows(
        question.n,
        torch=True,
        rows=rows,
        more=more,
        unfinished=counter.unfinished,
        bonds=[_bond(names, bond) for bond in question.bonds],
    )


def held_asked(question: LabExpand) -> LabAnswer:
    """What a module, a container or an object holds."""
    holder = follow_path(namespace()[0], question.path)
    if holder is None:
        return LabRefused(question.n, f"{path_text(question.path)} is no longer there.")
    counter = Counter()
    inside = held_in(holder[0].value)
    rows = [_row([held], question.path, counter) for held in islice(inside, MOST_ROWS)]
    return LabRows(question.n, True, rows, sum(1 for _ in inside), counter.unfinished, [])


def _row(same: list[Found], holder: list[LabStep], counter: Counter) -> LabRow:
    """One object under all its names."""
    held = same[0]
    totals = counter.totals(held.value) if held.is_module else None
    training = module_fields(held.value).get("training") if held.is_module else None
    return LabRow(
        names=[sendable(one.suffix or one.step.key) for one in same],
        path=[*holder, held.step],
        object=str(id(held.value)),
        type_name=sendable(class_name(type(held.value))),
        module=held.is_module,
        opens=opens(held.value),
        parameters=None if totals is None else totals.parameters,
        trainable=None if totals is None else totals.trainable,
        bytes_text="" if totals is None else bytes_of(totals.bytes),
        mode="training" if training is True else "evaluation" if training is False else "",
    )


def _bond(names: dict[str, Any], bond: LabBond) -> Any:
    """What is now at the path of a docked view."""
    found = follow_path(names, bond.path)
    if found is None or not found[0].is_module:
        return "gone"
    return "same" if str(id(found[0].value)) == bond.object else "other"
