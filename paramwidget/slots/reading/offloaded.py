"""Where accelerate has put the weights of a module whose tensors are on the meta device.

Read from the ``__dict__``s of the hook that it hangs on the module; nothing is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paramwidget.tensors import raw_attributes

#: The attribute of a module that holds accelerate's hook.
HOOK = "_hf_hook"

_LONGEST = 200  # characters of a folder's name that are shown


def whereabouts(hook: object, key: str) -> str | None:
    """The sentence that says where the tensor ``key`` is; None if the hook offloads nothing."""
    for one in _chain(hook):
        fields = raw_attributes(one)
        if fields.get("offload") is True or fields.get("weights_map") is not None:
            place = _place(fields.get("weights_map"), key)
            return (
                "It is on the meta device: it has a shape and no data here; "
                f"offloaded by accelerate{place}."
            )
    return None


def _chain(hook: object) -> Sequence[object]:
    """The hook, or those of a sequence of hooks."""
    hooks = raw_attributes(hook).get("hooks")
    return hooks if isinstance(hooks, (tuple, list)) else [hook]


def _place(weights: object, key: str) -> str:
    """`` to CPU``, `` to disk, in /folder``; "" if the map of the weights does not tell."""
    fields = raw_attributes(weights)
    prefix = fields.get("prefix")
    name = f"{prefix}{key}" if type(prefix) is str else key
    held = fields.get("dataset", weights)
    loader = raw_attributes(held)
    for stored in (held, loader.get("state_dict")):
        tensor = stored.get(name) if type(stored) is dict else None
        if tensor is not None:
            return " to CPU"
    index = loader.get("index")
    about = index.get(name) if type(index) is dict else None
    file = about.get("safetensors_file") if type(about) is dict else None
    for what, place in (("file", file), ("folder", loader.get("save_folder"))):
        text = _text(place)
        if text:
            return f", on disk in {'the file ' if what == 'file' else ''}{text}"
    return ""


def _text(place: Any) -> str:
    """A path as text, shortened; "" if it is none."""
    if type(place) is not str:
        place = raw_attributes(place).get("_raw_path") if place is not None else None
    if type(place) is not str:
        return ""
    shown = "".join(c if c.isprintable() else "�" for c in place)
    return shown if len(shown) <= _LONGEST else f"…{shown[-_LONGEST:]}"
