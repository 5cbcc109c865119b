"""The line to the extension: docking, what becomes of a docked variable, and the journal."""

from __future__ import annotations

import subprocess
import sys
import threading
import weakref

import pytest
import torch
from torch import nn

from house.sources import ROOT
from lab.kit import Asker, name
from paramwidget import ParamWidget, Workbench
from paramwidget.lab import answers as lab
from paramwidget.widget import widget_of


def test_docking_makes_one_widget_for_a_module_on_its_one_bench(user: Asker) -> None:
    user.names["net"] = nn.Linear(2, 2)
    user.names["rgnet"] = user.names["net"]
    first = user.ask("labdock", view="a", path=name("net"))
    second = user.ask("labdock", view="b", path=name("rgnet"))
    assert (first.expression, second.expression) == ("net", "rgnet")
    assert first.model == second.model
    widget = widget_of(first.model)
    assert widget is not None
    assert widget.workbench is Workbench.of(user.names["net"])


def test_a_widget_is_closed_with_its_last_docked_view(user: Asker) -> None:
    user.names["net"] = nn.Linear(2, 2)
    model = user.ask("labdock", view="a", path=name("net")).model
    user.ask("labdock", view="b", path=name("net"))
    user.ask("labundock", view="a")
    assert widget_of(model) is not None
    user.ask("labundock", view="b")
    user.ask("labundock", view="b")
    assert widget_of(model) is None
    assert user.ask("labdock", view="a", path=name("net")).model != model


def test_a_view_that_follows_its_variable_lets_the_old_model_go(user: Asker) -> None:
    user.names["net"] = nn.Linear(2, 2)
    gone = weakref.ref(user.names["net"])
    user.ask("labdock", view="a", path=name("net"))
    user.names["net"] = nn.Linear(3, 3)
    user.ask("labdock", view="a", path=name("net"))
    import gc

    gc.collect()
    assert gone() is None


def test_a_bond_is_kept_broken_or_gone(user: Asker) -> None:
    user.names["net"] = nn.Linear(2, 2)
    docked = user.ask("labdock", view="a", path=name("net"))
    bond = {"path": name("net"), "object": docked.object}

    def now() -> str:
        answer = user.ask("lablist", rows=False, bonds=[bond])
        assert answer.rows == []
        (found,) = answer.bonds
        return str(found)

    assert now() == "same"
    user.names["net"] = nn.Linear(2, 2)
    assert now() == "other"
    user.names["net"] = 3
    assert now() == "gone"
    del user.names["net"]
    assert now() == "gone"


def test_dotted_names_reach_children_and_attributes(user: Asker) -> None:
    net = nn.Sequential()
    net.encoder = nn.Sequential(nn.Linear(2, 2))
    user.names["trainer"] = type("Trainer", (), {})()
    user.names["trainer"].net = net
    docked = user.ask("labdock", view="a", path=name("trainer", "net", "encoder"))
    assert docked.object == str(id(net.encoder))
    assert docked.expression == "trainer.net.encoder"
    assert user.ask("labdock", view="a", path=name("net")).reason == "No model is called net."
    assert "trainer ▸ x" in user.ask("labdock", view="a", path=name("trainer", "x")).reason


def test_a_widget_of_the_users_own_is_docked_and_never_closed(user: Asker) -> None:
    user.names["models"] = [nn.Linear(2, 2)]
    widget = ParamWidget(user.names["models"][0])
    found = user.ask("labfind", view="a", model=widget.model_id)
    assert (found.model, found.expression) == (widget.model_id, "models[0]")
    user.ask("labundock", view="a")
    assert widget_of(widget.model_id) is widget
    assert "not a widget" in user.ask("labfind", view="a", model="0" * 32).reason
    nameless = ParamWidget(nn.Linear(2, 2))
    found = user.ask("labfind", view="a", model=nameless.model_id)
    assert (found.path, found.expression, found.type_name) == ([], "", "Linear")


def test_the_journal_is_a_script_over_the_users_own_name(user: Asker) -> None:
    user.names["models"] = [nn.Linear(2, 2)]
    path = [*name("models"), {"kind": "item", "key": "0"}]
    assert "empty" in user.ask("labjournal", path=path, model="").reason
    bench = Workbench.of(user.names["models"][0])
    bench.assign("weight", (0, 0), 42)
    bench.initialize("weight", "normal_", seed=3)
    code = user.ask("labjournal", path=path, model="").code
    fresh = [nn.Linear(2, 2)]
    exec(code, {"models": fresh})
    assert torch.equal(fresh[0].weight, user.names["models"][0].weight)
    widget = ParamWidget(user.names["models"][0])
    assert user.ask("labjournal", path=[], model=widget.model_id).code == code


@pytest.mark.parametrize(
    "content",
    [
        None,
        {"kind": "lablist"},
        {"kind": "lablist", "n": 1, "rows": True, "bonds": [], "extra": 1},
        {"kind": "labdock", "n": 1, "view": "a", "path": [{"kind": "call", "key": "net"}]},
        {"kind": "hello", "n": 1, "view": "a", "protocol": 1},
    ],
)
def test_what_is_no_question_is_refused(user: Asker, content: object) -> None:
    refused = lab.answer(content)
    assert isinstance(refused, lab.LabRefused)
    assert "ProtocolError" in refused.reason


def test_questions_from_several_threads_while_variables_come_and_go(user: Asker) -> None:
    user.names["net"] = nn.Linear(2, 2)
    errors: list[str] = []

    def ask() -> None:
        for _ in range(30):
            answer = user.ask("lablist", rows=True, bonds=[])
            if not isinstance(answer, lab.LabRows):
                errors.append(answer.reason)

    user.ask = lambda kind, **fields: lab.answer({"kind": kind, "n": 1, **fields})
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        user.names["x"] = [nn.ReLU()]
        del user.names["x"]
    assert errors == []


def test_both_halves_call_the_line_by_one_name() -> None:
    line = (ROOT / "js" / "lab" / "src" / "kernel" / "line.ts").read_text("utf-8")
    assert f'const TARGET = "{lab.TARGET}";' in line


def test_torch_is_not_imported_before_the_user_has() -> None:
    code = """
import sys
from paramwidget.lab import answers as lab
lab.serve()
rows = lab.answer({"kind": "lablist", "n": 1, "rows": True, "bonds": []})
dock = lab.answer({"kind": "labdock", "n": 2, "view": "a", "path": []})
assert (rows.torch, rows.rows) == (False, [])
assert "PyTorch" in dock.reason
sys.exit("torch" in sys.modules or "numpy" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
