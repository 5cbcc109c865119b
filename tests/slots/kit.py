"""What the tests of the tree share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

#: Ways in which a model of two linear layers and a batch norm may come to be another structure.
CHANGES: dict[str, Callable[[Any], Any]] = {
    "a layer more": lambda net: net.append(nn.Linear(2, 2)),
    "a layer less": lambda net: net.__delitem__(1),
    "frozen": lambda net: net[0].weight.requires_grad_(False),
    "double": lambda net: net.double(),
    "meta": lambda net: net[0].to("meta"),
    "a bias taken away": lambda net: net[0].register_parameter("bias", None),
    "tied": lambda net: setattr(net[1], "weight", net[0].weight),
    "tied by memory": lambda net: setattr(net[1].weight, "data", net[0].weight.data),
    "another class": lambda net: setattr(net[0], "__class__", nn.Bilinear),
    "a constant": lambda net: setattr(net, "extra", torch.ones(1)),
    "a list of modules": lambda net: setattr(net, "more", [nn.Linear(1, 1)]),
    "not saved": lambda net: net[2]._non_persistent_buffers_set.add("running_mean"),
    "parametrized": lambda net: nn.utils.parametrize.register_parametrization(
        net[0], "weight", nn.Identity()
    ),
    "renamed": lambda net: net._modules.__setitem__("9", net._modules.pop("1")),
    "another order": lambda net: net._modules.__setitem__("0", net._modules.pop("0")),
}


def child_called_training() -> nn.Module:
    net = nn.Module()
    net.training = nn.Linear(2, 2)  # type: ignore[assignment]
    return net


def training_is_a_property() -> nn.Module:
    class Frozen(nn.Linear):
        training = property(lambda self: False, lambda self, value: None)  # type: ignore[assignment]

    return nn.Sequential(Frozen(2, 2))
