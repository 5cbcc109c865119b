"""What stands around the picture of a panel: facts, ties, code, statistics, switches, states."""

from __future__ import annotations

import re

import pytest
import torch
from playwright.sync_api import Page, expect
from torch import nn

from page.kit import Blank, saved_packets
from page.panels import Panel, colours, holding, matrix, plain, show, tied
from paramwidget.picture import text
from zoo.quantized import Linear4bit


def test_a_panel_says_what_the_slot_is(blank: Blank) -> None:
    _, [panel] = show(blank, nn.Sequential(nn.Linear(20, 256)), "0.weight")
    expect(panel.root.locator(".facts")).to_contain_text("256 × 20float32cpu")
    expect(panel.root.get_by_role("heading")).to_have_text("0.weight")


def test_the_ways_to_reach_it_are_copied_by_a_click(blank: Blank) -> None:
    net = nn.Sequential()
    net.add_module("Linear_1", nn.Linear(2, 3))
    _, [panel] = show(blank, net, "Linear_1.weight")
    ways = ["net[0].weight", "net.Linear_1.weight", "net.state_dict()['Linear_1.weight']"]
    chips = panel.root.locator(".access .copy-chip")
    assert [chip.split("\n")[0] for chip in chips.all_inner_texts()] == ways
    for n, way in enumerate(ways):
        chips.nth(n).click()
        expect(chips.nth(n)).to_contain_text("copied")
        field = panel.root.get_by_label("New value of w")
        field.fill("")
        field.press("Control+v")
        expect(field).to_have_value(way)
        assert eval(way, {"net": net}) is not None


def test_ties_name_the_partner_and_prove_it(page: Page, blank: Blank) -> None:
    bench, [panel] = show(blank, tied(), "2.weight")
    line = panel.root.locator(".tie-line")
    expect(line.locator(".badge")).to_have_text("A ×2")
    expect(line).to_contain_text("same as 3.weight")
    proof = line.locator("code").inner_text()
    assert proof == "net[2].weight is net[3].weight"
    assert eval(proof, {"net": bench.net})
    line.get_by_role("button", name="3.weight", exact=True).click()
    expect(page.locator(".panel")).to_have_count(2)


def test_hovering_a_tie_lights_the_partner(page: Page, blank: Blank) -> None:
    _, [two, three] = show(blank, tied(), "2.weight", "3.weight")
    page.mouse.move(0, 0)
    expect(page.locator(".panel.lit")).to_have_count(0)
    two.root.locator(".tie-line").hover()
    expect(page.locator(".panel.lit")).to_have_count(2)
    expect(page.locator(".row.lit")).to_have_count(2)
    three.root.locator(".histogram").hover()
    expect(page.locator(".panel.lit")).to_have_count(0)


def test_slots_that_share_memory_only_say_so(blank: Blank) -> None:
    net = nn.Module()
    base = torch.zeros(4, 4)
    net.register_buffer("all", base)
    net.register_buffer("part", base[:2])
    _, [panel] = show(blank, net, "part")
    expect(panel.root.locator(".tie-line.memory")).to_contain_text("shares memory with all")


def test_statistics_are_pythons_own_words(blank: Blank) -> None:
    values = torch.randn(50, 40)
    values[0, :3] = torch.tensor([0.0, float("nan"), float("inf")])
    bench, [panel] = show(blank, holding(values), "weight")
    stats = bench.bench.stats("weight")
    for name in ("numel", "min", "max", "mean", "std", "zeros", "nan", "inf"):
        said = plain(panel.figure(name))
        assert (said.replace(",", "") if name == "numel" else said) == text.number(
            getattr(stats, name)
        )
    assert panel.figure("numel") == "2,000"


def test_statistics_of_any_length_stay_in_the_panel(page: Page, blank: Blank) -> None:
    net = holding(torch.randn(4, 4) * 1e-42)
    net.register_buffer("wide", torch.tensor([[2**62, -(2**62), 3]]))
    _, panels = show(blank, net, "weight", "wide")
    for size in ({"width": 1280, "height": 720}, {"width": 400, "height": 720}):
        page.set_viewport_size(size)
        for panel in panels:
            expect(panel.root.locator("[data-figure=max]")).to_be_visible()
            assert_inside(panel, ".figure dd")


