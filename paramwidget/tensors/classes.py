"""What can be learned about an object's class without running its code."""

from __future__ import annotations

from typing import Any

import torch


def is_tensor(value: object) -> bool:
    """True for a tensor, decided without the value's own ``__class__``."""
    return issubclass(type(value), torch.Tensor)


def class_name(cls: type) -> str:
    """The class's name, ignoring any metaclass."""
    name: str = vars(type)["__name__"].__get__(cls)
    return name


def class_lookup(cls: type, name: str) -> Any:
    """What an attribute lookup finds in the classes of ``cls``, ignoring metaclass and descriptors.

    None if no class has the name.
    """
    for base in vars(type)["__mro__"].__get__(cls):
        namespace = vars(type)["__dict__"].__get__(base)
        if name in namespace:
            return namespace[name]
    return None


def class_has(cls: type, name: str) -> bool:
    """True if a class of ``cls`` has the name, even with the value None."""
    bases = vars(type)["__mro__"].__get__(cls)
    return any(name in vars(type)["__dict__"].__get__(base) for base in bases)


def error_text(error: BaseException) -> str:
    """An exception's class and text, shortened; the class alone if the text cannot be read."""
    try:
        text = str(error)
    except Exception:
        text = ""
    name = class_name(type(error))
    return f"{name}: {text[:500]}" if text else name
