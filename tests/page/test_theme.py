"""Light or dark, sizes and fonts: the host's word counts, then what it paints."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect
from torch import nn

from page.eyes import View
from page.kit import Blank

HOSTS: list[tuple[str, str, str]] = [
    ("nothing said, nothing painted", "", "light"),
    ("JupyterLab light", "document.body.dataset.jpThemeLight = 'true'", "light"),
    ("JupyterLab dark", "document.body.dataset.jpThemeLight = 'false'", "dark"),
    ("VS Code light", "document.body.className = 'vscode-light'", "light"),
    ("VS Code dark", "document.body.className = 'vscode-dark'", "dark"),
    ("VS Code high contrast", "document.body.className = 'vscode-high-contrast'", "dark"),
    (
        "VS Code high contrast light",
        "document.body.className = 'vscode-high-contrast vscode-high-contrast-light'",
        "light",
    ),
    ("a dark page", "document.body.style.background = '#101820'", "dark"),
    (
        "a light page with a dark desktop",
        "document.documentElement.style.background = '#fff'",
        "light",
    ),
    ("light text on no ground", "document.body.style.color = '#eee'", "dark"),
]


@pytest.fixture
def view(blank: Blank) -> View:
    blank.show(nn.Linear(2, 2))
    return View(blank.page.locator(".paramwidget")).ready()


def style(view: View, name: str) -> Any:
    return view.host.locator(".app").evaluate("(el, name) => getComputedStyle(el)[name]", name)


@pytest.mark.parametrize(("script", "theme"), [h[1:] for h in HOSTS], ids=[h[0] for h in HOSTS])
def test_it_follows_the_host(view: View, script: str, theme: str) -> None:
    view.page.evaluate(script or "0")
    expect(view.host.locator(".root")).to_have_attribute("data-theme", theme)


def test_it_takes_over_the_ground_of_the_host(view: View) -> None:
    view.page.evaluate("document.body.style.background = 'rgb(16, 24, 32)'")
    expect(view.host.locator(".app")).to_have_css("background-color", "rgb(16, 24, 32)")


def test_it_takes_over_the_variables_of_jupyterlab(view: View) -> None:
    view.page.evaluate(
        """() => {
          const { style } = document.documentElement;
          style.setProperty("--jp-layout-color0", "rgb(250, 240, 230)");
          style.setProperty("--jp-ui-font-size1", "17px");
          style.setProperty("--jp-ui-font-family", "serif");
        }"""
    )
    expect(view.host.locator(".app")).to_have_css("background-color", "rgb(250, 240, 230)")
    expect(view.host.locator(".app")).to_have_css("font-size", "17px")
    expect(view.host.locator(".app")).to_have_css("font-family", "serif")


def test_it_takes_over_the_variables_of_vs_code(view: View) -> None:
    view.page.evaluate(
        """() => {
          const { style } = document.documentElement;
          style.setProperty("--vscode-editor-background", "rgb(1, 2, 3)");
          style.setProperty("--vscode-font-size", "11px");
          document.body.className = "vscode-dark";
        }"""
    )
    expect(view.host.locator(".app")).to_have_css("background-color", "rgb(1, 2, 3)")
    expect(view.host.locator(".app")).to_have_css("font-size", "11px")


def test_its_stylesheet_reaches_nothing_of_the_host(view: View) -> None:
    view.page.evaluate(
        "document.body.insertAdjacentElement('beforeend', document.createElement('button'))"
        ".className = 'button'"
    )
    theirs = view.page.locator("body > button")
    radius = theirs.evaluate("button => getComputedStyle(button).borderRadius")
    assert radius == "0px"
    assert style(view, "display") == "flex"