def test_a_narrow_panel_in_large_text_cuts_nothing_off(page: Page, blank: Blank) -> None:
    page.set_viewport_size({"width": 400, "height": 900})
    _, [panel] = show(blank, matrix([0.123456, -0.00246813], [-0.3, 0.2]), "weight")
    for _ in range(5):
        page.get_by_role("button", name="Larger text").click()
    expect(panel.readout).to_have_text("each cell is one element")
    panel.button("Initialize").click()
    assert_inside(panel, ".figure dd, .readout-note, .legend-text, .seed > .field")
    assert_inside(panel, ".histogram figcaption span")
    assert panel.root.locator(".legend-bar").evaluate("bar => bar.clientWidth") > 30


def assert_inside(panel: Panel, what: str) -> None:
    """None of these is cut off or sticks out."""
    wrong = panel.root.locator(what).evaluate_all(
        """found => found.filter((one) => {
            const [inner, outer] = [one, one.closest(".panel")].map(e => e.getBoundingClientRect());
            const line = one.parentElement.getBoundingClientRect();
            return one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0
                || inner.right > outer.right || inner.bottom > line.bottom + 2;
        }).map((one) => one.outerHTML)"""
    )
    assert wrong == []


def test_the_histogram_marks_zero_and_tells_counts(blank: Blank) -> None:
    _, [panel] = show(blank, matrix([-1.0, -1.0, -1.0, 3.0]), "weight")
    zero = panel.root.locator(".histogram .zero")
    expect(zero).to_have_attribute("style", "left: 25%;")
    panel.root.locator(".histogram-bars").hover(position={"x": 2, "y": 20})
    expect(panel.root.locator(".histogram-word")).to_have_text("3")


def test_a_constant_tensor_has_one_value(blank: Blank) -> None:
    _, [panel] = show(blank, matrix([42.0, 42.0]), "weight")
    expect(panel.root.locator(".histogram figcaption")).to_have_text("all are 42")


def test_no_gradient_yet_is_a_state(blank: Blank) -> None:
    bench, [panel] = show(blank, nn.Sequential(nn.Linear(3, 2)), "0.weight")
    panel.button("Gradient").click()
    expect(panel.root.locator(".nothing")).to_have_text("No gradient yet: run backward().")
    expect(panel.canvas).to_be_hidden()
    with bench.cell():
        bench.net(torch.ones(1, 3)).sum().backward()
    expect(panel.root.locator(".nothing")).to_have_count(0)
    panel.waits_for("lens", "grad")
    panel.hover(0, 0)
    expect(panel.readout).to_have_text("[0, 0]1")
    panel.button("Value").click()
    panel.waits_for("lens", "value")


def test_requires_grad_is_a_switch(blank: Blank) -> None:
    bench, [panel] = show(blank, matrix([1.0]), "weight")
    switch = panel.root.get_by_role("switch", name="requires_grad")
    expect(switch).to_have_attribute("aria-checked", "true")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    assert bench.net.get_parameter("weight").requires_grad is False
    switch.press("Enter")
    expect(switch).to_have_attribute("aria-checked", "true")
    assert bench.net.get_parameter("weight").requires_grad is True


def test_a_buffer_has_no_such_switch(blank: Blank) -> None:
    net = nn.Module()
    net.register_buffer("mean", torch.zeros(3))
    _, [panel] = show(blank, net, "mean")
    expect(panel.root.get_by_role("switch")).to_have_count(0)
    expect(panel.root.locator(".facts")).to_contain_text("buffer")


