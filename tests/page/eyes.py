"""Hands and eyes for the tree, the toolbar and the journal of one view."""

from __future__ import annotations

from playwright.sync_api import Locator, expect


class View:
    """One rendered view, by its shadow host."""

    def __init__(self, host: Locator) -> None:
        self.host = host
        self.page = host.page
        self.tree = host.get_by_role("tree")
        self.filter = host.get_by_role("textbox", name="Filter the tree")
        self.marks = host.locator(".marks")

    def ready(self) -> View:
        expect(self.tree).to_be_visible()
        return self

    # --- rows ----------------------------------------------------------------------------------

    def row(self, name: str) -> Locator:
        """The row with this dotted name (a module's or a slot's)."""
        return self.host.locator(".row[data-row]").filter(
            has=self.page.locator(f'.name[title="{name}"]')
        )

    def names(self) -> list[str]:
        """The names of the rows in the page, from top to bottom."""
        rows = self.host.locator(".row[data-row]").evaluate_all(
            "rows => rows.map(r => [Number(r.dataset.row), r.querySelector('.name').title])"
        )
        return [name for _, name in sorted(rows)]

    def shows(self, *names: str) -> None:
        """Waits until the rows are these and no others."""
        expect(self.host.locator(".row[data-row]")).to_have_count(len(names))
        assert self.names() == list(names)

    def focused(self) -> str:
        """The dotted name of the row that has the tree's focus."""
        at = self.tree.get_attribute("aria-activedescendant")
        title = self.host.locator(f"#{at} .name").get_attribute("title")
        assert title is not None
        return title

    def expect_focus(self, name: str) -> None:
        expect(self.row(name)).to_have_attribute("aria-selected", "true")
        assert self.focused() == name

    def lit(self) -> list[str]:
        """The rows that are lit as partners."""
        found = self.host.locator(".row.lit .name").all()
        return sorted(name.get_attribute("title") or "" for name in found)

    # --- what stands around --------------------------------------------------------------------

    def button(self, name: str) -> Locator:
        return self.host.get_by_role("button", name=name)

    @property
    def panels(self) -> Locator:
        return self.host.locator("[data-panel]")

    @property
    def journal(self) -> Locator:
        return self.host.get_by_role("region", name="Journal")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
