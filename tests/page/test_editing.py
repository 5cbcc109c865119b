"""Editing by mouse and keys: each time the kernel's tensors are compared, not pixels alone."""

from __future__ import annotations

import math
import re

import pytest
import torch
from playwright.sync_api import Page, expect
from torch import nn

from page.kit import Blank
from page.panels import Opened, colours, holding, matrix, show, tied, weight

# --- a cell --------------------------------------------------------------------------------------


def test_click_type_enter(small: Opened) -> None:
    bench, panel = small
    panel.click(0, 0)
    expect(panel.readout).to_have_text("[0, 0]1")
    panel.page.keyboard.type("42")
    expect(panel.editor).to_have_value("42")
    panel.press("Enter")
    expect(panel.editor).to_have_count(0)
    expect(panel.readout).to_have_text("[0, 0]42")
    assert weight(bench).tolist() == [[42, 2, 3], [4, 5, 6]]
    expect(panel.heatmap).to_be_focused()
    assert not bench.said("look"), "what is in sight needs no other window"
    assert panel.pixel(0, 0) == colours([42.0], panel.numbers("limits"), "light")[0]


def test_enter_and_double_click_edit_what_is_there(small: Opened) -> None:
    bench, panel = small
    panel.click(1, 2)
    panel.press("Enter")
    expect(panel.editor).to_have_value("6")
    panel.press("Escape")
    expect(panel.editor).to_have_count(0)
    panel.heatmap.dblclick(position=panel.middle(1, 1))
    expect(panel.editor).to_have_value("5")
    panel.press("End")
    panel.page.keyboard.type("5")
    panel.press("Enter")
    expect(panel.readout).to_have_text("[1, 1]55")
    assert weight(bench)[1, 1] == 55


MOVES = {
    "ArrowRight": "[0, 1]",
    "ArrowDown": "[1, 1]",
    "ArrowUp": "[0, 1]",
    "ArrowLeft": "[0, 0]",
    "End": "[0, 2]",
    "Home": "[0, 0]",
    "Control+End": "[1, 2]",
    "Control+Home": "[0, 0]",
    "PageDown": "[1, 0]",
    "PageUp": "[0, 0]",
}


def test_keys_move(small: Opened) -> None:
    _, panel = small
    panel.click(0, 0)
    for key, index in MOVES.items():
        panel.press(key)
        expect(panel.readout.locator("code"), key).to_have_text(index)
        expect(panel.readout).to_have_attribute("aria-live", "polite")


def test_escape_leaves_the_cell(small: Opened) -> None:
    bench, panel = small
    panel.click(0, 0)
    panel.page.keyboard.type("7")
    panel.press("Escape")
    expect(panel.editor).to_have_count(0)
    expect(panel.root.locator(".selection")).to_be_visible()
    panel.press("Escape")
    expect(panel.root.locator(".selection")).to_be_hidden()
    assert weight(bench)[0, 0] == 1
    assert not bench.said("assign")


def test_tab_commits_and_goes_right(small: Opened) -> None:
    bench, panel = small
    panel.click(0, 0)
    panel.page.keyboard.type("7")
    panel.press("Tab")
    expect(panel.readout).to_have_text("[0, 1]2")
    panel.page.keyboard.type("8")
    panel.press("Shift+Tab")
    expect(panel.readout).to_have_text("[0, 0]7")
    assert weight(bench)[0].tolist() == [7, 8, 3]


def test_a_click_elsewhere_commits_what_was_typed(small: Opened) -> None:
    bench, panel = small
    panel.click(0, 0)
    panel.page.keyboard.type("9")
    panel.click(1, 2)
    expect(panel.readout).to_have_text("[1, 2]6")
    expect(panel.editor).to_have_count(0)
    assert weight(bench)[0, 0] == 9


def test_a_wrong_number_is_said_at_the_cell_and_changes_nothing(small: Opened) -> None:
    bench, panel = small
    word = panel.root.locator(".cell-word")
    panel.click(0, 1)
    for text in ("nono", "1e400", "1,5", "--1"):
        panel.page.keyboard.type(text)
        panel.press("Enter")
        expect(word).to_have_class("cell-word error")
        assert len(word.inner_text()) > 10
        expect(word).to_have_attribute("role", "alert")
        expect(panel.editor).to_have_value(text)
        expect(panel.editor).to_be_focused()
        expect(panel.editor).to_have_attribute("aria-invalid", "true")
        assert weight(bench).tolist() == [[1, 2, 3], [4, 5, 6]]
        panel.press("Escape")
    panel.page.keyboard.type("no")
    panel.press("Enter")
    expect(word).to_be_visible()
    panel.editor.fill("5")
    expect(word).to_be_hidden()
    panel.press("Enter")
    expect(panel.readout).to_have_text("[0, 1]5")


