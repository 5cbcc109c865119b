"""Has anything moved since a model was read? If two traces are equal, so are the readings.

A reading names every place of a model; a trace only records what is there, column by column, in
about half the time of reading. It consists of hashes and keeps nothing of the model alive.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import accumulate, chain, islice
from typing import Any, NamedTuple

import torch
from torch import nn

from paramwidget import compat
from paramwidget.slots.reading.collector import without_collection
from paramwidget.slots.reading.reader import INERT
from paramwidget.slots.reading.unregistered import is_container, items_in
from paramwidget.tensors import class_lookup, condition, is_tensor, parts, shape_of

_REGISTRIES = ("_parameters", "_buffers", "_modules")
_HOOKS = ("_forward_pre_hooks", "_state_dict_hooks", "_state_dict_pre_hooks")
_TRANSIENT = "_non_persistent_buffers_set"
_OWN = len(compat.MODULE_FIELDS)
_LAST = compat.MODULE_FIELDS[-1]
_ONE_MORE = (1).__add__
_PLAIN = frozenset(map(id, compat.PLAIN_TENSORS))

#: Tensors that are read together; one that refuses an attribute affects only its own batch.
_PIECE = 4096


class Trace(NamedTuple):
    """What a reading depends on.

    ``places``: which modules and tensors there are, by what names, and where they lie in memory.
    ``details``: everything else that ties and rows follow from.
    """

    places: object
    details: object
    #: The sum of the identities of all that is registered as a parameter or buffer.
    registered: int = 0


class _Odd(Exception):
    """A module that is not laid out as torch lays out its own."""


def trace_of(net: Any) -> Trace:
    """The present trace of a model; runs none of its code.

    If a module is not laid out like torch's own, its trace equals no other: such a model is read
    again each time.
    """
    return _guarded(net, True)


def places_of(net: Any) -> object:
    """``trace_of(net).places`` alone, in about half the time."""
    return _guarded(net, False).places


def _guarded(net: Any, details: bool) -> Trace:
    try:
        with without_collection():
            return _trace(net, details)
    except Exception:  # what cannot be traced counts as moved
        return Trace(object(), object())


def _trace(net: Any, wanted: bool) -> Trace:
    places: list[object] = []
    details: list[object] = []
    tensors: list[Any] = []
    constants: list[Any] = []
    level, met = [net], {id(net), id(None)}
    while level:
        fields = list(map(compat.raw_dict, level))
        lengths = list(map(len, fields))
        places.append(_hash(lengths))
        registries = [[one[name] for one in fields] for name in _REGISTRIES]
        *registered, children = map(_values, registries)
        tensors += chain.from_iterable(registered)
        places += chain.from_iterable(map(_keys, registries))
        kinds = list(map(id, map(type, level)))
        places.append(_hash(kinds))
        constants += _attributes(_changeable(level, kinds, lengths, fields), places)
        if wanted:
            details += _remarks(fields)
        level = _unmet(children, met, places)
    numbers = list(map(id, tensors))
    places += [_hash(numbers), _hash(map(id, constants))]
    for piece in chain(_pieces(tensors), _pieces(constants)):
        lie, look = _look(piece, wanted)
        places.append(lie)
        details.append(look)
    return Trace(tuple(places), tuple(details), sum(numbers))


def _hash(values: Iterable[object]) -> int:
    return hash(tuple(values))


def _kinds(values: Iterable[object]) -> set[int]:
    """The classes there are, by identity: a metaclass may have a hash of its own."""
    return set(map(id, map(type, values)))


def _unmet(children: list[Any], met: set[int], found: list[object]) -> list[Any]:
    """The children that were not met before; the identities of all are appended to ``found``."""
    if not children:
        return []
    numbers = list(map(id, children))
    found.append(_hash(numbers))
    new = set(numbers)
    if len(new) == len(numbers) and met.isdisjoint(new):
        met |= new
        return children
    new -= met
    met |= new
    below = dict(zip(numbers, children, strict=True))
    return [child for number, child in below.items() if number in new]


def _values(registries: list[Any]) -> list[Any]:
    """What all the registries hold."""
    if _kinds(registries) != {id(dict)}:
        raise _Odd
    return list(chain.from_iterable(map(dict.values, filter(None, registries))))


def _keys(registries: list[Any]) -> list[object]:
    """What it is called there, and how much each has."""
    keys = chain.from_iterable(filter(None, registries))
    return [hash("\0".join(keys)), _hash(map(len, registries))]  # raises for what is not a string


def _changeable(
    modules: list[Any], kinds: list[int], lengths: list[int], fields: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The fields of modules that may put a tensor in place of another attribute.

    Layers of torch's own do not, unless a hook does (weight norm, pruning) or somebody gave one an
    attribute of its own. To look at them too would take as long again as all the rest.
    """
    hooks = [held["_forward_pre_hooks"] for held in fields]
    one_of_each = dict(zip(kinds, modules, strict=True))
    users = {kind for kind, module in one_of_each.items() if _may_change(module)}
    sizes = set(zip(kinds, lengths, strict=True))
    usual = dict(sorted(sizes, reverse=True))  # the least of each kind
    if not any(hooks) and len(sizes) == len(usual) and all(usual[kind] == _OWN for kind in users):
        return []
    rows = zip(kinds, hooks, lengths, fields, strict=True)
    return [
        held
        for kind, hooked, length, held in rows
        if length > _OWN and (hooked or kind in users or length > usual[kind])
    ]


