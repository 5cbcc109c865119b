"""The journal of a model as a script for the user's own name of it."""

from __future__ import annotations

import io
import tokenize

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
    code = Workbench.of(net).code()
    if not code:
        return LabRefused(question.n, "The journal is empty: nothing has been edited yet.")
    return LabCode(question.n, renamed(code, found[1] if found else "net"))


def renamed(code: str, expression: str) -> str:
    """A script for ``net`` as one for ``expression``.

    >>> renamed("net.weight.data[0] = 1  # of net", "models[0]")
    'models[0].weight.data[0] = 1  # of net'
    """
    if expression == "net":
        return code
    lines = code.splitlines(keepends=True)
    before = ""
    places = []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.NAME and token.string == "net" and before != ".":
            places.append(token.start)
        before = token.string
    for row, column in reversed(places):
        line = lines[row - 1]
        lines[row - 1] = line[:column] + expression + line[column + len("net") :]
    return "".join(lines)
