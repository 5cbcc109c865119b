"""Does what a person asked for in the browser, or only says what it would do."""

from __future__ import annotations

from paramwidget import protocol
from paramwidget.edit.actions.initialize import Initialize
from paramwidget.edit.actions.outcome import display_name
from paramwidget.edit.journal import Edit
from paramwidget.edit.values.index import parse_index
from paramwidget.slots.ties import Name
from paramwidget.workbench import Workbench

FEW = 6  # names that are told of many


def carry_out(bench: Workbench, intent: protocol.Intent) -> Edit | None:
    """Do it as a whole; raises EditError where it cannot be done, the model as before."""
    match intent:
        case protocol.Initialize():
            return bench.do(_initialize(intent))
        case protocol.Assign():
            return bench.assign(tuple(intent.path), tuple(intent.index), intent.value)
        case protocol.Compute():
            return bench.compute(tuple(intent.path), intent.expression, parse_index(intent.index))
        case protocol.Require():
            return bench.require(tuple(intent.path), intent.value)
        case protocol.Undo():
            return bench.undo()
        case protocol.Redo():
            return bench.redo()
        case protocol.Restart():
            undone = bench.restart()
            return undone[-1] if undone else None


def preview(bench: Workbench, intent: protocol.Initialize) -> protocol.Preview:
    """What an initialization would do; raises EditError as doing it would."""
    plan = _initialize(intent).plan(bench.net, bench.read())
    if not plan.skipped:
        plan.refuse_empty(tuple(intent.path))  # else no slot is told of, nor why there is none
    reasons: dict[str, list[Name]] = {}
    for name, reason in plan.skipped.items():
        reasons.setdefault(reason, []).append(name)
    return protocol.Preview(
        count=len(plan.names),
        names=[display_name(name) for name in plan.names[:FEW]],
        skipped=[
            protocol.Skipped(reason, len(names), [display_name(name) for name in names[:FEW]])
            for reason, names in reasons.items()
        ],
        promise=plan.promise,
    )


def _initialize(intent: protocol.Initialize) -> Initialize:
    return Initialize(
        target=tuple(intent.path),
        function=intent.name,
        types=tuple(intent.types) or None,
        parameters=tuple(intent.parameters) or None,
        seed=intent.seed.strip() or None,
        arguments=intent.arguments,
    )