def _may_change(module: Any) -> bool:
    """False for a layer of torch's own that has the attributes which its constructors set."""
    kind = type(module)
    if not str(class_lookup(kind, "__module__")).startswith("torch.nn.modules."):
        return True
    constructors = [vars(base).get("__init__") for base in vars(type)["__mro__"].__get__(kind)]
    codes = [code for one in constructors if (code := getattr(one, "__code__", None))]
    known = set(chain.from_iterable(code.co_names for code in codes))
    return not known.issuperset(islice(compat.raw_dict(module), _OWN, None))


def _attributes(fields: list[dict[str, Any]], found: list[object]) -> list[Any]:
    """The tensors among the plain attributes; what else may be a row or a remark is appended."""
    counts = [len(held) - _OWN for held in fields]
    names = list(chain.from_iterable(map(islice, map(reversed, fields), map(_ONE_MORE, counts))))
    ends = accumulate(map(_ONE_MORE, counts))
    if any(names[end - 1] != _LAST for end in ends):  # torch's own fields do not come first
        raise _Odd
    last = map(islice, map(reversed, map(dict.values, fields)), counts)
    values = list(chain.from_iterable(last))
    kinds = list(map(type, values))
    numbers = list(map(id, kinds))
    found += [_hash(names), _hash(numbers)]
    strange = set(numbers) - INERT.keys()
    tensors = []
    for value, kind, number in zip(values, kinds, numbers, strict=True) if strange else ():
        if number not in strange:
            continue
        if is_tensor(value):
            tensors.append(value)
        elif is_container(kind):
            found.append(_hash((id(item), id(type(item))) for item in items_in(value)))
        elif issubclass(kind, nn.Module):
            found.append(id(value))
    return tensors


def _remarks(fields: list[dict[str, Any]]) -> list[object]:
    """Hooks, and the names of buffers that are not saved, each with the place of its module."""
    found: list[object] = []
    for name in (*_HOOKS, _TRANSIENT):
        remarks = [held[name] for held in fields]
        for place, remark in enumerate(remarks) if any(remarks) else ():
            if not remark:
                continue
            if type(remark) is set:
                found.append((place, _hash(sorted(remark))))
            elif type(remark) is OrderedDict:
                found.append((place, _hash(map(id, remark.values()))))
            else:
                raise _Odd
        found.append(name)
    return found


def _pieces(tensors: list[Any]) -> Iterator[list[Any]]:
    """The tensors a few thousand at a time, without the empty slots."""
    if id(type(None)) in _kinds(tensors):
        tensors = [tensor for tensor in tensors if tensor is not None]
    for start in range(0, len(tensors), _PIECE):
        yield tensors[start : start + _PIECE]


def _look(piece: list[Any], wanted: bool) -> tuple[object, object]:
    """Where tensors lie; and, if wanted, class, shape, dtype, layout and ``requires_grad``."""
    try:
        kinds = list(map(id, map(type, piece)))
        if not _PLAIN.issuperset(kinds):
            raise _Odd
        addresses = list(map(compat.storage_address, piece))
        offsets = list(map(torch.Tensor.storage_offset, piece))
        lie = _hash(addresses), _hash(offsets) if any(offsets) else 0
        look = wanted and (
            _hash(kinds),
            _hash([tensor.shape for tensor in piece]),
            _hash([tensor.dtype for tensor in piece]),
            hash(bytes([tensor.requires_grad for tensor in piece])),
            _strides(piece),
            # tensors without an element have no address that would tell
            _hash([tensor.device for tensor in piece]) if 0 in addresses else 0,
        )
    except Exception:
        return (
            tuple(map(_lies, piece)),
            tuple(condition(tensor) if is_tensor(tensor) else None for tensor in piece),
        )
    return lie, look


def _strides(piece: list[Any]) -> object:
    """The strides of the tensors that are not contiguous, with their places."""
    contiguous = bytes(map(torch.Tensor.is_contiguous, piece))
    if 0 not in contiguous:
        return 0
    rows = enumerate(zip(piece, contiguous, strict=True))
    return tuple((place, tensor.stride()) for place, (tensor, whole) in rows if not whole)


def _lies(tensor: Any) -> object:
    """The same of a tensor that is not plain: of the tensors that hold its memory."""
    if not is_tensor(tensor):
        return id(type(tensor))
    known = condition(tensor)
    found: list[object] = [id(type(tensor)), known.shape, known.dtype]
    for part in parts(tensor) if known.state in ("ready", "unreadable") else ():
        with compat.without_torch_function():
            try:
                found.append((compat.data_address(part), shape_of(part), torch.Tensor.stride(part)))
            except Exception:
                found.append(id(part))
    return tuple(found)
