"""The JupyterLab extension in a real JupyterLab: list, dock, and what becomes of a docked model."""

from __future__ import annotations

import json
import re
import sys

import pytest
from playwright.sync_api import expect

from browser import Console
from hosts.extension import MODELS, Extension
from hosts.kit import Lab, write_notebook
from hosts.server import Jupyter
from hosts.view import View


def test_the_live_models_are_listed_docked_and_edited_with_the_cells_own(
    lab: Lab, console: Console
) -> None:
    lab.run(MODELS)
    lab.run("from paramwidget import ParamWidget; ParamWidget(rgnet)")
    extension = Extension(lab)
    expect(extension.rows).to_have_count(4)
    expect(extension.row("net")).to_have_attribute(
        "aria-label", "net, Sequential, 49 parameters, 196 B, training"
    )
    in_cell = View(lab.output().locator(".paramwidget"))
    in_cell.open("1.weight")
    docked = extension.dock("rgnet")
    panels = [docked.open("1.weight"), docked.open("3.weight"), in_cell.panel("1.weight")]
    before = [panel.revision() for panel in panels]
    panels[1].type(0, 0, "-0.25")
    for panel, revision in zip(panels, before, strict=True):
        panel.cells.scroll_into_view_if_needed()  # what is out of sight is painted when it comes
        expect(panel.cells).not_to_have_attribute("data-revision", str(revision))
    assert lab.value("rgnet[1].weight[0, 0].item()") == -0.25
    expect(docked.root.get_by_role("button", name="Undo: ")).to_be_enabled()
    in_cell.undo()
    expect(docked.root.get_by_role("button", name="Redo:")).to_be_visible()
    lab.run("later = rgnet; more = nn.Linear(1, 1)")
    expect(extension.row("more")).to_be_visible()
    expect(extension.row("rgnet")).to_have_attribute("aria-label", re.compile("rgnet and later"))
    assert not console.of_ours()


CHAPTER = (
    """
import torch
import torch.nn as nn

net = nn.Sequential()
net.add_module('Linear_1', nn.Linear(20, 256, bias = False))
net.add_module('relu', nn.ReLU())
net.add_module('Linear_2', nn.Linear(256, 10, bias = False))

def init_weights(m):
    if type(m) == nn.Linear:
        torch.nn.init.xavier_uniform_(m.weight)

net.apply(init_weights)
x = torch.randn(2,20)
net(x)
""",
    """
def block1():
    net = nn.Sequential(nn.Linear(16, 32),
                        nn.ReLU(),
                        nn.Linear(32, 16),
                        nn.ReLU())
    return net

def block2():
    net = nn.Sequential()
    for i in range(4):
        net.add_module('block' + str(i), block1())
    return net

rgnet = nn.Sequential()
rgnet.add_module('model',block2())
rgnet.add_module('Last_linear_layer', nn.Linear(16,10))
rgnet.apply(init_weights)
x = torch.randn(2,16)
rgnet(x)
""",
    """
shared = nn.Sequential()
shared.add_module('linear_shared', nn.Linear(8,8,bias=False))
shared.add_module('relu_shared', nn.ReLU())
net = nn.Sequential(nn.Linear(20,8,bias=False),
               nn.ReLU(),
               shared,
               shared,
               nn.Linear(8,10,bias=False))

net.apply(init_weights)
""",
)


def test_the_chapters_own_cells_are_followed_from_network_to_network(lab: Lab) -> None:
    lab.run(CHAPTER[0])
    extension = Extension(lab)
    expect(extension.row("net")).to_have_attribute("aria-label", re.compile("7680 parameters"))
    lab.run(CHAPTER[1])
    expect(extension.row("rgnet")).to_have_attribute("aria-label", re.compile(r"\d+ parameters"))
    lab.run("from paramwidget import ParamWidget; ParamWidget(rgnet)")
    docked, name = extension.dock("rgnet"), "model.block1.0.bias"
    in_cell = View(lab.output().locator(".paramwidget")).open(name)
    before = in_cell.revision()
    docked.open(name).type(0, 0, "42")
    in_cell.repainted(before)
    assert lab.value("rgnet[0][1][0].bias[0].item()") == 42
    view = extension.dock("net")
    lab.run(CHAPTER[2])
    expect(extension.notice).to_contain_text("net is a different model now")
    extension.press("Show the new net")
    expect(view.row("3")).to_contain_text("same as 2")
    view.open("2.linear_shared.weight").type(0, 0, "0.5")
    expect(view.root.get_by_role("button", name="Undo: ")).to_be_enabled()
    assert lab.value("net[3][0].weight[0, 0].item()") == 0.5


def test_containers_open_by_mouse_and_keys(lab: Lab) -> None:
    lab.run(MODELS)
    extension = Extension(lab)
    extension.row("models").click()
    expect(extension.row("['enc']")).to_be_visible()
    extension.row("['dec']").click()
    expect(extension.row("[0]")).to_have_attribute("aria-level", "3")
    extension.row("[0]").press("ArrowLeft")
    extension.row("['dec']").press("ArrowLeft")
    expect(extension.row("[0]")).to_have_count(0)
    extension.row("['dec']").press("ArrowUp")
    extension.row("['enc']").press("Enter")
    extension.docked("models['enc']")


