"""Modules that wrap, compile, script, trace, export or pack another."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import checkpoint_wrapper
from torch.optim.swa_utils import AveragedModel

from zoo.case import Zoo

zoo = Zoo()


@zoo(
    "wrappers: compile", rows={"_orig_mod.0.weight": "parameter ready"}, notes={"": "torch.compile"}
)
def compiled() -> nn.Module:
    net: Any = torch.compile(nn.Sequential(nn.Linear(2, 2)), backend="eager")
    return net


@zoo("wrappers: script", rows={"0.weight": "parameter ready", "1.running_mean": "buffer ready"})
def scripted() -> nn.Module:
    net: Any = torch.jit.script(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))
    return net


@zoo("wrappers: script", complete=True)
def frozen_script() -> nn.Module:
    net: Any = torch.jit.freeze(torch.jit.script(nn.Sequential(nn.Linear(2, 2)).eval()))
    return net


@zoo("wrappers: script", rows={"0.weight": "parameter ready"})
def traced() -> nn.Module:
    net: Any = torch.jit.trace(nn.Sequential(nn.Linear(2, 2)), torch.ones(1, 2))
    return net


@zoo("wrappers: fx", rows={"0.weight": "parameter ready"})
def fx_graph() -> nn.Module:
    return torch.fx.symbolic_trace(nn.Sequential(nn.Linear(2, 2)))


@zoo("wrappers: export", rows={"0.weight": "parameter ready"})
def exported() -> nn.Module:
    program = torch.export.export(nn.Sequential(nn.Linear(2, 2)), (torch.ones(1, 2),))
    return program.module()


@zoo("wrappers: DataParallel", rows={"module.weight": "parameter ready"})
def data_parallel() -> nn.Module:
    return nn.DataParallel(nn.Linear(2, 2))


@zoo(
    "wrappers: EMA",
    rows={"module.weight": "parameter ready", "n_averaged": "buffer ready"},
    notes={"": "average"},
)
def averaged() -> nn.Module:
    return AveragedModel(nn.Linear(2, 2))


@zoo(
    "wrappers: checkpoint",
    rows={"0._checkpoint_wrapped_module.weight": "parameter ready"},
    notes={"0": "checkpoint"},
)
def checkpointed() -> nn.Module:
    return nn.Sequential(checkpoint_wrapper(nn.Linear(2, 2)))


@zoo("quantize_dynamic", notes={"0": "packed"}, complete=True)
def dynamically_quantized() -> nn.Module:
    net: Any = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(2, 2)))
    return net


@zoo("ScriptModule inside", rows={"0.weight": "parameter ready", "1.weight": "parameter ready"})
def script_inside() -> nn.Module:
    return nn.Sequential(torch.jit.script(nn.Linear(2, 2)), nn.Linear(2, 2))
