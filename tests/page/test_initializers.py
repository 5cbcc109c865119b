"""The initializer form: choosing, narrowing, trying, and applying it to a live model."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from torch import nn

from page.kit import Bench, Blank
from page.panels import show
from paramwidget import initializer
from paramwidget.edit.initializers import catalogue as initializers


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chapter's own distribution, and one that raises."""
    monkeypatch.setattr(initializers, "_users", {})

    @initializer
    def five_to_ten(weight: torch.Tensor, scale: float = 1.0) -> None:
        """U[5, 10] or U[-10, -5] with probability 1/4 each, else 0."""
        weight.uniform_(-10, 10)
        weight.mul_((weight.abs() >= 5) * scale)

    @initializer
    def switched(weight: torch.Tensor, on: bool = True, way: str = "up") -> None:
        weight.fill_(len(way) if on else -1)

    @initializer
    def broken(weight: torch.Tensor) -> None:
        raise RuntimeError("out of luck")


def two_layers() -> nn.Sequential:
    return nn.Sequential(nn.Linear(20, 256), nn.ReLU(), nn.LayerNorm(256), nn.Linear(256, 10))


def form_of_slot(blank: Blank, net: nn.Module, name: str) -> tuple[Bench, Locator]:
    bench, [panel] = show(blank, net, name)
    panel.button("Initialize").click()
    return bench, panel.root.locator("form.initialize")


def form_of_model(blank: Blank, net: nn.Module) -> tuple[Bench, Locator]:
    bench, _ = show(blank, net)
    blank.page.get_by_role("button", name="Initialize…").first.click()
    return bench, blank.page.locator("form.initialize")


def choose(form: Locator, name: str) -> None:
    form.get_by_label("Initializer", exact=True).select_option(name)


def seed_of(form: Locator) -> str:
    return form.get_by_label("seed", exact=True).input_value()


@pytest.mark.usefixtures("registered")
def test_a_switch_and_a_text_show_their_defaults_and_are_applied(blank: Blank) -> None:
    bench, form = form_of_slot(blank, two_layers(), "0.bias")
    choose(form, "switched")
    expect(form.get_by_label("on", exact=True)).to_be_checked()
    expect(form.get_by_label("way", exact=True)).to_have_value("up")
    form.get_by_label("way", exact=True).fill("sideways")
    form.get_by_role("button", name="Apply, new seed").click()
    expect(form.locator(".done")).to_contain_text("1 slot changed")
    assert (bench.net[0].bias == 8).all()
    seed = seed_of(form)
    form.get_by_label("on", exact=True).uncheck()
    form.get_by_role("button", name="Apply, new seed").click()
    expect(form.get_by_label("seed", exact=True)).not_to_have_value(seed)
    assert (bench.net[0].bias == -1).all()


def test_one_tensor_is_drawn_anew(blank: Blank) -> None:
    bench, form = form_of_slot(blank, two_layers(), "0.weight")
    choose(form, "normal_")
    form.get_by_label("std").fill("0.01")
    form.get_by_role("button", name="Apply, new seed").click()
    expect(form.locator(".done")).to_contain_text("1 slot changed, seed")
    first = bench.net[0].weight.detach().clone()
    assert 0.009 < first.std() < 0.011
    seed = seed_of(form)
    assert seed in form.locator(".done").inner_text()

    form.get_by_role("button", name="Apply, new seed").click()
    expect(form.get_by_label("seed", exact=True)).not_to_have_value(seed)
    assert not torch.equal(bench.net[0].weight, first)

    form.get_by_label("seed", exact=True).fill(seed)
    form.get_by_role("button", name="Apply this seed").click()
    expect(form.locator(".done")).to_contain_text(seed)
    assert torch.equal(bench.net[0].weight, first)
    form.get_by_role("button", name="Same seed again").click()
    expect(form.locator(".done")).to_contain_text(seed)
    assert torch.equal(bench.net[0].weight, first)


def test_what_draws_nothing_has_no_seed(blank: Blank) -> None:
    bench, form = form_of_slot(blank, two_layers(), "0.weight")
    choose(form, "constant_")
    form.get_by_label("val").fill("42")
    expect(form.get_by_label("seed", exact=True)).to_have_count(0)
    form.get_by_role("button", name="Apply", exact=True).click()
    expect(form.locator(".done")).to_have_text("Done: 1 slot changed")
    assert (bench.net[0].weight == 42).all()


