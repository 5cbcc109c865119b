"""ParamWidget: a Workbench in the notebook."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from torch import nn

from paramwidget import __version__, fallback
from paramwidget.compat import answer_while_busy
from paramwidget.conversation.session import Session
from paramwidget.slots.ties import Name
from paramwidget.workbench import Workbench

BUNDLE = Path(__file__).parent / "static" / "widget.js"

_by_model: weakref.WeakValueDictionary[str, ParamWidget] = weakref.WeakValueDictionary()


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
        self.workbench = Workbench.of(net)
        if name is not None:
            self.workbench.name = name
        super().__init__()
        self._session = Session(self.workbench, self._push, self._save)
        for slot in open:
            self._session.open(slot)
        self.on_msg(self._receive)
        answer_while_busy(self.comm)
        _by_model[self.model_id] = self
        self._save()

    @property
    def is_open(self) -> bool:
        """Whether a browser can show this widget: it was not closed."""
        return self.comm is not None

    @property
    def seen(self) -> bool:
        """Whether a browser has a view of this widget, as far as is known."""
        self._session.views.drop_silent()
        return self._session.views.any_open

    def _receive(self, _: object, content: object, buffers: object) -> None:
        self._session.receive(content, buffers)

    def _push(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        self.send(content, buffers)

    def _save(self) -> None:
        """Keep what the notebook file shows without a kernel."""
        with self.workbench.lock:
            self.saved = {
                "messages": [
                    {"content": content, "buffers": buffers}
                    for content, buffers in self._session.saved_messages()
                ]
            }

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        with self.workbench.lock:
            panels = [tuple(panel.path) for panel in self._session.views.panels.values()]
        return {**data, **fallback.bundle(self.workbench, panels or None)}, metadata

    def close(self) -> None:
        """Close the widget and remove its hooks; the model is not changed."""
        session = vars(self).get("_session")
        if session is not None:  # else the constructor refused its arguments
            session.close()
        super().close()
