"""The public names. Loaded lazily: importing the package alone does not import torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paramwidget.auto import autodisplay
    from paramwidget.edit import EditError, initializer
    from paramwidget.widget import ParamWidget
    from paramwidget.workbench import Workbench

__version__ = "0.1.0"
__all__ = ["EditError", "ParamWidget", "Workbench", "autodisplay", "initializer"]

_ROOMS = {
    "EditError": "paramwidget.edit",
    "ParamWidget": "paramwidget.widget",
    "Workbench": "paramwidget.workbench",
    "autodisplay": "paramwidget.auto",
    "initializer": "paramwidget.edit",
}


def __getattr__(name: str) -> object:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_ROOMS[name]), name)
    globals()[name] = value  # the next look finds it without coming here
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
