"""The heatmap: pixels, numbers, what is under the cursor, zooming."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from playwright.sync_api import Page, expect

from page.kit import Blank
from page.panels import Panel, colours, holding, matrix, plain, show

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_cell_has_the_colour_of_its_value(blank: Blank, theme: str) -> None:
    torch.manual_seed(3)
    values = torch.randn(60, 40)
    _, [panel] = show(blank, holding(values), "weight", theme=theme)
    assert panel.said("theme") == theme
    assert panel.said("drawn") == "colours"
    cells = list(itertools.product(range(0, 60, 7), range(0, 40, 5)))
    wanted = colours([values[cell].item() for cell in cells], panel.numbers("limits"), theme)
    assert panel.pixels(cells) == wanted


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_off_the_scale_is_marked_apart(blank: Blank, theme: str) -> None:
    """A single huge element is beyond ±3σ of the others, and is clipped."""
    values = torch.full((40, 40), 0.1)
    values[0, :4] = torch.tensor([NAN, INF, -INF, 50.0])
    values[1, 0] = -50.0
    _, [panel] = show(blank, holding(values), "weight", theme=theme)
    cells = [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (5, 5)]
    limits = panel.numbers("limits")
    assert limits[1] < 50
    found = panel.pixels(cells)
    assert found == colours([NAN, INF, -INF, 50.0, -50.0, 0.1], limits, theme)
    assert len(set(found)) == len(found)
    legend = panel.root.locator(".legend-mark")
    assert [text.split()[-1] for text in legend.all_inner_texts()] == [
        *("below", "above", "−∞", "+∞", "NaN")
    ]


def test_kernels_stand_apart(blank: Blank) -> None:
    values = torch.arange(2 * 2 * 3 * 3.0).reshape(2, 2, 3, 3)
    _, [panel] = show(blank, holding(values), "weight")
    for row, col in [(3, 0), (0, 3), (3, 3), (6, 3)]:
        assert panel.pixel(row, col)[3] == 0, "a gap is transparent"
    limits = panel.numbers("limits")
    cells = {(0, 0): (0, 0, 0, 0), (4, 6): (1, 1, 0, 2), (6, 4): (1, 1, 2, 0)}
    wanted = colours([values[index].item() for index in cells.values()], limits, "light")
    assert panel.pixels(list(cells)) == wanted


def test_cells_are_whole_pixels_and_not_smoothed(blank: Blank) -> None:
    values = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(30, 10)
    _, [panel] = show(blank, holding(values), "weight")
    high, wide = panel.numbers("cell")
    assert high == int(high) >= 1
    assert wide == int(wide) > 1
    both = panel.canvas.evaluate(
        """(canvas) => {
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            return [...new Set(new Uint32Array(data.buffer))].length;
        }"""
    )
    assert both == 2


def test_small_tensors_print_their_numbers(blank: Blank) -> None:
    _, [panel] = show(blank, matrix([0.25, -0.125], [42.0, NAN]), "weight")
    assert panel.said("drawn") == "numbers"
    inked = panel.root.locator("canvas.ink").evaluate(
        """(ink) => {
            const cells = ink.parentElement.querySelector(".cells");
            const [high, wide] = cells.dataset.cell.split(" ").map(Number);
            const { data } = ink.getContext("2d").getImageData(
                cells.offsetLeft, cells.offsetTop, wide, high);
            return data.some((value, n) => n % 4 === 3 && value > 0);
        }"""
    )
    assert inked


def test_glyphs_where_cells_are_too_small_for_numbers(blank: Blank) -> None:
    values = torch.randn(24, 30)
    values[3, 3] = NAN
    _, [panel] = show(blank, holding(values), "weight")
    assert panel.said("drawn") == "glyphs"


def test_value_and_index_under_the_cursor(page: Page, blank: Blank) -> None:
    net = matrix([0.1, -0.2], [0.3, 1e-8])
    _, [panel] = show(blank, net, "weight")
    panel.hover(0, 1)
    expect(panel.readout).to_have_text("[0, 1]−0.2")
    panel.hover(1, 1)
    expect(panel.readout).to_have_text("[1, 1]1e−8")
    page.mouse.move(0, 0)
    expect(panel.readout).to_have_text("each cell is one element")


def test_a_reduced_cell_says_that_it_is_one(blank: Blank) -> None:
    values = torch.randn(1000, 600)
    _, [panel] = show(blank, holding(values), "weight")
    rows, cols = (int(size) for size in panel.numbers("block"))
    assert rows > 1
    expect(panel.readout).to_contain_text(f"each cell is the mean of up to {rows}×{cols} elements")
    panel.hover(0, 1)
    expect(panel.readout).to_contain_text(f"[0:{rows}, {cols}:{2 * cols}]")
    expect(panel.readout).to_contain_text(f"mean of {rows}×{cols} elements, min −")
    part = values[:rows, cols : 2 * cols]
    mean = float(plain(panel.root.locator(".readout-value").inner_text()))
    assert mean == pytest.approx(part.mean().item(), rel=0.01, abs=1e-3)


def test_large_integers_are_told_exactly(blank: Blank) -> None:
    net = torch.nn.Module()
    net.register_buffer("steps", torch.tensor([2**53 + 1, 3]))
    _, [panel] = show(blank, net, "steps")
    panel.hover(0, 0)
    expect(panel.readout).to_have_text("[0]9007199254740993")


# --- zooming -------------------------------------------------------------------------------------


def window(panel: Panel) -> list[float]:
    return panel.numbers("window")


def zoomed(panel: Panel, old: list[float]) -> list[float]:
    """The window after it has become another one."""
    expect(panel.canvas).not_to_have_attribute("data-window", " ".join(f"{n:g}" for n in old))
    panel.waits_for("waiting", "false")
    return window(panel)


@pytest.fixture
def large(blank: Blank) -> Panel:
    _, [panel] = show(blank, holding(torch.randn(100, 240)), "weight")
    return panel


def test_buttons_zoom_and_fit(large: Panel) -> None:
    assert window(large) == [0, 100, 0, 240]
    large.button("Zoom in").click()
    assert zoomed(large, [0, 100, 0, 240]) == [25, 75, 60, 180]
    large.button("Fit").click()
    assert zoomed(large, [25, 75, 60, 180]) == [0, 100, 0, 240]
    assert large.button("Fit").get_attribute("aria-disabled") == "true"


def test_keys_zoom(large: Panel) -> None:
    large.heatmap.focus()
    large.page.keyboard.press("+")
    assert zoomed(large, [0, 100, 0, 240]) == [25, 75, 60, 180]
    large.page.keyboard.press("-")
    assert zoomed(large, [25, 75, 60, 180]) == [0, 100, 0, 240]
    large.page.keyboard.press("+")
    zoomed(large, [0, 100, 0, 240])
    large.page.keyboard.press("0")
    large.waits_for("window", "0 100 0 240")


def test_the_wheel_zooms_with_ctrl_only(large: Panel) -> None:
    page = large.page
    page.mouse.move(*large.at(10, 10))
    page.mouse.wheel(0, -200)
    page.wait_for_function("new Promise((done) => requestAnimationFrame(() => done(true)))")
    assert window(large) == [0, 100, 0, 240]
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    row0, row1, col0, col1 = zoomed(large, [0, 100, 0, 240])
    assert row1 - row0 < 100
    assert col1 - col0 < 240


def test_shift_and_drag_choose_a_part(large: Panel) -> None:
    page = large.page
    row, col = (int(n) for n in large.numbers("block"))
    page.mouse.move(*large.at(10 // row, 20 // col))
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(*large.at(49 // row, 79 // col), steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    row0, row1, col0, col1 = zoomed(large, [0, 100, 0, 240])
    assert (row0, row1) == (10, 50)
    assert (col0, col1) == (20, 80)


def test_dragging_moves_what_is_zoomed(large: Panel) -> None:
    page = large.page
    large.button("Zoom in").click()
    assert zoomed(large, [0, 100, 0, 240]) == [25, 75, 60, 180]
    high, wide = large.numbers("cell")
    x, y = large.at(20, 20)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 10 * wide, y - 5 * high, steps=5)
    page.mouse.up()
    large.waits_for("window", "30 80 70 190")
    large.waits_for("waiting", "false")


def test_a_double_click_zooms_to_where_elements_can_be_hit(blank: Blank) -> None:
    _, [panel] = show(blank, holding(torch.randn(1000, 800)), "weight")
    rows, cols = (int(n) for n in panel.numbers("block"))
    panel.heatmap.dblclick(position=panel.middle(50, 60))
    row0, row1, col0, col1 = zoomed(panel, [0, 1000, 0, 800])
    assert panel.said("block") == "1 1"
    assert row0 <= 50 * rows < row1
    assert col0 <= 60 * cols < col1
    assert min(panel.numbers("cell")) >= 8


def test_sliders_for_further_axes(blank: Blank) -> None:
    values = torch.arange(2 * 2 * 3 * 2 * 2.0).reshape(2, 2, 3, 2, 2)
    _, [panel] = show(blank, holding(values), "weight")
    slider = panel.root.get_by_label("axis 2")
    expect(slider).to_have_attribute("max", "2")
    slider.press("End")
    panel.hover(0, 0)
    expect(panel.readout).to_have_text("[0, 0, 2, 0, 0]8")


@pytest.mark.parametrize("keys", [[], ["Alt++", "Alt++"], ["Enter"]])
def test_the_readout_forgets_an_element_that_is_gone(blank: Blank, keys: list[str]) -> None:
    net: Any = torch.nn.Sequential(torch.nn.Linear(4, 3))
    bench, [panel] = show(blank, net, "0.weight")
    panel.click(2, 3)
    expect(panel.readout).to_contain_text("[2, 3]")
    panel.press(*keys)
    with bench.cell():
        net[0] = torch.nn.Linear(2, 1)
    expect(panel.root.locator(".shape")).to_have_text("1 × 2")
    blank.page.mouse.move(0, 0)
    expect(panel.readout).to_have_text("each cell is one element")
    expect(panel.editor).to_have_count(0)
    expect(panel.root.locator(".selection")).to_be_hidden()


# --- the scale -----------------------------------------------------------------------------------


def test_one_scale_for_all_panels(page: Page, blank: Blank) -> None:
    net = torch.nn.ModuleDict({"a": matrix([1.0, -1.0]), "b": matrix([10.0, 2.0])})
    _, [one, ten] = show(blank, net, "a.weight", "b.weight")
    assert one.numbers("limits") == [-1, 1]
    page.get_by_role("button", name="Same scale").click()
    one.waits_for("limits", "-10 10")
    assert [one.pixel(0, 0), ten.pixel(0, 1)] == colours([1.0, 2.0], [-10, 10], "light")
    page.get_by_role("button", name="Same scale").click()
    one.waits_for("limits", "-1 1")


def test_the_theme_may_change(page: Page, blank: Blank) -> None:
    _, [panel] = show(blank, matrix([1.0, 0.5]), "weight")
    page.evaluate("document.body.classList.add('dark')")
    panel.waits_for("theme", "dark")
    assert panel.pixels([(0, 0), (0, 1)]) == colours([1.0, 0.5], [-1, 1], "dark")


def test_what_a_heatmap_shows_is_said_to_those_who_cannot_see_it(blank: Blank) -> None:
    _, [panel] = show(blank, matrix([1.0, 0.5]), "weight")
    expect(panel.heatmap).to_have_attribute(
        "aria-label", "weight, 1 × 2: arrow keys move, Enter edits"
    )
    expect(panel.canvas).to_have_attribute("aria-label", "weight in colours from -1 to 1")