def test_a_click_elsewhere_does_not_lose_what_is_wrong(small: Opened) -> None:
    _, panel = small
    panel.click(0, 0)
    panel.page.keyboard.type("2..")
    panel.click(1, 2)
    expect(panel.root.locator(".cell-word")).to_be_visible()
    expect(panel.editor).to_have_value("2..")


def test_nan_may_be_typed_on_purpose(small: Opened) -> None:
    bench, panel = small
    panel.click(0, 0)
    panel.page.keyboard.type("nan")
    panel.press("Enter")
    expect(panel.readout).to_have_text("[0, 0]NaN")
    assert math.isnan(weight(bench)[0, 0])
    expect(panel.root.locator(".figure.alarm")).to_have_text("NaN1")


def test_an_infinite_cell_can_be_edited_as_it_stands(blank: Blank) -> None:
    bench, [panel] = show(blank, matrix([-math.inf, 1.0]), "weight")
    panel.click(0, 0)
    panel.press("Enter")
    expect(panel.editor).to_have_value("-inf")
    panel.press("Enter")
    expect(panel.editor).to_have_count(0)
    assert weight(bench)[0, 0] == -math.inf


def test_cells_of_other_dtypes(blank: Blank) -> None:
    net = nn.Module()
    net.register_buffer("mask", torch.tensor([True, False]))
    net.register_buffer("phase", torch.tensor([1 + 1j, 2.0]))
    bench, [mask, phase] = show(blank, net, "mask", "phase")
    mask.click(0, 1)
    expect(mask.readout).to_have_text("[1]False")
    mask.page.keyboard.type("True")
    mask.press("Enter")
    expect(mask.readout).to_have_text("[1]True")
    phase.click(0, 0)
    expect(phase.readout).to_contain_text("1.414")
    expect(phase.readout).to_contain_text("magnitude")
    phase.press("Enter")
    expect(phase.editor).to_have_value("")
    phase.editor.fill("3-4j")
    phase.press("Enter")
    expect(phase.readout).to_contain_text("[0]5")
    assert bench.net.get_buffer("mask").tolist() == [True, True]
    assert bench.net.get_buffer("phase").tolist() == [3 - 4j, 2]


def test_the_view_follows_the_selected_cell(blank: Blank) -> None:
    _, [panel] = show(blank, holding(torch.randn(200, 200)), "weight")
    panel.heatmap.dblclick(position=panel.middle(100, 60))
    expect(panel.canvas).not_to_have_attribute("data-window", "0 200 0 200")
    expect(panel.root.locator(".selection")).to_be_visible()
    row0, row1, col0, col1 = panel.numbers("window")
    panel.press("Home")
    panel.waits_for("window", f"{row0:g} {row1:g} 0 {col1 - col0:g}")
    expect(panel.readout.locator("code")).to_have_text(re.compile(r"^\[\d+, 0\]$"))
    panel.press("Control+End")
    panel.waits_for("window", f"{200 - row1 + row0:g} 200 {200 - col1 + col0:g} 200")
    panel.page.keyboard.type("5")
    panel.press("Enter")
    expect(panel.readout).to_have_text("[199, 199]5")


def test_enter_zooms_in_to_a_cell_that_stands_for_many(blank: Blank) -> None:
    bench, [panel] = show(blank, holding(torch.randn(1000, 1000)), "weight")
    panel.click(20, 20)
    panel.press("Enter")
    expect(panel.editor).to_have_count(0)
    panel.waits_for("block", "1 1")
    panel.waits_for("waiting", "false")
    panel.press("Enter")
    expect(panel.editor).to_be_visible()
    panel.editor.fill("3")
    panel.press("Enter")
    expect(panel.root.locator(".readout-value")).to_have_text("3")
    index = panel.readout.locator("code").inner_text().strip("[]").split(", ")
    assert weight(bench)[int(index[0]), int(index[1])] == 3


def test_a_kernel_cell_is_edited_at_its_own_index(blank: Blank) -> None:
    bench, [panel] = show(blank, holding(torch.zeros(2, 3, 3, 3)), "weight")
    panel.click(5, 9)
    expect(panel.readout.locator("code")).to_have_text("[1, 2, 1, 1]")
    panel.page.keyboard.type("-2.5")
    panel.press("Enter")
    expect(panel.editor).to_have_count(0)
    assert weight(bench)[1, 2, 1, 1] == -2.5
    assert weight(bench).count_nonzero() == 1


def test_while_a_cell_runs_the_control_says_that_it_waits(small: Opened) -> None:
    bench, panel = small
    bench.kernel.cell_began()
    bench.flush()
    with bench.hold():
        panel.click(0, 0)
        panel.page.keyboard.type("8")
        panel.press("Enter")
        expect(panel.root.locator(".cell-word")).to_have_text("waiting for the running cell")
        expect(panel.editor).to_have_value("8")
    bench.kernel.cell_ended()
    bench.flush()
    expect(panel.editor).to_have_count(0)
    assert weight(bench)[0, 0] == 8


