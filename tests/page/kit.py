"""A blank page with the widget's bundle; Python's half is a real Session, or recorded messages.

What the browser sends reaches ``receive`` while the page waits; what Python sends goes back with
the answer, or by ``flush()`` where Python spoke first. The test is the kernel: ``hold()`` makes it
busy, ``kill()`` lets it die.
"""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Locator, Page, Route
from torch import nn

import node
from paramwidget.conversation.session import Session
from paramwidget.workbench import Workbench

ADDRESS = "http://paramwidget.test"
HERE = Path(__file__).parent
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>page</title>
<style>body { margin: 16px } body.dark { background: #111; color: #ddd }</style></head>
<body><script type="module" src="./model.js"></script></body></html>"""

Packet = tuple[dict[str, Any], list[bytes]]


class Kernel(Protocol):
    """Python's half of the conversation."""

    def receive(self, content: object, buffers: object = ()) -> None: ...


class Recorded:
    """A kernel that answers hello with the same messages always, and nothing else."""

    def __init__(self, messages: Sequence[dict[str, Any]], send: Callable[..., None]) -> None:
        self._messages, self._send = messages, send

    def receive(self, content: object, buffers: object = ()) -> None:
        if isinstance(content, dict) and content["kind"] == "hello":
            for message in self._messages:
                self._send(message, [])


class Widget:
    """One widget on the page, and the kernel's half of it."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name
        self.heard: list[dict[str, Any]] = []  # what the browser said
        self.kernel: Kernel | None = None
        self._out: list[Packet] = []
        self._held: list[dict[str, Any]] | None = None

    # --- the kernel's side ---------------------------------------------------------------------

    def send(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        """Python speaks; it is heard with the next answer or flush."""
        self._out.append((content, buffers or []))

    def take(self, content: dict[str, Any]) -> str:
        """The browser speaks; what Python says to it goes back at once."""
        self.heard.append(content)
        if self._held is not None:
            self._held.append(content)
        elif self.kernel is not None:
            self.kernel.receive(content)
        return self._drain()

    def flush(self) -> None:
        """What Python said of its own accord reaches the browser."""
        said = [self.name, self._drain()]
        self.page.evaluate("([id, packets]) => page.deliver(id, packets)", said)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """The kernel is busy: what the browser says is heard only afterwards."""
        self._held = []
        yield
        waiting, self._held = self._held, None
        for content in waiting:
            if self.kernel is not None:
                self.kernel.receive(content)
        self.flush()

    def cut(self, dead: bool) -> None:
        """The line to the kernel is cut; where it is dead nothing can be sent any more."""
        self.page.evaluate("([id, dead]) => page.cut(id, dead)", [self.name, dead])

    def said(self, kind: str) -> list[dict[str, Any]]:
        """The browser's messages of one kind so far."""
        return [message for message in self.heard if message["kind"] == kind]

    def _drain(self) -> str:
        out, self._out = self._out, []
        return packed(out)

    # --- the browser's side --------------------------------------------------------------------

    def start(self, saved: Sequence[Packet] = ()) -> None:
        self.page.evaluate("([id, saved]) => page.start(id, saved)", [self.name, packed(saved)])

    def render(self) -> Locator:
        """One more view of the widget; the locator of its shadow host."""
        before = self.page.locator(".paramwidget").count()
        self.page.evaluate("id => page.render(id)", self.name)
        return self.page.locator(".paramwidget").nth(before)

    def end_view(self, view: int = 0) -> None:
        self.page.evaluate("([id, view]) => page.endView(id, view)", [self.name, view])


class Bench(Widget):
    """A widget over a real model, by a real Session."""

    kernel: Session

    def __init__(self, page: Page, name: str, net: nn.Module) -> None:
        super().__init__(page, name)
        self.net = net
        self.bench = Workbench(net)
        self.kernel = Session(self.bench, self.send)

    @contextmanager
    def cell(self) -> Iterator[None]:
        """A notebook cell that changes the model without telling anybody."""
        self.kernel.cell_began()
        yield
        self.kernel.cell_ended()
        self.flush()


def saved_packets(net: nn.Module, *panels: str) -> list[Packet]:
    """What a session over this model would leave in the notebook."""
    session = Session(Workbench(net), lambda content, buffers: None)
    session.receive({"kind": "hello", "view": "v", "protocol": 1})
    session.receive({"kind": "view", "view": "v", "what": "opened"})
    rows = list(range(len(list(net.modules())) + len(list(net.parameters()))))
    session.receive({"kind": "rows", "view": "v", "revision": 1, "rows": rows})
    for panel in panels:
        path = panel.split(".")
        session.receive({"kind": "open", "panel": panel, "path": path, "lens": "value"})
    return session.saved_messages()


class Blank:
    """The blank page on which widgets are put."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.widgets: dict[str, Widget] = {}
        files = {
            "/": (PAGE, "text/html"),
            "/model.js": ((HERE / "model.js").read_text("utf-8"), "text/javascript"),
            "/widget.js": (bundle(), "text/javascript"),
        }

        def answer(route: Route) -> None:
            path = route.request.url.removeprefix(ADDRESS)
            body, kind = files.get(path, ("", "text/plain"))
            route.fulfill(body=body, content_type=f"{kind}; charset=utf-8")

        page.route(f"{ADDRESS}/**", answer)
        page.expose_function("toKernel", lambda name, content: self.widgets[name].take(content))
        page.goto(f"{ADDRESS}/")
        page.wait_for_function("window.page")

    def show(self, net: nn.Module, name: str = "w") -> Bench:
        """``display(ParamWidget(net))``."""
        widget = Bench(self.page, name, net)
        self.widgets[name] = widget
        widget.start()
        widget.render()
        return widget

    def show_recorded(self, messages: Sequence[dict[str, Any]], name: str = "w") -> Widget:
        """A view of messages that no model stands behind."""
        widget = Widget(self.page, name)
        widget.kernel = Recorded(messages, widget.send)
        self.widgets[name] = widget
        widget.start()
        widget.render()
        return widget

    def show_saved(self, saved: Sequence[Packet], name: str = "w") -> Widget:
        """A notebook that was saved with its widget state, and has no kernel."""
        widget = Widget(self.page, name)
        self.widgets[name] = widget
        widget.start(saved)
        widget.render()
        return widget


@functools.cache
def bundle() -> str:
    """The widget's bundle as the sources are now, built once a run."""
    with node.lock("bundle"):
        node.run([node.node(), "build.mjs"], node.tools())
        return (node.JS.parent / "paramwidget" / "static" / "widget.js").read_text("utf-8")


def packed(packets: Sequence[Packet]) -> str:
    """As JSON text: Playwright's own way of passing values takes a minute for a large tree."""
    return json.dumps(
        [
            {"content": content, "buffers": [base64.b64encode(b).decode() for b in buffers]}
            for content, buffers in packets
        ]
    )
