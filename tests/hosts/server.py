"""Servers of the notebook hosts, each in folders of its own: nothing of the user's is touched."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import node
import paramwidget

FLAGS = [
    "--no-browser",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--ServerApp.allow_root=True",
    "--ServerApp.terminals_enabled=False",
    "--ServerApp.disable_check_xsrf=True",  # the VS Code-like page sends no cookie
    "--IdentityProvider.token=",
    "--KernelSpecManager.ensure_native_kernel=True",
    "--LabApp.expose_app_in_browser=True",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    "--JupyterNotebookApp.expose_app_in_browser=True",
]
# the popup about news is silenced by a settings file only
QUIET = '{"fetchNews": "false", "checkForUpdates": false, "doNotDisturbMode": true}'


@dataclass(frozen=True)
class Jupyter:
    """A running server: JupyterLab at /lab, Notebook 7 at /notebooks, the VS Code-like page."""

    url: str
    work: Path
    settings: Path


@contextlib.contextmanager
def jupyter(home: Path) -> Iterator[Jupyter]:
    port = free_port()
    running = Jupyter(f"http://127.0.0.1:{port}", home / "work", home / "lab-settings")
    running.work.mkdir()
    quiet = running.settings / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text(QUIET)
    built = Path(paramwidget.__file__).parent / "labextension"
    if built.exists():  # a checkout's; the one of an installed wheel is found by itself
        extensions = home / "data" / "labextensions"
        extensions.mkdir(parents=True)
        (extensions / "paramwidget-lab").symlink_to(built)
    own = [
        f"--ServerApp.port={port}",
        f"--ServerApp.root_dir={running.work}",
        f"--ServerApp.extra_static_paths={[str(vscode_site(home / 'site'))]}",
    ]
    command = [sys.executable, "-m", "jupyterlab", *FLAGS, *own]
    with serving(command, f"{running.url}/api", home):
        yield running


def vscode_site(folder: Path) -> Path:
    """The files of the VS Code-like page, which the server hands out under /static."""
    folder.mkdir()
    anywidget = Path(sys.prefix, "share", "jupyter", "nbextensions", "anywidget", "index.js")
    ipywidgets = node.package("@vscode/jupyter-ipywidgets8", "1.0.9") / "dist" / "ipywidgets.js"
    shutil.copy(Path(__file__).parent / "vscode_like" / "index.html", folder)
    shutil.copy(node.package("requirejs", "2.3.8") / "require.js", folder)
    shutil.copy(ipywidgets, folder)
    shutil.copy(anywidget, folder / "anywidget.js")
    shutil.copy(node.host_bundle(), folder)
    return folder


def environment(home: Path) -> dict[str, str]:
    """The environment for anything of Jupyter's, with all its folders below ``home``."""
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "lab-settings",
        "JUPYTERLAB_WORKSPACES_DIR": "lab-workspaces",
        "IPYTHONDIR": "ipython",
    }
    for name in folders.values():
        (home / name).mkdir(parents=True, exist_ok=True)
    # kernels get the very package that the tests imported
    path = [str(Path(paramwidget.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        **{variable: str(home / name) for variable, name in folders.items()},
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(command: list[str], url: str, home: Path) -> Iterator[None]:
    """Run ``command`` until the block ends, entering it once ``url`` answers."""
    log = home / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=home,
            env=environment(home),
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _until_it_answers(url, process, log)
            yield
        finally:
            _end(process)


def _until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    patience = time.monotonic() + 60
    while time.monotonic() < patience:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended: {log.read_text('utf-8')[-4000:]}")
        with contextlib.suppress(OSError):
            opener.open(url, timeout=2).close()
            return
        time.sleep(0.1)
    raise TimeoutError(f"{url} does not answer: {log.read_text('utf-8')[-4000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server with its kernels, which live in its process group."""
    for ending in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, ending)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
            break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
