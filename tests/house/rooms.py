"""The map of the house as ``CONTRIBUTING.md`` draws it, from the roof to the foot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from house.sources import PACKAGE, ROOT


class Room(NamedTuple):
    """A room, or a file that is one: its name (``edit/actions``), its floor, what it is for."""

    name: str
    floor: int
    job: str


def drawn() -> list[Room]:
    """The rooms of the map; one marked ``+`` is on the floor of the line above."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    (block,) = re.findall(r"<!-- the map -->\n```\n(.*?)```", text, re.DOTALL)
    found: list[Room] = []
    outer, floor = "", 0
    for line in block.splitlines():
        name, job = re.split(r"\s{2,}", line.strip(), maxsplit=1)
        floor += not name.startswith("+ ")
        name, inner = name.removeprefix("+ "), line.startswith(" ")
        outer = outer if inner else name
        found.append(Room(f"{outer}/{name}" if inner else name, floor, job))
    return found


def built() -> Iterator[str]:
    """The rooms that are there: what stands in the package, and in rooms that are divided."""
    divided = {room.name.split("/")[0] for room in drawn() if "/" in room.name}
    for folder, prefix in [(PACKAGE, ""), *((PACKAGE / name, f"{name}/") for name in divided)]:
        for path in sorted(folder.iterdir()):
            is_room = path.suffix == ".py" or (path / "__init__.py").exists()
            if is_room and not (prefix and path.stem == "__init__"):
                yield f"{prefix}{path.stem}"
