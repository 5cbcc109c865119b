"""An arrow between rooms points only downward, and each room knows no more than it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from house.sources import PACKAGE, imports, place, python_files, room_of

# From the top of the house to its foot. `protocol` and `compat` import nothing of ours.
ROOMS = [
    {"__init__"},
    {"auto", "lab"},  # they make the ordinary ParamWidget
    {"widget"},
    {"conversation"},
    {"fallback"},
    {"workbench"},
    {"edit"},
    {"picture"},
    {"slots"},
    {"tensors"},
    {"compat", "protocol"},
]
FLOOR = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms}
FACE = {"__version__"}  # what any room may take from the package itself


def ours(path: Path) -> list[tuple[str, str]]:
    """(room, place) of everything of ours that a file imports."""
    found = []
    for name, node in imports(path):
        package, _, rest = name.partition(".")
        if package == "paramwidget" and rest and rest not in FACE:
            found.append((rest.partition(".")[0], place(path, node)))
    return found


@pytest.mark.parametrize(
    "path", python_files(), ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_arrows_point_downward(path: Path) -> None:
    own = room_of(path)
    assert own in FLOOR, f"{path.name} stands in no room of the house"
    for room, where in ours(path):
        assert room in FLOOR, f"{where} imports {room}, which is no room of the house"
        assert room == own or FLOOR[room] > FLOOR[own], f"{where}: {own} must not know {room}"


def test_the_picture_knows_tensors_and_no_modules() -> None:
    for path in (PACKAGE / "picture").rglob("*.py"):
        assert not [where for room, where in ours(path) if room == "slots"]
        assert not [
            place(path, node) for name, node in imports(path) if name.startswith("torch.nn")
        ]


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        ("anywidget", {"widget"}),
        ("ipywidgets", {"widget"}),
        ("traitlets", {"widget"}),
        ("comm", {"lab", "compat"}),
        ("ipykernel", {"compat"}),
        ("IPython", {"widget", "auto", "lab", "conversation", "compat"}),
        # a picture may use both cores within one call; its callers do not notice
        ("threading", {"widget", "lab", "conversation", "workbench", "picture", "compat"}),
    ],
)
def test_a_library_is_known_only_where_it_belongs(library: str, rooms: set[str]) -> None:
    for path in python_files():
        for name, node in imports(path):
            known = name == library or name.startswith(f"{library}.")
            assert not known or room_of(path) in rooms, f"{place(path, node)} imports {name}"
