"""Drives a notebook host: run cells, ask the kernel, reach the page. One interface for all hosts.

    def test_something(host):                    # lab, notebook7 and vscode in turn
        host.run("w = ParamWidget(net); w")      # as a cell, whose text it returns
        host.page.get_by_role("tree").click()    # Playwright sees through the open shadow root
        assert host.value("net[0].weight.tolist()") == ...   # from the kernel, outside any cell

Every call waits for a state of page or kernel, never for a time.
"""

from __future__ import annotations

import abc
import json
from typing import Any, ClassVar

from playwright.sync_api import Locator, Page

from hosts.server import Jupyter

# The notebook of the page: the current widget or, where a docked view or a console has the
# focus, the first notebook of the main area.
PANEL = """(() => {
  const shell = window.jupyterapp?.shell;
  const isNotebook = (widget) => widget?.sessionContext && widget.content?.deselectAll;
  if (isNotebook(shell?.currentWidget)) return shell.currentWidget;
  return shell && [...shell.widgets("main")].find(isNotebook);
})()"""


TIED = """
import torch
from torch import nn
from paramwidget import ParamWidget

torch.manual_seed(0)
shared = nn.Linear(8, 8)
net = nn.Sequential(nn.Linear(20, 8), nn.ReLU(), shared, nn.ReLU(), shared, nn.Linear(8, 1))
w = ParamWidget(net)
w
"""


class Host(abc.ABC):
    """A page that shows cells and their outputs, and the kernel behind it."""

    foreign: ClassVar[tuple[str, ...]] = ()  # errors of the console that are the host's own

    def __init__(self, page: Page, server: Jupyter) -> None:
        self.page, self.server = page, server

    @abc.abstractmethod
    def open(self) -> None: ...

    @abc.abstractmethod
    def execute(self, code: str, silent: bool) -> dict[str, str]:
        """Run code; ``text`` is what it printed and showed, ``error`` its traceback."""

    @abc.abstractmethod
    def output(self, index: int = -1) -> Locator:
        """The output area of a cell, by its number."""

    @abc.abstractmethod
    def dark(self, on: bool) -> None:
        """Change the theme."""

    @abc.abstractmethod
    def close(self) -> None: ...

    def run(self, code: str) -> str:
        """Run code as a new last cell, as the user does; its text, once it has ended."""
        return _checked(self.execute(code, silent=False))

    def ask(self, code: str) -> str:
        """Run code silently: no cell, no counter, none of IPython's events; what it printed."""
        return _checked(self.execute(code, silent=True))

    def value(self, expression: str) -> Any:
        """What an expression gives in the kernel, by way of JSON (NaN and Inf pass)."""
        return json.loads(self.ask(f"print(__import__('json').dumps({expression}))"))


def _checked(said: dict[str, str]) -> str:
    assert not said["error"], said["error"]
    return said["text"]


