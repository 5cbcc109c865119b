"""ParamWidget: a Workbench in the notebook."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from torch import nn

from paramwidget import __version__, fallback
from paramwidget.compat import answer_while_busy
from paramwidget.conversation import holders
from paramwidget.conversation.lifetime import Places, watch
from paramwidget.conversation.session import Session
from paramwidget.conversation.weak import weakly
from paramwidget.slots.ties import Name
from paramwidget.workbench import Workbench

RELEASED = "the model of this widget was released; display a new one"

BUNDLE = Path(__file__).parent / "static" / "widget.js"

_by_model: weakref.WeakValueDictionary[str, ParamWidget] = weakref.WeakValueDictionary()


def _leave_to_parent() -> None:
    """In a forked process a widget has no browser: its comm is the parent's."""
    for widget in list(_by_model.values()):
        widget.comm = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)


def widget_of(model: str) -> ParamWidget | None:
    """The open widget with this model id."""
    widget = _by_model.get(model)
    return widget if widget is not None and widget.is_open else None


class ParamWidget(anywidget.AnyWidget):
    """Shows the parameters of a live model, to re-initialize and edit them.

    ``display(ParamWidget(net))``. ``open`` names slots whose panels are open from the start.
    Two widgets on one model share its Workbench: both show the same, with one journal. ``name`` is
    what the model is called in what can be copied, a variable or an attribute of one
    ("model.encoder"); by default the user's own variable. Raises ValueError for any other name.

    >>> w = ParamWidget(nn.Linear(2, 2), open=["weight"])
    >>> w.workbench.stats("weight").numel
    4
    """

    # Text, since for a file anywidget registers a callback that keeps every closed widget alive.
    _esm = BUNDLE.read_text("utf-8")
    saved = traitlets.Dict().tag(sync=True)
    version = traitlets.Unicode(__version__, read_only=True).tag(sync=True)

    def __init__(
        self, net: nn.Module, *, name: str | None = None, open: Iterable[Name] = ()
    ) -> None:
        self._bench: Workbench | None = Workbench.of(net)
        if name is not None:
            self._bench.name = name
        self._last: dict[str, str] = {}
        super().__init__()
        session = Session(self._bench, weakly(self._push), weakly(self._save))
        self._session: Session | None = session
        self.views, self.places = session.views, Places()
        for slot in open:
            session.open(slot)
        self.on_msg(weakly(self._receive))
        answer_while_busy(self.comm)
        _by_model[self.model_id] = self
        self._save()
        watch.add(self)

    @property
    def workbench(self) -> Workbench:
        """The bench of the model; raises RuntimeError if the model was released."""
        if self._bench is None:
            raise RuntimeError(RELEASED)
        return self._bench

    @property
    def is_open(self) -> bool:
        """Whether a browser can show this widget: it was not closed."""
        return self.comm is not None

    @property
    def seen(self) -> bool:
        """Whether a browser has a view of this widget, as far as is known."""
        self.views.drop_silent()
        return self.views.any_open

    def __repr__(self) -> str:
        return f"<ParamWidget: {RELEASED}>" if self._bench is None else super().__repr__()

    def _receive(self, _: object, content: object, buffers: object) -> None:
        if self._session is not None:
            self._session.receive(content, buffers)
        watch.look()

    def _push(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        self.send(content, buffers)

    def _save(self) -> None:
        """Keep what the notebook file shows without a kernel."""
        if self._session is None:
            return
        with self.workbench.lock:
            self.saved = {
                "messages": [
                    {"content": content, "buffers": buffers}
                    for content, buffers in self._session.saved_messages()
                ]
            }

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if self._bench is None:
            return {"text/plain": repr(self), **self._last}, {}
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        self.places.shown()
        data, metadata = bundle
        return {**data, **self._still()}, metadata

    def _still(self, note: str = "") -> dict[str, str]:
        """The picture that needs neither kernel nor script."""
        with self.workbench.lock:
            panels = [tuple(panel.path) for panel in self.views.panels.values()]
        return fallback.bundle(self.workbench, panels or None, note)

    def close(self) -> None:
        """Close the widget and remove its hooks; the model is not changed."""
        session = vars(self).get("_session")
        if session is not None:  # else the constructor refused its arguments
            session.close()
        super().close()

    def release(self, shown: bool = True) -> bool:
        """Close the widget and let its model go, unless an edit has to wait; whether it has gone.

        ``shown`` tells whether anybody can still display it: then it keeps its last picture.
        """
        if self._session is None or not self._session.settle():
            return self._session is None
        if shown:
            self._save()
            self._last = self._still(RELEASED)
        self.close()
        self._session = self._bench = None
        self.__dict__.pop("_repr_mimebundle_", None)  # with which a closed widget hides the method
        self._close_layout()
        return True

    def _close_layout(self) -> None:
        """Close the widget's own layout, for which ipywidgets keeps a comm too."""
        values = vars(self).get("_trait_values", {})
        if "layout" in values and not holders.users(weakref.ref(values["layout"]), known=1):
            values["layout"].close()

    def __del__(self) -> None:
        super().__del__()
        if not sys.is_finalizing():
            self._close_layout()
