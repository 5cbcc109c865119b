"""The journal and the toolbar: what was done, its code, undo, redo, back to the start."""

from __future__ import annotations

import re

import pytest
import torch
from playwright.sync_api import expect
from torch import nn

from page.eyes import View
from page.kit import Bench, Blank
from paramwidget import EditError, initializer
from paramwidget.conversation.journal import MOST_ENTRIES


def test_nothing_done_yet(view: View) -> None:
    view.button("Journal").click()
    expect(view.journal).to_contain_text("Every edit")
    expect(view.button("Nothing to undo")).to_have_attribute("aria-disabled", "true")
    expect(view.button("Journal").first).to_have_attribute("aria-pressed", "true")


def test_a_long_journal_says_that_it_shows_the_newest(widget: Bench, view: View) -> None:
    for value in range(MOST_ENTRIES + 1):
        widget.bench.assign("0.bias", (0,), value)
    widget.flush()
    view.button("Journal").click()
    heading = view.journal.get_by_role("heading")
    expect(heading).to_have_text(f"Journal the newest {MOST_ENTRIES}")
    widget.bench.undo()
    widget.flush()
    said = f"{MOST_ENTRIES - 1} of the newest {MOST_ENTRIES} in effect"
    expect(heading).to_have_text(f"Journal {said}")


def test_entries_with_names_and_seed(widget: Bench, view: View) -> None:
    view.button("Journal").click()
    widget.bench.initialize("", "xavier_uniform_", parameters="weight", seed=7)
    widget.bench.assign("0.weight", (0, 0), 42)
    widget.flush()
    entries = view.journal.get_by_role("listitem")
    expect(entries).to_have_count(2)
    expect(entries.nth(0)).to_contain_text("xavier_uniform_")
    expect(entries.nth(0)).to_contain_text("0.weight, 2.weight")
    expect(entries.nth(0)).to_contain_text("seed 7")
    expect(entries.nth(1)).to_contain_text("42")


def test_what_is_undone_stays_in_sight(widget: Bench, view: View) -> None:
    view.button("Journal").click()
    widget.bench.assign("0.weight", (0, 0), 42)
    widget.bench.assign("0.weight", (0, 1), 43)
    widget.flush()
    view.button("Undo: ").click()
    entries = view.journal.get_by_role("listitem")
    expect(entries.nth(1)).to_contain_text("undone")
    expect(entries.nth(0)).not_to_contain_text("undone")
    view.button("Redo: ").click()
    expect(view.journal).not_to_contain_text("undone")


def test_back_to_the_start(widget: Bench, view: View) -> None:
    before = {name: p.clone() for name, p in widget.net.named_parameters()}
    widget.bench.initialize("", "ones_")
    widget.bench.compute("0.weight", "w + 1")
    widget.flush()
    view.button("Back to the start").click()
    expect(view.button("Nothing to undo")).to_be_visible()
    for name, parameter in widget.net.named_parameters():
        assert torch.equal(parameter, before[name])


def test_the_code_is_copied(widget: Bench, view: View) -> None:
    widget.bench.assign("0.weight", (0, 0), 42)
    widget.flush()
    view.button("Journal").click()
    code = view.journal.get_by_role("textbox")
    expect(code).to_have_value(widget.bench.code())
    view.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view.button("Copy the code").click()
    expect(view.button("Copy the code")).to_contain_text("Copied")


def test_warnings_and_what_was_left_out(widget: Bench, view: View) -> None:
    view.button("Journal").click()
    edit = widget.bench.initialize("", "xavier_uniform_")
    widget.flush()
    entry = view.journal.get_by_role("listitem").first
    assert edit.skipped
    entry.get_by_text(f"{len(edit.skipped)} left out").click()
    expect(entry.get_by_role("listitem").first).to_contain_text("bias")


def test_a_function_that_raises_leaves_its_traceback(widget: Bench, view: View) -> None:
    @initializer
    def breaks(tensor: torch.Tensor) -> None:
        raise RuntimeError("my own mistake")

    view.button("Journal").click()
    with pytest.raises(EditError):
        widget.bench.initialize("", "breaks")
    widget.flush()
    entry = view.journal.get_by_role("listitem").first
    expect(entry).to_contain_text("failed")
    expect(entry.locator("pre")).to_be_hidden()
    expect(entry.locator(".entry-title")).to_have_text(
        "breaks failed on 0.weight: RuntimeError: my own mistake; the model was not changed"
    )
    entry.locator("summary").click()
    expect(entry.locator("pre")).to_be_visible()
    expect(entry.locator("pre")).to_contain_text("Traceback")
    expect(view.journal).to_contain_text("No edit is in effect: there is nothing to repeat.")


def test_undo_while_a_cell_runs_waits_for_its_end(widget: Bench, view: View) -> None:
    widget.bench.assign("0.weight", (0, 0), 42)
    widget.flush()
    widget.kernel.cell_began()
    widget.flush()
    with widget.hold():
        view.button("Undo: ").click()
        expect(view.marks).to_have_text("cell running, 1 edit waiting")
        assert widget.net[0].weight[0, 0].item() == 42  # type: ignore[index, union-attr]
    widget.kernel.cell_ended()
    widget.flush()
    expect(view.button("Nothing to undo")).to_be_visible()


def test_a_running_cell_is_marked(widget: Bench, view: View) -> None:
    with widget.cell():
        widget.flush()
        expect(view.marks).to_contain_text("cell running")
    expect(view.marks).to_have_text("")


def test_a_line_counts_all_slots_that_changed_and_all_that_were_left_out(blank: Blank) -> None:
    net = nn.Sequential(*(nn.Linear(8, 8) for _ in range(30)))
    widget = blank.show(net)
    view = View(blank.page.locator(".paramwidget")).ready()
    view.button("Journal").click()
    widget.bench.initialize("", "xavier_uniform_")
    widget.flush()
    with widget.cell():
        for parameter in net.parameters():
            parameter.data += 1
    edit, outside = (view.journal.locator(".entry").nth(n) for n in (0, 1))
    names = edit.locator(".muted").first
    expect(names).to_have_text("0.weight, 1.weight, 2.weight, 3.weight and 26 more")
    expect(names).to_have_attribute("title", re.compile(r"5\.weight\nand 24 more$"))
    edit.get_by_text("30 left out").click()
    expect(edit.get_by_role("listitem")).to_have_count(1)
    expect(edit.get_by_role("listitem")).to_contain_text("5.bias and 24 more: ")
    expect(outside).to_contain_text("60 slots")
    expect(outside.locator(".muted")).to_have_text("0.weight, 0.bias, 1.weight, 1.bias and 56 more")
    widget.bench.undo()
    widget.flush()
    away = view.journal.locator(".entry.replaced .muted")
    expect(away).to_have_text("0.weight, 1.weight, 2.weight, 3.weight and 26 more")


def test_bring_back_goes_with_what_the_budget_drops(widget: Bench, view: View) -> None:
    view.button("Journal").click()
    widget.bench.initialize("0.weight", "ones_")
    widget.bench.undo()
    widget.bench.assign("2.bias", (0,), 5)
    widget.flush()
    button = view.journal.get_by_role("button", name="Bring back")
    expect(button).to_have_count(1)
    widget.bench.log._kept.budget = 1
    widget.bench.assign("2.bias", (0,), 6)
    widget.flush()
    expect(button).to_have_count(0)
