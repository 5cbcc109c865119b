"""A notebook without a browser: IPython's own shell, cells with ids, views that speak."""

from __future__ import annotations

import sys
import weakref
from typing import Any

from comm import get_comm_manager
from IPython.core.interactiveshell import InteractiveShell
from torch import nn

from paramwidget import ParamWidget, compat

STARTING = """
from IPython.display import display
from ipywidgets import HBox, VBox
from torch import nn
from paramwidget import ParamWidget, Workbench
"""


class Shell(InteractiveShell):
    """IPython's shell, with the request that a kernel would have for the cell that runs."""

    request: dict[str, Any]

    def get_parent(self) -> dict[str, Any]:
        return self.request


class Notebook:
    """Runs cells as a kernel does; a cell that is run again has its old output overwritten."""

    def __init__(self, names_cells: bool = True) -> None:
        self._close_widgets()  # those that earlier tests left open
        InteractiveShell.clear_instance()
        Shell.clear_instance()
        self._main = sys.modules["__main__"]
        self.shell = Shell.instance()  # which puts a module of its own in its place
        self.shell.request = {}
        self.names_cells = names_cells
        self.models: weakref.WeakSet[nn.Module] = weakref.WeakSet()
        self.shell.user_ns["make"] = self._make
        self._views: dict[str, str] = {}  # view -> the model id of its widget
        self._count = 0
        self.run(STARTING)

    def _make(self) -> nn.Module:
        net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
        self.models.add(net)
        return net

    def close(self) -> None:
        self._close_widgets()
        self.shell.reset(new_session=False)
        self.run("pass")
        Shell.clear_instance()
        sys.modules["__main__"] = self._main

    def _close_widgets(self) -> None:
        """Every widget of the process: ipywidgets keeps each that is open."""
        for widget in list(compat.widget_registry().values()):
            widget.close()

    def run(self, code: str, cell: str = "") -> Any:
        """Run a cell; its value. An error in it is raised."""
        self._count += 1
        cell_id = (cell or str(self._count)) if self.names_cells else None
        header = {"msg_id": str(self._count)}
        self.shell.request = {"header": header, "metadata": {"cellId": cell_id}}
        result = self.shell.run_cell(code, store_history=True, cell_id=cell_id)
        self.shell.request = {"header": header, "metadata": {}}
        result.raise_error()
        return result.result

    # --- what is alive ---------------------------------------------------------------------------

    def comms(self) -> int:
        """How many comms are open."""
        return len(get_comm_manager().comms)

    def widgets(self) -> list[str]:
        """The model ids of the open widgets, the oldest first."""
        registry = compat.widget_registry()
        return [model for model, one in list(registry.items()) if isinstance(one, ParamWidget)]

    # --- what browsers say -----------------------------------------------------------------------

    def say(self, model: str, **content: Any) -> None:
        """A message as the kernel takes it from the wire."""
        data = {"method": "custom", "content": content}
        comm: Any = compat.widget_registry()[model].comm
        comm.handle_msg({"content": {"data": data}, "buffers": []})

    def view(self, model: str = "") -> str:
        """A page shows a widget, the newest if none is named; the new view."""
        model = model or self.widgets()[-1]
        name = f"v{len(self._views)}"
        self._views[name] = model
        self.say(model, kind="hello", view=f"page of {name}", protocol=1)
        self.tell(name, "opened")
        return name

    def tell(self, view: str, what: str) -> None:
        """ "left" is what a page says that is left, reloaded or closed."""
        said = {"what": "closed", "left": True} if what == "left" else {"what": what}
        self.say(self._views[view], kind="view", view=view, **said)
