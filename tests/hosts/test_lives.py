"""Reloads, several views, saved notebooks, exports: what stays, and what says that it is saved."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from browser import Console
from hosts.kit import TIED, Lab
from hosts.static import executed, exported, show
from hosts.view import View

OPEN = TIED.replace("ParamWidget(net)", 'ParamWidget(net, open=["2.weight", "4.weight"])')


def test_a_reload_gets_everything_back_from_the_kernel(lab: Lab) -> None:
    lab.run(TIED)
    view = View(lab.page.locator(".paramwidget"))
    view.open("2.weight").type(0, 0, "7")
    expect(view.root.get_by_role("button", name="Undo: ")).to_be_visible()
    lab.save()
    lab.reload()
    view.panel("2.weight").painted()
    expect(view.row("5.bias")).to_be_visible()
    expect(view.root.get_by_role("button", name="Undo: ")).to_be_visible()
    view.undo()
    expect(view.root.get_by_role("button", name="Nothing to undo")).to_be_visible()
    assert lab.value("net[2].weight[0, 0].item()") != 7


def test_two_widgets_and_two_views_show_one_truth(lab: Lab) -> None:
    lab.run(TIED)
    lab.run("w")
    lab.run("other = ParamWidget(net); other")
    views = [View(lab.output(index).locator(".paramwidget")) for index in (1, 2, 3)]
    first, second, other = views
    panel = first.open("2.weight")
    twin = second.panel("2.weight")  # two views of one widget share the open panels
    twin.painted()
    far = other.open("4.weight")
    revisions = [seen.revision() for seen in (twin, far)]
    panel.type(1, 1, "0.125")
    for seen, revision in zip((twin, far), revisions, strict=True):
        seen.repainted(revision)
    assert twin.colour(1, 1) == far.colour(1, 1)
    assert lab.value("net[4].weight[1, 1].item()") == 0.125
    other.root.get_by_role("button", name="Undo: ").click()
    for view in views:
        expect(view.root.get_by_role("button", name="Nothing to undo")).to_be_visible()


def test_keys_stay_in_the_widget_and_ctrl_s_is_the_hosts(lab: Lab) -> None:
    lab.run(TIED)
    view = View(lab.page.locator(".paramwidget"))
    panel = view.open("2.weight")
    cells = "window.jupyterapp.shell.currentWidget.content.model.cells.length"
    before = lab.page.evaluate(cells)
    view.press("b", "x", "a", "d", "d", "z", "ArrowDown", "ArrowUp", "Enter")
    panel.heatmap.focus()
    for key in ("b", "x", "d", "d", "ArrowDown", "Escape"):
        panel.heatmap.press(key)
    assert lab.page.evaluate(cells) == before
    expect(view.root).to_be_visible()
    dirty = "window.jupyterapp.shell.currentWidget.context.model.dirty"
    assert lab.page.evaluate(dirty)
    view.press("Control+s")
    lab.page.wait_for_function(f"() => !{dirty}")


def test_an_export_shows_tree_and_pictures_marked_as_saved(page: Page, tmp_path: Path) -> None:
    console = Console(page)
    notebook = executed(tmp_path, [OPEN])
    refused = show(page, exported(tmp_path, notebook))
    view = View(page.locator(".paramwidget"))
    expect(view.root.get_by_role("status").filter(has_text="saved picture")).to_be_visible()
    expect(view.row("4.weight")).to_be_visible()
    panels = [view.panel(name) for name in ("2.weight", "4.weight")]
    for panel in panels:
        panel.painted()
    assert panels[0].colour(3, 3) == panels[1].colour(3, 3)
    assert not refused
    assert not console.of_ours("mathjax", "net::ERR_FAILED", "failed: http://exported.test")


def test_a_notebook_without_widget_state_still_has_html_a_picture_and_text(
    page: Page, tmp_path: Path
) -> None:
    notebook = executed(tmp_path, [OPEN])
    saved = json.loads(notebook.read_text("utf-8"))
    del saved["metadata"]["widgets"]
    (output,) = [out for cell in saved["cells"] for out in cell["outputs"] if "data" in out]
    assert {"text/html", "text/plain", "image/png"} <= output["data"].keys()
    notebook.write_text(json.dumps(saved), "utf-8")
    show(page, exported(tmp_path, notebook))
    for name in ("0.weight", "4.weight"):
        expect(page.get_by_text(name).first).to_be_visible()
    expect(page.locator(".paramwidget")).to_have_count(0)
