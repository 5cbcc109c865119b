"""What a person sees of a widget and does in it, on the page of any host."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect

Colour = tuple[int, int, int]


class View:
    """One view of a widget; ``root`` is the element that holds its shadow root."""

    def __init__(self, root: Locator) -> None:
        self.root = root
        self.tree = root.get_by_role("tree")
        self.filter = root.get_by_role("textbox", name="Filter the tree")
        self.journal = root.get_by_role("region", name="Journal")

    # --- the tree ------------------------------------------------------------------------------

    def row(self, name: str) -> Locator:
        """The row of a slot or module, by its dotted name."""
        exact = self.root.page.locator(f'bdi.name[title="{name}"]')
        return self.root.get_by_role("treeitem").filter(has=exact)

    def open(self, name: str) -> Panel:
        """Open the panel of a slot by a click on its row."""
        self.row(name).locator("bdi.name").click()
        panel = self.panel(name)
        panel.painted()
        return panel

    def panel(self, name: str) -> Panel:
        return Panel(self.root.get_by_role("region", name=name, exact=True), name)

    def press(self, *keys: str) -> None:
        """Keys in the focused tree, one after the other."""
        self.tree.focus()
        for key in keys:
            self.tree.press(key)

    def form(self, module: str = "") -> Locator:
        """The form for all below a module, by Enter on its row; by its tool for the whole net."""
        if module:
            self.row(module).locator("bdi.name").click()
            self.press("Enter")
        else:
            toolbar = self.root.get_by_role("toolbar", name="Model")
            toolbar.get_by_role("button", name="Initialize").click()
        form = self.root.get_by_role("region", name="Initialize", exact=True)
        expect(form.get_by_role("combobox", name="Initializer")).to_be_visible()
        return form

    # --- tools ---------------------------------------------------------------------------------

    def undo(self) -> None:
        self.root.get_by_role("button", name="Undo: ").click()

    def redo(self) -> None:
        self.root.get_by_role("button", name="Redo: ").click()


class Panel:
    """The open panel of one slot."""

    def __init__(self, root: Locator, name: str) -> None:
        self.root, self.name = root, name
        self.heatmap = root.get_by_role("application")
        self.cells = root.locator("canvas.cells")

    def painted(self) -> None:
        """Scroll to the picture, as it is painted only where it is seen, and wait for it."""
        self.cells.scroll_into_view_if_needed()
        expect(self.cells).to_have_attribute("data-waiting", "false")

    def repainted(self, revision: int) -> None:
        """Wait until another picture than that one is seen."""
        self.painted()
        expect(self.cells).not_to_have_attribute("data-revision", str(revision))

    def revision(self) -> int:
        return int(self.cells.get_attribute("data-revision") or -1)

    def colour(self, row: int, col: int) -> Colour:
        """The pixel in the middle of the cell of an element of the plane, read from the canvas."""
        found: list[int] = self.cells.evaluate(
            """(canvas, [row, col]) => {
              const numbers = (name) => canvas.dataset[name].split(" ").map(Number);
              const [cell, block, window] = ["cell", "block", "window"].map(numbers);
              const middle = (at, axis) =>
                (Math.floor((at - window[2 * axis]) / block[axis]) + 0.5) * cell[axis];
              const context = canvas.getContext("2d");
              return [...context.getImageData(middle(col, 1), middle(row, 0), 1, 1).data];
            }""",
            [row, col],
        )
        red, green, blue = found[:3]
        return red, green, blue

    def limits(self) -> tuple[float, float]:
        """The ends of the colour scale."""
        low, high = map(float, (self.cells.get_attribute("data-limits") or "").split())
        return low, high

    def select(self, row: int, col: int) -> None:
        """Move to an element by the keyboard."""
        self.heatmap.focus()
        self.heatmap.press("Control+Home")
        for key, times in (("ArrowDown", row), ("ArrowRight", col)):
            for _ in range(times):
                self.heatmap.press(key)

    def type(self, row: int, col: int, text: str) -> None:
        """Edit an element as a person does: go there, Enter, type, Enter."""
        self.select(row, col)
        self.heatmap.press("Enter")
        field = self.heatmap.get_by_role("textbox")
        field.fill(text)
        field.press("Enter")

    def compute(self, expression: str, part: str = "") -> None:
        """Fill in ``w[part] = expression`` and apply it."""
        self.root.get_by_role("textbox", name="Part of w").fill(part)
        formula = self.root.get_by_role("textbox", name="New value of w")
        formula.fill(expression)
        formula.press("Enter")

    def initialize(self, function: str, **arguments: Any) -> None:
        """Choose an initializer of this slot, fill in arguments and apply it."""
        self.root.get_by_role("button", name="Initialize", exact=True).click()
        fill_initializer(self.root, function, arguments)


def fill_initializer(parent: Locator, function: str, arguments: dict[str, Any]) -> None:
    form = parent.locator("form.initialize")
    form.get_by_role("combobox", name="Initializer").select_option(function)
    for name, value in arguments.items():
        form.get_by_role("textbox", name=name, exact=True).fill(str(value))
    form.get_by_role("button", name="Apply").first.click()
