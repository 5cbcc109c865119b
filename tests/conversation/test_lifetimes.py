"""A model goes when its widget is needed no more, and not before."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

import paramwidget
from conversation.notebook import Notebook
from paramwidget.conversation import lifetime

RELEASED = "the model of this widget was released; display a new one"


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    made = Notebook()
    gc.collect()
    gc.disable()  # nothing here may need the collector
    yield made
    gc.enable()
    made.close()


@pytest.fixture
def nameless() -> Iterator[Notebook]:
    """A host that does not say which cell it runs."""
    made = Notebook(names_cells=False)
    yield made
    made.close()


def rerun(notebook: Notebook, code: str, times: int = 6) -> list[str]:
    """Run one cell again and again; old views are closed after it has run. The newest views."""
    views: list[str] = []
    for _ in range(times):
        before = notebook.widgets()
        notebook.run(code, "a")
        hidden = getattr(notebook.shell.user_ns.get("other"), "model_id", "")
        new = [model for model in notebook.widgets() if model not in (*before, hidden)]
        shown = [notebook.view(model) for model in new]
        for view in views:
            notebook.tell(view, "closed")
        views = shown
    return views


SHOWING = {
    "last line": "ParamWidget(make())",
    "display": "display(ParamWidget(make()))",
    "a variable of its own": "net = make()\nw = ParamWidget(net)\nw",
    "a variable for the model": "net = make()\ndisplay(ParamWidget(net))",
    "in a box": "HBox([ParamWidget(make())])",
    "in boxes": "display(VBox([HBox([ParamWidget(make())])]))",
    "with panels": "ParamWidget(make(), open=['0.weight'])",
    "edited": "w = ParamWidget(make())\nw.workbench.initialize('', 'zeros_')\ndisplay(w)",
    "two on one model": "net = make()\ndisplay(ParamWidget(net))\nParamWidget(net)",
    "not displayed": "w = ParamWidget(make())\ndisplay(w)\nother = ParamWidget(make())",
}


@pytest.mark.parametrize("code", SHOWING.values(), ids=SHOWING)
def test_a_cell_run_again_leaves_one_model(notebook: Notebook, code: str) -> None:
    rerun(notebook, code)
    notebook.run("1")
    assert len(notebook.models) <= code.count("make()")
    assert len(notebook.widgets()) <= code.count("ParamWidget")


@pytest.mark.parametrize("code", SHOWING.values(), ids=SHOWING)
def test_a_host_that_names_no_cells_leaves_one_model(nameless: Notebook, code: str) -> None:
    rerun(nameless, code)
    nameless.run("1")
    assert len(nameless.models) <= code.count("make()")


def test_the_comms_go_too(notebook: Notebook) -> None:
    before = notebook.comms()
    rerun(notebook, SHOWING["last line"])
    notebook.run("1")
    assert notebook.comms() == before + 2, "the widget and its layout"


def test_views_that_never_were_do_not_keep_a_model(notebook: Notebook) -> None:
    for _ in range(5):
        notebook.run("display(ParamWidget(make()))", "a")  # faster than any browser
    assert len(notebook.models) == 1


def test_out_keeps_the_widget_with_its_picture_and_says_so(notebook: Notebook) -> None:
    first = "1.5"
    notebook.run(f"w = ParamWidget(make())\nw.workbench.assign('0.bias', 0, {first})\nw", "a")
    number = notebook.shell.execution_count - 1
    view = notebook.view()
    notebook.run("w = None")
    notebook.tell(view, "closed")
    notebook.run("1")
    assert len(notebook.models) == 0
    old = notebook.run(f"Out[{number}]")
    assert RELEASED in repr(old)
    with pytest.raises(RuntimeError, match=RELEASED):
        old.workbench.undo()
    assert not old.is_open
    assert not old.seen
    assert old.saved["messages"]
    data, _ = notebook.shell.display_formatter.format(old)
    assert {"text/plain", "text/html", "image/png"} <= data.keys()
    assert all(RELEASED in data[kind] for kind in ("text/plain", "text/html"))
    assert "0.bias" in data["text/html"]
    old.close()
    old.release()


HELD = {
    "a variable": "kept = ParamWidget(make())\nkept",
    "a list": "kept = [ParamWidget(make())]\nkept[0]",
    "a dict": "kept = {'a': ParamWidget(make())}\nkept['a']",
    "an attribute": "class A: pass\nkept = A()\nkept.w = ParamWidget(make())\nkept.w",
    "a closure": "def f():\n    w = ParamWidget(make())\n    return lambda: w\nkept = f()\nkept()",
    "a default": "def kept(w=ParamWidget(make())):\n    return w\nkept()",
    "a box": "kept = HBox([ParamWidget(make())])\nkept",
    "a tuple that a box was made of": "kept = (ParamWidget(make()),)\nHBox(kept)",
    "a generator": "def f():\n    w = ParamWidget(make())\n    while True:\n        yield w\n"
    "kept = f()\nnext(kept)",
    "a bound method": "kept = ParamWidget(make()).close\ndisplay(kept.__self__)",
    "an underscored name": "_kept = ParamWidget(make())\n_kept",
}


@pytest.mark.parametrize("code", HELD.values(), ids=HELD)
def test_what_the_user_holds_stays_and_shows_again(notebook: Notebook, code: str) -> None:
    notebook.run(code, "a")
    notebook.tell(notebook.view(), "closed")
    for _ in range(3):
        notebook.run("1", "b")
    assert len(notebook.models) == 1
    (model,) = notebook.widgets()
    view = notebook.view(model)
    notebook.say(model, kind="undo", id="1")
    notebook.tell(view, "closed")
    notebook.run("kept = _kept = f = None", "c")
    assert len(notebook.models) == 0


def test_what_the_user_holds_stays_when_its_cell_is_run_again(notebook: Notebook) -> None:
    notebook.run("kept = []")
    for count in range(1, 4):
        notebook.run("kept.append(ParamWidget(make()))\nkept[-1]", "a")
        notebook.run("1")
        assert len(notebook.models) == count
    notebook.run("del kept[:2]")
    assert len(notebook.models) == 1


def test_a_variable_that_is_deleted_takes_the_model_along(notebook: Notebook) -> None:
    notebook.run("w = ParamWidget(make())\nw", "a")
    view = notebook.view()
    notebook.run("del w")
    assert len(notebook.models) == 1, "it is still on screen"
    notebook.tell(view, "closed")
    notebook.run("1")
    assert len(notebook.models) == 0


@pytest.mark.parametrize("way", ["hidden", "left", "silent"])
def test_a_view_that_may_come_back_keeps_the_model(
    notebook: Notebook, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook.run("display(ParamWidget(make()))", "a")
    view = notebook.view()
    if way == "silent":
        monkeypatch.setattr("paramwidget.conversation.views.SILENCE", -1.0)
    else:
        notebook.tell(view, way)
    notebook.run("1")
    notebook.run("1")
    assert len(notebook.models) == 1
    monkeypatch.undo()
    back = notebook.view()  # the reload is done, or the notebook is opened again
    assert len(notebook.models) == 1
    for closed in (view, back):
        notebook.tell(closed, "closed")
    notebook.run("1")
    assert len(notebook.models) == 0


def test_a_late_word_of_a_closed_view_does_not_open_it_again(notebook: Notebook) -> None:
    notebook.run("display(ParamWidget(make()))", "a")
    (model,) = notebook.widgets()
    view = notebook.view()
    notebook.tell(view, "closed")
    notebook.say(model, kind="rows", view=view, revision=1, rows=[0])
    notebook.tell(view, "hidden")
    notebook.run("1")
    assert notebook.widgets() == []


def test_a_view_may_be_opened_again(notebook: Notebook) -> None:
    notebook.run("display(ParamWidget(make()))", "a")
    view = notebook.view()
    for way in ("closed", "opened", "alive", "left", "opened"):
        notebook.tell(view, way)
    notebook.run("1")
    assert len(notebook.widgets()) == 1


def test_a_page_that_was_left_does_not_keep_what_its_cell_overwrites(notebook: Notebook) -> None:
    for _ in range(4):
        notebook.run("ParamWidget(make())", "a")
        notebook.tell(notebook.view(), "left")
    assert len(notebook.models) == 1


def test_a_second_output_keeps_the_model_of_the_first(notebook: Notebook) -> None:
    notebook.run("ParamWidget(make())", "a")
    number = notebook.shell.execution_count - 1
    first = notebook.view()
    notebook.run(f"Out[{number}]", "b")
    second = notebook.view()
    notebook.run("1", "a")
    notebook.tell(first, "closed")
    notebook.run("1")
    assert len(notebook.models) == 1
    notebook.run("1", "b")
    notebook.tell(second, "closed")
    notebook.run("1")
    assert len(notebook.models) == 0


def test_a_docked_view_keeps_the_model_when_the_cell_is_run_again(notebook: Notebook) -> None:
    notebook.run("display(ParamWidget(make()))", "a")
    (model,) = notebook.widgets()
    below, dock = notebook.view(), notebook.view()
    notebook.run("1", "a")
    notebook.tell(below, "closed")
    notebook.run("1")
    assert notebook.widgets() == [model]
    notebook.tell(dock, "closed")
    notebook.run("1")
    assert notebook.widgets() == []
    assert len(notebook.models) == 0


def test_a_cell_that_is_moved_closes_its_view_for_a_moment_only(notebook: Notebook) -> None:
    notebook.run("display(ParamWidget(make()))", "a")
    other = notebook.run("v = ParamWidget(make())\nv", "b").model_id
    spy = notebook.view(other)
    view = notebook.view(notebook.widgets()[0])
    notebook.tell(view, "closed")
    notebook.tell(spy, "alive")  # any message has it looked at
    notebook.view(notebook.widgets()[0])
    notebook.run("1")
    assert len(notebook.models) == 2


def test_without_cells_a_moment_and_any_message_are_enough(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook.run("display(ParamWidget(make()))\nv = ParamWidget(make())\nv")
    first, second = notebook.widgets()
    views = [notebook.view(first), notebook.view(second)]
    notebook.tell(views[0], "closed")
    notebook.tell(views[1], "alive")
    assert len(notebook.models) == 2
    monkeypatch.setattr(lifetime, "GRACE", 0.0)
    notebook.tell(views[1], "alive")
    assert notebook.widgets() == [second]
    assert len(notebook.models) == 1


def test_a_kernel_that_idles_lets_go_a_moment_later(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifetime, "GRACE", 0.02)
    notebook.run("display(ParamWidget(make()))")
    view = notebook.view()

    async def idle() -> None:
        notebook.tell(view, "closed")
        assert len(notebook.models) == 1
        for _ in range(200):
            await asyncio.sleep(0.01)
            if not notebook.models:
                break

    asyncio.run(idle())
    assert len(notebook.models) == 0


def test_a_widget_closed_by_hand_is_kept_alive_by_no_output(notebook: Notebook) -> None:
    notebook.run("w = ParamWidget(make())\nw", "a")
    notebook.run("w.close()\nassert len(w.workbench.slots()) == 4")
    assert len(notebook.models) == 1
    notebook.run("del w")
    assert len(notebook.models) == 0


def test_the_next_exception_is_all_that_a_failed_edit_waits_for(notebook: Notebook) -> None:
    with pytest.raises(paramwidget.EditError):
        notebook.run("w = ParamWidget(make())\ndisplay(w)\nw.workbench.assign('no', 0, 1)", "a")
    view = notebook.view()
    with pytest.raises(ZeroDivisionError):
        notebook.run("w = 1 / 0")
    notebook.tell(view, "closed")
    notebook.run("del w")
    gc.collect()  # a traceback and its frames are a cycle
    notebook.run("1")
    assert len(notebook.models) == 0


def test_one_model_with_two_widgets_lives_as_long_as_either(notebook: Notebook) -> None:
    notebook.run("net = make()\ndisplay(ParamWidget(net))", "a")
    first = notebook.view()
    notebook.run("display(ParamWidget(net))\ndel net", "b")
    second = notebook.view()
    notebook.tell(first, "closed")
    notebook.run("1")
    assert len(notebook.widgets()) == 1
    assert len(notebook.models) == 1
    notebook.tell(second, "closed")
    notebook.run("1")
    assert len(notebook.models) == 0


def test_no_hook_is_left_when_no_widget_is(notebook: Notebook) -> None:
    callbacks = notebook.shell.events.callbacks
    before = {event: len(called) for event, called in callbacks.items()}
    (last,) = rerun(notebook, "display(ParamWidget(make()))")
    notebook.tell(last, "closed")
    notebook.run("1")
    assert notebook.widgets() == []
    assert {event: len(called) for event, called in callbacks.items()} == before


def test_autodisplay_shows_again_and_keeps_no_model(notebook: Notebook) -> None:
    notebook.run("from paramwidget import autodisplay\nautodisplay()")
    notebook.run("net = make()\nnet", "a")
    (first,) = notebook.widgets()
    notebook.tell(notebook.view(), "closed")
    notebook.run("1")
    assert notebook.widgets() == [], "IPython's Out holds the model, and nothing holds the widget"
    notebook.run("net", "b")
    (again,) = notebook.widgets()
    assert again != first
    notebook.tell(notebook.view(), "left")
    notebook.run("1")
    assert notebook.widgets() == [again]
    notebook.run("net = None\nOut.clear()\n_ = __ = ___ = None")
    notebook.run("autodisplay(False)")


def test_an_edit_that_waits_is_done_first(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook.run("net = make()\ndisplay(ParamWidget(net))", "a")
    (model,) = notebook.widgets()
    view = notebook.view(model)
    monkeypatch.setattr("paramwidget.conversation.gate.cell_runs_elsewhere", lambda: True)
    monkeypatch.setattr("paramwidget.conversation.session.cell_runs_elsewhere", lambda: True)
    notebook.say(model, kind="assign", id="1", path=["0", "bias"], index=[0], value="7")
    notebook.tell(view, "closed")
    notebook.run("1")
    assert notebook.widgets() == [model]
    monkeypatch.undo()
    notebook.run("1")
    assert notebook.widgets() == []
    assert notebook.run("net[0].bias[0].item()") == 7
