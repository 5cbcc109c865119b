"""What ``pip install`` brings: the wheel's contents, and its build without Node on PATH."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import paramwidget
from hosts.server import environment
from house.sources import PACKAGE, ROOT

BUNDLE = "paramwidget/static/widget.js"


def hatchling(tree: Path, target: str, out: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Build one target of a tree by the very backend that pip calls."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)]
    env = {**os.environ, **env}
    return subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, check=False)


def copy_of_checkout(folder: Path) -> Path:
    """The tree as a fresh clone has it: nothing that git ignores."""
    ignored = shutil.ignore_patterns(
        "node_modules",
        "static",
        "labextension",
        "lib",
        ".*cache*",
        ".git",
        ".failed",
        "__pycache__",
    )
    for name in ("paramwidget", "js"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in (
        ".gitignore",
        "pyproject.toml",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
    ):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(tree, wheel) of a fresh checkout, built where no Node is on PATH."""
    tree = copy_of_checkout(tmp_path_factory.mktemp("checkout"))
    bare = tmp_path_factory.mktemp("bin")
    for tool in ("sh", "env"):
        (bare / tool).symlink_to(shutil.which(tool) or tool)
    assert not shutil.which("node", path=str(bare))
    done = hatchling(tree, "wheel", tree / "dist", PATH=str(bare))
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (tree / "dist").glob("*.whl")
    return tree, wheel


@pytest.fixture(scope="module")
def names(built: tuple[Path, Path]) -> set[str]:
    with zipfile.ZipFile(built[1]) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_the_bundle_the_licence_and_every_module(names: set[str]) -> None:
    assert BUNDLE in names
    assert f"paramwidget-{paramwidget.__version__}.dist-info/licenses/LICENSE" in names
    modules = {path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.py")}
    assert modules <= names
    assert "paramwidget/py.typed" in names


def test_the_wheel_installs_the_extension_of_jupyterlab(
    built: tuple[Path, Path], names: set[str]
) -> None:
    home = f"paramwidget-{paramwidget.__version__}.data/data/share/jupyter/labextensions"
    extension = f"{home}/paramwidget-lab"
    assert f"{extension}/install.json" in names
    assert any(name.startswith(f"{extension}/static/remoteEntry.") for name in names)
    with zipfile.ZipFile(built[1]) as archive:
        package = json.loads(archive.read(f"{extension}/package.json"))
    assert package["version"] == paramwidget.__version__  # what ``jupyter labextension list`` shows


def test_the_wheel_holds_nothing_else(names: set[str]) -> None:
    known = ("paramwidget/", "paramwidget-")
    assert not [name for name in names if not name.startswith(known)]
    assert not [name for name in names if "node_modules" in name or "test" in name]
    inside = {Path(name).suffix for name in names if name.startswith("paramwidget/")}
    assert inside <= {".py", ".typed", ".js", ".txt"}
    assert not [name for name in names if name.startswith("paramwidget/labextension")]


def test_jupyterlab_finds_the_extension_enabled(built: tuple[Path, Path], tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "-qI"]
    subprocess.run([*pip, "--prefix", str(tmp_path), str(built[1])], check=True)
    (home,) = tmp_path.rglob("labextensions/paramwidget-lab")
    files = {path.name for path in home.rglob("*.js*")}
    assert {"install.json", "package.json", "plugin.json", "style.js"} <= files
    asked = subprocess.run(
        [sys.executable, "-m", "jupyterlab.labextensions", "list"],
        env={**environment(tmp_path), "JUPYTER_PATH": str(home.parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    said = re.sub("\x1b.*?m", "", asked.stdout + asked.stderr)
    version = re.escape(paramwidget.__version__)
    assert re.search(rf"paramwidget-lab v{version} enabled OK \(python, paramwidget\)", said), said


def test_the_extension_is_small_and_brings_none_of_jupyterlab(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[1]) as archive:
        sizes = [
            entry.file_size
            for entry in archive.infolist()
            if "labextensions/paramwidget-lab/static/" in entry.filename
        ]
    assert 0 < sum(sizes) < 64 * 1024


def test_a_second_build_is_fresh_by_content_and_a_changed_source_is_not(
    built: tuple[Path, Path], tmp_path: Path
) -> None:
    tree, _ = built
    before = (tree / BUNDLE).stat().st_mtime_ns
    source = tree / "js" / "widget" / "src" / "index.ts"
    os.utime(source)  # a newer time of the same content says nothing
    assert hatchling(tree, "wheel", tmp_path, PATH="").returncode == 0
    assert (tree / BUNDLE).stat().st_mtime_ns == before

    source.write_text(source.read_text("utf-8") + "\nno TypeScript this is\n", "utf-8")
    done = hatchling(tree, "wheel", tmp_path)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("paramwidget: `npm run build` in js/ failed with exit status")
    assert not (tree / BUNDLE).exists()  # the stale one cannot ship by another way


def test_an_sdist_brings_its_bundle_and_needs_no_node(tmp_path: Path) -> None:
    tree = copy_of_checkout(tmp_path / "tree")
    done = hatchling(tree, "sdist", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (packed,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
    unpacked = tmp_path / packed.name.removesuffix(".tar.gz")
    done = hatchling(unpacked, "wheel", tmp_path, PATH="")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (unpacked / "js" / "node_modules").exists()


def test_what_is_tested_is_this_checkout() -> None:
    """An installed copy that lags behind the checkout would be tested in its place."""
    installed = Path(paramwidget.__file__).parent
    for path in (*PACKAGE.rglob("*.py"), ROOT / BUNDLE):
        twin = installed / path.relative_to(PACKAGE)
        same = twin.exists() and digest(twin) == digest(path)
        assert same, f"{twin} is not {path.relative_to(ROOT)}: run `pip install` again"


def test_the_bundle_here_is_made_of_these_sources(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[1]) as archive:
        fresh = archive.read(BUNDLE)
    assert (ROOT / BUNDLE).read_bytes() == fresh, "run `npm run build` in js/, or `pip install`"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
