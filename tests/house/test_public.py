"""The public face: its names, and what an import of it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import paramwidget
from house.sources import ROOT

NAMES = ["EditError", "ParamWidget", "Workbench", "autodisplay", "initializer"]


def test_the_public_names() -> None:
    assert sorted(paramwidget.__all__) == NAMES
    assert set(NAMES) <= set(dir(paramwidget))
    for name in NAMES:
        assert getattr(paramwidget, name).__name__ == name
        assert getattr(paramwidget, name).__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'paramwidget' has no attribute 'Paramwidget'"):
        paramwidget.Paramwidget  # noqa: B018  the look itself is what is tested


@pytest.mark.parametrize("heavy", ["torch", "numpy", "anywidget", "ipywidgets", "IPython"])
def test_an_import_alone_loads_nothing_heavy(heavy: str) -> None:
    code = f"import sys, paramwidget; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_workbench_needs_no_widget_library() -> None:
    code = (
        "import sys; from paramwidget import Workbench, EditError, initializer; "
        "sys.exit(bool({'anywidget', 'ipywidgets', 'IPython'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
