"""reset_parameters: what a layer does when it is made, under a private seed, where it was asked."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from edit.kit import Bench, contents
from paramwidget.edit.errors import EditError

OWN: dict[str, Any] = {
    "linear": lambda: nn.Linear(4, 3),
    "conv": lambda: nn.Conv2d(2, 4, 3),
    "transposed": lambda: nn.ConvTranspose1d(2, 4, 3),
    "embedding": lambda: nn.Embedding(5, 3, padding_idx=1),
    "lstm": lambda: nn.LSTM(3, 2, 2, bidirectional=True),
    "cell": lambda: nn.GRUCell(3, 2),
    "layer norm": lambda: nn.LayerNorm(4),
    "attention": lambda: nn.MultiheadAttention(8, 2),
    "transformer": lambda: nn.TransformerEncoderLayer(8, 2, 8),
    "whole transformer": lambda: nn.Transformer(8, 2, 1, 1, 8, batch_first=True),
    "bilinear": lambda: nn.Bilinear(2, 3, 4),
    "prelu": lambda: nn.PReLU(),
}


@pytest.mark.parametrize("case", OWN)
def test_reset_is_what_the_layer_does_when_it_is_made(case: str) -> None:
    torch.manual_seed(1)
    net = nn.Sequential(OWN[case]())
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(7)
    bench = Bench(net)
    edit = bench.initialize("", "reset_parameters", seed=12)
    torch.manual_seed(12)
    made = nn.Sequential(OWN[case]())
    untouched = list(edit.skipped)
    same = {k for k in contents(net) if contents(net)[k] == contents(made)[k]}
    if case not in ("attention", "transformer", "whole transformer"):
        assert same == set(contents(net))
    assert set(edit.changed) | set(untouched) == set(contents(net))
    assert not any(bool((p == 7).any()) for n, p in net.named_parameters() if n not in untouched)
    assert contents(bench.replayed()) == contents(net)
    bench.undo()
    assert contents(net) == contents(bench.fresh)


def test_reset_of_one_tensor_leaves_its_neighbours() -> None:
    bench = Bench(nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)))
    bench.net[1].running_mean.fill_(5)
    bench.fresh[1].running_mean.fill_(5)
    assert bench.initialize("0.weight", "reset_parameters").changed == ["0.weight"]
    assert torch.equal(bench.net[0].bias, bench.fresh[0].bias)
    assert bench.initialize("", "reset_parameters", parameters="weight").changed == [
        "0.weight",
        "1.weight",
    ]
    assert bool((bench.net[1].running_mean == 5).all())
    assert contents(bench.replayed()) == contents(bench.net)
    edit = bench.initialize("1", "reset_parameters")
    assert edit.changed == ["1.weight", "1.bias", "1.running_mean", "1.running_var",
                            "1.num_batches_tracked"]  # fmt: skip
    assert not bench.net[1].running_mean.any()
    assert contents(bench.replayed()) == contents(bench.net)


def test_reset_says_what_it_cannot_reach() -> None:
    net = nn.Sequential(nn.LazyLinear(3), nn.Linear(2, 2))
    net.own = nn.Parameter(torch.ones(2))
    bench = Bench(net)
    edit = bench.initialize("", "reset_parameters")
    assert edit.changed == ["1.weight", "1.bias"]
    assert "first forward" in edit.skipped["0.weight"]
    assert "has no reset_parameters" in edit.skipped["own"]
    with pytest.raises(EditError, match="has no reset_parameters"):
        bench.initialize("own", "reset_parameters")


def test_reset_leaves_what_is_made_anew_at_each_forward() -> None:
    with pytest.warns(FutureWarning):
        layer = torch.nn.utils.weight_norm(nn.Linear(3, 2))
    before = layer.weight.detach().clone()
    assert Bench.of(layer).initialize("", "reset_parameters").changed == ["bias"]
    assert torch.equal(layer.weight, before)


class Halves(nn.Module):
    """One tensor under three names, and another that its reset fills too."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2, 2))
        self.same = nn.Parameter(torch.ones(2, 2))
        self.same.data = self.weight.data
        self.row = self.weight.data[0]
        self.scale = torch.zeros(2)

    def reset_parameters(self) -> None:
        self.weight.data.uniform_()
        self.scale.fill_(7)


def test_reset_of_a_tensor_reaches_who_shares_its_memory_and_nobody_else() -> None:
    bench = Bench(Halves())
    edit = bench.initialize("weight", "reset_parameters", seed=1)
    assert edit.changed == ["weight", "same", "row"]
    assert not bench.net.scale.any()
    assert not bool((bench.net.same == 1).any())
    replayed = bench.replayed(Halves())  # a copy would break the tie
    assert contents(replayed) == contents(bench.net)
    assert not replayed.scale.any()
    bench.undo()
    assert contents(bench.net) == contents(Halves())


class Fails(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lin = nn.Linear(2, 2)
        self.w = nn.Parameter(torch.ones(2))

    def reset_parameters(self) -> None:
        self.lin.weight.data.zero_()
        self.w.data.zero_()
        raise OSError("no disk")


def test_a_reset_that_raises_changes_nothing() -> None:
    bench = Bench(nn.Sequential(nn.Linear(2, 2), Fails()))
    with pytest.raises(EditError, match="no disk"):
        bench.initialize("", "reset_parameters")
    assert contents(bench.net) == contents(bench.fresh)
    assert "in reset_parameters" in bench.journal.entries[0].error
