"""Writes edits as a script for ``net``: plain torch lines, and the helpers that they need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from paramwidget.edit.pieces import SOURCES

_FILL = '''
def fill(tensor, init, dtype=torch.float32, **arguments):
    """Draw in a plain tensor, so that layout, device and dtype do not matter."""
    scratch = torch.empty(tensor.shape, dtype=dtype)
    init(scratch, **arguments)
    tensor.data.copy_(scratch)
'''
_FILL_BY = '''
def fill_by(tensor, function, **arguments):
    """Apply a function to a copy, then store the copy."""
    with torch.no_grad():
        scratch = tensor.detach().clone(memory_format=torch.contiguous_format)
        function(scratch, **arguments)
    tensor.data.copy_(scratch)
'''
_SEED_ALL = """
def seed_all(seed):
    torch.manual_seed(seed)
    numpy.random.seed(seed)
    random.seed(seed)
"""
_KEEPING = '''
@contextlib.contextmanager
def keeping(*tensors):
    """Restore these tensors afterwards, whatever runs inside."""
    kept = [tensor.detach().clone() for tensor in tensors]
    yield
    for tensor, values in zip(tensors, kept):
        tensor.data.copy_(values)
'''
_SHALLOW_COPY = '''
def shallow_copy(module):
    """A copy of the module, with its own registries that hold the same tensors."""
    made = object.__new__(type(module))
    for name, value in vars(module).items():
        made.__dict__[name] = value.copy() if isinstance(value, (dict, list, set)) else value
    return made
'''
_VISIT = '''
def visit(module, function):
    """Like module.apply(function), without its recursion: children first."""
    todo = [(module, False)]
    while todo:
        module, ready = todo.pop()
        if ready:
            function(module)
            continue
        children = getattr(module, "_modules", {}).values()
        children = [child for child in children if isinstance(child, torch.nn.Module)]
        once = {id(child): child for child in children}
        todo += [(module, True), *((child, False) for child in reversed(once.values()))]
'''

# name -> (imports, source)
HELPERS: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "fill": ((), _FILL),
    "fill_by": ((), _FILL_BY),
    "seed_all": (("random", "numpy"), _SEED_ALL),
    "keeping": (("contextlib",), _KEEPING),
    "shallow_copy": ((), _SHALLOW_COPY),
    "visit": ((), _VISIT),
    **{name: (("collections.abc",), source) for name, source in SOURCES.items()},
}

# names that the lines use; a user's function with one of these names is renamed first
_TAKEN: Final = {
    *HELPERS, "w", "part", "piece", "reduced", "whole", "parameter", "generator",
    "torch", "numpy", "random",
}  # fmt: skip


@dataclass(frozen=True)
class Script:
    """The lines of one edit and the helpers they call."""

    lines: tuple[str, ...]
    helpers: frozenset[str] = frozenset()
    function: str = ""  # the name of the user's function that the lines call

    @property
    def text(self) -> str:
        """A complete script."""
        return assembled([self])


def assembled(scripts: Iterable[Script]) -> str:
    """One script that does several edits in order; empty where there is none."""
    scripts = list(scripts)
    if not scripts:
        return ""
    used = [name for name in HELPERS if any(name in script.helpers for script in scripts)]
    imports = sorted({module for name in used for module in HELPERS[name][0]})
    taken = sorted({script.function for script in scripts} & _TAKEN)
    head = [f"own_{name} = {name}" for name in taken]
    parts = ["\n".join([*head, *(f"import {module}" for module in [*imports, "torch"])])]
    parts += [HELPERS[name][1].strip() for name in used]
    header = "\n\n\n".join(parts)
    gap = "\n\n\n" if used else "\n\n"
    return header + gap + "\n\n".join("\n".join(script.lines) for script in scripts) + "\n"


def callable_text(function: Any) -> str:
    """The expression that reaches a user's function: its name, which the reader defines."""
    name = function_name(function)
    if name in _TAKEN:
        return f"own_{name}"
    return name if name.isidentifier() else f"globals()[{name!r}]"


def function_name(function: Any) -> str:
    """``__name__``, or the class of a callable object that has none."""
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) else type(function).__name__


def assigned(access: str, name: str, value: str) -> str:
    """The line that assigns a value to an expression of ``Node.access``."""
    if access.startswith("getattr(") and access.endswith(f", {name!r})"):
        return f"setattr({access[len('getattr(') : -1]}, {value})"
    return f"{access} = {value}"


def comment(text: str) -> str:
    """A one-line comment, whatever the text contains."""
    return "# " + "".join(c if c.isprintable() else "�" for c in text)


def indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]
