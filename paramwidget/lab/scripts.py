"""The journal of a model as a script for the user's own name of it."""

from __future__ import annotations

import ast

from paramwidget.lab.docks import widget_named
from paramwidget.lab.paths import follow_path, namespace, path_text, path_to
from paramwidget.protocol import LabAnswer, LabCode, LabJournal, LabRefused
from paramwidget.workbench import Workbench


def script_asked(question: LabJournal) -> LabAnswer:
    """The edits in effect of the model at a path, or of the one that a widget shows."""
    widget = widget_named(question.model)
    path = question.path if widget is None else path_to(widget.workbench.net)
    found = follow_path(namespace()[0], path)
    if widget is not None:
        net = widget.workbench.net
    elif found is not None and found[0].is_module:
        net = found[0].value
    else:
        return LabRefused(question.n, f"No model is called {path_text(path)}.")
    name = found[1] if found is not None and is_expression(found[1]) else None
    bench = Workbench.of(net)
    with bench.lock:
        bench.look_outside()
        code = bench.log.code(name)
    if not code:
        return LabRefused(question.n, "The journal is empty: nothing has been edited yet.")
    return LabCode(question.n, code)


def is_expression(text: str) -> bool:
    """Whether the text is names, attributes and items with literal keys, which Python can read."""
    try:
        here: ast.expr = ast.parse(text, mode="eval").body
        while not isinstance(here, ast.Name):
            if isinstance(here, ast.Subscript):
                ast.literal_eval(here.slice)
            elif not isinstance(here, ast.Attribute):
                return False
            here = here.value
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True
