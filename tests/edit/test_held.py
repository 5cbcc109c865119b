"""The way back of what is held by object leads to the model, or is refused with slots' names."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from edit.kit import contents
from paramwidget.edit.errors import EditError
from paramwidget.workbench import Workbench


def two() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))


def moved(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        module.bias.data = torch.full(module.bias.shape, 7.0)


def replaced(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        module.bias = nn.Parameter(torch.full(module.bias.shape, 7.0))


EDITS: dict[str, Callable[[Workbench], object]] = {
    "tie": lambda bench: bench.tie("0.bias", "1.bias"),
    "moved": lambda bench: bench.apply(moved, "0"),
    "replaced": lambda bench: bench.apply(replaced, "0"),
    "freeze": lambda bench: bench.set_requires_grad("0.bias", False),
}

CHANGES: dict[str, Callable[[nn.Sequential], object]] = {
    "cast": lambda net: net.half(),
    "another layer": lambda net: net.__setitem__(0, nn.Linear(2, 2)),
    "a larger layer": lambda net: net.__setitem__(0, nn.Linear(3, 3)),
    "another bias": lambda net: setattr(net[0], "bias", nn.Parameter(torch.zeros(2))),
    "no bias": lambda net: setattr(net[0], "bias", None),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("edit", EDITS)
def test_undo_does_it_or_names_what_cannot_be_restored(edit: str, change: str) -> None:
    net = two()
    bench = Workbench(net)
    EDITS[edit](bench)
    CHANGES[change](net)
    before = contents(net)
    tied, frozen = edit == "tie", edit == "freeze"
    if (tied and change != "cast") or (frozen and change == "cast"):
        return  # tie has replaced 1.bias, which these leave alone; a switch has no values
    with pytest.raises(EditError, match=r"cannot undo .*[01]\.bias (has|is no longer)"):
        bench.undo()
    assert contents(net) == before
    assert len(bench.history) == 1
    bench.skip()
    assert bench.undo() is None


def test_what_brings_all_objects_back_names_all_their_slots() -> None:
    net = two()
    bench = Workbench(net)
    bench.apply(replaced)
    net[1].bias.data.fill_(9)
    bench.undo()
    bench.assign("0.weight", (0, 0), 1)
    net[0].bias.data.fill_(55)
    (put_away,) = [entry for entry in bench.journal if entry.kind == "replaced"]
    assert put_away.names == ["0.bias", "1.bias"]
    edit = bench.bring_back(put_away)
    assert edit.changed == ["0.bias", "1.bias"]
    assert bench.refresh() == []
    assert [entry.kind for entry in bench.journal][-1] == "edit"
    bench.undo()
    assert net[0].bias.tolist() == [55, 55]


# --- scripts below skipped edits ---------------------------------------------------------------


def zeros(bench: Workbench) -> None:
    bench.initialize("0.bias", "zeros_")


def one_number(bench: Workbench) -> None:
    bench.assign("0.bias", (0,), 5)


def other_object(bench: Workbench) -> None:
    bench.apply(replaced, "0")


def freeze(bench: Workbench) -> None:
    bench.set_requires_grad("0.bias", False)


SKIPPED = [
    (zeros, one_number),
    (zeros, other_object),
    (other_object, zeros),
    (other_object, other_object),
    (freeze, freeze),
    (freeze, other_object),
]


@pytest.mark.parametrize("redone", [False, True])
@pytest.mark.parametrize(("first", "skipped"), SKIPPED)
def test_a_script_with_skipped_edits_gives_the_same_bits_or_says_so(
    first: Callable[[Workbench], None], skipped: Callable[[Workbench], None], redone: bool
) -> None:
    net, fresh = two(), two()
    bench = Workbench(net)
    first(bench)
    skipped(bench)
    bench.skip()
    try:
        bench.undo()
    except EditError:  # its object was replaced by the edit that was skipped
        assert (first, skipped) in ((other_object, other_object), (freeze, other_object))
    if redone:
        bench.redo()
    code = bench.code("net")
    if "may differ" in code:
        assert not redone
        return
    exec(code, {"net": fresh, "replaced": replaced})
    assert contents(fresh) == contents(net)


# --- lifetimes -----------------------------------------------------------------------------------


class Watching(nn.Module):
    """A model that records its activations with a method of its own, as people do."""

    def __init__(self) -> None:
        super().__init__()
        self.enc, self.dec = nn.Linear(4, 4), nn.Linear(4, 4)
        self.dec.register_forward_hook(self.keep)
        self.dec.owner = [self]  # type: ignore[assignment]

    def keep(self, *_: object) -> None: ...


def pruned(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        prune.l1_unstructured(module, "weight", 0.5)


@pytest.mark.parametrize(
    "edit",
    [
        lambda bench: bench.tie("enc.weight", "dec.weight"),
        lambda bench: bench.apply(replaced),
        lambda bench: bench.apply(moved),
        lambda bench: bench.apply(pruned),
        lambda bench: bench.set_requires_grad("", False),
    ],
)
def test_a_journal_keeps_no_model_alive_whose_hooks_lead_to_it(
    edit: Callable[[Workbench], object],
) -> None:
    net = Watching()
    bench = Workbench(net)
    edit(bench)
    bench.undo()
    bench.redo()
    gone = weakref.ref(net)
    del net, bench
    gc.collect()
    assert gone() is None


def test_undoing_what_changed_no_hook_leaves_later_hooks_alone() -> None:
    net = two()
    bench = Workbench(net)
    bench.apply(replaced)
    handle = net[0].register_forward_hook(lambda *_: None)
    bench.undo()
    assert handle.id in net[0]._forward_hooks
