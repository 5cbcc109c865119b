"""The present tree of a model, read again only if something has moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paramwidget.namespace import NET
from paramwidget.slots.reading.trace import Trace, places_of, trace_of
from paramwidget.slots.tree import Tree, read_tree

#: Slots; in a smaller tree all is looked at, since that takes a moment.
LARGE = 20_000


class CurrentTree:
    """Keeps the last reading of one model, and checks whether it is still valid.

    The caller holds the lock. No part of the model is kept alive. ``called`` says what the user
    calls the model.
    """

    def __init__(self, called: Callable[[], str] = lambda: NET) -> None:
        self._called = called
        self._tree: Tree | None = None
        self._trace: Trace | None = None

    @property
    def last(self) -> Tree | None:
        """The tree as of the last reading, if there was one."""
        return self._tree

    def read(self, net: Any) -> Tree:
        """The present tree."""
        trace = trace_of(net)
        if self._tree is None or trace != self._trace:
            self._tree, self._trace = read_tree(net), trace
            self._tree.ask_name(self._called)
            if self._tree.registered != trace.registered:  # another thread moved something
                self._trace = None
        return self._tree

    def places(self, net: Any) -> Tree:
        """A tree whose names are up to date, and its ties, except where a view grew in place.

        Other details, such as a shape or ``requires_grad``, may be those of the last full reading;
        that is enough for an edit, and faster.
        """
        if self._tree is None or self._trace is None or self._tree.size < LARGE:
            return self.read(net)
        return self._tree if places_of(net) == self._trace.places else self.read(net)
