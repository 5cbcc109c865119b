"""What is declared and left half done fails at import, and the sentence says what is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from house.sources import ROOT

HEAD = """
from dataclasses import dataclass
from paramwidget import protocol
"""
MESSAGE = "@dataclass(frozen=True)\nclass Wave(protocol.{}):\n    strength: {}\n"
SESSION = "import paramwidget.conversation.session"
CHECK = "protocol.check_of(Wave)"  # as the room itself does it for all that it declares


def error_of(code: str) -> str:
    """The last line that a script says before it fails."""
    done = subprocess.run(
        [sys.executable, "-c", HEAD + code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode, "it went through"
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (MESSAGE.format("ToKernel", "int") + SESSION, "nothing handles the message Wave"),
        (
            MESSAGE.format("LabQuestion", "int") + "import paramwidget.lab.answers",
            "nothing handles the message Wave",
        ),
        (
            MESSAGE.format("Intent", "int") + SESSION,
            "the intent Wave asks for nothing: declare an action Wave",
        ),
        (
            MESSAGE.format("ToBrowser", "list[complex]") + CHECK,
            "Wave.strength: the type complex cannot be sent as JSON",
        ),
        (
            MESSAGE.format("ToBrowser", "int").replace("strength", "kind") + CHECK,
            "Wave has a field 'kind'",
        ),
        (
            "class Wave(protocol.Intent):\n    strength: int\n" + CHECK,
            "Wave is not a dataclass: it needs @dataclass(frozen=True)",
        ),
        (
            MESSAGE.format("ToKernel, kind='undo'", "int"),
            "Wave and Undo are both of the kind 'undo'",
        ),
    ],
)
def test_what_is_missing_is_said_at_import(code: str, said: str) -> None:
    assert said in error_of(code)
