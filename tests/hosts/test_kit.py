"""The drivers themselves: a small widget of a few lines goes through every host."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser import Console
from hosts.kit import Host, Lab
from hosts.static import executed, exported, show

COUNTER = '''
import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = """
    export default { render({ model, el }) {
      const button = document.createElement("button");
      const shadow = el.attachShadow({ mode: "open" });
      const paint = () => { button.textContent = `count ${model.get("value")}`; };
      button.onclick = () => { model.set("value", model.get("value") + 1); model.save_changes(); };
      model.on("change:value", paint);
      paint();
      shadow.append(button);
    } };
    """
    value = traitlets.Int(3).tag(sync=True)
w = Counter()
w
'''


def test_a_widget_answers_the_mouse_and_the_kernel(host: Host, console: Console) -> None:
    host.run(COUNTER)
    button = host.output().get_by_role("button", name="count")
    expect(button).to_have_text("count 3")
    button.click()
    expect(button).to_have_text("count 4")
    assert host.value("w.value") == 4
    host.ask("w.value = 8")
    expect(button).to_have_text("count 8")
    assert not console.of_ours(*host.foreign)


def test_text_and_errors_come_back(host: Host) -> None:
    assert host.run("print('one'); 2").split() == ["one", "2"]
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        host.run("1 / 0")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        host.ask("1 / 0")


def test_asking_counts_no_cell_and_fires_no_event(host: Host) -> None:
    host.run("ran = []; get_ipython().events.register('post_run_cell', ran.append)")
    before = host.value("[len(ran), get_ipython().execution_count]")
    assert host.value("[len(ran), get_ipython().execution_count]") == before


def test_a_reload_finds_the_kernel_and_its_widget(lab: Lab) -> None:
    lab.run(COUNTER)
    lab.save()
    lab.reload()
    lab.ask("w.value = 12")
    expect(lab.page.get_by_role("button", name="count")).to_have_text("count 12")


def test_the_theme_changes(lab: Lab) -> None:
    for dark, light in ((True, "false"), (False, "true")):
        lab.dark(dark)
        expect(lab.page.locator("body")).to_have_attribute("data-jp-theme-light", light)


def test_an_exported_page_shows_the_saved_state(page: Page, tmp_path: Path) -> None:
    notebook = executed(tmp_path, [COUNTER, "w.value = 42"])
    refused = show(page, exported(tmp_path, notebook))
    expect(page.get_by_role("button", name="count")).to_have_text("count 42")
    assert not refused
