"""autodisplay: off by default, on by one call, and off again as if it had never been."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from IPython.core.interactiveshell import InteractiveShell
from torch import nn

import paramwidget

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def shown(shell: InteractiveShell, value: object) -> dict[str, object]:
    """What a cell that ends in this value shows."""
    data, _ = shell.display_formatter.format(value)
    return dict(data)


def test_it_is_off_until_it_is_called(shell: InteractiveShell) -> None:
    assert list(shown(shell, nn.Linear(2, 2))) == ["text/plain"]


def test_a_module_shows_its_widget_until_it_ends(shell: InteractiveShell) -> None:
    net = nn.Linear(2, 2)
    paramwidget.autodisplay()
    paramwidget.autodisplay()
    first, second = shown(shell, net), shown(shell, net)
    assert first[VIEW] == second[VIEW]
    assert shown(shell, 42) == {"text/plain": "42"}
    assert repr(net) == "Linear(in_features=2, out_features=2, bias=True)"
    paramwidget.autodisplay(False)
    paramwidget.autodisplay(False)
    assert shown(shell, net) == {"text/plain": repr(net)}


def test_what_showed_modules_before_is_put_back(shell: InteractiveShell) -> None:
    formatter = shell.display_formatter.mimebundle_formatter

    def mine(net: nn.Module) -> dict[str, str]:
        return {"text/plain": "mine"}

    formatter.for_type(nn.Module, mine)
    paramwidget.autodisplay()
    assert VIEW in shown(shell, nn.ReLU())
    paramwidget.autodisplay(False)
    assert formatter.type_printers[nn.Module] is mine


def test_somebody_elses_later_choice_stands(shell: InteractiveShell) -> None:
    formatter = shell.display_formatter.mimebundle_formatter
    paramwidget.autodisplay()

    def mine(net: nn.Module) -> dict[str, str]:
        return {"text/plain": "mine"}

    formatter.for_type(nn.Module, mine)
    paramwidget.autodisplay(False)
    assert formatter.type_printers[nn.Module] is mine


def test_without_ipython_it_says_so() -> None:
    with pytest.raises(RuntimeError, match="IPython is not running"):
        paramwidget.autodisplay()
