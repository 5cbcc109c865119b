"""A cell that is run again leaves no old model behind; what is shown or held stays."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser import Console
from hosts.kit import Lab, Notebook, Notebook7
from hosts.lifetimes import COUNTING, WAYS, alive
from hosts.server import Jupyter
from hosts.view import View

TIMES = 6


@pytest.mark.parametrize("code", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("kind", [Lab, Notebook7])
def test_a_cell_run_again_leaves_one_model(
    page: Page, server: Jupyter, kind: type[Notebook], code: str
) -> None:
    host = kind(page, server)
    host.open()
    host.run(COUNTING)
    _, before, _ = alive(host)
    cell = host.add_cell(code)
    for _ in range(TIMES):
        host.run_cell(cell)
    host.run("1")
    models, comms, _ = alive(host)
    assert models <= 2
    assert comms - before <= 4
    expect(View(host.output(cell).locator(".paramwidget")).row("weight")).to_be_visible()
    host.close()


def test_what_is_shown_or_held_outlives_clearing_moving_and_reloading(
    lab: Lab, console: Console
) -> None:
    lab.run(COUNTING)
    lab.run("kept = [ParamWidget(make())]\nkept[0]")
    lab.run("display(ParamWidget(make()))")
    shown = View(lab.output(3).locator(".paramwidget"))
    expect(shown.row("weight")).to_be_visible()
    lab.page.evaluate("() => window.jupyterapp.commands.execute('notebook:move-cell-up')")
    expect(View(lab.output(2).locator(".paramwidget")).row("weight")).to_be_visible()
    lab.command("notebook:move-cell-down")
    expect(shown.row("weight")).to_be_visible()
    lab.run("1")
    lab.run("1")
    assert alive(lab)[0] == 2
    shown.open("weight")
    lab.save()
    lab.reload()
    shown.panel("weight").painted()
    lab.run("1")
    assert alive(lab)[0] == 2
    lab.command("notebook:clear-all-cell-outputs")
    expect(lab.page.locator(".paramwidget")).to_have_count(0)
    lab.run("1")
    lab.run("1")
    assert alive(lab)[0] == 1, "the one that a list holds"
    lab.run("kept[0]")
    expect(View(lab.output().locator(".paramwidget")).row("weight")).to_be_visible()
    assert not console.of_ours()


def test_an_old_output_shows_the_last_picture_and_says_so(lab: Lab) -> None:
    lab.run(COUNTING)
    cell = lab.add_cell("ParamWidget(make())")
    lab.run_cell(cell)
    expect(View(lab.output(cell).locator(".paramwidget")).row("weight")).to_be_visible()
    number = lab.value("max(Out)")
    lab.run_cell(cell)
    lab.run("1")
    assert alive(lab)[0] == 1
    lab.run(f"Out[{number}]")
    released = "the model of this widget was released; display a new one"
    expect(lab.output().get_by_text(released)).to_be_visible()
    expect(lab.output().get_by_role("img", name="heatmap of weight")).to_be_visible()
