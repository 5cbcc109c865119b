"""With no kernel, another kernel, one that is busy: what stands, and what it is called."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from torch import nn

from page.eyes import View
from page.kit import Bench, Blank, saved_packets


def test_a_saved_notebook_shows_tree_and_panels(blank: Blank, net: nn.Module) -> None:
    widget = blank.show_saved(saved_packets(net, "0.weight"))
    view = View(blank.page.locator(".paramwidget")).ready()
    expect(view.row("2.weight").locator(".shape")).to_have_text("2 × 3")
    expect(view.row("0.weight").locator(".stat")).to_contain_text("±")
    expect(view.panels).to_have_count(1)
    expect(view.panels.locator("canvas").first).to_be_visible()
    expect(view.marks).to_have_text("saved picture")
    expect(view.button("Initialize…").first).to_have_attribute("aria-disabled", "true")
    assert [m["kind"] for m in widget.heard if m["kind"] in ("rows", "ask")] == []


def test_the_saved_picture_gives_way_to_a_kernel_that_answers_late(
    blank: Blank, net: nn.Module
) -> None:
    widget = Bench(blank.page, "w", net)
    blank.widgets["w"] = widget
    with widget.hold():
        widget.start(saved_packets(nn.Linear(5, 5), "weight"))
        widget.render()
        view = View(blank.page.locator(".paramwidget")).ready()
        expect(view.marks).to_have_text("saved picture")
    expect(view.row("2.weight")).to_be_visible()
    expect(view.panels).to_have_count(0)
    expect(view.marks).to_have_text("")


def test_without_a_saved_picture_a_busy_kernel_is_waited_for(blank: Blank, net: nn.Module) -> None:
    widget = Bench(blank.page, "w", net)
    blank.widgets["w"] = widget
    with widget.hold():
        widget.start()
        widget.render()
        view = View(blank.page.locator(".paramwidget"))
        expect(view.marks).to_have_text("waiting for the kernel…")
    view.ready()
    expect(view.row("2.weight")).to_be_visible()


def test_a_kernel_that_was_restarted_leaves_the_last_picture(blank: Blank, net: nn.Module) -> None:
    widget = blank.show(net)
    view = View(blank.page.locator(".paramwidget")).ready()
    view.row("0.weight").click()
    expect(view.panels).to_have_count(1)
    widget.cut(dead=True)
    expect(view.marks).to_have_text("kernel restarted: this is the last picture")
    expect(view.panels).to_have_count(1)
    view.row("2.weight").click()  # nothing to open it with
    expect(view.panels).to_have_count(1)


def test_a_line_that_was_mended_is_used_again(blank: Blank, net: nn.Module) -> None:
    widget = blank.show(net)
    view = View(blank.page.locator(".paramwidget")).ready()
    widget.cut(dead=False)
    expect(view.marks).to_have_text("")
    assert len(widget.said("hello")) == 2
    assert [m["what"] for m in widget.said("view")] == ["opened", "opened"]
    with widget.cell():
        net[0].weight.data.fill_(3)  # type: ignore[index, union-attr, operator]
    expect(view.row("0.weight").locator(".stat")).to_contain_text("3")


def test_a_reloaded_page_gets_everything_back(blank: Blank, net: nn.Module) -> None:
    widget = blank.show(net)
    view = View(blank.page.locator(".paramwidget")).ready()
    view.row("0.weight").click()
    expect(view.panels).to_have_count(1)
    widget.bench.assign("0.weight", (0, 0), 42)
    widget.flush()
    blank.page.reload()
    blank.page.wait_for_function("window.page")
    widget.start()
    widget.render()
    view = View(blank.page.locator(".paramwidget")).ready()
    expect(view.panels).to_have_count(1)
    expect(view.button(re.compile("Undo: .*42"))).to_be_visible()


def test_two_widgets_on_one_model_show_the_same(blank: Blank, net: nn.Module) -> None:
    first = blank.show(net, "first")
    second = blank.show(net, "second")
    views = [View(blank.page.locator(".paramwidget").nth(n)).ready() for n in (0, 1)]
    first.bench.compute("2.bias", "w * 0 + 5")
    first.flush()
    second.flush()
    for view in views:
        expect(view.row("2.bias").locator(".stat")).to_contain_text("5")
        expect(view.button("Undo: ")).to_be_visible()


def test_what_python_is_told_of_a_view(blank: Blank, net: nn.Module) -> None:
    widget = blank.show(net)
    View(blank.page.locator(".paramwidget")).ready()

    def told() -> list[str]:
        return [message["what"] for message in widget.said("view")]

    assert told() == ["opened"]
    blank.page.evaluate("document.body.style.paddingTop = '3000px'")
    expect_told(blank, told, ["opened", "hidden"])
    blank.page.evaluate("document.body.style.paddingTop = ''")
    expect_told(blank, told, ["opened", "hidden", "shown"])
    blank.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    blank.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")
    widget.end_view()
    life = ["opened", "hidden", "shown", "closed", "opened", "closed"]
    expect_told(blank, told, life)


def expect_told(blank: Blank, told: object, wanted: list[str]) -> None:
    """Lets the page run until Python was told so."""
    assert callable(told)
    for _ in range(100):
        if told() == wanted:
            return
        blank.page.evaluate("new Promise((done) => setTimeout(done, 20))")
    assert told() == wanted


def test_it_asks_only_again_after_an_answer(blank: Blank, net: nn.Module) -> None:
    """Outside of a notebook no hook tells of a cell: a visible view asks, about once a second."""
    widget = blank.show(net)
    View(blank.page.locator(".paramwidget")).ready()
    with widget.hold():
        blank.page.evaluate("new Promise((done) => setTimeout(done, 3300))")
        assert len(widget.said("ask")) <= 1
    blank.page.evaluate("new Promise((done) => setTimeout(done, 2300))")
    assert len(widget.said("ask")) >= 2


def test_nothing_is_left_behind(blank: Blank, net: nn.Module) -> None:
    widget = blank.show(net)
    View(blank.page.locator(".paramwidget")).ready()
    widget.end_view()
    blank.page.evaluate("page.end('w')")
    assert blank.page.evaluate("page.listeners('w')") == 0
    expect(blank.page.locator(".paramwidget")).to_have_count(0)
