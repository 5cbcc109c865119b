"""The chapter on parameter management in JupyterLab, by mouse and keyboard alone.

After each step the kernel's tensors are compared, not the picture alone; at the end of each network
the journal's script, run on a copy of it as it was, must give the same parameters bit for bit.
"""

from __future__ import annotations

from playwright.sync_api import expect

from hosts.kit import Lab
from hosts.view import View, fill_initializer

PRELUDE = """
import copy, torch
from torch import nn
from paramwidget import ParamWidget, initializer
torch.manual_seed(0)
"""
SHOW = """
start = copy.deepcopy(net)
w = ParamWidget(net)
w
"""
REPLAY = """
names = {**globals(), "net": copy.deepcopy(start)}
exec(w.workbench.code(), names)
"""


def shown(lab: Lab, network: str) -> View:
    lab.run(PRELUDE + network + SHOW)
    view = View(lab.page.locator(".paramwidget"))
    expect(view.tree).to_be_visible()
    return view


def done(view: View, count: int) -> None:
    """Wait until so many edits stand, as the widget's own journal says."""
    toggle = view.root.get_by_role("button", name="Journal", exact=True)
    if toggle.get_attribute("aria-pressed") == "false":
        toggle.click()
    expect(view.journal.get_by_role("heading")).to_have_text(f"Journal {count}")


def replays(lab: Lab) -> bool:
    lab.ask(REPLAY)
    same = "a.dtype == b.dtype and torch.equal(a, b)"
    pairs = "zip(net.state_dict().values(), names['net'].state_dict().values(), strict=True)"
    found: bool = lab.value(f"all({same} for a, b in {pairs})")
    return found


def test_access_a_bias_that_is_none_and_a_gradient_that_is_not_there_yet(lab: Lab) -> None:
    view = shown(
        lab,
        """
net = nn.Sequential()
net.add_module('Linear_1', nn.Linear(20, 256, bias=False))
net.add_module('relu', nn.ReLU())
net.add_module('Linear_2', nn.Linear(256, 10, bias=False))
""",
    )
    expect(view.row("Linear_1.bias")).to_contain_text("None")
    panel = view.open("Linear_1.weight")
    for way in (
        "net[0].weight",
        "net.Linear_1.weight",
        "net.state_dict()['Linear_1.weight']",
    ):
        expect(panel.root.get_by_role("button", name=way, exact=True)).to_be_visible()
        assert lab.value(f"{way}.data_ptr() == net[0].weight.data_ptr()")

    panel.root.get_by_role("button", name="Gradient").click()
    expect(panel.root).to_contain_text("No gradient yet: run backward().")
    lab.run("net(torch.randn(2, 20)).sum().backward()")
    expect(panel.cells).to_have_attribute("data-lens", "grad")
    mean = lab.value("net[0].weight.grad.double().mean().item()")
    expect(panel.root.get_by_role("definition").filter(has_text=f"{mean:.3g}")).to_be_visible()


def test_the_eighteen_names_of_nested_blocks(lab: Lab) -> None:
    view = shown(
        lab,
        """
def block1():
    return nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
def block2():
    net = nn.Sequential()
    for i in range(4):
        net.add_module('block' + str(i), block1())
    return net
net = nn.Sequential()
net.add_module('model', block2())
net.add_module('Last_linear_layer', nn.Linear(16, 10))
""",
    )
    names = lab.value("list(net.state_dict())")
    assert len(names) == 18
    expect(view.root.get_by_role("term").filter(has_text="state_dict()")).to_be_visible()
    for name in names:
        view.filter.fill(name)
        expect(view.row(name)).to_be_visible()
    view.filter.fill("")
    panel = view.open("model.block1.0.bias")
    expect(panel.root.get_by_role("button", name="net[0][1][0].bias", exact=True)).to_be_visible()


