"""Every notebook of examples/ runs from top to bottom, and is saved as it should be read."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
OF_A_MACHINE = re.compile(
    r"""(?<![\w./:])(/(home|root|Users|tmp|opt|usr|var|work|mnt)/|~/|file://|[A-Z]:\\)"""
)

for_each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_examples() -> None:
    assert "parameter_management" in [path.stem for path in NOTEBOOKS]


@for_each
@pytest.mark.timeout(300)
# zmq and jupyter_client warn of their own ways of running an event loop
@pytest.mark.filterwarnings("ignore")
def test_it_runs_from_top_to_bottom(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()  # raises CellExecutionError with the cell and its traceback
    outputs = [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]
    complaints = [out.text for out in outputs if out.get("name") == "stderr"]
    assert complaints == []
    widgets = [out.data for out in outputs if out.output_type == "display_data"]
    view = "application/vnd.jupyter.widget-view+json"
    assert widgets
    assert all({view, "text/html", "text/plain", "image/png"} <= data.keys() for data in widgets)


@for_each
def test_it_is_saved_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert "widgets" not in notebook.metadata


@for_each
def test_it_names_no_place_on_a_machine(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        assert not OF_A_MACHINE.search(cell.source), cell.source


@for_each
def test_every_claim_in_words_is_followed_by_code(path: Path) -> None:
    """A lecture alternates: never more than two cells of prose in a row, none at length."""
    kinds = [cell.cell_type[0] for cell in nbformat.read(path, as_version=4).cells]
    assert "mmm" not in "".join(kinds)
    checks = sum(cell.source.count("assert ") for cell in nbformat.read(path, as_version=4).cells)
    assert checks > len(kinds) / 2
