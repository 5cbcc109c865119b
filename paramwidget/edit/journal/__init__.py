"""The journal: what was done, by whom, what was undone, and the way back within a budget."""

from paramwidget.edit.journal.entry import Edit, Entry
from paramwidget.edit.journal.journal import Journal
from paramwidget.edit.journal.kept import BUDGET

__all__ = ["BUDGET", "Edit", "Entry", "Journal"]