def test_a_variable_rebound_deleted_or_lost_is_said_and_followed_on_request(lab: Lab) -> None:
    lab.run(MODELS)
    extension = Extension(lab)
    view = extension.dock("net")
    expect(view.row("2.weight")).to_be_visible()
    lab.run("net = nn.Sequential(nn.Linear(2, 2))")
    expect(extension.notice).to_contain_text("net is a different model now")
    expect(view.row("2.weight")).to_be_visible()
    extension.press("Show the new net")
    expect(extension.notice).to_be_hidden()
    expect(view.row("0.weight")).to_be_visible()
    expect(view.row("2.weight")).to_have_count(0)
    lab.run("del net")
    expect(extension.notice).to_contain_text("net was deleted")
    lab.run("net = 3")
    expect(extension.notice).to_contain_text("net was deleted")
    extension.restart()
    expect(extension.notice).to_contain_text("The kernel was restarted, and net is gone")
    expect(extension.silent).to_contain_text("No models yet")
    lab.status("idle")
    lab.run(MODELS)
    expect(extension.row("net")).to_be_visible()
    extension.press("Show net")
    expect(extension.notice).to_be_hidden()
    expect(view.row("2.weight")).to_be_visible()


def test_a_reload_brings_panel_and_dock_back_to_the_same_widget(lab: Lab) -> None:
    lab.run(MODELS)
    extension = Extension(lab)
    view = extension.dock("rgnet")
    view.open("1.weight").type(0, 0, "7")
    lab.save()
    extension.layout_saved()
    lab.reload()
    view = extension.docked("rgnet")
    expect(view.panel("1.weight").cells).to_be_visible()
    expect(extension.row("rgnet")).to_be_visible()
    assert lab.value("rgnet[3].weight[0, 0].item()") == 7
    assert lab.value("len(__import__('paramwidget.lab.docks').lab.docks.open_docks._views)") == 1


def test_a_busy_kernel_lists_docks_and_edits_waits(lab: Lab) -> None:
    lab.run(MODELS)
    extension = Extension(lab)
    expect(extension.row("net")).to_be_visible()
    lab.ask("import threading; go_on = threading.Event()")
    index = lab.add_cell("born = nn.Linear(5, 5); go_on.wait(60)")
    lab.run_cell(index, wait=False)
    lab.status("busy")
    view = extension.dock("net")
    expect(view.row("0.weight")).to_be_visible()
    extension.panel.get_by_role("button", name="Refresh the list").click()
    expect(extension.row("born")).to_be_visible()
    extension.docks.locator(".paramwidget").get_by_text("cell running").wait_for()
    lab.page.evaluate(
        """async () => {
          const { shell } = window.jupyterapp;
          const panel = [...shell.widgets("main")].find((w) => w.content?.deselectAll);
          const kernel = panel.sessionContext.session.kernel;
          const { content } = await kernel.requestCreateSubshell({}).done;
          const clone = kernel.clone();
          clone.subshellId = content.subshell_id;
          await clone.requestExecute({ code: "go_on.set()", silent: true }).done;
          clone.dispose();
        }"""
    )
    lab.status("idle")


def test_the_panel_follows_the_notebook_and_the_console_in_front(lab: Lab) -> None:
    lab.run(MODELS)
    extension = Extension(lab)
    expect(extension.row("net")).to_be_visible()
    write_notebook(lab.server.work / "second.ipynb", [""])
    lab.command("docmanager:open", path="second.ipynb")
    expect(extension.panel).to_contain_text("second.ipynb")
    expect(extension.silent).to_contain_text("PyTorch has not been imported yet")
    lab.status("idle")
    lab.run("from torch import nn; other = nn.Linear(1, 1)")
    expect(extension.rows).to_have_count(1)
    extension.dock("other")
    lab.page.get_by_role("tab").filter(has_text=".ipynb").first.click()
    expect(extension.row("rgnet")).to_be_visible()
    lab.command("console:create", kernelPreference={"name": "python3"}, path="")
    expect(extension.panel).to_contain_text("Console")
    expect(extension.silent).to_contain_text("PyTorch has not been imported yet")


def test_each_state_of_a_kernel_is_said_with_what_to_do(foreign_kernel: None, lab: Lab) -> None:
    lab.run("import sys; sys.modules['paramwidget'] = None")
    extension = Extension(lab)
    expect(extension.silent).to_contain_text("paramwidget is not installed in this kernel")
    expect(extension.silent).to_contain_text("%pip install paramwidget")
    lab.run("del sys.modules['paramwidget']")
    expect(extension.silent).to_contain_text("PyTorch has not been imported yet")
    lab.run("import torch")
    expect(extension.silent).to_contain_text("net = nn.Linear(4, 2)")
    write_notebook(lab.server.work / "foreign.ipynb", [""])
    text = (lab.server.work / "foreign.ipynb").read_text("utf-8")
    text = text.replace('"python3"', '"paramwidget-foreign"')
    (lab.server.work / "foreign.ipynb").write_text(text, "utf-8")
    lab.command("docmanager:open", path="foreign.ipynb")
    expect(extension.silent).to_contain_text("Not a Python kernel")
    lab.command("docmanager:open", path="foreign.ipynb")
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    expect(extension.silent).to_contain_text("No kernel")


@pytest.fixture
def foreign_kernel(server: Jupyter) -> None:
    """A kernel that says it speaks R; there before the page asks which kernels there are."""
    code = (
        "from ipykernel.kernelbase import Kernel as K; from ipykernel.kernelapp import IPKernelApp;"
        "K.implementation = 'foreign'; K.implementation_version = '1'; K.banner = '';"
        "K.language_info = {'name': 'R', 'version': '4', 'mimetype': 'text/plain'};"
        "IPKernelApp.launch_instance(kernel_class=K)"
    )
    spec = {"argv": [sys.executable, "-c", code, "-f", "{connection_file}"]}
    spec |= {"display_name": "Foreign", "language": "R"}
    folder = server.settings.parent / "data" / "kernels" / "paramwidget-foreign"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
