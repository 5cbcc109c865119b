"""The browser knows no lens by name: all that it does with one, Python has told it."""

from __future__ import annotations

import re

from house.sources import ROOT, script_files
from paramwidget.picture.lenses import LENSES, USUAL, Lens

# "value" is also a plane of a frame and the field of a signal; neither is a lens.
OTHERWISE = re.compile(r'plane\("value"\)|\["value"\]')
QUOTED = re.compile(r"""(["'`])(\w+)\1""")


def test_no_script_names_a_lens() -> None:
    words = {word for lens in LENSES.values() for word in (lens.name, lens.label)}
    for path in script_files():
        text = path.read_text("utf-8")
        if "lens" not in text.lower() or path.name == "protocol.ts":
            continue
        for number, line in enumerate(text.splitlines(), 1):
            found = {word for _, word in QUOTED.findall(OTHERWISE.sub("", line))}
            where = f"{path.relative_to(ROOT).as_posix()}:{number}"
            assert not found & words, f"{where} knows the lens {found & words}"


def test_the_protocol_names_no_lens() -> None:
    printed = (ROOT / "js" / "shared" / "protocol.ts").read_text("utf-8")
    assert set(re.findall(r"\blens: (\S+);", printed)) == {"string"}


def test_a_lens_that_does_not_say_so_edits_nothing() -> None:
    assert Lens("new", "New", lambda slot: slot.values).locked
    assert not USUAL.locked
