"""What each browser has open: all that Python remembers of it."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field, replace

from paramwidget.picture.lenses import USUAL, lens_named
from paramwidget.protocol import Look, Open, PanelState, ProtocolError, Rows

SILENCE = 150.0  # s; hidden tabs speak once a minute, a view says "alive" every 20 s
CELLS = (256, 256)
MOST_PANELS = 64
MOST_VIEWS = 64  # one that is heard beyond that replaces the one that was silent for longest
MOST_ROWS = 4096  # on one screen
MOST_SLIDERS = 64  # axes, as many as torch has


@dataclass
class OneView:
    """One rendered view: whether it is on screen, when it was heard, which rows it shows."""

    shown: bool = True
    heard: float = 0.0
    revision: int = -1
    rows: list[int] = field(default_factory=list)


class Views:
    """The views of one widget and the panels they share."""

    def __init__(self) -> None:
        self.panels: dict[str, PanelState] = {}
        self._views: dict[str, OneView] = {}
        self._away: dict[str, None] = {}  # views that may come back: their page was left or silent
        self._closed: float | None = None  # when the last view was closed
        self._gone: deque[str] = deque(maxlen=64)  # views that were closed, the last ones
        self._deaf = 0.0  # s in which no view could have been heard
        self._deaf_since: float | None = None

    @property
    def any_open(self) -> bool:
        """Whether there is a view, even a hidden one."""
        return bool(self._views)

    @property
    def ever(self) -> bool:
        """Whether there ever was a view."""
        return bool(self._views or self._away) or self._closed is not None

    @property
    def closed_for_good(self) -> float | None:
        """When the last view was closed, if no view is left and none can be expected back."""
        return None if self._views or self._away else self._closed

    @property
    def any_shown(self) -> bool:
        """Whether anybody can see a change."""
        return any(view.shown for view in self._open())

    def _open(self) -> list[OneView]:
        """The views as they are at this moment: other threads open and close some."""
        return list(self._views.values())

    def heard(self, view: str) -> OneView:
        """A view has sent a message, so it is alive; a new one may stand for one that was away.

        What a closed view had still to say may come after its end, and does not open it again.
        """
        if view in self._gone:
            return OneView()
        if view not in self._views and len(self._views) >= MOST_VIEWS:
            silent = min(list(self._views.items()), key=lambda known: known[1].heard)
            self.left(silent[0])
        if view not in self._views and self._away:
            self._away.pop(view if view in self._away else next(iter(self._away)))
        one = self._views.setdefault(view, OneView())
        one.heard = self._clock()
        return one

    def opened(self, view: str) -> None:
        """A view is on a page, for the first time or again."""
        if view in self._gone:
            self._gone.remove(view)
        self.heard(view)

    def closed(self, view: str) -> None:
        """A view is gone: its output was cleared or overwritten."""
        self._views.pop(view, None)
        self._away.pop(view, None)
        self._gone.append(view)
        self._closed = time.monotonic()

    def left(self, view: str) -> None:
        """The page of a view was left: it may be reloaded, and shows the widget again."""
        if self._views.pop(view, None) is not None:
            self._away[view] = None

    def greeted(self) -> None:
        """A page says hello: it may be about to show a view."""
        if self._closed is not None:
            self._closed = time.monotonic()

    def deafen(self) -> None:
        """A cell starts: until it ends, a silent view may merely be waiting to be heard."""
        if self._deaf_since is None:
            self._deaf_since = time.monotonic()

    def listen(self) -> None:
        """The cell has ended."""
        if self._deaf_since is not None:
            self._deaf += time.monotonic() - self._deaf_since
            self._deaf_since = None

    def drop_silent(self) -> None:
        """Forget views that were silent for too long while they could have been heard."""
        now = self._clock()
        for view in [v for v, one in list(self._views.items()) if now - one.heard > SILENCE]:
            self.left(view)

    def show_rows(self, message: Rows) -> None:
        """A view has other rows on screen. Raises ProtocolError for more than a screen holds."""
        if len(message.rows) > MOST_ROWS:
            raise ProtocolError(
                f"a view may have {MOST_ROWS:,} rows on screen, got {len(message.rows):,}"
            )
        view = self.heard(message.view)
        view.revision, view.rows = message.revision, message.rows

    def rows(self, revision: int) -> list[int]:
        """The tree rows of this revision that any view has on screen, each once."""
        shown = [v.rows for v in self._open() if v.shown and v.revision == revision]
        return list(dict.fromkeys(row for rows in shown for row in rows))

    def open(self, message: Open) -> None:
        """Open a panel; one with this id that is already open stays as it is.

        Raises ProtocolError if there is no such lens, or if no panel more can be open.
        """
        if self.no_room(message.panel):
            raise ProtocolError(self.no_room(message.panel))
        lens = _lens(message.lens)
        state = PanelState(message.panel, message.path, lens, 0, None, list(CELLS), [])
        self.panels.setdefault(message.panel, state)

    def no_room(self, panel: str) -> str:
        """Why this panel cannot be opened beside the others; "" if it can."""
        if len(self.panels) < MOST_PANELS or panel in self.panels:
            return ""
        return f"at most {MOST_PANELS} can be open; close one first"

    def look(self, message: Look) -> None:
        """Change how a panel, if it is still open, looks at its tensor.

        Raises ProtocolError if there is no such lens.
        """
        state = self.panels.get(message.panel)
        if state is None:
            return
        if len(message.cells) != 2 or min(message.cells) < 1:
            raise ProtocolError(f"cells must be two positive integers, got {message.cells!r:.80}")
        if message.window is not None and len(message.window) != 4:
            raise ProtocolError(f"a window must be four integers, got {message.window!r:.80}")
        if len(message.sliders) > MOST_SLIDERS:
            raise ProtocolError(
                f"there are at most {MOST_SLIDERS} sliders, got {len(message.sliders):,}"
            )
        self.panels[message.panel] = replace(
            state,
            lens=_lens(message.lens),
            generation=message.generation,
            window=message.window,
            cells=message.cells,
            sliders=message.sliders,
        )

    def _clock(self) -> float:
        """Time in which a view could have been heard, in s."""
        now = time.monotonic()
        deaf_now = now - self._deaf_since if self._deaf_since is not None else 0.0
        return now - self._deaf - deaf_now


def _lens(name: str) -> str:
    """The lens by its own name, the usual one if none is chosen."""
    try:
        return lens_named(name or USUAL.name).name
    except ValueError as error:
        raise ProtocolError(str(error)) from None
