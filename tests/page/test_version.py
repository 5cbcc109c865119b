"""A page whose kernel speaks another version of the protocol says so, and lets nothing be asked."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from torch import nn

from page.kit import Blank
from paramwidget.protocol import decoding


def test_another_version_of_the_kernel_is_said(
    page: Page, blank: Blank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "PROTOCOL", 2)
    bench = blank.show(nn.Sequential(nn.Linear(2, 2)))
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("different versions of paramwidget (protocol 1 and 2)")
    expect(page.locator(".marks")).to_have_text("another version")
    expect(page.get_by_role("treeitem")).to_have_count(0)
    expect(page.get_by_role("button", name="Initialize…")).to_have_attribute(
        "aria-disabled", "true"
    )
    monkeypatch.undo()
    bench.cut(dead=False)  # as a restarted kernel of this version
    expect(page.get_by_role("treeitem").first).to_be_visible()
    expect(notice).to_have_count(0)
    expect(page.locator(".marks")).to_be_empty()