def test_what_cannot_be_done_is_shown_as_such(blank: Blank) -> None:
    _, form = form_of_slot(blank, two_layers(), "0.bias")
    option = form.locator("option[value='xavier_uniform_']")
    expect(option).to_be_disabled()
    assert re.fullmatch(r"xavier_uniform_ — .*dimension.*", option.inner_text())
    chosen = form.get_by_label("Initializer", exact=True)
    assert chosen.evaluate("select => !select.selectedOptions[0].disabled")


def test_a_module_without_parameters_says_so(blank: Blank) -> None:
    show(blank, nn.Sequential(nn.Linear(2, 2), nn.ReLU()))
    blank.page.get_by_role("tree").focus()
    for key in ("End", "Enter"):
        blank.page.keyboard.press(key)
    said = "xavier_uniform_ cannot initialize '1': It selects no parameters."
    expect(blank.page.locator(".form-card .preview")).to_have_text(said)


def test_the_promise_and_the_documentation_are_at_hand(blank: Blank) -> None:
    _, form = form_of_slot(blank, two_layers(), "0.weight")
    choose(form, "xavier_uniform_")
    expect(form.locator(".promise")).to_contain_text("fan_in 20")
    expect(form.locator(".promise")).to_contain_text("fan_out 256")
    expect(form.locator(".summary")).to_contain_text("Xavier")
    expect(form.locator(".doc")).to_be_hidden()
    form.get_by_role("button", name="About xavier_uniform_").hover()
    expect(form.locator(".doc")).to_be_visible()
    expect(form.locator(".doc")).to_contain_text("gain")


def test_the_whole_model_is_narrowed_by_layer_type(blank: Blank) -> None:
    bench, form = form_of_model(blank, two_layers())
    norm = bench.net[2].weight.detach().clone()
    choose(form, "xavier_uniform_")
    expect(form.locator(".found")).to_have_text("2 of 6 slots; 4 skipped")
    expect(form.locator(".skipped").first).to_contain_text("dimension")
    form.get_by_role("button", name="Linear 2").click()
    choose(form, "constant_")
    form.get_by_label("val").fill("1")
    form.get_by_role("button", name="weight 3").click()
    expect(form.locator(".found b")).to_have_text(re.compile("^2"))
    form.get_by_role("button", name="Apply", exact=True).click()
    expect(form.locator(".done")).to_have_text("Done: 2 slots changed")
    assert (bench.net[0].weight == 1).all()
    assert (bench.net[3].weight == 1).all()
    assert torch.equal(bench.net[2].weight, norm)
    assert not (bench.net[0].bias == 1).any()


def test_reset_parameters_is_the_modules_own(blank: Blank) -> None:
    bench, form = form_of_model(blank, two_layers())
    with bench.cell():
        for parameter in bench.net.parameters():
            parameter.data.zero_()
    choose(form, "reset_parameters")
    form.get_by_role("button", name="Apply, new seed").click()
    expect(form.locator(".done")).to_be_visible()
    assert (bench.net[0].weight != 0).any()
    assert (bench.net[2].weight == 1).all()


def test_a_wrong_argument_is_said_at_its_field(blank: Blank) -> None:
    bench, form = form_of_slot(blank, two_layers(), "0.weight")
    before = bench.net[0].weight.detach().clone()
    choose(form, "normal_")
    for text in ("-1", "abc"):
        form.get_by_label("std").fill(text)
        error = form.locator(".argument .error")
        expect(error).to_be_visible()
        expect(form.get_by_label("std")).to_have_attribute("aria-invalid", "true")
        form.get_by_role("button", name="Apply, new seed").click()
        expect(error).to_be_visible()
        expect(form.locator(".done")).to_have_count(0)
    assert torch.equal(bench.net[0].weight, before)
    form.get_by_label("std").fill("0.5")
    expect(form.locator(".argument .error")).to_have_count(0)


