"""The extension's commands, settings and traces: what it does for the hands, and leaves behind."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, expect

from browser import Console
from hosts.extension import MODELS, Extension
from hosts.kit import PANEL, Lab, Notebook7
from hosts.server import Jupyter
from hosts.view import View

TRACES = """{
    "names": sorted(get_ipython().user_ns), "In": get_ipython().user_ns["In"],
    "Out": sorted(get_ipython().user_ns["Out"]),
    "counter": get_ipython().execution_count,
    "history": [line for *_, line in get_ipython().history_manager.get_range()],
}"""


def cursor(lab: Lab, index: int, line: int, column: int) -> None:
    lab.page.evaluate(
        f"""([index, line, column]) => {{
          const notebook = {PANEL}.content;
          notebook.activeCellIndex = index;
          notebook.activeCell.editor.setCursorPosition({{ line, column }});
        }}""",
        [index, line, column],
    )


def sources(lab: Lab) -> list[str]:
    found: list[str] = lab.page.evaluate(
        f"() => [...{PANEL}.model.cells].map((cell) => cell.sharedModel.getSource())"
    )
    return found


def test_the_variable_under_the_cursor_and_the_journal_below(lab: Lab) -> None:
    lab.run(MODELS)
    index = lab.add_cell("y = rgnet(x) + größe")
    extension = Extension(lab)
    cursor(lab, index, 0, 5)
    lab.command("paramwidget:show-variable")
    view = extension.docked("rgnet")
    view.open("1.weight").type(0, 0, "0.5")
    expect(view.root.get_by_role("button", name="Undo: ")).to_be_visible()
    lab.command("paramwidget:insert-journal")
    lab.page.wait_for_function(f"(n) => {PANEL}.model.cells.length === n", arg=index + 2)
    code = sources(lab)[index + 1]
    assert "rgnet" in code
    assert "import torch" in code
    cursor(lab, index, 0, 18)
    lab.command("paramwidget:show-variable")
    lab.command("apputils:display-notifications")  # the tests' settings show none by itself
    expect(lab.page.get_by_text("No model is called größe.")).to_be_visible()


def test_the_widget_of_a_cell_is_docked_from_its_menu(lab: Lab) -> None:
    lab.run(MODELS)
    lab.run("from paramwidget import ParamWidget; w = ParamWidget(models['enc']); w")
    extension = Extension(lab)
    View(lab.output().locator(".paramwidget")).row("weight").click(button="right")
    lab.page.get_by_role("menuitem", name="Dock This Widget").click()
    view = extension.docked("models['enc']")
    expect(view.row("weight")).to_be_visible()
    assert lab.value("len(__import__('paramwidget.lab.docks').lab.docks.open_docks._made)") == 0
    view.open("bias")  # the very same widget: a panel opens in both views
    in_cell = View(lab.output().locator(".paramwidget"))
    expect(in_cell.panel("bias").root).to_be_attached()


def test_settings_reach_every_widget_of_the_page(lab: Lab) -> None:
    lab.run(MODELS)
    extension = Extension(lab)
    view = extension.dock("rgnet")
    size = "(tree) => parseFloat(getComputedStyle(tree).fontSize)"
    before = view.tree.evaluate(size)
    lab.save()
    extension.layout_saved()
    settings: dict[str, Any] = {"fontScale": 1.75, "colours": "grey", "liveRate": 2, "cells": 32}
    for name, value in settings.items():
        lab.page.evaluate(
            """async ([name, value]) => {
              const { settings } = window.jupyterapp.serviceManager;
              const id = "paramwidget-lab:plugin";
              const raw = { ...JSON.parse(window.rawSettings ?? "{}"), [name]: value };
              window.rawSettings = JSON.stringify(raw);
              await settings.save(id, window.rawSettings);
            }""",
            [name, value],
        )
    lab.page.reload()
    lab.ready()
    view = extension.docked("rgnet")
    assert abs(view.tree.evaluate(size) / before - 1.75) < 0.01
    panel = view.open("1.weight")
    red, green, blue = panel.colour(0, 0)
    assert red == green == blue
    docks = "__import__('paramwidget.lab.docks').lab.docks.open_docks"
    period = f"[w._session._period for w in {docks}._made.values()]"
    assert lab.value(period) == [0.5]


def ten_cells(lab: Lab) -> dict[str, Any]:
    lab.run(MODELS)
    for n in range(8):
        lab.run(f"x{n} = net(torch.ones({n + 1}, 4)); x{n}.shape")
    lab.run("del x3; net = nn.Linear(2, 2); net")
    return json.loads(lab.run(f"print(__import__('json').dumps({TRACES}))"))


def test_a_session_leaves_the_same_traces_with_and_without_the_extension(
    lab: Lab, server: Jupyter
) -> None:
    alone = ten_cells(lab)
    extension = Extension(lab)
    extension.restart()
    lab.status("idle")
    expect(extension.silent).to_contain_text("No models yet")
    lab.run(MODELS)
    lab.run("0")
    extension.restart()
    lab.status("idle")
    with_it = ten_cells_docked(lab, extension)
    assert with_it == alone


def ten_cells_docked(lab: Lab, extension: Extension) -> dict[str, Any]:
    lab.run(MODELS)
    view = extension.dock("net")
    extension.row("models").click()
    expect(extension.row("['enc']")).to_be_visible()
    view.open("0.weight").type(0, 0, "1")
    for n in range(8):
        lab.run(f"x{n} = net(torch.ones({n + 1}, 4)); x{n}.shape")
    lab.run("del x3; net = nn.Linear(2, 2); net")
    expect(extension.notice).to_contain_text("a different model")
    extension.press("Show the new net")
    expect(extension.notice).to_be_hidden()
    return json.loads(lab.run(f"print(__import__('json').dumps({TRACES}))"))


def test_notebook_7_has_the_panel_left_and_the_dock_right(
    page: Page, console: Console, server: Jupyter
) -> None:
    notebook = Notebook7(page, server)
    notebook.open()
    notebook.run(MODELS)
    extension = Extension(notebook)
    expect(extension.rows).to_have_count(4)
    extension.row("net").click()
    view = View(extension.docks.locator(".paramwidget"))
    view.open("0.weight").type(0, 0, "3")
    notebook.run("net = nn.Linear(2, 2)")
    expect(extension.notice).to_contain_text("a different model")
    assert not console.of_ours(*notebook.foreign)
    notebook.close()


def test_autodisplay_in_a_notebook(lab: Lab) -> None:
    lab.run(MODELS)
    lab.run("import paramwidget; paramwidget.autodisplay(); net")
    expect(View(lab.output().locator(".paramwidget")).row("0.weight")).to_be_visible()
    assert lab.run("paramwidget.autodisplay(False); models['enc']").startswith("Linear(")
