"""autodisplay: a cell that ends in a module shows the widget instead of its repr."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from typing import Any

from IPython import get_ipython
from torch import nn

from paramwidget.widget import ParamWidget

_log = logging.getLogger("paramwidget")
_widgets: weakref.WeakValueDictionary[int, ParamWidget] = weakref.WeakValueDictionary()
_before: list[Callable[[Any], Any] | None] = []  # the formatters registered before; empty while off


def autodisplay(on: bool = True) -> None:
    """Show the widget for a cell that ends in an ``nn.Module``; ``False`` turns that off.

    ``repr(net)`` and ``print(net)`` stay as they are. It is off until it is called, and may be
    called repeatedly; the previous formatter of modules is restored. A model is shown by one
    widget, however often it ends a cell. Raises RuntimeError outside of IPython.
    """
    shell = get_ipython()
    if shell is None:
        raise RuntimeError(
            "autodisplay() changes what a notebook cell displays, but IPython is not running; "
            "in a script, create a ParamWidget or a Workbench"
        )
    printers = shell.display_formatter.mimebundle_formatter.type_printers
    if on and printers.get(nn.Module) is not _bundle:
        _before[:] = [printers.get(nn.Module)]
        printers[nn.Module] = _bundle
    elif not on and printers.get(nn.Module) is _bundle:
        before = _before.pop()
        del printers[nn.Module]
        if before is not None:
            printers[nn.Module] = before
        _widgets.clear()


def _bundle(net: nn.Module) -> Any:
    """What the cell shows; None, which means the repr, if the widget cannot be created."""
    try:
        return _widget_of(net)._repr_mimebundle_()
    except Exception:
        _log.exception("paramwidget: a model could not be shown")
        return None


def _widget_of(net: nn.Module) -> ParamWidget:
    widget = _widgets.get(id(net))
    if widget is None or not widget.is_open or widget.workbench.net is not net:
        widget = _widgets[id(net)] = ParamWidget(net)
    return widget
