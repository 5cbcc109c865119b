"""The widgets of docked views: one for each module, created here and closed with the last view."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from paramwidget.lab.paths import follow_path, namespace, path_text, path_to, sendable
from paramwidget.protocol import (
    LabAnswer,
    LabDock,
    LabDocked,
    LabDone,
    LabFind,
    LabRefused,
    LabStep,
    LabUndock,
)
from paramwidget.tensors import class_name

if TYPE_CHECKING:  # a list alone needs no widget, and so no anywidget
    from paramwidget.widget import ParamWidget


class Docks:
    """Which docked view shows which widget.

    A widget that the user created and docked is shown too, but never closed.
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
        """From now on the view shows this widget, whatever it showed before."""
        before = self._views.get(view)
        self._views[view] = (model, time.monotonic())
        if before is not None and before[0] != model:
            self._close_unused(before[0])

    def leave(self, view: str) -> None:
        """A docked view is gone."""
        model, _ = self._views.pop(view, ("", 0.0))
        self._close_unused(model)

    def drop_unseen(self) -> None:
        """Forget views whose browser left silently; a reload takes less than a minute."""
        for view, (model, since) in list(self._views.items()):
            widget = self._made.get(model)
            if widget is not None and not widget.seen and time.monotonic() - since > 60:
                self.leave(view)

    def _close_unused(self, model: str) -> None:
        if model in self._made and all(shown != model for shown, _ in self._views.values()):
            self._made.pop(model).close()


open_docks = Docks()


def dock(question: LabDock) -> LabAnswer:
    """Show the model at a path in a docked view."""
    found = follow_path(namespace()[0], question.path)
    if found is None or not found[0].is_module:
        return LabRefused(question.n, f"No model is called {path_text(question.path)}.")
    held, expression = found
    widget = open_docks.widget(question.view, held.value)
    return _docked(question.n, widget, question.path, expression)


def undock(question: LabUndock) -> LabDone:
    """A docked view is gone."""
    open_docks.leave(question.view)
    return LabDone(question.n)


def find(question: LabFind) -> LabAnswer:
    """Show an existing widget in a docked view."""
    widget = widget_named(question.model)
    if widget is None:
        return LabRefused(question.n, "This is not a widget of a model in this kernel.")
    open_docks.show(question.view, question.model)
    path = path_to(widget.workbench.net)
    found = follow_path(namespace()[0], path)
    return _docked(question.n, widget, path, found[1] if found else "")


def widget_named(model: str) -> ParamWidget | None:
    """The widget of a model id, None if it is not one of ours."""
    from paramwidget.widget import widget_of

    return widget_of(model)


def _docked(n: int, widget: ParamWidget, path: list[LabStep], expression: str) -> LabDocked:
    net = widget.workbench.net
    type_name = sendable(class_name(type(net)))
    return LabDocked(n, widget.model_id, str(id(net)), path, sendable(expression), type_name)
