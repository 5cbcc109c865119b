"""When a widget lets its model go: its views are gone for good, and the user does not hold it.

Views are gone for good when every one of them was closed, and none came back until a later cell
has ended or a moment has passed; or when each cell that showed the widget has been run again. A
page that was left or has fallen silent may come back, and closes nothing. All of this is looked at
when a cell ends, when a browser says something, and a moment after a view was closed; there is no
thread.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from typing import Any, Protocol

from paramwidget import compat
from paramwidget.conversation import holders
from paramwidget.conversation.views import Views

GRACE = 2.0  # s in which a view may come back: a cell that is moved closes and opens its views

_log = logging.getLogger("paramwidget")


class Places:
    """The cells whose outputs show a widget."""

    def __init__(self) -> None:
        self._cells: set[str] = set()
        self.ever = False

    def shown(self) -> None:
        """The cell that is running shows the widget."""
        self._cells.add(compat.running_cell())
        self.ever = True

    def run_again(self, cell: str) -> None:
        """A cell has started, so its output is overwritten; "" is a cell that nobody can name."""
        if cell:
            self._cells.discard(cell)

    @property
    def overwritten(self) -> bool:
        """Whether the widget was shown, and every cell that showed it was run again."""
        return self.ever and not self._cells


class Mortal(Protocol):
    """A widget, as far as its lifetime is concerned."""

    places: Places
    views: Views

    @property
    def is_open(self) -> bool: ...
    def release(self, shown: bool) -> bool: ...


class Watch:
    """Looks which widgets are not needed any more, and has them let their models go."""

    def __init__(self) -> None:
        self._widgets: set[weakref.ref[Mortal]] = set()
        self._shell: Any = None
        self._began = 0.0
        self._next = 0.0  # when it looks again of itself
        self._alone = threading.Lock()

    def add(self, widget: Mortal) -> None:
        """Watch a widget until it is gone or has let its model go."""
        self._widgets.add(weakref.ref(widget, self._widgets.discard))
        shell = compat.interactive_shell()
        if shell is not self._shell:
            self._unhook()
            self._hook(shell)

    def look(self, at_the_end: bool = False) -> None:
        """Have every widget that is not needed let its model go; ``at_the_end`` of a cell."""
        if not self._alone.acquire(blocking=False):
            return  # another thread is looking
        try:
            for held in list(self._widgets):
                try:
                    if self._is_over(held, at_the_end) and not holders.users(held):
                        self._release(held)
                except Exception:
                    _log.exception("paramwidget: the model of a widget could not be released")
        finally:
            self._alone.release()
        if not self._widgets:
            self._unhook()

    def _is_over(self, held: weakref.ref[Mortal], at_the_end: bool) -> bool:
        """Whether no view of the widget is left, and none can come back."""
        widget = held()
        if widget is None:
            return False
        if not widget.is_open:
            return True
        views = widget.views
        views.drop_silent()
        if views.any_open:
            return False
        if widget.places.overwritten:
            return True
        closed = views.closed_for_good
        if closed is not None:
            over = time.monotonic() - closed > GRACE or (at_the_end and self._began > closed)
            if not over:
                self._look_again()
            return over
        never = not widget.places.ever and not views.ever
        return never and at_the_end and not holders.containers(held)

    def _look_again(self) -> None:
        """Look once more when the views have had their time, if there is an event loop."""
        wait = 1.1 * GRACE
        if time.monotonic() > self._next and compat.call_later(wait, self.look):
            self._next = time.monotonic() + wait

    def _release(self, held: weakref.ref[Mortal]) -> None:
        shown = holders.in_outputs(held) > 0
        widget = held()
        if widget is not None and widget.release(shown):
            self._widgets.discard(held)

    # --- IPython's cells -----------------------------------------------------------------------

    def _hook(self, shell: Any) -> None:
        self._shell = shell
        if shell is not None:
            shell.events.register("pre_run_cell", self._on_begin)
            shell.events.register("post_run_cell", self._on_end)

    def _unhook(self) -> None:
        shell, self._shell = self._shell, None
        if shell is not None:
            shell.events.unregister("pre_run_cell", self._on_begin)
            shell.events.unregister("post_run_cell", self._on_end)

    def _on_begin(self, info: Any = None) -> None:
        self._began = time.monotonic()
        for held in list(self._widgets):
            widget = held()
            if widget is not None:
                widget.places.run_again(getattr(info, "cell_id", None) or "")

    def _on_end(self, *_: object) -> None:
        self.look(at_the_end=True)


watch = Watch()
