"""Python expressions that reach a slot from `net`, each of them true; found without running any.

Three ways, as the chapter has them: by index (`net[0].weight`), by attribute
(`net.Linear_1.weight`), by `net.state_dict()['Linear_1.weight']`. A way is left out where the
classes on it may answer otherwise: a `__getitem__`, `__getattr__` or `state_dict` of their own.
"""

from __future__ import annotations

from keyword import iskeyword
from types import FunctionType

from torch import nn

from paramwidget import compat
from paramwidget.slots.columns import Columns
from paramwidget.tensors import class_has, class_lookup, class_name

#: Below this depth no expression recurses in Python's parser, nor `state_dict` in torch.
DEPTH = 80

_REGISTRIES = {"parameter": "_parameters", "buffer": "_buffers", "module": "_modules"}


def expressions(columns: Columns, place: int, slot: int) -> list[str]:
    """All ways that are known to be true, the shortest to read first."""
    hops = _hops(columns, place, slot)
    by_index, by_attribute = "net", "net"
    for hop in hops:
        by_index = hop.indexed(by_index)
        by_attribute = hop.named(by_attribute)
    found = [by_index]
    if by_attribute != by_index:
        found.append(by_attribute)
    key = _state_dict_key(columns, place, slot)
    if key is not None:
        found.append(f"net.state_dict()[{key!r}]")
    return found


class _Hop:
    """One step from a module to something it holds."""

    def __init__(self, cls: type, key: str, kind: str, position: int, hidden: bool) -> None:
        self.cls = cls
        self.key = key
        self.kind = kind
        self.position = position
        self.hidden = hidden

    def indexed(self, base: str) -> str:
        index = _index(self.cls, self.key, self.kind, self.position)
        return self.attribute(base) if index is None or self.hidden else f"{base}[{index}]"

    def named(self, base: str) -> str:
        named = self.attribute(base)
        return named if named == f"{base}.{self.key}" else self.indexed(base)

    def attribute(self, base: str) -> str:
        if not _plain_lookup(self.cls):
            return f"object.__getattribute__({base}, '__dict__'){self._in_dict()}"
        if self.hidden or not _own_lookup(self.cls, self.kind, self.key):
            return f"{base}.__dict__{self._in_dict()}"
        if self.key.isidentifier() and not iskeyword(self.key):
            return f"{base}.{self.key}"
        return f"getattr({base}, {self.key!r})"

    def _in_dict(self) -> str:
        registry = _REGISTRIES.get(self.kind)
        return f"[{self.key!r}]" if registry is None else f"[{registry!r}][{self.key!r}]"


def _hops(columns: Columns, place: int, slot: int) -> list[_Hop]:
    hops = []
    if slot >= 0:
        cls = columns.classes[columns.modules[place]]
        kind = columns.slot_kinds[slot]
        if kind == "none":
            kind = "buffer" if slot in columns.none_buffers else "parameter"
        position = slot - columns.first_slot[columns.modules[place]]
        hidden = slot in columns.shadowed
        hops.append(_Hop(cls, columns.slot_keys[slot], kind, position, hidden))
    while place > 0:
        parent = columns.parents[place]
        cls = columns.classes[columns.modules[parent]]
        hops.append(_Hop(cls, columns.keys[place], "module", columns.positions[place], False))
        place = parent
    hops.reverse()
    return hops


def _index_kind(cls: type) -> str | None:
    """Which of torch's containers answers `cls()[...]`, where nothing of its own comes between."""
    containers: tuple[tuple[str, type], ...] = (
        ("sequential", nn.Sequential),
        ("list", nn.ModuleList),
        ("dict", nn.ModuleDict),
        ("parameters", nn.ParameterList),
        ("parameter dict", nn.ParameterDict),
    )
    for name, container in containers:
        if issubclass(cls, container):
            methods = ("__getitem__", "__len__", "_get_item_by_idx", "_get_abs_string_index")
            same = all(class_lookup(cls, m) is class_lookup(container, m) for m in methods)
            return name if same and _plain_lookup(cls) else None
    return None


def _index(cls: type, key: str, kind: str, position: int) -> str | None:
    container = _index_kind(cls)
    if kind == "module":
        if container == "sequential":
            return str(position)
        if container == "list":
            return key if key == str(position) else None
        if container == "dict":
            return repr(key)
    elif kind == "parameter" and container == "parameters":
        return key if key == str(position) else None
    elif kind == "parameter" and container == "parameter dict":
        return repr(key)
    return None


def _plain_lookup(cls: type) -> bool:
    """True where attribute lookup is Python's own."""
    return class_lookup(cls, "__getattribute__") is object.__getattribute__


def _plain_fallback(cls: type) -> bool:
    own = class_lookup(cls, "__getattr__")
    return own is vars(nn.Module)["__getattr__"] or own in compat.faithful_getattr()


def _own_lookup(cls: type, kind: str, key: str) -> bool:
    """True where `module.key` is answered from the module's own registries."""
    if kind == "computed":
        return True
    if kind == "constant":
        return not class_has(cls, key) or not hasattr(type(class_lookup(cls, key)), "__set__")
    return not class_has(cls, key) and _plain_fallback(cls)


def _state_dict_key(columns: Columns, place: int, slot: int) -> str | None:
    """The key of a slot in `net.state_dict()`, None where it has none or might have another."""
    if slot < 0 or slot in columns.transient or slot in columns.shadowed:
        return None
    if columns.slot_kinds[slot] not in ("parameter", "buffer") or columns.slot_tensors[slot] < 0:
        return None
    if not _all_save_plainly(columns):
        return None
    path = [columns.slot_keys[slot]]
    while place > 0:
        path.append(columns.keys[place])
        place = columns.parents[place]
    if len(path) > DEPTH or any("." in key for key in path):
        return None
    return ".".join(reversed(path))


def _all_save_plainly(columns: Columns) -> bool:
    """True where nothing in the model may raise in `state_dict` or choose other keys."""
    if columns.saves_plainly is None:
        classes = {id(cls): cls for cls in columns.classes}
        endless = any(note.startswith("recursion") for note in columns.place_notes.values())
        columns.saves_plainly = not endless and all(map(_saves_plainly, classes.values()))
    return columns.saves_plainly


def _saves_plainly(cls: type) -> bool:
    """True where torch's own methods write the state dict of a class."""
    for method in ("state_dict", "_save_to_state_dict"):
        own = class_lookup(cls, method)
        if own is not vars(nn.Module)[method] and not _is_torchs(own):
            return False
    return True


def _is_torchs(function: object) -> bool:
    return isinstance(function, FunctionType) and function.__module__.startswith("torch.nn.modules")


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
