"""The still picture and the live heatmap give a value the same colour."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import node
from paramwidget.fallback import colours

SCRIPT = """
import { colourOf, markColour } from "%s";
const scale = Array.from({ length: 255 }, (_, n) => colourOf((n - 127) / 127, [-1, 1], "light"));
const marks = ["nan", "+inf", "-inf", "above", "below"].map((mark) => markColour(mark, "light"));
console.log(JSON.stringify({ scale, marks }));
"""


def test_both_languages_have_one_scale(tmp_path: Path) -> None:
    live = node.tools() / "widget" / "src" / "heatmap" / "colours.ts"
    source, built = tmp_path / "ask.ts", tmp_path / "ask.mjs"
    source.write_text(SCRIPT % live.as_posix(), "utf-8")
    esbuild = str(node.tools() / "node_modules" / "esbuild" / "bin" / "esbuild")
    build = ["--bundle", "--format=esm", "--platform=node", f"--outfile={built}"]
    node.run([esbuild, str(source), *build, "--log-level=warning"], node.tools())
    said = json.loads(node.run([node.node(), str(built)], tmp_path).stdout)
    assert np.array_equal(colours.scale(255), said["scale"])
    assert np.array_equal(colours.palette()[colours.NAN : colours.BELOW + 1], said["marks"])
