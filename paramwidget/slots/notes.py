"""The note of a row: one sentence or several, for what is not seen from its name and class."""

from __future__ import annotations

from paramwidget.slots.reading import wrappers
from paramwidget.slots.reading.columns import NO_MODULE, Columns


def of_file(file: str) -> str:
    """The note of a tensor in a file that can be written to."""
    return f"mapped from {file}: an edit writes to the file"


def of_slot(columns: Columns, slot: int, file: str) -> str | None:
    """The note of a slot; ``file`` is that which a write to its tensor is written to, if any."""
    if slot in columns.shadowed:
        return "hidden by a plain attribute of the same name"
    known = columns.condition_of(slot)
    marks = (
        columns.slot_notes.get(slot),
        known.packed if known.reason is None else None,
        file and of_file(file),
    )
    return "; ".join(mark for mark in marks if mark) or None


def of_module(columns: Columns, place: int) -> str | None:
    """The note of the module at a place."""
    module = columns.modules[place]
    if module == NO_MODULE:
        return None
    marks = (
        columns.place_notes.get(place),
        columns.module_notes.get(module),
        wrappers.wrapper_note(columns.classes[module]),
    )
    return "; ".join(mark for mark in marks if mark) or None


def places_with_notes(columns: Columns) -> set[int]:
    """The places of modules that have a note, or a reason why they cannot be read."""
    classes = {id(cls): cls for cls in columns.classes}
    wrapping = {key for key, cls in classes.items() if wrappers.wrapper_note(cls) is not None}
    modules = {*columns.module_errors, *columns.module_notes}
    if wrapping:
        modules |= {n for n, cls in enumerate(columns.classes) if id(cls) in wrapping}
    found = set(columns.place_notes)
    if modules:
        found |= {place for place, module in enumerate(columns.modules) if module in modules}
    return found
