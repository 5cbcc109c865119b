"""Five defects of the best neighbours, each held against this package.

Where a neighbour is installed, the test shows its defect too; none of them is required.
"""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from typing import Any

import pytest
import torch
from torch import nn

from paramwidget.picture.raster import raster
from paramwidget.picture.statistics import stats
from paramwidget.slots.tree import read_tree
from zoo.ties import embedding_and_head, layer_used_twice


def neighbour(name: str) -> Any:
    """The neighbour, None if it is not installed."""
    if importlib.util.find_spec(name) is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def test_every_slot_of_the_chapters_tied_net_is_there() -> None:
    net = layer_used_twice()
    children = [node.name for node in read_tree(net).root.children]
    assert children == ["0", "1", "2", "3", "4", "5"]
    wigglystuff = neighbour("wigglystuff")
    if wigglystuff is not None:
        shown = [child["name"] for child in wigglystuff.ModuleTreeWidget(net).tree["children"]]
        assert shown == ["0", "1", "2", "3", "5"]


def test_both_ends_of_a_tie_name_each_other() -> None:
    net = embedding_and_head()
    tree = read_tree(net)
    for name in ("emb.weight", "head.weight"):
        tie = tree.node(name).tie
        assert tie is not None
        assert tie.names == ("emb.weight", "head.weight")
    wigglystuff = neighbour("wigglystuff")
    if wigglystuff is not None:
        emb, head = wigglystuff.ModuleTreeWidget(net).tree["children"]
        assert [row["params"][0].get("is_shared", False) for row in (emb, head)] == [False, True]


def test_a_large_tensor_is_a_small_picture_with_its_standard_deviation() -> None:
    tensor = torch.randn(4096, 4096)
    assert raster(tensor).values.nbytes <= 256 * 256 * 4
    found = stats(tensor)
    assert found.std == pytest.approx(tensor.double().std().item())
    treescope = neighbour("treescope")
    if treescope is not None and not hasattr(torch.Tensor, "names"):
        with pytest.raises(AttributeError, match="names"):
            treescope.render_to_text(nn.Linear(2, 2))


def test_a_shared_layer_is_a_tie() -> None:
    """huggingface/accelerate#2984: ``find_tied_parameters`` found none; its later releases do."""
    net = layer_used_twice()
    assert {group.names for group in read_tree(net).ties} == {
        ("2.weight", "4.weight"),
        ("2.bias", "4.bias"),
    }


def test_statistics_of_ten_million_elements_keep_both_extremes() -> None:
    tensor = torch.zeros(10_000_000)
    tensor[1_234_567], tensor[-1] = -3.5, 7.25
    found = stats(tensor)
    assert (found.min, found.max, found.zeros) == (-3.5, 7.25, 9_999_998)
    assert found.numel == 10_000_000