def test_a_refused_switch_says_why(blank: Blank) -> None:
    _, [panel] = show(blank, nn.ParameterDict({"n": frozen_integers()}), "n")
    switch = panel.root.get_by_role("switch")
    expect(switch).to_have_attribute("aria-disabled", "true")
    expect(switch).to_have_attribute("title", re.compile("only real and complex numbers"))
    switch.focus()
    panel.press("Enter")
    expect(panel.root.locator(".panel-head .error")).to_contain_text("only real and complex")


def frozen_integers() -> nn.Parameter:
    return nn.Parameter(torch.arange(3), requires_grad=False)


@pytest.mark.parametrize(
    ("net", "name", "word"),
    [
        (nn.Linear(2, 3, bias=False), "bias", "None"),
        (nn.LazyLinear(3), "weight", "no shape yet"),
        (nn.Linear(2, 3, device="meta"), "weight", "meta"),
        (holding(torch.zeros(0, 4)), "weight", "No elements."),
    ],
    ids=["none", "uninitialized", "meta", "empty"],
)
def test_where_there_is_nothing_to_show_it_says_why(
    blank: Blank, net: nn.Module, name: str, word: str
) -> None:
    _, [panel] = show(blank, net, name)
    expect(panel.root).to_contain_text(word)
    expect(panel.canvas).to_be_hidden()


def test_complex_tensors_have_angles(blank: Blank) -> None:
    net = holding(torch.tensor([[1j, -1.0]]))
    _, [panel] = show(blank, net, "weight")
    panel.button("Angle").click()
    panel.waits_for("lens", "angle")
    panel.hover(0, 0)
    expect(panel.readout).to_contain_text("1.570796")
    expect(panel.root.locator(".legend-text")).to_have_text("±π")


def test_a_scalar(blank: Blank) -> None:
    _, [panel] = show(blank, holding(torch.tensor(3.5)), "weight")
    panel.hover(0, 0)
    expect(panel.readout).to_have_text("[()]3.5")
    expect(panel.root.locator(".shape")).to_have_text("scalar")


def test_a_panel_is_closed(page: Page, blank: Blank) -> None:
    bench, [panel] = show(blank, tied(), "2.weight")
    panel.button("Close 2.weight").click()
    expect(page.locator(".panel")).to_have_count(0)
    assert len(bench.said("close")) == 1
    expect(page.get_by_role("tree")).to_be_focused()


def test_a_panel_opened_while_a_cell_runs_says_what_it_waits_for(page: Page, blank: Blank) -> None:
    bench, _ = show(blank, tied())
    bench.kernel.cell_began()
    bench.flush()
    with bench.hold():
        page.locator("bdi[title='2.weight']").click()
        expect(page.locator(".panel .nothing")).to_have_text("waiting for the running cell")
    expect(page.locator(".panel canvas.cells[data-revision]")).to_be_attached()


def test_typing_where_nothing_can_be_typed_says_why(blank: Blank) -> None:
    bench, [panel] = show(blank, tied(), "2.weight")
    with bench.cell():
        bench.net.get_parameter("2.weight").grad = torch.ones(4, 4)
    panel.button("Gradient").click()
    panel.waits_for("lens", "grad")
    panel.click(0, 0)
    panel.page.keyboard.press("5")
    expect(panel.readout).to_have_text("Gradients are read-only; switch to Value to edit.")
    assert_inside(panel, ".readout .warn")
    panel.button("Value").click()
    panel.waits_for("lens", "value")
    expect(panel.readout).not_to_contain_text("read-only")


def test_what_stands_for_many_elements_says_how_to_go_in(blank: Blank) -> None:
    bench, [panel] = show(blank, holding(torch.zeros(3000, 2)), "weight")
    panel.click(0, 0)
    panel.page.keyboard.press("5")
    expect(panel.readout).to_have_text(
        "This cell stands for many elements; press Enter to zoom in."
    )
    panel.page.keyboard.press("Enter")
    panel.waits_for("block", "1 1")
    expect(panel.readout).to_have_text("[0, 0]0")
    for key in ("5", "Enter"):
        panel.page.keyboard.press(key)
    expect(panel.readout).to_have_text("[0, 0]5")
    assert bench.net.get_parameter("weight").sum() == 5


