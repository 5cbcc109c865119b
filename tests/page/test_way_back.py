"""The way back over what others wrote: undo asks first, what it puts away can be brought back."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from playwright.sync_api import Locator, expect
from torch import nn

from page.eyes import View
from page.kit import Bench, Blank


def layers(widget: Bench) -> Any:
    return widget.net


def question(view: View) -> Locator:
    return view.host.get_by_role("alertdialog")


def answer(view: View, name: str) -> Locator:
    return question(view).get_by_role("button", name=name, exact=True)


def lines(view: View) -> Locator:
    return view.journal.locator(".entry")


def edit_and_train(widget: Bench) -> None:
    """An edit of two whole tensors, over one of which a cell writes."""
    widget.bench.initialize("", "ones_", parameters="weight")
    widget.flush()
    with widget.cell():
        layers(widget)[0].weight.data += 1


def test_undo_over_a_cells_values_asks_and_cancel_changes_nothing(
    widget: Bench, view: View
) -> None:
    edit_and_train(widget)
    view.tree.focus()
    view.press("ArrowDown", "ArrowDown", "Control+z")
    said = "0.weight was changed by a cell or by training since."
    expect(question(view)).to_contain_text(said)
    expect(question(view)).to_have_accessible_description(re.compile(re.escape(said)))
    expect(answer(view, "Cancel")).to_be_focused()
    expect(answer(view, "Undo anyway")).to_have_class("button loses")
    expect(answer(view, "Leave this edit")).to_have_class("button")
    view.press("Escape")
    expect(question(view)).to_have_count(0)
    expect(view.tree).to_be_focused()
    view.expect_focus("0.weight")
    assert bool((layers(widget)[0].weight == 2).all())
    expect(view.button("Undo: ones_")).to_be_visible()


def test_undo_anyway_puts_the_values_away_and_the_journal_brings_them_back(
    widget: Bench, view: View
) -> None:
    before = layers(widget)[0].weight.detach().clone()
    edit_and_train(widget)
    view.button("Journal").click()
    view.button("Undo: ").click()
    answer(view, "Undo anyway").click()
    expect(question(view)).to_have_count(0)
    assert torch.equal(layers(widget)[0].weight.detach(), before)
    replaced = view.journal.locator(".entry.replaced")
    expect(replaced).to_contain_text("put away")
    replaced.get_by_role("button", name="Bring back").click()
    expect(lines(view).last).to_contain_text("brought back")
    assert bool((layers(widget)[0].weight == 2).all())
    expect(lines(view)).to_have_count(4)
    view.button("Undo: ").click()
    expect(view.button("Redo: brought back")).to_be_visible()
    assert torch.equal(layers(widget)[0].weight.detach(), before)


def test_the_focus_returns_to_where_undo_was_asked_for(widget: Bench, view: View) -> None:
    edit_and_train(widget)
    view.row("0.weight").click()
    picture = view.host.locator(".panel .heatmap")
    for place in (picture, view.button("Undo: "), view.button("Larger text")):
        place.focus()
        view.press("Control+z")
        expect(answer(view, "Cancel")).to_be_focused()
        view.press("Enter")
        expect(question(view)).to_have_count(0)
        expect(place).to_be_focused()
    view.press("Control+z", "Control+z", "Shift+Tab", "Shift+Tab")
    expect(answer(view, "Undo anyway")).to_be_focused()
    view.press("Enter")
    expect(question(view)).to_have_count(0)
    expect(view.button("Larger text")).to_be_focused()


def test_a_question_that_comes_late_takes_no_focus_from_what_is_being_typed(
    widget: Bench, view: View
) -> None:
    edit_and_train(widget)
    view.tree.focus()
    widget.kernel.cell_began()
    widget.flush()
    with widget.hold():
        view.press("Control+z")
        view.filter.focus()
    widget.kernel.cell_ended()
    widget.flush()
    expect(question(view)).to_be_visible()
    expect(view.filter).to_be_focused()


def test_a_question_about_an_edit_goes_with_the_next_edit(widget: Bench, view: View) -> None:
    edit_and_train(widget)
    view.tree.focus()
    view.press("Control+z")
    expect(answer(view, "Undo anyway")).to_be_visible()
    widget.bench.assign("2.bias", (0,), 5)
    widget.flush()
    expect(question(view)).to_have_count(0)
    view.press("Control+z")
    expect(view.button("Redo: 2.bias")).to_be_visible()
    expect(question(view)).to_have_count(0)


def test_an_edit_can_be_left_so_that_undo_goes_on_before_it(widget: Bench, view: View) -> None:
    bias = layers(widget)[2].bias.detach().clone()
    widget.bench.initialize("2.bias", "ones_")
    edit_and_train(widget)
    view.tree.focus()
    view.press("Control+z")
    answer(view, "Leave this edit").click()
    expect(view.button("Undo: ones_ on 2.bias")).to_be_visible()
    assert bool((layers(widget)[0].weight == 2).all())
    view.press("Control+z")
    expect(view.button("Nothing to undo")).to_be_visible()
    assert torch.equal(layers(widget)[2].bias.detach(), bias)


def test_an_undo_that_cannot_be_done_offers_the_way_on(widget: Bench, view: View) -> None:
    bias = layers(widget)[2].bias.detach().clone()
    widget.bench.initialize("2.bias", "ones_")
    widget.bench.initialize("0", "zeros_")
    widget.flush()
    with widget.cell():
        layers(widget)[0] = nn.Linear(5, 3)
    view.tree.focus()
    view.press("Control+z")
    expect(question(view)).to_contain_text("Cannot undo")
    expect(question(view)).to_contain_text("0.weight")
    expect(question(view)).not_to_contain_text("bench.skip()")
    expect(answer(view, "Undo anyway")).to_have_count(0)
    view.press("Shift+Tab", "Enter")
    expect(view.button("Undo: ones_ on 2.bias")).to_be_visible()
    expect(view.tree).to_be_focused()
    view.press("Control+z")
    expect(view.button("Nothing to undo")).to_be_visible()
    assert torch.equal(layers(widget)[2].bias.detach(), bias)


def test_back_to_the_start_asks_for_all_that_would_be_put_away(widget: Bench, view: View) -> None:
    edit_and_train(widget)
    widget.bench.initialize("2.weight", "zeros_")
    with widget.cell():
        layers(widget)[2].weight.data += 1
    view.button("Back to the start").click()
    expect(question(view)).to_have_accessible_name("Back to the start")
    expect(question(view)).to_contain_text("0.weight and 2.weight were changed")
    answer(view, "Cancel").click()
    expect(view.button("Back to the start")).to_be_focused()
    view.press("Enter")
    answer(view, "Undo all anyway").click()
    expect(view.button("Nothing to undo")).to_be_visible()
    view.button("Journal").click()
    expect(view.journal.locator(".entry.replaced")).to_have_count(2)


def test_back_to_the_start_stops_at_what_cannot_be_undone_and_offers_the_way_on(
    widget: Bench, view: View
) -> None:
    bias = layers(widget)[2].bias.detach().clone()
    widget.bench.initialize("2.bias", "ones_")
    widget.bench.initialize("0", "zeros_")
    with widget.cell():
        layers(widget)[0] = nn.Linear(5, 3)
    view.button("Back to the start").click()
    answer(view, "Leave this edit").click()
    view.button("Back to the start").click()
    expect(view.button("Nothing to undo")).to_be_visible()
    assert torch.equal(layers(widget)[2].bias.detach(), bias)


def test_what_back_to_the_start_has_left_is_asked_about(widget: Bench, view: View) -> None:
    widget.bench.initialize("0", "zeros_")
    widget.bench.initialize("2.bias", "ones_")
    with widget.cell():
        layers(widget)[0] = nn.Linear(5, 3)
    view.button("Back to the start").click()
    expect(question(view)).to_contain_text("Cannot undo 'zeros_")
    expect(view.button("Redo: ones_ on 2.bias")).to_be_visible()
    answer(view, "Leave this edit").click()
    expect(view.button("Nothing to undo")).to_be_visible()


@pytest.mark.parametrize("choice", ["Undo anyway", "Leave this edit"])
def test_an_answer_is_about_the_edit_that_was_asked_about(
    widget: Bench, view: View, choice: str
) -> None:
    edit_and_train(widget)
    view.tree.focus()
    view.press("Control+z")
    with widget.hold():
        answer(view, choice).click()
        widget.bench.initialize("2.bias", "ones_")
    expect(view.host.get_by_text("the journal has changed since that was asked")).to_be_visible()
    assert [edit.title for edit in widget.bench.history][-1] == "ones_ on 2.bias"
    assert bool((layers(widget)[2].bias == 1).all())
    assert bool((layers(widget)[0].weight == 2).all())


def test_what_was_not_asked_about_is_asked_about(widget: Bench, view: View) -> None:
    edit_and_train(widget)
    view.tree.focus()
    view.press("Control+z")
    expect(question(view)).to_contain_text("0.weight was changed")
    with widget.cell():
        layers(widget)[2].weight.data += 1
    answer(view, "Undo anyway").click()
    expect(question(view)).to_contain_text("0.weight and 2.weight were changed")
    answer(view, "Undo anyway").click()
    expect(view.button("Nothing to undo")).to_be_visible()


def test_a_question_goes_with_the_kernel(widget: Bench, view: View) -> None:
    edit_and_train(widget)
    view.tree.focus()
    view.press("Control+z")
    expect(answer(view, "Undo anyway")).to_be_visible()
    widget.cut(dead=True)
    expect(question(view)).to_have_count(0)


def test_an_undo_and_a_redo_over_others_values_say_so(widget: Bench, view: View) -> None:
    edit_and_train(widget)
    widget.bench.undo()
    with widget.cell():
        layers(widget)[0].weight.data.fill_(8)
    view.tree.focus()
    view.press("Control+Shift+z")
    said = "0.weight has been changed by something else since; undo brings those values back"
    expect(view.host.get_by_role("status").filter(has_text=said)).to_be_visible()


def test_an_undo_of_one_cell_asks_nothing(widget: Bench, view: View) -> None:
    widget.bench.assign("0.weight", (0, 0), 42)
    edit_and_train(widget)
    widget.bench.assign("0.weight", (0, 0), 43)
    with widget.cell():
        layers(widget)[0].weight.data += 1
    view.button("Undo: 0.weight[0, 0] = 43").click()
    expect(view.button("Redo: 0.weight[0, 0] = 43")).to_be_visible()
    expect(question(view)).to_have_count(0)


def test_a_change_by_a_cell_is_a_quiet_line_without_any_edit(widget: Bench, view: View) -> None:
    view.button("Journal").click()
    with widget.cell():
        for parameter in widget.net.parameters():
            parameter.data += 1
    expect(lines(view)).to_have_count(1)
    expect(lines(view)).to_have_class("entry outside")
    expect(lines(view)).to_contain_text("changed outside: 4 slots")
    expect(lines(view).locator(".number")).to_be_empty()
    expect(view.journal.get_by_role("heading")).to_have_text("Journal")
    expect(view.journal.get_by_role("textbox")).to_have_value(re.compile("changed outside"))


def test_an_undone_branch_stays_greyed_and_can_be_brought_back(widget: Bench, view: View) -> None:
    view.button("Journal").click()
    widget.bench.initialize("0.weight", "ones_")
    widget.flush()
    view.button("Undo: ").click()
    widget.bench.assign("2.bias", (0,), 5)
    widget.flush()
    heading = view.journal.get_by_role("heading")
    expect(heading).to_have_text("Journal 1 of 2 in effect")
    dropped = lines(view).first
    expect(dropped).to_contain_text("undone")
    dropped.get_by_role("button", name="Bring back").click()
    expect(lines(view)).to_have_count(3)
    expect(lines(view).last).to_contain_text("brought back: ones_ on 0.weight")
    assert bool((layers(widget)[0].weight == 1).all())
    expect(heading).to_have_text("Journal 2 of 3 in effect")


def test_what_was_undone_is_brought_back_by_redo_not_from_its_line(
    widget: Bench, view: View
) -> None:
    view.button("Journal").click()
    widget.bench.initialize("0.weight", "ones_")
    widget.bench.undo()
    widget.flush()
    expect(lines(view)).to_contain_text("undone")
    expect(lines(view).get_by_role("button", name="Bring back")).to_have_count(0)


def test_two_views_of_one_widget_ask_only_where_undo_was_pressed(widget: Bench, view: View) -> None:
    other = View(widget.render()).ready()
    edit_and_train(widget)
    view.tree.focus()
    view.press("Control+z")
    expect(question(view)).to_be_visible()
    expect(question(other)).to_have_count(0)


def test_tie_again_leaves_the_focus_in_the_widget(blank: Blank) -> None:
    net: Any = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    net[1].weight = net[0].weight
    bench = blank.show(net)
    view = View(bench.page.locator(".paramwidget")).ready()
    with bench.cell():
        net[1].weight = nn.Parameter(torch.ones(4, 4))
    view.button("Tie again").focus()
    view.press("Enter")
    expect(view.host.locator(".tie-news")).to_have_count(0)
    expect(view.tree).to_be_focused()
