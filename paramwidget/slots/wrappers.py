"""What one must know of a module that wraps another, or keeps its weights out of sight."""

from __future__ import annotations

from paramwidget.tensors import class_lookup, class_name

#: Classes that wrap a model, by module and name, and what one must know of them.
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


def wrapper_note(cls: type) -> str | None:
    """What to know of a module whose class wraps another or hides its weights."""
    home = str(class_lookup(cls, "__module__"))
    if home.startswith(("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized")):
        return "quantized: its weights are packed where torch shows no slot"
    return _WRAPPERS.get((home, class_name(cls)))
