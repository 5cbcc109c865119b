"""The kernel's half of the JupyterLab extension: tells of live modules and docks them, on a comm.

The extension opens one comm for each kernel and asks; only the answers are sent on it, so that
ipykernel keeps routing it to the subshell that the browser chose, and a question is answered while
a cell runs. A question may come on any thread. Nothing here imports torch before the user has.
"""

from __future__ import annotations

import io
import logging
import sys
import threading
import time
import tokenize
import weakref
from functools import singledispatch
from itertools import islice
from typing import TYPE_CHECKING, Any

from comm import get_comm_manager
from IPython import get_ipython

from paramwidget import protocol
from paramwidget.protocol import LabBond, LabDocked, LabRefused, LabRow, LabRows, LabStep

if TYPE_CHECKING:
    from paramwidget.lab.finding import Found
    from paramwidget.slots.tree import Totals
    from paramwidget.widget import ParamWidget

TARGET = "paramwidget.lab"
MOST_ROWS = 200  # of one list; the rest is counted
COUNTING = 0.1  # s that one answer may spend on counting parameters

_log = logging.getLogger("paramwidget")
_one_at_a_time = threading.RLock()


def serve() -> None:
    """Open the door for the extension. Binds no name; may be called again and again."""
    get_comm_manager().register_target(TARGET, _opened)


def _opened(comm: Any, message: dict[str, Any]) -> None:
    """A browser has opened its line: its first question came along."""

    def hear(message: dict[str, Any]) -> None:
        comm.send(protocol.encode(answer(message["content"]["data"])))

    comm.on_msg(hear)
    hear(message)


def answer(content: object) -> protocol.LabAnswer:
    """The one answer to a question; never raises."""
    number = content.get("n") if isinstance(content, dict) else None
    number = number if type(number) is int else -1
    try:
        question = protocol.decode_question(content)
        with _one_at_a_time:
            return _answer(question)
    except Exception as error:
        _log.exception("paramwidget: a question of JupyterLab could not be answered")
        return LabRefused(number, f"{type(error).__name__}: {error}")


def _answer(question: protocol.LabQuestion) -> protocol.LabAnswer:
    if "torch" not in sys.modules and not isinstance(question, protocol.LabUndock):
        if isinstance(question, protocol.LabList):
            gone = ["gone" for _ in question.bonds]
            return LabRows(question.n, False, [], 0, False, gone)  # type: ignore[arg-type]
        return LabRefused(question.n, "Nothing has imported PyTorch in this kernel yet.")
    return _answer_to(question)


@singledispatch
def _answer_to(question: protocol.LabQuestion) -> protocol.LabAnswer:
    """The answer to one kind of question; check_handled() below sees that each has a function."""
    raise protocol.ProtocolError(f"nothing answers {question.kind}")


# --- what is there -----------------------------------------------------------------------------


def _namespace() -> tuple[dict[str, Any], dict[str, Any]]:
    """A copy of the user's namespace, and what IPython itself put into it."""
    shell = get_ipython()
    if shell is None:
        return {}, {}
    return shell.user_ns.copy(), shell.user_ns_hidden.copy()


@_answer_to.register
def _list(question: protocol.LabList) -> LabRows:
    from paramwidget.lab.finding import variables

    namespace, hidden = _namespace()
    counter = Counter()
    rows: list[LabRow] = []
    more = 0
    if question.rows:
        found: dict[int, list[Found]] = {}
        for held in variables(namespace, hidden):
            found.setdefault(id(held.value), []).append(held)
        rows = [_row(same, [], counter) for same in islice(found.values(), MOST_ROWS)]
        more = len(found) - len(rows)
    _docks.drop_unseen()
    return LabRows(
        question.n,
        torch=True,
        rows=rows,
        more=more,
        unfinished=counter.unfinished,
        bonds=[_bond(namespace, bond) for bond in question.bonds],
    )


