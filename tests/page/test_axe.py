"""What axe-core has to say of the whole view, light and dark: names, roles, contrast."""

from __future__ import annotations

import pytest

import node
from page import shots
from page.kit import Blank

AXE = "4.14.1"
SCENES = {scene.name: scene for scene in shots.SCENES}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "scene",
    ["at_work", "panels", "keys", "busy", "badges", "asked", "refused", "told_all", "untied"],
)
def test_nothing_to_complain_of(blank: Blank, scene: str, theme: str) -> None:
    page = blank.page
    page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")
    SCENES[scene].make(blank)
    page.add_script_tag(path=node.package("axe-core", AXE) / "axe.min.js")
    page.evaluate("document.querySelector('.paramwidget').shadowRoot.activeElement?.blur()")
    found = page.evaluate(
        """async () => {
          const only = { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"],
                         rules: { region: { enabled: false } } };
          const { violations, passes } = await axe.run(".paramwidget", only);
          const contrast = passes.find(({ id }) => id === "color-contrast");
          if ((contrast?.nodes.length ?? 0) < 10) return "it looked at nothing";
          return violations.map(({ id, nodes }) => [id, nodes.slice(0, 4).map((n) =>
            [n.target.flat().join(" "), n.any.map((a) => a.message).join("; ")].join(": "))]);
        }"""
    )
    assert found == []
