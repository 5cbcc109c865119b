"""Tensors and wrappers of ``torch.distributed``, in a process group of one or two.

They leave a process group behind, so they run in a child.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from zoo.case import TORCH, Holder, Zoo

if TORCH >= (2, 6):
    from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard
    from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor
    from torch.testing._internal.distributed.fake_pg import FakeStore

zoo = Zoo()


def group(ranks: int) -> Any:
    """A fresh process group, and a mesh over it."""
    if dist.is_initialized():
        dist.destroy_process_group()
    if ranks == 1:
        dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    else:
        dist.init_process_group("fake", store=FakeStore(), rank=0, world_size=ranks)
    return dist.device_mesh.init_device_mesh("cpu", (ranks,))


@zoo(
    "DTensor",
    since=(2, 6),
    rows={"weight": "parameter ready", "bias": "parameter ready"},
    complete=True,
    crashes=True,
)
def whole_on_one_rank() -> nn.Module:
    net, mesh = nn.Linear(4, 4), group(1)
    net.weight = nn.Parameter(distribute_tensor(net.weight.data, mesh, [Shard(0)]))
    return net


@zoo("DTensor", since=(2, 6), ties=[("memory", ["local", "whole"])], crashes=True)
def over_a_local_tensor() -> nn.Module:
    mesh, local = group(1), torch.randn(4, 4)
    whole = DTensor.from_local(local, mesh, [Replicate()])
    return Holder(local=nn.Parameter(local), whole=nn.Parameter(whole))


@zoo(
    "DTensor",
    since=(2, 6),
    rows={"weight": "parameter unreadable", "bias": "parameter ready"},
    reasons={"weight": "every rank"},
    refuses={"bias": "other ranks"},
    crashes=True,
)
def shard_and_replica_of_two_ranks() -> nn.Module:
    net, mesh = nn.Linear(4, 4), group(2)
    net.weight = nn.Parameter(distribute_tensor(net.weight.data, mesh, [Shard(0)]))
    net.bias = nn.Parameter(distribute_tensor(net.bias.data, mesh, [Replicate()]))
    return net


@zoo("DDP", rows={"module.weight": "parameter ready"}, notes={"": "this rank"}, crashes=True)
def data_parallel_of_one() -> nn.Module:
    group(1)
    return DistributedDataParallel(nn.Linear(2, 2))


@zoo(
    "FSDP2", since=(2, 6), rows={"0.weight": "parameter ready"}, notes={"0": "FSDP2"}, crashes=True
)
def fully_sharded_after_a_forward() -> nn.Module:
    group(1)
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    fully_shard(net[0])
    fully_shard(net)
    net(torch.ones(1, 2))
    return net


@zoo(
    "FSDP1",
    since=(2, 6),
    rows={"_fsdp_wrapped_module.0.weight": "parameter ready"},
    notes={"": "FSDP"},
    crashes=True,
)
def first_fsdp() -> nn.Module:
    group(1)
    return FullyShardedDataParallel(
        nn.Sequential(nn.Linear(2, 2)), device_id=torch.device("cpu"), use_orig_params=True
    )