def test_two_views_have_one_set_of_panels(page: Page, blank: Blank) -> None:
    bench, [panel] = show(blank, matrix([1.0, 2.0]), "weight")
    bench.render()
    expect(page.locator(".panel")).to_have_count(2)
    first, second = (type(panel)(page.locator(".panel").nth(n)) for n in (0, 1))
    first.click(0, 0)
    page.keyboard.type("9")
    page.keyboard.press("Enter")
    second.hover(0, 0)
    expect(second.readout).to_have_text("[0, 0]9")
    second.button("Zoom in").click()
    for one in (first, second):
        one.root.scroll_into_view_if_needed()  # what is out of sight is not painted
        one.waits_for("window", "0 1 1 2")


def test_a_view_that_ends_leaves_nothing_running(page: Page, blank: Blank) -> None:
    bench, [panel] = show(blank, matrix([1.0, 2.0]), "weight")
    bench.end_view()
    expect(page.locator(".paramwidget")).to_have_count(0)
    with bench.cell():
        bench.net.get_parameter("weight").data += 1
    bench.render()
    panel = type(panel)(page.locator(".panel").first)
    panel.hover(0, 0)
    expect(panel.readout).to_have_text("[0, 0]2")


def test_an_open_panel_is_gone_to_by_keys(page: Page, blank: Blank) -> None:
    show(blank, tied(), "2.weight", "3.weight")
    row = page.get_by_role("treeitem").filter(has=page.locator("bdi[title='2.weight']"))
    row.locator("bdi").click()
    expect(page.locator(".panel .heatmap").first).to_be_focused()


def test_panels_stand_side_by_side(page: Page, blank: Blank) -> None:
    _, panels = show(blank, tied(), "2.weight", "3.weight")
    tops = [panel.root.bounding_box() for panel in panels]
    assert tops[0] is not None
    assert tops[1] is not None
    assert tops[0]["y"] == tops[1]["y"]
    assert tops[1]["x"] >= tops[0]["x"] + tops[0]["width"]
    page.set_viewport_size({"width": 400, "height": 800})
    boxes = [panel.root.bounding_box() for panel in panels]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[1]["y"] > boxes[0]["y"]
    assert boxes[1]["x"] + boxes[1]["width"] <= 400


def test_a_saved_panel_is_looked_at_only(blank: Blank) -> None:
    blank.show_saved(saved_packets(matrix([0.5, -1.0]), "weight"))
    panel = Panel(blank.page.locator(".panel"))
    panel.waits_for("drawn", "numbers")
    assert panel.pixels([(0, 0), (0, 1)]) == colours([0.5, -1.0], [-1, 1], "light")
    panel.hover(0, 0)
    expect(panel.readout).to_have_text("[0, 0]0.5")
    panel.click(0, 0)
    blank.page.keyboard.type("7")
    expect(panel.editor).to_have_count(0)
    blank.page.keyboard.press("Enter")
    expect(panel.readout).to_contain_text("No kernel")
    for name in ("Gradient", "Zoom in"):
        expect(panel.button(name)).to_have_attribute("aria-disabled", "true")
        panel.button(name).click(force=True)
    panel.waits_for("waiting", "false")
    expect(panel.root.locator(".changes")).to_have_count(0)


def test_the_switch_of_a_packed_weight_is_off_and_says_why(blank: Blank) -> None:
    net = nn.Sequential(Linear4bit(storage=torch.bfloat16))
    _, (panel,) = show(blank, net, "0.weight")
    switch = panel.root.get_by_role("switch")
    expect(switch).to_have_attribute("aria-disabled", "true")
    expect(switch).to_have_attribute("title", re.compile("an optimizer would update its codes"))
    switch.focus()
    panel.press("Enter")
    said = "an optimizer would update its codes, which are not its values"
    expect(panel.root.locator(".panel-head .error")).to_contain_text(said)
    expect(switch).to_have_attribute("aria-checked", "false")
    assert not net[0].weight.requires_grad