def test_what_is_still_to_be_typed_is_no_error_before_apply(blank: Blank) -> None:
    bench, form = form_of_slot(blank, two_layers(), "0.weight")
    asked = len(bench.said("initialize"))
    choose(form, "constant_")
    while len(bench.said("initialize")) == asked:
        blank.page.wait_for_timeout(20)
    error = form.locator(".argument .error")
    expect(form.get_by_label("val")).to_have_attribute("placeholder", "required")
    expect(error).to_have_count(0)
    form.get_by_role("button", name="Apply").click()
    expect(error).to_have_text("constant_ needs the argument val")
    form.get_by_label("val").fill("1")
    expect(error).to_have_count(0)


def test_a_wrong_seed_is_said_at_its_field(blank: Blank) -> None:
    _, form = form_of_slot(blank, two_layers(), "0.weight")
    form.get_by_label("seed", exact=True).fill("tomorrow")
    form.get_by_role("button", name="Apply this seed").click()
    expect(form.locator(".apply-line .error")).to_be_visible()
    expect(form.get_by_label("seed", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_role("button", name="Apply this seed")).to_be_visible()


def test_choices_and_switches_fit_their_arguments(blank: Blank) -> None:
    _, form = form_of_slot(blank, two_layers(), "0.weight")
    choose(form, "kaiming_uniform_")
    mode = form.get_by_label("mode")
    assert mode.locator("option").all_inner_texts() == ["fan_in", "fan_out"]
    expect(mode).to_have_value("fan_in")
    bound = form.locator(".promise").inner_text()
    mode.select_option("fan_out")
    expect(form.locator(".promise")).not_to_have_text(bound)


@pytest.mark.usefixtures("registered")
def test_functions_of_the_notebook_are_offered(blank: Blank) -> None:
    bench, form = form_of_slot(blank, two_layers(), "0.weight")
    group = form.locator("optgroup[label^='Your own']")
    assert "five_to_ten" in group.locator("option").all_inner_texts()
    choose(form, "five_to_ten")
    expect(form.locator(".summary")).to_contain_text("U[5, 10]")
    form.get_by_label("scale").fill("2")
    form.get_by_role("button", name="Apply, new seed").click()
    expect(form.locator(".done")).to_be_visible()
    drawn = bench.net[0].weight.abs()
    assert ((drawn == 0) | (drawn >= 10)).all()


@pytest.mark.usefixtures("registered")
def test_a_function_that_raises_changes_nothing(blank: Blank) -> None:
    bench, form = form_of_slot(blank, two_layers(), "0.weight")
    before = bench.net[0].weight.detach().clone()
    choose(form, "broken")
    form.get_by_role("button", name="Apply, new seed").click()
    expect(form.locator(".outcome .error")).to_contain_text("out of luck")
    assert torch.equal(bench.net[0].weight, before)


def test_what_waits_for_the_running_cell_is_taken_back(blank: Blank) -> None:
    bench, form = form_of_slot(blank, two_layers(), "0.weight")
    before = bench.net[0].weight.detach().clone()
    bench.kernel.cell_began()
    bench.flush()
    with bench.hold():
        form.get_by_role("button", name="Apply, new seed").click()
        expect(form.locator(".outcome")).to_contain_text("waiting for the running cell")
        form.get_by_role("button", name="Cancel").click()
    bench.kernel.cell_ended()
    bench.flush()
    expect(form.locator(".outcome")).to_be_empty()
    assert torch.equal(bench.net[0].weight, before)


def test_dry_runs_do_not_flood_a_busy_kernel(page: Page, blank: Blank) -> None:
    bench, form = form_of_slot(blank, two_layers(), "0.weight")
    expect(form.locator(".found")).to_be_visible()
    asked = len(tries(bench))
    bench.kernel.cell_began()
    bench.flush()
    with bench.hold():
        for name in ("normal_", "uniform_", "zeros_", "ones_", "kaiming_normal_"):
            choose(form, name)
            page.evaluate(LONG_ENOUGH)
        assert len(tries(bench)) == asked + 1
        expect(form.locator(".preview")).to_contain_text("waiting for the running cell")
    expect(form.locator(".promise")).to_contain_text("std")
    assert [one["name"] for one in tries(bench)[asked:]] == ["normal_", "kaiming_normal_"]


# for a choice to be asked about, were the kernel not busy
LONG_ENOUGH = "new Promise((done) => setTimeout(done, 200))"


def tries(bench: Bench) -> list[dict[str, Any]]:
    return [message for message in bench.said("initialize") if message["dry"]]


def test_what_is_chosen_below_a_module_is_frozen_and_unfrozen(blank: Blank) -> None:
    bench, form = form_of_model(blank, two_layers())
    form.get_by_role("button", name="Linear 2").click()
    form.get_by_role("button", name="Freeze", exact=True).click()
    done = form.locator(".module-action .done")
    expect(done).to_have_text("Done: 4 slots changed")
    assert frozen(bench.net) == ["0.weight", "0.bias", "3.weight", "3.bias"]
    expect(blank.page.get_by_role("treeitem").filter(has_text="frozen")).to_have_count(4)
    form.get_by_role("button", name="weight 3").click()
    expect(done).to_have_count(0)
    form.get_by_role("button", name="Unfreeze").click()
    expect(done).to_have_text("Done: 2 slots changed")
    assert frozen(bench.net) == ["0.bias", "3.bias"]
    blank.page.get_by_role("button", name="Undo: 2 tensors are trainable").click()
    expect(blank.page.get_by_role("treeitem").filter(has_text="frozen")).to_have_count(4)
    assert frozen(bench.net) == ["0.weight", "0.bias", "3.weight", "3.bias"]


def frozen(net: nn.Module) -> list[str]:
    return [name for name, tensor in net.named_parameters() if not tensor.requires_grad]


def test_a_slot_has_its_switch_and_no_buttons_for_it(blank: Blank) -> None:
    bench, form = form_of_slot(blank, two_layers(), "0.weight")
    expect(form.get_by_role("button", name="Freeze")).to_have_count(0)
    switch = blank.page.get_by_role("switch", name="requires_grad")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    assert frozen(bench.net) == ["0.weight"]


def test_freezing_where_there_is_nothing_says_why(blank: Blank) -> None:
    show(blank, nn.Sequential(nn.Linear(2, 2), nn.ReLU()))
    blank.page.get_by_role("tree").focus()
    for key in ("End", "Enter"):
        blank.page.keyboard.press(key)
    blank.page.locator(".form-card").get_by_role("button", name="Freeze", exact=True).click()
    said = "set_requires_grad cannot change '1': It selects no parameters."
    expect(blank.page.locator(".module-action .error")).to_have_text(said)


def test_freezing_with_the_keyboard_alone(page: Page, blank: Blank) -> None:
    bench, form = form_of_model(blank, two_layers())
    freeze = form.get_by_role("button", name="Freeze", exact=True)
    form.locator(".apply-line .field").focus()
    page.keyboard.press("Tab")
    expect(freeze).to_be_focused()
    page.keyboard.press("Enter")
    expect(form.locator(".module-action .done")).to_have_text("Done: 6 slots changed")
    expect(freeze).to_be_focused()
    page.keyboard.press("Tab")
    expect(form.get_by_role("button", name="Unfreeze")).to_be_focused()
    page.keyboard.press("Space")
    expect(blank.page.get_by_role("treeitem").filter(has_text="frozen")).to_have_count(0)
    assert frozen(bench.net) == []


def test_a_tied_tensor_is_initialized_once(blank: Blank) -> None:
    shared = nn.Linear(8, 8, bias=False)
    bench, form = form_of_model(blank, nn.Sequential(shared, shared))
    form.get_by_role("button", name="Apply, new seed").click()
    expect(form.locator(".done")).to_contain_text("2 slots changed")
    assert bench.net[0].weight is bench.net[1].weight


def test_with_the_keyboard_alone(page: Page, blank: Blank) -> None:
    bench, [panel] = show(blank, two_layers(), "3.bias")
    disclosure = panel.button("Initialize")
    disclosure.focus()
    page.keyboard.press("Enter")
    expect(disclosure).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Tab")
    expect(panel.root.get_by_label("Initializer", exact=True)).to_be_focused()
    page.keyboard.type("ones")
    expect(panel.root.get_by_label("Initializer", exact=True)).to_have_value("ones_")
    apply = panel.root.locator(".apply-line button")
    while not apply.evaluate("button => button.matches(':focus')"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(panel.root.locator(".initialize .done")).to_be_visible()
    assert (bench.net[3].bias == 1).all()
