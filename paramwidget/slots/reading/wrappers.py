"""Notes on modules that wrap another module, or hide their weights from torch."""

from __future__ import annotations

from paramwidget.tensors import class_lookup, class_name

#: By module and name of a class; its subclasses are included.
_WRAPPERS = {
    ("torch._dynamo.eval_frame", "OptimizedModule"): (
        "torch.compile wrapper: an edit in place takes effect, unless inductor froze the weights"
    ),
    ("torch.nn.parallel.distributed", "DistributedDataParallel"): (
        "DDP wrapper: an edit changes this rank only"
    ),
    ("torch.nn.parallel.data_parallel", "DataParallel"): "DataParallel wrapper",
    ("torch.distributed.fsdp.fully_sharded_data_parallel", "FullyShardedDataParallel"): (
        "FSDP wrapper: between forward passes each rank holds a shard"
    ),
    ("torch.distributed.fsdp", "FSDPModule"): (
        "FSDP2: after a forward pass it may hold gathered weights, and edits to those are lost"
    ),
    ("torch.optim.swa_utils", "AveragedModel"): (
        "an average of another model, which an edit here does not change"
    ),
    ("torch.distributed.algorithms._checkpoint.checkpoint_wrapper", "CheckpointWrapper"): (
        "checkpoint wrapper: state_dict omits its prefix"
    ),
    ("torch.jit._script", "RecursiveScriptModule"): (
        "scripted: once frozen, its weights are constants and are not shown"
    ),
    ("torch.jit._trace", "TopLevelTracedModule"): "traced: an edit in place takes effect",
}
_PACKED = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized")


def wrapper_note(cls: type) -> str | None:
    """The note for a class, None for ordinary ones."""
    for base in vars(type)["__mro__"].__get__(cls):
        home = str(class_lookup(base, "__module__"))
        if home.startswith(_PACKED):
            return "quantized: its weights are packed and do not appear as slots"
        note = _WRAPPERS.get((home, class_name(base)))
        if note is not None:
            return note
    return None


def is_distributed(cls: type) -> bool:
    """True for a class that ``torch.distributed`` defines."""
    return str(class_lookup(cls, "__module__")).startswith("torch.distributed.")