def test_escape_takes_back_what_waits_for_the_running_cell(small: Opened) -> None:
    bench, panel = small
    before = weight(bench).clone()
    bench.kernel.cell_began()
    bench.flush()
    with bench.hold():
        panel.click(0, 0)
        panel.page.keyboard.type("8")
        panel.press("Enter")
        expect(panel.root.locator(".cell-word")).to_have_text("waiting for the running cell")
        panel.press("Escape")
        expect(panel.editor).to_have_count(0)
    bench.kernel.cell_ended()
    bench.flush()
    assert bench.said("withdraw")
    assert torch.equal(weight(bench), before)
    assert bench.bench.history == []


def test_what_is_typed_faster_than_the_kernel_answers_is_not_lost(small: Opened) -> None:
    bench, panel = small
    panel.click(0, 0)
    with bench.hold():
        for value in ("7", "Tab", "-8.5", "Tab", "9", "Enter"):
            panel.page.keyboard.press(value) if value.isalpha() else panel.page.keyboard.type(value)
        expect(panel.editor).to_have_value("7")
    expect(panel.readout).to_have_text("[0, 2]9")
    expect(panel.editor).to_have_count(0)
    assert weight(bench)[0].tolist() == [7, -8.5, 9]


def test_what_was_typed_ahead_goes_nowhere_after_a_refusal(small: Opened) -> None:
    bench, panel = small
    panel.click(0, 0)
    with bench.hold():
        panel.page.keyboard.type("1e400")
        panel.press("Tab", "5", "Enter")
    expect(panel.editor).to_have_value("1e400")
    expect(panel.editor).to_be_focused()
    assert bench.bench.history == []


@pytest.mark.parametrize("typed", ["8", "1e400"])
def test_the_answer_does_not_take_the_focus_from_elsewhere(small: Opened, typed: str) -> None:
    bench, panel = small
    panel.click(0, 0)
    panel.page.keyboard.type(typed)
    tree = panel.page.get_by_role("tree")
    with bench.hold():
        panel.press("Enter")
        tree.focus()
    expect(panel.root.locator(".cell-word.error")).to_have_count(int(typed != "8"))
    expect(panel.editor).to_have_count(int(typed != "8"))
    expect(tree).to_be_focused()


# --- tied ----------------------------------------------------------------------------------------


def test_one_edit_repaints_and_flashes_every_panel_of_the_group(page: Page, blank: Blank) -> None:
    bench, [two, three] = show(blank, tied(), "2.weight", "3.weight")
    before = three.pixel(1, 1)
    two.click(1, 1)
    page.keyboard.type("0.5")
    page.keyboard.press("Enter")
    for panel in (two, three):
        expect(panel.root.locator(".flash.flashing")).to_have_count(1)
        expect(panel.root.locator(".ring.flashing")).to_have_count(1)
    assert bench.net[3].weight[1, 1] == 0.5
    assert three.pixel(1, 1) == two.pixel(1, 1) != before
    assert three.pixel(1, 1) == colours([0.5], three.numbers("limits"), "light")[0]


def test_without_motion_the_ring_stands_still(page: Page, blank: Blank) -> None:
    page.emulate_media(reduced_motion="reduce")
    _, [panel] = show(blank, tied(), "2.weight")
    panel.click(1, 1)
    page.keyboard.type("0.5")
    page.keyboard.press("Enter")
    ring = panel.root.locator(".ring.flashing")
    expect(ring).to_have_css("animation-name", "stand")
    expect(panel.root.locator(".flash.flashing")).to_have_css("animation-name", "none")


def test_what_a_cell_of_the_notebook_did_is_shown(blank: Blank) -> None:
    bench, [panel] = show(blank, tied(), "2.weight")
    with bench.cell():
        bench.net[2].weight.data += 1
        bench.net[2].weight.data[0][0] = 42
    panel.hover(0, 0)
    expect(panel.readout).to_have_text("[0, 0]42")
    expect(panel.root.locator(".flash.flashing")).to_have_count(1)


# --- undo ----------------------------------------------------------------------------------------


def test_undo_without_hunting_for_the_focus(small: Opened) -> None:
    bench, panel = small
    panel.click(0, 0)
    panel.page.keyboard.type("42")
    panel.press("Enter")
    expect(panel.readout).to_have_text("[0, 0]42")
    panel.press("Control+z")
    expect(panel.readout).to_have_text("[0, 0]1")
    assert weight(bench)[0, 0] == 1
    panel.press("Control+Shift+Z")
    expect(panel.readout).to_have_text("[0, 0]42")
