"""The view's own tests, in TypeScript: bundled by esbuild, run by Node's test runner."""

from __future__ import annotations

from pathlib import Path

import pytest

import node

FILES = sorted((node.JS / "widget" / "test").glob("*.test.ts*"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_typescript(path: Path) -> None:
    done = node.run([node.node(), "build.mjs", "test", path.name], node.tools())
    assert "fail 0" in done.stdout
    assert "pass 0" not in done.stdout, "no test ran"
