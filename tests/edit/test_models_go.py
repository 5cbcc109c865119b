"""A journal lives as long as its model does, and nothing in it keeps the model alive."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import pytest
from torch import nn
from torch.nn.utils import prune

from paramwidget import EditError, Workbench


class Net(nn.Sequential):
    """A model that initializes its layers itself, as those of large libraries do."""

    def init(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.ones_(module.weight)


def by_a_method(net: Net, bench: Workbench) -> object:
    return bench.apply(net.init)


def by_a_closure(net: Net, bench: Workbench) -> object:
    return bench.apply(lambda module: net.init(module))


def by_an_initializer_that_knows_the_model(net: Net, bench: Workbench) -> object:
    return bench.initialize("", lambda tensor: tensor.fill_(len(net)))


def by_pruning(net: Net, bench: Workbench) -> object:
    def pruned(module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            prune.l1_unstructured(module, "weight", 0.5)

    return bench.apply(pruned)


def by_other_layers(net: Net, bench: Workbench) -> object:
    def other(module: nn.Module) -> None:
        if module is net:
            net[0] = nn.Linear(4, 4)

    return bench.apply(other)


def by_undo(net: Net, bench: Workbench) -> object:
    edit = bench.apply(net.init)
    bench.undo()
    bench.redo()
    bench.undo()
    bench.assign("0.bias", 0, 1)
    return edit


def by_ties(net: Net, bench: Workbench) -> object:
    bench.tie("0.weight", "1.weight")
    return bench.untie("0.weight")


def by_what_fails(net: Net, bench: Workbench) -> object:
    def failing(module: nn.Module) -> None:
        raise ValueError(net)

    with pytest.raises(EditError):
        bench.apply(failing)
    return None


EDITS = (
    by_a_method,
    by_a_closure,
    by_an_initializer_that_knows_the_model,
    by_pruning,
    by_other_layers,
    by_undo,
    by_ties,
    by_what_fails,
)


@pytest.mark.parametrize("edited", EDITS, ids=lambda edited: edited.__name__)
def test_an_edit_keeps_no_model_alive(edited: Callable[[Net, Workbench], object]) -> None:
    net = Net(nn.Linear(4, 4), nn.Linear(4, 4))
    alive = weakref.ref(net)
    edit = edited(net, Workbench(net))  # which the user may hold, or IPython's Out
    del net
    gc.collect()
    assert alive() is None
    if edit is not None:
        assert str(edit)


def test_two_functions_of_one_name_are_told_apart_even_if_the_first_is_gone() -> None:
    net = Net(nn.Linear(4, 4))
    bench = Workbench(net)
    assert not [one for one in bench.apply(net.init).warnings if "another function" in one]
    assert not [one for one in bench.apply(net.init).warnings if "another function" in one]
    bench.apply(lambda module: None)
    gc.collect()
    assert [one for one in bench.apply(lambda module: None).warnings if "another function" in one]