class Notebook(Host):
    """A notebook in JupyterLab or Notebook 7: they share application object and commands."""

    address = "/lab/tree/{}?reset"

    def open(self, name: str = "") -> None:
        """Open a notebook of the server's folder, or a new empty one."""
        if not name:
            name = f"{len(list(self.server.work.iterdir()))}.ipynb"
            write_notebook(self.server.work / name, [""])
        self.page.goto(self.server.url + self.address.format(name))
        self.ready()

    def ready(self) -> None:
        """Wait until application, notebook and kernel are there; after a reload too."""
        self.page.wait_for_function(f"() => window.jupyterapp?.restored && {PANEL}")
        self.page.evaluate(f"""async () => {{
          await window.jupyterapp.restored;
          await {PANEL}.context.ready;
          await {PANEL}.sessionContext.ready;
        }}""")
        self.status("idle")

    def status(self, status: str) -> None:
        """Wait until the kernel is ``idle``, or ``busy``."""
        self.page.wait_for_function(
            f"""(wanted) => {{
              const kernel = {PANEL}?.sessionContext.session?.kernel;
              return kernel?.status === wanted && kernel.connectionStatus === "connected";
            }}""",
            arg=status,
        )

    def execute(self, code: str, silent: bool) -> dict[str, str]:
        if silent:
            return self._execute_silently(code)
        return self.run_cell(self.add_cell(code))

    def add_cell(self, code: str) -> int:
        """Append a cell without running it; its number."""
        number: int = self.page.evaluate(
            f"""(source) => {{
              const cells = {PANEL}.content.model.cells;
              const cell = {{ cell_type: "code", source, metadata: {{ trusted: true }} }};
              {PANEL}.content.model.sharedModel.insertCell(cells.length, cell);
              return cells.length - 1;
            }}""",
            code,
        )
        return number

    def run_cell(self, index: int, wait: bool = True) -> dict[str, str]:
        """Select the cell and run it, as the user does; without ``wait`` while it goes on."""
        self.page.evaluate(
            f"""([index, wait]) => {{
              {PANEL}.content.activeCellIndex = index;
              {PANEL}.content.deselectAll();
              const done = window.jupyterapp.commands.execute("notebook:run-cell");
              return wait ? done.then(() => null) : null;
            }}""",
            [index, wait],
        )
        return self.said(index)

    def said(self, index: int) -> dict[str, str]:
        """The text of a cell's outputs by the model, so also of a cell that is out of sight."""
        said: dict[str, str] = self.page.evaluate(
            f"""(index) => {{
              const said = {{ text: "", error: "" }};
              for (const output of {PANEL}.model.cells.get(index).outputs.toJSON()) {{
                if (output.output_type === "error") said.error += output.traceback.join("\\n");
                const text = output.text ?? output.data?.["text/plain"] ?? "";
                said.text += [text].flat().join("");
              }}
              return said;
            }}""",
            index,
        )
        return said

    def _execute_silently(self, code: str) -> dict[str, str]:
        said: dict[str, str] = self.page.evaluate(
            f"""async (code) => {{
              const said = {{ text: "", error: "" }};
              const kernel = {PANEL}.sessionContext.session.kernel;
              const future = kernel.requestExecute({{ code, silent: true, store_history: false }});
              future.onIOPub = ({{ header, content }}) => {{
                if (header.msg_type === "stream") said.text += content.text;
              }};
              const {{ content }} = await future.done;
              if (content.status === "error") said.error = content.traceback.join("\\n");
              return said;
            }}""",
            code,
        )
        return said

    def output(self, index: int = -1) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-Cell-outputArea")

    def command(self, name: str, **arguments: Any) -> None:
        """Run a command of the application and wait for its end."""
        self.page.evaluate(
            "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => null)",
            [name, arguments],
        )

    def dark(self, on: bool) -> None:
        name = "JupyterLab Dark" if on else "JupyterLab Light"
        self.command("apputils:change-theme", theme=name)
        self.page.locator(f"body[data-jp-theme-name='{name}']").wait_for(state="attached")

    def save(self) -> None:
        self.command("docmanager:save")

    def reload(self) -> None:
        """Reload the page; the kernel lives on."""
        self.page.reload()
        self.ready()

    def close(self) -> None:
        self.page.evaluate(f"async () => {{ await {PANEL}?.sessionContext.shutdown(); }}")


class Lab(Notebook):
    pass


class Notebook7(Notebook):
    address = "/notebooks/{}"
    foreign = ("reading 'schema'", "'filebrowser:open-path' not registered")


class VSCode(Host):
    """A small page around the bundle that VS Code uses for widgets."""

    def open(self) -> None:
        self.page.goto(f"{self.server.url}/static/index.html")
        self.page.wait_for_function("() => window.host")

    def execute(self, code: str, silent: bool) -> dict[str, str]:
        said: dict[str, str] = self.page.evaluate(
            "([code, silent]) => window.host.run(code, silent)", [code, silent]
        )
        return said

    def output(self, index: int = -1) -> Locator:
        return self.page.locator(".cell-output").nth(index)

    def dark(self, on: bool) -> None:
        theme = "vscode-dark" if on else "vscode-light"
        self.page.evaluate("theme => window.setTheme(theme)", theme)

    def close(self) -> None:
        self.page.evaluate("() => window.host?.stop()")


def write_notebook(path: Any, cells: list[str]) -> None:
    """A notebook file of code cells, for the kernel of this environment."""
    import nbformat

    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=code, metadata=metadata), path)
