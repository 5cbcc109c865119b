"""Structure: repeats, recursion, giants, containers, wrappers, and tensors made from others."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune, spectral_norm, weight_norm

from zoo.case import Holder, Zoo
from zoo.hostile import trip

zoo = Zoo()


@zoo(
    "the chapter",
    rows={
        "Linear_1.weight": "parameter ready",
        "Linear_1.bias": "none ready",
        "Linear_2.weight": "parameter ready",
        "Linear_2.bias": "none ready",
    },
    complete=True,
    shows={"Linear_1.weight": "net.Linear_1.weight"},
)
def chapter() -> nn.Module:
    net = nn.Sequential()
    net.add_module("Linear_1", nn.Linear(20, 256, bias=False))
    net.add_module("relu", nn.ReLU())
    net.add_module("Linear_2", nn.Linear(256, 10, bias=False))
    return net


@zoo(
    "the chapter",
    rows={"0.1.0.bias": "parameter ready"},
    shows={"0.1.0.bias": "net[0][1][0].bias"},
)
def goldberg() -> nn.Module:
    def block() -> nn.Module:
        return nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())

    return nn.Sequential(nn.Sequential(*[block() for _ in range(4)]), nn.Linear(16, 10))


@zoo("plain attribute", rows={"rand_weight": "constant ready", "linear.weight": "parameter ready"})
def fixed_hidden() -> nn.Module:
    net = Holder(linear=nn.Linear(20, 20))
    net.rand_weight = torch.rand(20, 20)
    return net


@zoo(
    "plain attribute",
    rows={"p": "constant ready", "early": "constant ready", "w": "parameter ready"},
    complete=True,
)
def constants_of_odd_kinds() -> nn.Module:
    class Early(nn.Module):
        def __init__(self) -> None:
            self.early = torch.ones(1)  # before torch has made its own fields
            super().__init__()
            self.w = nn.Parameter(torch.ones(1))

    net = Early()
    net.__dict__["p"] = nn.Parameter(torch.ones(2))
    net.a_list = [torch.ones(1)]
    return net


@zoo("modules in a list", warnings=["'layers' holds 2 modules"], complete=True)
def modules_in_a_list() -> nn.Module:
    net = nn.Module()
    net.layers = [nn.Linear(2, 2), nn.Linear(2, 2)]
    return net


@zoo(
    "modules in a list",
    warnings=["'table' holds 2 modules", "'ps' holds 1 parameter"],
    rows={"seen.weight": "parameter ready"},
)
def modules_in_other_containers() -> nn.Module:
    net = Holder(seen=nn.Linear(2, 2))
    net.table = {"a": nn.Linear(2, 2), "b": [(nn.Linear(1, 1),)]}
    net.ps = (nn.Parameter(torch.ones(1)),)
    return net


@zoo("modules in a list", warnings=[], rows={"seen.weight": "parameter ready"})
def registered_modules_in_a_list_too() -> nn.Module:
    net = Holder(seen=nn.Linear(2, 2))
    net.again = [net.seen, nn.ReLU()]
    net.weights = [net.seen.weight]
    return net


@zoo(
    "containers",
    rows={
        "list.0.weight": "parameter ready",
        "dict.a.weight": "parameter ready",
        "params.1": "parameter ready",
        "table.x": "parameter ready",
        "mixed.0": "constant ready",
    },
    ties=[("same", ["params.0", "table.y z"])],
)
def containers() -> nn.Module:
    one = nn.Parameter(torch.ones(1))
    return Holder(
        list=nn.ModuleList([nn.Linear(1, 1)]),
        dict=nn.ModuleDict({"a": nn.Linear(1, 1), "b c": nn.Linear(1, 1)}),
        params=nn.ParameterList([one, nn.Parameter(torch.ones(2))]),
        table=nn.ParameterDict({"x": nn.Parameter(torch.ones(1)), "y z": one}),
        mixed=_list_with_a_tensor(),
    )


def _list_with_a_tensor() -> nn.Module:
    held: Any = nn.ParameterList()
    held.append(nn.Parameter(torch.ones(1)))
    del held._parameters["0"]
    held.__dict__["0"] = torch.ones(1)
    return held


@zoo("containers", rows={"a.weight": "parameter ready", "b.weight": "parameter ready"})
def sequential_with_holes() -> nn.Module:
    net = nn.Sequential(OrderedDict(a=nn.Linear(1, 1), b=nn.Linear(1, 1)))
    net.register_module("none", None)
    net.add_module("5", nn.Linear(1, 1))
    numbers = nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1)])
    del numbers._modules["0"]
    net.add_module("numbers", numbers)
    return net


@zoo("containers", rows={"0.weight": "parameter ready", "1.0.weight": "parameter ready"})
def containers_with_an_index_of_their_own() -> nn.Module:
    class Backwards(nn.Sequential):
        def __getitem__(self, index: Any) -> Any:
            return super().__getitem__(len(self) - 1 - index)

    class Short(nn.Sequential):
        def __len__(self) -> int:
            return 1

    return Backwards(nn.Linear(1, 1), Short(nn.Linear(2, 2), nn.Linear(3, 3)))


@zoo("order", rows={"b": "parameter ready"})
def registered_out_of_order() -> nn.Module:
    net = Holder(b=nn.Parameter(torch.ones(1)), child=nn.Linear(1, 1))
    net.register_buffer("late", torch.ones(1))
    net.register_buffer("unsaved", torch.ones(1), persistent=False)
    net.a = nn.Parameter(torch.ones(1))
    net.extra = torch.ones(2)
    return net


@zoo(
    "a module that contains itself",
    walks=False,
    notes={"me": "contains itself"},
    rows={"weight": "parameter ready", "bias": "parameter ready"},
    complete=True,
)
def contains_itself() -> nn.Module:
    net = nn.Linear(2, 2)
    net._modules["me"] = net
    return net


@zoo(
    "a module that contains itself",
    walks=False,
    notes={"0.1.0": "contains itself"},
    rows={"0.0.weight": "parameter ready", "1.0.weight": "parameter ready"},
    ties=[("same", ["0.0.weight", "1.0.weight"])],
)
def contains_itself_lower_down() -> nn.Module:
    inner = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Sequential())
    inner[1].add_module("0", inner)
    return nn.Sequential(inner, inner)


@zoo("depth", rows={"0." * 999 + "weight": "parameter ready"}, walks=False)
def thousand_deep() -> nn.Module:
    net: nn.Module = nn.Linear(1, 1)
    for _ in range(999):
        net = nn.Sequential(net)
    return net


@zoo(
    "parametrized",
    rows={
        "weight": "computed ready",
        "bias": "parameter ready",
        "parametrizations.weight.original": "parameter ready",
    },
    notes={"weight": "parametrizations.weight.original"},
    complete=True,
)
def symmetric() -> nn.Module:
    class Symmetric(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.triu() + x.triu(1).transpose(-1, -2)

    net = nn.Linear(3, 3)
    parametrize.register_parametrization(net, "weight", Symmetric())
    return net


@zoo(
    "parametrized",
    rows={"weight": "computed ready", "parametrizations.weight.original0": "parameter ready"},
)
def new_weight_norm() -> nn.Module:
    return parametrizations.weight_norm(nn.Conv1d(2, 3, 3))


@zoo(
    "parametrized",
    rows={"weight": "computed ready", "parametrizations.weight.0._u": "buffer ready"},
)
def new_spectral_norm() -> nn.Module:
    return parametrizations.spectral_norm(nn.Linear(4, 3))


@zoo("parametrized", rows={"weight": "computed ready"})
def orthogonal() -> nn.Module:
    return parametrizations.orthogonal(nn.Linear(3, 3))


@zoo("parametrized", rows={"weight": "computed ready", "running_mean": "computed ready"})
def chained_and_a_buffer() -> nn.Module:
    class Half(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x / 2

        def right_inverse(self, x: torch.Tensor) -> torch.Tensor:
            return x * 2

    net = nn.BatchNorm1d(3)
    parametrize.register_parametrization(net, "weight", Half())
    parametrize.register_parametrization(net, "weight", Half())
    parametrize.register_parametrization(net, "running_mean", Half())
    return net


class Tripping(nn.Module):
    """A parametrization that works once, at registration."""

    armed = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.armed:
            trip("parametrization")()
        return x


@zoo("parametrized", rows={"weight": "computed ready"})
def parametrization_that_trips() -> nn.Module:
    net = nn.Linear(2, 2)
    parametrize.register_parametrization(net, "weight", Tripping())
    net.parametrizations.weight[0].armed = True
    return net


@zoo(
    "parametrized",
    rows={"0.weight": "computed ready", "1.weight": "computed ready"},
    ties=[("same", ["0.parametrizations.weight.original", "1.parametrizations.weight.original"])],
)
def tied_originals() -> nn.Module:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    for layer in net:
        parametrize.register_parametrization(layer, "weight", nn.Identity())
    return net


@zoo(
    "old weight_norm",
    rows={"weight": "constant ready", "weight_g": "parameter ready"},
    notes={"weight": "edit weight_v"},
)
def old_weight_norm() -> nn.Module:
    return weight_norm(nn.Linear(3, 2))


@zoo(
    "old spectral_norm",
    rows={"weight": "constant ready", "weight_orig": "parameter ready"},
    notes={"weight": "edit weight_orig"},
    ties=[("memory", ["weight_orig", "weight"])],
)
def old_spectral_norm() -> nn.Module:
    return spectral_norm(nn.Linear(3, 2))


@zoo(
    "pruning",
    rows={"weight": "constant ready", "weight_mask": "buffer ready"},
    notes={"weight": "edit weight_orig", "bias": "edit bias_orig"},
)
def pruned() -> nn.Module:
    net = prune.l1_unstructured(nn.Linear(3, 2), "weight", 0.5)
    prune.random_unstructured(net, "weight", 0.2)
    return prune.identity(net, "bias")


@zoo("pruning", rows={"weight": "parameter ready"}, complete=False)
def pruning_made_permanent() -> nn.Module:
    net = prune.l1_unstructured(nn.Linear(3, 2), "weight", 0.5)
    return prune.remove(net, "weight")


@zoo("library modules", rows={"self_attn.in_proj_weight": "parameter ready"})
def transformer_layer() -> nn.Module:
    return nn.TransformerEncoderLayer(8, 2, 8)


@zoo("mixins", rows={"0.weight": "parameter ready"}, shows={"0.weight": "net[0].weight"})
def mixin_before_the_module() -> nn.Module:
    class Mixin:
        extra = 1

    class Mixed(Mixin, nn.Sequential):
        pass

    return Mixed(nn.Linear(2, 2))