@_answer_to.register
def _expand(question: protocol.LabExpand) -> protocol.LabAnswer:
    from paramwidget.lab.finding import held_in

    holder = _follow(_namespace()[0], question.path)
    if holder is None:
        return LabRefused(question.n, f"{_display_name(question.path)} is no longer there.")
    counter = Counter()
    inside = held_in(holder[0].value)
    rows = [_row([held], question.path, counter) for held in islice(inside, MOST_ROWS)]
    return LabRows(question.n, True, rows, sum(1 for _ in inside), counter.unfinished, [])


def _row(same: list[Found], holder: list[LabStep], counter: Counter) -> LabRow:
    """One object under all its names."""
    from paramwidget.compat import module_fields
    from paramwidget.lab.finding import opens
    from paramwidget.picture.text import bytes_of
    from paramwidget.tensors import class_name

    held = same[0]
    totals = counter.totals(held.value) if held.is_module else None
    training = module_fields(held.value).get("training") if held.is_module else None
    return LabRow(
        names=[_sendable(one.suffix or one.step.key) for one in same],
        path=[*holder, held.step],
        object=str(id(held.value)),
        type_name=_sendable(class_name(type(held.value))),
        module=held.is_module,
        opens=opens(held.value),
        parameters=None if totals is None else totals.parameters,
        trainable=None if totals is None else totals.trainable,
        bytes_text="" if totals is None else bytes_of(totals.bytes),
        mode="training" if training is True else "evaluation" if training is False else "",
    )


def _sendable(text: str) -> str:
    """Text that UTF-8 can carry: a class may have any string for a name."""
    return text.encode("utf-8", "replace").decode("utf-8")[:200]


class Counter:
    """Counts parameters, as long as one answer may take; beyond that by what was known before."""

    def __init__(self) -> None:
        self._end = 0.0
        self.unfinished = False

    def totals(self, module: Any) -> Totals | None:
        """The module's totals; None where there is no time and nothing is known."""
        from paramwidget.slots.tree import read_tree

        known = _known.get(id(module))
        self._end = self._end or time.monotonic() + COUNTING
        if time.monotonic() < self._end:
            try:
                totals = read_tree(module).totals
            except Exception:  # one model that cannot be read takes no other's row away
                _log.exception("paramwidget: a model could not be counted")
                return None
            _known[id(module)] = (weakref.ref(module, _forget(id(module))), totals)
            return totals
        self.unfinished = True
        return known[1] if known is not None and known[0]() is module else None


_known: dict[int, tuple[weakref.ref[Any], Totals]] = {}


def _forget(key: int) -> Any:
    def forget(gone: weakref.ref[Any]) -> None:
        if key in _known and _known[key][0] is gone:
            del _known[key]

    return forget


# --- the way to a module -----------------------------------------------------------------------


def _follow(namespace: dict[str, Any], path: list[LabStep]) -> tuple[Found, str] | None:
    """What a path leads to and the expression that does the same; None where it leads nowhere."""
    from paramwidget.lab.finding import Found, follow

    if not path or path[0].kind != "name" or path[0].key not in namespace:
        return None
    held, expression = Found(path[0], namespace[path[0].key], ""), path[0].key
    for step in path[1:]:
        found = follow(held.value, step)
        if found is None:
            return None
        held, expression = found, expression + found.suffix
    return held, expression


def _display_name(path: list[LabStep]) -> str:
    return " ▸ ".join(_sendable(step.key) for step in path) or "It"


def _bond(namespace: dict[str, Any], bond: LabBond) -> Any:
    """What stands now where a docked view's module stood."""
    found = _follow(namespace, bond.path)
    if found is None or not found[0].is_module:
        return "gone"
    return "same" if str(id(found[0].value)) == bond.object else "other"


def _path_to(module: Any) -> list[LabStep]:
    """The way to a module from a variable of the user's: a variable itself, or one step inside."""
    from paramwidget.lab.finding import held_in, variables

    found = list(variables(*_namespace()))
    for held in found:
        if held.value is module:
            return [held.step]
    for holder in found:
        for held in islice(held_in(holder.value), MOST_ROWS):
            if held.value is module:
                return [holder.step, held.step]
    return []


# --- docking -----------------------------------------------------------------------------------


