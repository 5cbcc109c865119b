"""What one must know of a module that wraps another, or keeps its weights out of presenter."""

from __future__ import annotations

from paramwidget.tensors import class_lookup, class_name

#: By module and name of a class; its subclasses are meant too.
_WRAPPERS = {
    ("torch._dynamo.eval_frame", "OptimizedModule"): (
        "torch.compile wrapper: an edit in place takes effect, unless inductor froze the weights"
    ),
    ("torch.nn.parallel.distributed", "DistributedDataParallel"): (
        "DDP wrapper: an edit here is on this rank only"
    ),
    ("torch.nn.parallel.data_parallel", "DataParallel"): "DataParallel wrapper",
    ("torch.distributed.fsdp.fully_sharded_data_parallel", "FullyShardedDataParallel"): (
        "FSDP wrapper: between forwards each rank holds a shard"
    ),
    ("torch.distributed.fsdp", "FSDPModule"): (
        "FSDP2: after a forward it may hold gathered weights, whose edits are lost when it shards"
    ),
    ("torch.optim.swa_utils", "AveragedModel"): (
        "an average of another model: that one does not follow an edit here"
    ),
    ("torch.distributed.algorithms._checkpoint.checkpoint_wrapper", "CheckpointWrapper"): (
        "checkpoint wrapper: state_dict leaves its prefix out"
    ),
    ("torch.jit._script", "RecursiveScriptModule"): (
        "scripted: a frozen one keeps its weights as constants and shows none"
    ),
    ("torch.jit._trace", "TopLevelTracedModule"): "traced: an edit in place takes effect",
}
_PACKED = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized")


def wrapper_note(cls: type) -> str | None:
    """The note for a class, None for ordinary ones."""
    for base in vars(type)["__mro__"].__get__(cls):
        home = str(class_lookup(base, "__module__"))
        if home.startswith(_PACKED):
            return "quantized: its weights are packed where torch shows no slot"
        note = _WRAPPERS.get((home, class_name(base)))
        if note is not None:
            return note
    return None


def is_distributed(cls: type) -> bool:
    """True for a class that `torch.distributed` defines."""
    return str(class_lookup(cls, "__module__")).startswith("torch.distributed.")
