"""Private and version-dependent names of ipykernel, IPython and ipywidgets."""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any


def interactive_shell() -> Any | None:
    """The IPython shell of this process; None in a plain script, marimo and Solara."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def cell_runs_elsewhere() -> bool:
    """Whether the main thread is inside a cell while this call comes on another thread.

    IPython has no flag for it, so this looks for a frame of its ``run_code`` on the main thread. A
    cell that awaits has released its thread and does not count.
    """
    main = threading.main_thread()
    if threading.current_thread() is main or interactive_shell() is None:
        return False
    frame: FrameType | None = sys._current_frames().get(main.ident or 0)
    while frame is not None:
        code = frame.f_code
        if code.co_name == "run_code" and code.co_filename.endswith("interactiveshell.py"):
            return True
        frame = frame.f_back
    return False


def answer_while_busy(comm: Any) -> None:
    """Handle messages on this comm while a cell runs (ipykernel 7.4 would wait until it ends).

    ipykernel 7.4 sends each message to the shell that published last on the comm, so a frame
    pushed out of a cell makes that the busy main shell; answering with the default keeps the
    subshell that the browser chose. Other versions lack the name and need nothing.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, default: default


# --- what ipywidgets and IPython keep of a widget ----------------------------------------------


def running_cell() -> str:
    """The notebook's id of the cell that shows something now; "" where nobody can name it.

    What an ``Output`` widget captures is shown where that widget is, not below the cell.
    """
    ask = getattr(interactive_shell(), "get_parent", None)
    try:
        parent = ask() if ask is not None else {}
        cell, message = parent["metadata"]["cellId"], parent["header"]["msg_id"]
    except LookupError:  # no kernel, not in a cell, or a notebook that names no cells
        return ""
    captured = any(
        getattr(widget, "msg_id", "") == message for widget in list(widget_registry().values())
    )
    return cell if isinstance(cell, str) and not captured else ""


def call_later(seconds: float, call: Callable[[], object]) -> bool:
    """Call on this thread's event loop, in which a kernel handles messages; False without one."""
    try:
        asyncio.get_running_loop().call_later(seconds, call)
    except RuntimeError:
        return False
    return True


def widget_registry() -> dict[str, Any]:
    """Every open widget by its model id, as ipywidgets keeps them."""
    widgets = getattr(sys.modules.get("ipywidgets.widgets.widget"), "_instances", None)
    return widgets if isinstance(widgets, dict) else {}


def registrations(held: weakref.ref[Any]) -> int:
    """How many references ipywidgets and its comm keep to an open widget."""
    widget = held()
    callback = getattr(getattr(widget, "comm", None), "_msg_callback", None)
    listed = sum(one is widget for one in list(widget_registry().values()))
    return listed + (getattr(callback, "__self__", None) is widget)


def children(box: Any) -> tuple[Any, ...]:
    """The children of a box of ipywidgets, without running its code; () for any other widget."""
    found = vars(box).get("_trait_values", {}).get("children")
    return found if isinstance(found, tuple) else ()


_OUTPUT = re.compile(r"_{1,3}|_\d+")


def kept_outputs() -> Iterator[Any]:
    """Whatever IPython keeps of what cells have shown, once for each reference that it holds.

    ``Out``, and ``_``, ``__``, ``___``, ``_n`` in the user's namespace and its list of hidden
    names; the same on the display hook; the result of the last cell.
    """
    shell = interactive_shell()
    if shell is None:
        return
    names, hidden = getattr(shell, "user_ns", {}), getattr(shell, "user_ns_hidden", {})
    for cache in (names, hidden):
        yield from (cache[name] for name in list(cache) if _OUTPUT.fullmatch(str(name)))
    yield from list(names.get("_oh", {}).values())
    hook = getattr(shell, "displayhook", None)
    yield from (getattr(hook, name, None) for name in ("_", "__", "___"))
    last, running = (
        getattr(shell, "last_execution_result", None),
        getattr(hook, "exec_result", None),
    )
    yield getattr(last, "result", None)
    if running is not last:
        yield getattr(running, "result", None)
