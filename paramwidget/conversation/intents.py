"""Carries out what was asked for in the browser, or says what it would do.

An intent becomes the action of the same class name: its ``path`` is the action's ``target``, the
other fields go by their names. What differs stands here, and all of it is checked at import.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import singledispatch
from typing import Any

from paramwidget import protocol
from paramwidget.conversation.questions import agreed, still_newest, way_on
from paramwidget.edit.actions.action import Action
from paramwidget.edit.actions.initialize import Initialize
from paramwidget.edit.actions.outcome import by_reason, display_name
from paramwidget.edit.journal import Edit
from paramwidget.workbench import Workbench

FEW = 6  # names listed when there are many

NOT_THE_ACTIONS = {"id", "dry"}  # fields that say how to answer, not what to do
RENAMED = {"path": "target"}
RENAMED_IN: dict[type[protocol.Intent], dict[str, str]] = {
    protocol.Initialize: {"name": "function"},
}
READ: dict[str, Callable[[Any], Any]] = {  # how a field of an action is read from what was sent
    "target": tuple,
    "first": tuple,
    "second": tuple,
    "types": lambda names: tuple(names) or None,  # nothing chosen: not narrowed
    "parameters": lambda names: tuple(names) or None,
    "seed": lambda typed: typed.strip() or None,  # nothing typed: a new one is drawn
}


@singledispatch
def carry_out(intent: protocol.Intent, bench: Workbench) -> Edit | None:
    """Do it completely, or raise EditError and leave the model unchanged."""
    return bench.do(action_of(intent))


@carry_out.register
def _undo(intent: protocol.Undo, bench: Workbench) -> Edit | None:
    still_newest(intent.entry, bench)
    agreed(intent, bench.at_stake())
    with way_on(bench):
        return bench.undo()


@carry_out.register
def _skip(intent: protocol.Skip, bench: Workbench) -> Edit | None:
    still_newest(intent.entry, bench)
    return bench.skip()


@carry_out.register
def _bring_back(intent: protocol.BringBack, bench: Workbench) -> Edit | None:
    return bench.bring_back(bench.log.entry(intent.entry))


@carry_out.register
def _redo(_: protocol.Redo, bench: Workbench) -> Edit | None:
    return bench.redo()


@carry_out.register
def _restart(intent: protocol.Restart, bench: Workbench) -> Edit | None:
    agreed(intent, bench.at_stake(all_edits=True))
    with way_on(bench):
        undone = bench.restart()
    return undone[-1] if undone else None


def is_dry(intent: protocol.Intent) -> bool:
    """Whether it asks only what would be done."""
    return isinstance(intent, protocol.Initialize) and intent.dry


def preview(bench: Workbench, intent: protocol.Intent) -> protocol.Preview:
    """What an initialization would do; raises EditError as doing it would."""
    action = action_of(intent)
    assert isinstance(action, Initialize)  # no other intent asks for it
    tree = bench.read()
    plan = action.plan(bench.net, tree)
    if not plan.skipped:
        plan.refuse_empty(action.target, tree)  # else there is nothing to report
    return protocol.Preview(
        count=len(plan.names),
        names=[display_name(name) for name in plan.names[:FEW]],
        skipped=[
            protocol.Skipped(reason, len(names), [display_name(name) for name in names[:FEW]])
            for reason, names in by_reason(plan.skipped).items()
        ],
        promise=plan.expected_text,
        warnings=list(plan.warnings[:FEW]),
    )


def action_of(intent: protocol.Intent) -> Action:
    """The action that an intent asks for."""
    fields = action_fields(type(intent))
    values = {mine: getattr(intent, its) for its, mine in fields.items()}
    return action_class(type(intent))(
        **{name: READ.get(name, lambda value: value)(value) for name, value in values.items()}
    )


def action_class(intent: type[protocol.Intent]) -> type[Action]:
    """The class of the actions that an intent asks for; raises TypeError if there is none."""
    for action in Action.catalogue.values():
        if action.__name__ == intent.__name__:
            return action
    raise TypeError(
        f"the intent {intent.__name__} asks for nothing: declare an action {intent.__name__} in "
        "paramwidget/edit/actions, or say what it means in paramwidget/conversation/intents.py"
    )


def action_fields(intent: type[protocol.Intent]) -> dict[str, str]:
    """The fields of an intent that become those of its action, and their names there."""
    names = {**RENAMED, **RENAMED_IN.get(intent, {})}
    return {
        field.name: names.get(field.name, field.name)
        for field in dataclasses.fields(intent)
        if field.name not in NOT_THE_ACTIONS
    }


def check(intent: type[protocol.Intent]) -> None:
    """Raises TypeError if an intent and its action do not fit each other."""
    if carry_out.dispatch(intent) is not carry_out.dispatch(object):
        return
    action = action_class(intent)
    if action.kind != intent.kind:
        raise TypeError(
            f"the intent {intent.__name__} is of the kind {intent.kind!r} and its action of the "
            f"kind {action.kind!r}"
        )
    given, known = set(action_fields(intent).values()), set(action.fields)
    for what, names in (
        ("says", given - known),
        ("does not say", known - given - protocol.optional(action)),
    ):
        if names:
            raise TypeError(
                f"the intent {intent.__name__} {what} {', '.join(sorted(names))}, and its action "
                f"has the fields {', '.join(sorted(known))}"
            )


for _intent in protocol.messages(protocol.Intent):
    check(_intent)