class Docks:
    """The widgets that docked views show: one for each module, made here and closed with the last.

    A widget that the user made and docked is shown too, but never closed.
    """

    def __init__(self) -> None:
        self._made: dict[str, ParamWidget] = {}
        self._views: dict[str, tuple[str, float]] = {}  # view -> model id, when it was docked

    def widget(self, view: str, module: Any) -> ParamWidget:
        """The widget of a module for this view."""
        from paramwidget.widget import ParamWidget

        made = (one for one in self._made.values() if one.workbench.net is module)
        widget = next((one for one in made if one.is_open), None)
        if widget is None:
            widget = ParamWidget(module)
            self._made[widget.model_id] = widget
        self.show(view, widget.model_id)
        return widget

    def show(self, view: str, model: str) -> None:
        """A view shows a widget from now on, whatever it showed before."""
        before = self._views.get(view)
        self._views[view] = (model, time.monotonic())
        if before is not None and before[0] != model:
            self._close_unused(before[0])

    def leave(self, view: str) -> None:
        """A docked view is gone."""
        model, _ = self._views.pop(view, ("", 0.0))
        self._close_unused(model)

    def drop_unseen(self) -> None:
        """Forget views whose browser went without a word; a reload takes less than a minute."""
        for view, (model, since) in list(self._views.items()):
            widget = self._made.get(model)
            if widget is not None and not widget.seen and time.monotonic() - since > 60:
                self.leave(view)

    def _close_unused(self, model: str) -> None:
        if model in self._made and all(shown != model for shown, _ in self._views.values()):
            self._made.pop(model).close()


_docks = Docks()


@_answer_to.register
def _undock(question: protocol.LabUndock) -> protocol.LabAnswer:
    _docks.leave(question.view)
    return protocol.LabDone(question.n)


@_answer_to.register
def _dock(question: protocol.LabDock) -> protocol.LabAnswer:
    found = _follow(_namespace()[0], question.path)
    if found is None or not found[0].is_module:
        return LabRefused(question.n, f"No model is called {_display_name(question.path)}.")
    held, expression = found
    widget = _docks.widget(question.view, held.value)
    return _docked(question.n, widget, question.path, expression)


@_answer_to.register
def _find(question: protocol.LabFind) -> protocol.LabAnswer:
    widget = _widget_of(question.model)
    if widget is None:
        return LabRefused(question.n, "This is no widget of a model that lives in this kernel.")
    _docks.show(question.view, question.model)
    path = _path_to(widget.workbench.net)
    found = _follow(_namespace()[0], path)
    return _docked(question.n, widget, path, found[1] if found else "")


def _widget_of(model: str) -> ParamWidget | None:
    from paramwidget.widget import widget_of

    return widget_of(model)


def _docked(n: int, widget: ParamWidget, path: list[LabStep], expression: str) -> LabDocked:
    from paramwidget.tensors import class_name

    net = widget.workbench.net
    type_name = _sendable(class_name(type(net)))
    return LabDocked(n, widget.model_id, str(id(net)), path, _sendable(expression), type_name)


# --- the journal -------------------------------------------------------------------------------


@_answer_to.register
def _journal(question: protocol.LabJournal) -> protocol.LabAnswer:
    from paramwidget.workbench import Workbench

    namespace = _namespace()[0]
    path, widget = question.path, _widget_of(question.model)
    if widget is not None:
        path = _path_to(widget.workbench.net)
    found = _follow(namespace, path)
    if found is None and widget is None:
        return LabRefused(question.n, f"No model is called {_display_name(path)}.")
    net = widget.workbench.net if widget is not None else found[0].value  # type: ignore[index]
    code = Workbench.of(net).code()
    if not code:
        return LabRefused(question.n, "The journal is empty: nothing was edited yet.")
    return protocol.LabCode(question.n, renamed(code, found[1] if found else "net"))


def renamed(code: str, expression: str) -> str:
    """A script over ``net`` as one over ``expression``.

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


protocol.check_handled(protocol.LabQuestion, _answer_to)
