"""What is found in a namespace: by which names, how much of it, and at which price."""

from __future__ import annotations

from collections import OrderedDict, deque, namedtuple
from types import SimpleNamespace

import torch
from torch import nn

from lab.kit import Asker
from paramwidget import ParamWidget, Workbench
from paramwidget.lab.paths import MOST_ROWS
from paramwidget.protocol import LabStep


def test_a_row_says_class_count_memory_and_mode(user: Asker) -> None:
    user.names["net"] = nn.Sequential(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 10))
    user.names["net"][0].weight.requires_grad_(False)
    user.names["rest"] = nn.Dropout().eval()
    net, rest = user.rows()["net"], user.rows()["rest"]
    assert (net.type_name, net.parameters, net.trainable) == ("Sequential", 7946, 2826)
    assert (net.bytes_text, net.mode, net.module, net.opens) == ("31 KiB", "training", True, True)
    assert (rest.parameters, rest.mode, rest.opens) == (0, "evaluation", False)


def test_shared_parameters_count_once(user: Asker) -> None:
    layer = nn.Linear(8, 8)
    user.names["net"] = nn.Sequential(layer, nn.ReLU(), layer)
    assert user.rows()["net"].parameters == 72


def test_two_names_of_one_object_are_one_row(user: Asker) -> None:
    user.names["net"] = nn.Linear(2, 2)
    user.names["other"] = nn.Linear(2, 2)
    user.names["rgnet"] = user.names["net"]
    assert [row.names for row in user.listed().rows] == [["net", "rgnet"], ["other"]]


def test_what_ipython_put_there_and_private_names_are_left_out(user: Asker) -> None:
    net = nn.Linear(2, 2)
    user.names.update({"_": net, "__": net, "_12": net, "_mine": net, "In": [], "Out": {3: net}})
    user.hidden.update({"In": user.names["In"], "Out": user.names["Out"]})
    assert user.rows() == {}
    user.names["Out"] = {1: net}  # now it is the user's
    assert list(user.rows()) == ["Out"]


def test_containers_and_attributes_open_on_demand(user: Asker) -> None:
    class Trainer:
        pass

    Pair = namedtuple("Pair", ["left", "right"])
    trainer = Trainer()
    trainer.model, trainer.rate = nn.Linear(2, 2), 0.1
    user.names.update(
        plain=[1, 2, 3],
        models={"enc": nn.Linear(3, 3), "dec": [nn.Linear(3, 2), nn.ReLU()], (1, 2): nn.ReLU()},
        ordered=OrderedDict(a=nn.ReLU()),
        queue=deque([nn.ReLU()]),
        pair=Pair(nn.ReLU(), None),
        trainer=trainer,
        space=SimpleNamespace(net=nn.ReLU()),
    )
    rows = user.rows()
    assert list(rows) == ["models", "ordered", "queue", "pair", "trainer", "space"]
    assert not any(row.module for row in rows.values())
    inside = user.inside(rows["models"])
    assert list(inside) == ["['enc']", "['dec']", "[<tuple>]"]
    assert inside["['enc']"].parameters == 12
    assert list(user.inside(inside["['dec']"])) == ["[0]", "[1]"]
    assert list(user.inside(rows["trainer"])) == [".model"]
    assert list(user.inside(rows["pair"])) == ["[0]"]
    assert list(user.inside(rows["space"])) == [".net"]


def test_a_module_opens_to_its_children_registered_or_not(user: Asker) -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU()))
    net.encoder = nn.Linear(3, 3)
    net.hidden = [nn.ReLU()]
    user.names["net"] = net
    assert list(user.inside(user.rows()["net"])) == ["[0]", "[1]", ".encoder", ".hidden"]


def test_names_of_any_alphabet_and_none_that_is_no_name(user: Asker) -> None:
    net = nn.Linear(2, 2)
    user.names.update({"größe": net, "сеть": nn.ReLU(), "网络": nn.ReLU(), "a b": nn.ReLU()})
    user.names["\udc80"] = nn.ReLU()
    user.names[3] = nn.ReLU()
    assert list(user.rows()) == ["größe", "сеть", "网络"]


def test_ten_thousand_modules_in_a_list_are_a_few_rows_and_a_number(user: Asker) -> None:
    user.names["models"] = [nn.Linear(2, 2) for _ in range(10_000)]
    user.names["net"] = nn.Linear(2, 2)
    assert list(user.rows()) == ["models", "net"]
    answer = user.ask("labexpand", path=[{"kind": "name", "key": "models"}])
    assert (len(answer.rows), answer.more) == (MOST_ROWS, 10_000 - MOST_ROWS)
    last = [LabStep("name", "models"), LabStep("item", "9999")]
    path = [{"kind": step.kind, "key": step.key} for step in last]
    docked = user.ask("labdock", view="a", path=path)
    assert docked.object == str(id(user.names["models"][9999]))
    assert docked.expression == "models[9999]"


def test_many_variables_with_long_containers_have_an_end(user: Asker) -> None:
    user.names.update({f"v{i}": [0.5] * 100_000 for i in range(3)})
    user.names.update({f"d{i}": dict.fromkeys(range(50_000)) for i in range(3)})
    user.names["cycle"] = cycle = [1]
    cycle.append(cycle)
    user.names["net"] = nn.Linear(2, 2)
    assert list(user.rows()) == ["net"]


def test_our_own_benches_and_widgets_are_left_out(user: Asker) -> None:
    user.names["net"] = nn.Linear(2, 2)
    user.names.update(bench=Workbench(user.names["net"]), w=ParamWidget(user.names["net"]))
    assert list(user.rows()) == ["net"]


def test_the_list_reads_tensors_of_no_kind(user: Asker) -> None:
    user.names.update(x=torch.ones(3), p=nn.Parameter(torch.ones(2)), t=(torch.ones(1),))
    user.names["opt"] = torch.optim.Adam(nn.Linear(2, 2).parameters())
    assert user.rows() == {}
