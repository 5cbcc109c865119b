"""refresh(): by content, whoever wrote it, from the moment the bench was made."""

import gc
import weakref

import pytest
import torch
from torch import nn

from paramwidget import ParamWidget, Workbench
from paramwidget.slots.content.known import KnownContent, Look
from paramwidget.slots.tree import Path, read_tree


def test_a_change_since_the_bench_was_made_is_told_once():
    net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(300, 300))
    net.constant = torch.ones(3)
    bench = Workbench(net)
    net[0].weight.data[0, 0] += 1
    net.constant[1] = 4
    net[1].num_batches_tracked += 1
    net[2].weight.data[1, 2] = 0
    assert bench.refresh() == ["constant", "0.weight", "1.num_batches_tracked", "2.weight"]
    assert bench.refresh() == []


def test_the_benchs_own_edits_count_as_seen_and_others_beside_them_do_not():
    net = nn.Linear(2, 2)
    bench = Workbench(net)
    net.weight.data += 1
    bench.assign("bias", (0,), 3)
    assert bench.refresh() == ["weight"]
    bench.undo()
    assert bench.refresh() == []


def test_every_slot_of_a_shared_tensor_is_named():
    layer = nn.Linear(2, 2, bias=False)
    net = nn.Sequential(layer, nn.ReLU(), layer)
    bench = Workbench(net)
    net[0].weight.data.neg_()
    assert bench.refresh() == ["0.weight", "2.weight"]


def test_swapped_rows_replaced_parameters_and_first_forwards_are_changes():
    net = nn.Sequential(nn.Linear(2, 2), nn.LazyLinear(1))
    bench = Workbench(net)
    net[0].weight.data.copy_(net[0].weight.data.flip(0))
    net[0].bias = nn.Parameter(torch.ones(2))
    net(torch.ones(1, 2))
    assert bench.refresh() == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_one_bench_for_a_model_whose_journal_lives_as_long_as_the_model():
    net = nn.Linear(2, 2)
    before = net.weight.detach().clone()
    Workbench.of(net).assign("weight", (0, 0), 7)
    assert Workbench.of(net).undo() is not None
    assert torch.equal(net.weight, before)
    assert Workbench(net) is Workbench.of(net)


def test_a_bench_keeps_no_model_alive():
    net = nn.Linear(2, 2)
    Workbench.of(net).assign("weight", (0, 0), 7)
    gone = weakref.ref(net)
    del net
    gc.collect()
    assert gone() is None


def test_a_widget_on_what_is_no_module_is_refused_and_says_nothing_more():
    with pytest.raises(TypeError, match="got int"):
        ParamWidget(5)
    gc.collect()  # what was half made is closed here; an error in that would be told


def taken(known: KnownContent, look: Look) -> list[Path]:
    known.take(look)
    return list(look.changed)


def test_a_quick_look_reads_small_tensors_and_samples_large_ones() -> None:
    net = nn.Sequential(nn.Linear(2100, 2100), nn.Linear(4, 4))
    known = KnownContent(net)
    every = [node.path for node in read_tree(net).slots]
    paths = [("0", "weight"), ("1", "weight"), ("1", "bias")]
    assert taken(known, known.outside(net, paths, 1 << 20)) == []
    for parameter in net.parameters():
        parameter.data += 1
    assert taken(known, known.outside(net, paths, 1 << 20)) == paths
    assert taken(known, known.outside(net, paths, 1 << 20)) == []
    assert taken(known, known.refresh(net, every)) == every


def test_what_a_quick_look_could_not_read_is_still_reported_as_changed() -> None:
    net = nn.Sequential(nn.Linear(2100, 2100))
    known = KnownContent(net)
    net[0].weight.data += 1
    assert taken(known, known.outside(net, [("0", "weight")], 1 << 20)) == []
    every = [node.path for node in read_tree(net).slots]
    assert taken(known, known.refresh(net, every)) == [("0", "weight")]


def test_what_a_look_finds_is_known_only_once_it_is_taken_over() -> None:
    net = nn.Sequential(nn.Linear(2100, 2100), nn.Linear(4, 4))
    known = KnownContent(net)
    every = [node.path for node in read_tree(net).slots]
    known.take(known.outside(net, every, 1 << 20))
    for parameter in net.parameters():
        parameter.data += 1
    for _ in range(2):
        assert known.outside(net, every, 1 << 30).unseen == every
        assert known.refresh(net, every).changed == every
    assert taken(known, known.outside(net, every, 1 << 30)) == every
    again = known.refresh(net, every)
    assert (again.changed, again.unseen) == (every, every[:1])  # of which a sample was known
    assert taken(known, again) == every
    assert known.refresh(net, every).changed == []
