"""The lenses: what is shown of a tensor. One row of ``LENSES`` is a complete lens.

A row is what Python, the messages and the browser know of it: the button's label, the picture,
whether the cells can be edited. What a row leaves out has a safe default: a lens that does not say
that it is editable is not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch

from paramwidget.compat import without_torch_function
from paramwidget.picture.remembered import Moment
from paramwidget.picture.values import Values, values_of
from paramwidget.tensors import Unreadable, class_name, error_text, is_tensor

#: A colour scale: of this picture alone, fit to be shared with pictures of the same lens, or that
#: of angles.
Scale = Literal["own", "shared", "cyclic"]

NOTHING_REMEMBERED = "Nothing to compare with yet."

_TENSOR: Any = torch.Tensor

_log = logging.getLogger("paramwidget")


class Slot:
    """What a lens can use.

    ``tensor`` is the one in the model, of whatever class, and ``values`` what is in it, as
    ``Values``: ``values.elements`` is a plain tensor for any function of torch.
    """

    def __init__(
        self,
        tensor: torch.Tensor,
        values: Values | None = None,
        kept: torch.Tensor | None = None,
    ) -> None:
        self.tensor = tensor
        self.values = values or Values(tensor)
        self.kept = kept

    @property
    def remembered(self) -> torch.Tensor:
        """What the slot held at the last moment of the kind that the lens needs."""
        if self.kept is None:
            raise TypeError("a lens that uses remembered says with needs at which moment")
        return self.kept


#: A tensor (which the lens may create), or a sentence that says why there is none.
Shown = torch.Tensor | Values | str


def where_ready(kind: str, tensor: torch.Tensor | None) -> bool:
    """Offered if there is a tensor that can be read."""
    return tensor is not None


@dataclass(frozen=True)
class Lens:
    """One way to look at a tensor.

    ``show`` gives what is seen of a slot. ``offered`` says whether a slot (its kind, and its tensor
    if that can be read) has a button for it. ``plural`` is the name of what it shows in a sentence:
    "gradients". A lens that ``needs`` a moment is shown with what was ``remembered`` there, and
    only then.
    """

    name: str
    label: str
    show: Callable[[Slot], Shown]
    plural: str = ""
    offered: Callable[[str, torch.Tensor | None], bool] = where_ready
    editable: bool = False
    scale: Scale = "own"
    needs: Moment | None = None

    @property
    def them(self) -> str:
        """``plural``, by default the label's."""
        return self.plural or f"{self.label.lower()}s"

    @property
    def locked(self) -> str:
        """Why nothing can be edited under this lens; "" if it can."""
        if self.editable:
            return ""
        return f"{self.them.capitalize()} are read-only; switch to {USUAL.label} to edit."

    @property
    def shared_scale(self) -> str:
        """What one colour scale for several pictures is called."""
        return "one scale" if self is USUAL else f"one scale for {self.them}"


def _everywhere(kind: str, tensor: torch.Tensor | None) -> bool:
    return True


def _for_parameters(kind: str, tensor: torch.Tensor | None) -> bool:
    return kind == "parameter"


def _for_complex(kind: str, tensor: torch.Tensor | None) -> bool:
    return tensor is not None and tensor.is_complex()


def _gradient(slot: Slot) -> Shown:
    with without_torch_function():  # and past what the class of the tensor calls so
        is_leaf, requires_grad = (
            attribute.__get__(slot.tensor) for attribute in (_TENSOR.is_leaf, _TENSOR.requires_grad)
        )
        gradient: torch.Tensor | None = _TENSOR.grad.__get__(slot.tensor) if is_leaf else None
    if not is_leaf:
        return "No gradient: it is computed from other tensors, which have theirs."
    if gradient is not None:
        return gradient
    if not requires_grad:
        return "No gradient: requires_grad is False."
    return "No gradient yet: run backward()."


def _angle(slot: Slot) -> Shown:
    if not slot.tensor.is_complex():
        return "Only a complex tensor has an angle."
    return torch.angle(slot.values.elements)


#: The lens of a panel by default.
USUAL = Lens(
    "value", "Value", lambda slot: slot.values, offered=_everywhere, editable=True, scale="shared"
)

_DECLARED = (
    USUAL,
    Lens("grad", "Gradient", _gradient, offered=_for_parameters, scale="shared"),
    Lens("angle", "Angle", _angle, offered=_for_complex, scale="cyclic"),
)

#: By name, in the order of their buttons.
LENSES: dict[str, Lens] = {lens.name: lens for lens in _DECLARED}


for _lens in _DECLARED:
    if LENSES[_lens.name] is not _lens:
        raise ValueError(f"the lens {_lens.name} is declared twice")


# --- looking through one -------------------------------------------------------------------------


def lens_named(name: str) -> Lens:
    """The lens of that name; raises ValueError with the existing names."""
    lens = LENSES.get(name) if isinstance(name, str) else None
    if lens is None:
        *others, last = LENSES
        raise ValueError(f"lens must be {', '.join(others)} or {last}, got {name!r:.80}")
    return lens


def lenses_for(kind: str, tensor: torch.Tensor | None) -> list[Lens]:
    """The lenses that a slot offers; ``tensor`` is its own if that can be read."""
    return [lens for lens in LENSES.values() if _is_offered(lens, kind, tensor)]


def _is_offered(lens: Lens, kind: str, tensor: torch.Tensor | None) -> bool:
    try:
        return lens.offered(kind, tensor)
    except Exception as error:
        _failed(lens, error)
        return False


def look(lens: Lens, slot: Slot) -> Values | str:
    """What a lens shows of a slot, or a sentence that says why nothing.

    Raises Unreadable if the tensor has no values, or if the lens itself fails.
    """
    if lens.needs and slot.kept is None:
        return NOTHING_REMEMBERED
    try:
        with torch.no_grad():
            shown = lens.show(slot)
        if isinstance(shown, str):
            return shown
        if not isinstance(shown, Values) and not is_tensor(shown):
            raise TypeError(f"the result is a {class_name(type(shown))}, not a tensor")
        return values_of(shown)
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(_failed(lens, error)) from error


_told: set[tuple[str, str]] = set()


def _failed(lens: Lens, error: Exception) -> str:
    """The sentence for an error; each kind of error of a lens is logged once."""
    kind = (lens.name, class_name(type(error)))
    if kind not in _told:
        _told.add(kind)
        _log.warning("paramwidget: the lens %s failed", lens.label, exc_info=error)
    return f"The lens {lens.label} failed: {error_text(error)}"
