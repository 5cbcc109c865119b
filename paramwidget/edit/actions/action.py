"""What an action is: one frozen dataclass, which is the whole declaration of it.

A subclass of ``Action`` is in the catalogue from then on, and its JSON follows from its fields,
each of a type of ``paramwidget.edit.actions.fields``. Nothing that is read is imported or run.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, get_origin, get_type_hints

from torch import nn

from paramwidget.edit.actions.fields import FUNCTIONS, SEED, Functions, JsonField
from paramwidget.edit.actions.outcome import Outcome
from paramwidget.edit.errors import EditError, listed, quoted
from paramwidget.slots.tree import Tree


class Action(ABC):
    """An edit that can be applied to a model.

    It is written under its ``kind``, by default its class name in lower case.
    """

    kind: ClassVar[str]
    fields: ClassVar[dict[str, JsonField]]
    catalogue: ClassVar[dict[str, type[Action]]] = {}

    def __init_subclass__(cls, kind: str = "") -> None:
        super().__init_subclass__()
        cls.kind = kind or cls.__name__.lower()
        cls.fields = {
            name: _codec(f"{cls.__name__}.{name}", hint)
            for name, hint in get_type_hints(cls, include_extras=True).items()
            if get_origin(hint) is not ClassVar
        }
        other = cls.catalogue.setdefault(cls.kind, cls)
        if other is not cls:
            raise TypeError(
                f"{cls.__name__} and {other.__name__} are both of the kind {cls.kind!r}"
            )

    @classmethod
    def check(cls) -> None:
        """Raises TypeError if the declaration is not finished; the room asks each at import."""
        made = vars(cls).get("__dataclass_params__")
        if made is None or not made.frozen:
            raise TypeError(f"{cls.__name__} needs @dataclass(frozen=True)")
        if cls.__abstractmethods__:
            raise TypeError(f"{cls.__name__} needs a method run(net, tree)")

    @abstractmethod
    def run(self, net: nn.Module, tree: Tree) -> Outcome:
        """Do it completely, or raise EditError with every byte unchanged."""


def _codec(field: str, hint: Any) -> JsonField:
    for note in getattr(hint, "__metadata__", ()):
        if isinstance(note, JsonField):
            return note
    raise TypeError(
        f"{field} has no JSON codec: give it a type of paramwidget/edit/actions/fields.py, such as "
        "Target, or declare one there"
    )


def to_json(action: Action, seed: int | None = None) -> dict[str, Any]:
    """The action as a JSON object; numbers as text, functions by name, ``seed`` as it was drawn.

    An argument that a string cannot hold is written as its repr, and refused when it is read.
    """
    values = {name: getattr(action, name) for name in action.fields}
    if seed is not None:
        drawn = [name for name, codec in action.fields.items() if codec is SEED]
        values.update(dict.fromkeys(drawn, seed))
    written = {name: codec.write(values[name]) for name, codec in action.fields.items()}
    return {"kind": action.kind, **written}


def without_functions(action: Action) -> Action:
    """The action with a user's function by its name alone: the function may hold the model."""
    values = {name: getattr(action, name) for name in action.fields}
    named = {name: codec.write(values[name]) for name, codec in action.fields.items()
             if codec in FUNCTIONS}  # fmt: skip
    return type(action)(**{**values, **named})


def from_json(content: object, functions: Functions | None = None) -> Action:
    """The action in a JSON object; ``functions`` are the user's own, by name.

    Raises EditError for an unknown kind, an unknown or missing field, a wrong type, and an unknown
    function.
    """
    kind = content.get("kind") if isinstance(content, dict) else None
    action = Action.catalogue.get(kind) if isinstance(kind, str) else None
    if not isinstance(content, dict) or action is None:
        known = listed(list(Action.catalogue), len(Action.catalogue))
        raise EditError(f"{quoted(content)} is not an action; the actions are {known}")
    given = {key: value for key, value in content.items() if key != "kind"}
    if given.keys() != action.fields.keys():
        raise EditError(f"{kind} has the fields {listed(list(action.fields))}, "
                        f"got {listed(sorted(map(str, given)))}")  # fmt: skip
    return action(
        **{
            name: codec.read(given[name], name, functions or {})
            for name, codec in action.fields.items()
        }
    )
