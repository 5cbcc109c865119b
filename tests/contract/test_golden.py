"""Both languages read the same declaration and the same bytes."""

from __future__ import annotations

import json

from contract import golden
from house.sources import ROOT
from paramwidget import protocol


def test_typescript_is_printed_from_the_declaration() -> None:
    printed = ROOT / "js" / "shared" / "protocol.ts"
    wanted = f"python -m paramwidget.protocol > {printed.relative_to(ROOT)}"
    assert printed.read_text("utf-8") == protocol.typescript(), wanted


def test_golden_frames_are_what_python_writes() -> None:
    """The TypeScript half is js/widget/test/contract.test.ts."""
    committed = json.loads(golden.FILE.read_text("utf-8"))
    assert committed == json.loads(golden.text()), "python tests/contract/golden.py"


def test_golden_frames_decode() -> None:
    for case in json.loads(golden.FILE.read_text("utf-8")):
        frame = protocol.decode_frame(case["content"])
        assert isinstance(frame, protocol.Frame)
        assert protocol.encode(frame) == case["content"]
