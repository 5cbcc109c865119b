"""An arrow between rooms points only downward, and each room knows no more than it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from house.rooms import built, drawn
from house.sources import PACKAGE, imports, place, python_files, room_of

FLOOR = {room.name: room.floor for room in drawn()}
FACE = {"__version__"}  # what any room may take from the package itself


def room_at(parts: list[str]) -> str:
    """The innermost room of a dotted name's parts: ``edit/actions`` for edit.actions.tie.Tie."""
    inner = "/".join(parts[:2])
    return inner if inner in FLOOR else parts[0]


def ours(path: Path) -> list[tuple[str, str]]:
    """(room, place) of everything of ours that a file imports."""
    found = []
    for name, node in imports(path):
        package, _, rest = name.partition(".")
        if package == "paramwidget" and rest and rest not in FACE:
            found.append((room_at(rest.split(".")), place(path, node)))
    return found


def test_the_map_shows_the_rooms_that_are_there() -> None:
    rooms = [room.name for room in drawn()]
    assert len(rooms) == len(set(rooms))
    assert sorted(rooms) == sorted(built())


@pytest.mark.parametrize(
    "path", python_files(), ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_arrows_point_downward(path: Path) -> None:
    own = room_at(list(path.relative_to(PACKAGE).with_suffix("").parts))
    is_face = path.name == "__init__.py" and "/" not in own
    for room, where in ours(path):
        inside = room.split("/")[0] == own.split("/")[0]
        if room == own or (inside and is_face):
            continue  # a divided room's face shows what its inner rooms hold
        assert FLOOR[room] > FLOOR[own], f"{where}: {own} must not know {room}"


def test_the_picture_knows_tensors_and_no_modules() -> None:
    for path in (PACKAGE / "picture").rglob("*.py"):
        assert not [where for room, where in ours(path) if room.split("/")[0] == "slots"]
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
        ("threading", {"lab", "conversation", "inspection", "record", "edit", "picture", "compat"}),
    ],
)
def test_a_library_is_known_only_where_it_belongs(library: str, rooms: set[str]) -> None:
    for path in python_files():
        for name, node in imports(path):
            known = name == library or name.startswith(f"{library}.")
            assert not known or room_of(path) in rooms, f"{place(path, node)} imports {name}"
