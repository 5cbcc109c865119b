"""A user's function that has no name of its own, found on a module of the model or in torch."""

from __future__ import annotations

from collections.abc import Iterator
from types import MethodType
from typing import Any

from torch import nn

from paramwidget import compat
from paramwidget.edit.script import ROOT, about_function
from paramwidget.edit.values.literals import of_torch
from paramwidget.namespace import is_name
from paramwidget.slots.names import modules_with_paths
from paramwidget.slots.tree import Tree
from paramwidget.tensors import class_lookup


def expression_of(net: nn.Module, tree: Tree, function: Any) -> str:
    """What a line calls such a function: ``net.encoder.init_weights``, ``torch.Tensor.zero_``.

    It is "" for a function that is called by its name, and for one that is not found.
    """
    if not about_function(function):
        return ""
    known = of_torch(function)
    if known:
        return known
    for path, module in modules_with_paths(net):
        key, of_class = _attribute(module, function)
        node = tree.find(path) if key else None
        if node is not None and node.kind == "module":
            access = node.expression(ROOT)
            return f"type({access}).{key}" if of_class else f"{access}.{key}"
    return ""


def _attribute(module: nn.Module, function: Any) -> tuple[str, bool]:
    """The name under which a module gives this function, "" if there is none.

    Then whether it is its class that gives it.
    """
    cls, fields = type(module), compat.module_fields(module)
    if class_lookup(cls, "__getattribute__") is not object.__getattribute__:
        return "", False
    for key, held in fields.items():
        if held is function and is_name(key) and class_lookup(cls, key) is None:
            return key, False
    bound = function.__self__ if type(function) is MethodType else None
    if bound is not None and bound is not module and bound is not cls:
        return "", False
    plain = function if bound is None else function.__func__
    for key in _names_in(cls, plain):
        kind = type(class_lookup(cls, key))
        if bound is module and key not in fields and kind not in (staticmethod, classmethod):
            return key, False
        if bound is not module and (kind is classmethod) == (bound is cls):
            return key, True
    return "", False


def _names_in(cls: type, plain: Any) -> Iterator[str]:
    """The names under which a class has a function, itself or as a static or class method."""
    for base in vars(type)["__mro__"].__get__(cls):
        for key, held in vars(type)["__dict__"].__get__(base).items():
            inner = held.__func__ if type(held) in (staticmethod, classmethod) else held
            if inner is plain and is_name(key) and class_lookup(cls, key) is held:
                yield key
