"""The one hook of this process on the steps of optimizers, and whom it tells.

torch goes through its dictionary of hooks while they run: one that another thread adds or removes
meanwhile is an error in the user's ``opt.step()``. So widgets that come and go change no dictionary
of torch's while another one is told; and to remove the newest hook, as this one nearly always is,
harms no walk.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils.hooks import RemovableHandle

Listener = Callable[[], None]

_listeners: dict[Listener, None] = {}
_hook: RemovableHandle | None = None
_lock = threading.RLock()  # a widget may be collected, and forgotten, in the midst of this


def listen(listener: Listener) -> None:
    """Call it after each step of any optimizer, on the thread that steps; it must not raise."""
    _listeners[listener] = None
    _hook_if_needed()


def forget(listener: Listener) -> None:
    """Call it no more; the hook goes with the last one."""
    _listeners.pop(listener, None)
    _hook_if_needed()


def _hook_if_needed() -> None:
    global _hook
    with _lock:
        if _listeners and _hook is None:
            _hook = register_optimizer_step_post_hook(_tell)
        elif not _listeners and _hook is not None:
            _hook.remove()
            _hook = None


def _tell(*_: object) -> None:
    for listener in list(_listeners):
        listener()


def _own_lock() -> None:
    """Another thread of the parent may have held it."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_own_lock)