def test_initialize_one_tensor_and_all_layers_of_a_type(lab: Lab) -> None:
    view = shown(lab, "net = nn.Sequential(nn.Linear(20, 50), nn.LayerNorm(50), nn.Linear(50, 5))")
    bias = lab.value("net[0].bias.tolist()")
    view.open("0.weight").initialize("normal_", mean=0, std=0.01)
    done(view, 1)
    assert 0.009 < lab.value("net[0].weight.std().item()") < 0.011
    assert lab.value("net[0].bias.tolist()") == bias

    form = view.form()
    form.get_by_role("button", name="Linear").click()
    form.get_by_role("button", name="weight").click()
    fill_initializer(form, "constant_", {"val": 1})
    done(view, 2)
    assert lab.value("[bool((net[n].weight == 1).all()) for n in (0, 2)]") == [True, True]
    assert lab.value("w.workbench.history[-1].changed") == ["0.weight", "2.weight"]
    assert lab.value("net[0].bias.tolist()") == bias

    view.press("Control+z")
    heading = view.journal.get_by_role("heading")
    expect(heading).to_have_text("Journal 1 of 2 in effect")
    assert 0.009 < lab.value("net[0].weight.std().item()") < 0.011
    view.press("Control+Shift+Z")
    expect(heading).to_have_text("Journal 2")
    assert replays(lab)


def test_initialize_blocks_differently(lab: Lab) -> None:
    view = shown(
        lab,
        """
first, second = nn.Sequential(), nn.Sequential()
first.add_module('Linear_1', nn.Linear(2, 5, bias=False))
second.add_module('Linear_2', nn.Linear(5, 5, bias=False))
net = nn.Sequential()
net.add_module('first', first)
net.add_module('second', second)
""",
    )
    before = lab.value("net.first.Linear_1.weight.tolist()")
    fill_initializer(view.form("first"), "xavier_uniform_", {})
    done(view, 1)
    weight = lab.value("net.first.Linear_1.weight.tolist()")
    bound = (6 / (2 + 5)) ** 0.5
    assert weight != before
    assert all(abs(value) <= bound for row in weight for value in row)

    fill_initializer(view.form("second"), "constant_", {"val": 42})
    done(view, 2)
    assert lab.value("net.second.Linear_2.weight.tolist()") == [[42.0] * 5] * 5
    assert lab.value("net.first.Linear_1.weight.tolist()") == weight
    assert replays(lab)


def test_a_distribution_of_ones_own_then_plus_one_and_forty_two(lab: Lab) -> None:
    view = shown(
        lab,
        """
@initializer
def bizarre(tensor):
    tensor.uniform_(-10, 10)
    tensor[tensor.abs() <= 5] = 0
net = nn.Sequential(nn.Linear(5, 5, bias=False))
""",
    )
    panel = view.open("0.weight")
    panel.initialize("bizarre")
    done(view, 1)
    drawn = lab.value("net[0].weight.tolist()")
    assert all(value == 0 or 5 < abs(value) <= 10 for row in drawn for value in row)

    panel.compute("w + 1")
    done(view, 2)
    wanted = lab.value(f"(torch.tensor({drawn}) + 1).tolist()")
    assert lab.value("net[0].weight.tolist()") == wanted

    panel.type(0, 0, "42")
    done(view, 3)
    wanted[0][0] = 42.0
    assert lab.value("net[0].weight.tolist()") == wanted
    assert replays(lab)


def test_an_edit_of_a_shared_layer_repaints_both_of_its_places(lab: Lab) -> None:
    view = shown(
        lab,
        """
shared = nn.Sequential()
shared.add_module('linear_shared', nn.Linear(8, 8, bias=False))
shared.add_module('relu_shared', nn.ReLU())
net = nn.Sequential(nn.Linear(20, 8, bias=False), nn.ReLU(), shared, shared,
                    nn.Linear(8, 10, bias=False))
""",
    )
    panels = [view.open(f"{place}.linear_shared.weight") for place in (2, 3)]
    for panel in panels:
        panel.painted()
    before = [panel.revision() for panel in panels]
    panels[0].type(2, 3, "0.25")
    for panel, revision in zip(panels, before, strict=True):
        panel.repainted(revision)
    assert panels[0].colour(2, 3) == panels[1].colour(2, 3)
    assert lab.value("[net[2].linear_shared.weight[2, 3].item(), net[2] is net[3]]") == [0.25, True]

    # what a cell does is seen too, though no version counter tells it
    before = [panel.revision() for panel in panels]
    lab.run("net[3].linear_shared.weight.data[2, 3] = -0.25")
    for panel, revision in zip(panels, before, strict=True):
        panel.repainted(revision)
    assert panels[0].colour(2, 3) == panels[1].colour(2, 3)
    lab.run("net[3].linear_shared.weight.data[2, 3] = 0.25")
    assert replays(lab)
