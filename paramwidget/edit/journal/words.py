"""What the journal says: titles, warnings and refusals."""

from __future__ import annotations

from dataclasses import replace

from paramwidget.edit.actions.outcome import display_name
from paramwidget.edit.errors import MOST_NAMES, EditError, listed, no_memory
from paramwidget.edit.journal.entry import Edit, Entry
from paramwidget.slots.ties import Name

WAY_ON = "; bench.skip() leaves it as it is, and undo goes on with the edit before it"

OVER_SKIPPED = (
    "{} went back here to what was there before an edit that was skipped: a fresh copy may differ "
    "from here on"
)
CHANGED_OUTSIDE = (
    "{} changed outside the journal here: on a fresh copy the values differ from here on"
)
NOT_IN_SCRIPT = "the values are not in the script: on a fresh copy they differ from here on"


def were_changed(names: list[Name]) -> str:
    """ "0.weight has been changed"."""
    have = "has" if len(names) == 1 else "have"
    return f"{listed(map(display_name, names), MOST_NAMES)} {have} been changed"


def by_another_model(titles: list[str]) -> str:
    """ "an edit of another model (zeros_ on 0.weight)"."""
    return f"an edit of another model ({listed(titles, 3)})"


def replaced_title(entry: Entry) -> str:
    """The title of the values that an undo put away."""
    return f"values from before undoing {entry.title!r}"


def warned(
    entry: Entry, foreign: list[Name], skipped: list[Entry], elsewhere: list[Entry]
) -> Edit | None:
    """The edit of an entry, with a warning that its undo or redo puts others' values away.

    ``skipped`` are newer edits that were skipped, ``elsewhere`` those of models that share tensors.
    """
    edit = entry.edit
    if edit is None:
        return None
    own = {name for one in skipped for name in one.names}
    by = "an edit that was skipped" if own.issuperset(foreign) else "something else"
    if elsewhere:
        by = by_another_model([one.title for one in elsewhere])
    back = "redo" if entry.stands else "undo"
    warning = f"{were_changed(foreign)} by {by} since; {back} brings those values back"
    return replace(edit, warnings=[*edit.warnings, warning])


def why_not(entry: Entry) -> str:
    """Why an entry cannot be brought back."""
    if entry.kind in ("replaced", "dropped"):
        return "the values are in their slots again, or were dropped to keep within the budget"
    return "only values that were replaced, and undone edits that another one followed, can be"


def refusal(error: Exception, left_alone: list[str]) -> EditError:
    """The refusal for an exception that ended an edit, true about what was put back."""
    if isinstance(error, EditError):
        about, where = str(error).removesuffix("; the model was not changed"), error.where
    else:  # no memory for the scratch, an odd tensor
        lines = str(error).splitlines() or [type(error).__name__]
        about, where = no_memory(error) or f"torch cannot do this: {lines[0]}", ""
    if not left_alone:
        return EditError(f"{about}; the model was not changed", where)
    names = listed(left_alone)
    return EditError(
        f"{about}; something else has written to {names} in the meantime, and that was kept", where
    )
