"""Writes edits as a script: plain torch lines, and the helpers that they need.

A line holds literals and checked identifiers only. The model and the user's function stand in it
as ``ROOT`` and ``FUNCTION``; what they are called is decided where the script is put together.
"""

from __future__ import annotations

import builtins
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import MethodType
from typing import Any, Final

from paramwidget.edit.pieces import SOURCES
from paramwidget.namespace import NET, is_name, variables

#: The model, in a line. No literal holds this character, and no comment.
ROOT: Final = "\0"
#: The user's function, in a line.
FUNCTION: Final = "\1"

_FILL = '''
def fill(tensor, init, /, dtype=torch.float32, **arguments):
    """Draw in a plain tensor, so that layout, device and dtype do not matter."""
    scratch = torch.empty(tensor.shape, dtype=dtype)
    init(scratch, **arguments)
    tensor.data.copy_(scratch)
'''
_FILL_BY = '''
def fill_by(tensor, function, /, **arguments):
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
def visit(module, function, without=()):
    """Like module.apply(function), without its recursion and these modules: children first."""
    todo = [(module, False)]
    while todo:
        module, ready = todo.pop()
        if ready:
            if not any(module is one for one in without):
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

#: Names that scripts use themselves.
_OWN: Final = frozenset({
    *HELPERS, "w", "part", "whole", "parameter", "generator", "torch", "numpy", "random",
    "contextlib", "collections", "piece", "reduced", *vars(builtins),
})  # fmt: skip


class UserFunction:
    """A function of the user's by its name; held weakly, since it may hold the model."""

    def __init__(self, function: Any) -> None:
        self.name = function_name(function)
        self._find = _weakly(function)

    def is_same(self, other: UserFunction) -> bool:
        """Whether it is one function; False if both are gone and only the names are left."""
        mine, its = self._find(), other._find()
        if isinstance(mine, MethodType) and isinstance(its, MethodType):
            # a method is a new object each time that it is looked up
            return mine.__self__ is its.__self__ and mine.__func__ is its.__func__
        return self is other or (mine is its and mine is not None)


def _weakly(function: Any) -> Callable[[], Any]:
    try:
        if isinstance(function, MethodType):
            return weakref.WeakMethod(function)
        return weakref.ref(function)
    except TypeError:  # a class of the user's with __slots__
        return lambda: function


@dataclass(frozen=True)
class Script:
    """The lines of one edit and the helpers they call.

    ``function`` is the user's, which the lines call; ``lacks`` says what they cannot hold.
    """

    lines: tuple[str, ...]
    helpers: frozenset[str] = frozenset()
    function: UserFunction | None = None
    lacks: tuple[str, ...] = ()

    def text(self, net: str = NET) -> str:
        """A complete script for the model in the variable ``net``."""
        return assembled([self], net)


def assembled(scripts: Iterable[Script], net: str = NET) -> str:
    """One script that does several edits in order to ``net``; empty where there is none.

    ``net`` is an expression: a variable, perhaps with attributes and items behind it. What the
    script cannot hold stands in its first line.
    """
    scripts = [script for script in scripts if script.lines]
    if not scripts:
        return ""
    names = _Names.of(scripts, net)
    called = frozenset[str]().union(*(script.helpers for script in scripts))
    used = [name for name in HELPERS if name in called]
    imports = sorted({module for name in used for module in HELPERS[name][0]})
    head = [*names.kept, *(f"import {module}" for module in [*imports, "torch"])]
    lacks = dict.fromkeys([*names.lacks, *(lack for script in scripts for lack in script.lacks)])
    if lacks:
        head.insert(0, comment(f"Incomplete: {'; '.join(lacks)}"))
    parts = ["\n".join(head)]
    parts += [HELPERS[name][1].strip() for name in used]
    header = "\n\n\n".join(parts)
    gap = "\n\n\n" if used else "\n\n"
    body = [names.written(script) for script in scripts]
    if names.given_back:
        body.append("\n".join(names.given_back))
    return header + gap + "\n\n".join(body) + "\n"


@dataclass
class _Names:
    """What the model and the user's functions are called in one script.

    A name that the script uses itself is kept under another one, and given back at the end.
    """

    net: str
    functions: dict[str, str] = field(default_factory=dict)  # by __name__
    kept: list[str] = field(default_factory=list)  # lines
    given_back: list[str] = field(default_factory=list)  # lines
    lacks: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, scripts: list[Script], net: str) -> _Names:
        called: dict[str, list[UserFunction]] = {}
        for script in scripts:
            if script.function is not None:
                known = called.setdefault(script.function.name, [])
                if not any(script.function.is_same(one) for one in known):
                    known.append(script.function)
        variable = next((net[:n] for n, c in enumerate(net) if c in ".["), net)
        taken = {*_OWN, *called, variable}
        made = cls(net)
        if variable in _OWN:
            made.net = made._keep(variable, taken) + net[len(variable) :]
        for name, functions in called.items():
            if len(functions) > 1:
                made.lacks.append(same_name(name))
            if not is_name(name):
                made.functions[name] = f"globals()[{name!r}]"
            elif name == variable:
                made.functions[name] = _free(name, taken)
                made.lacks.append(f"{name} is the model, and a function of that name is called "
                                  f"{made.functions[name]}: define it")  # fmt: skip
            else:
                made.functions[name] = made._keep(name, taken) if name in _OWN else name
        return made

    def _keep(self, name: str, taken: set[str]) -> str:
        """Another name for what the user's variable holds."""
        own = _free(name, taken)
        self.kept.append(f"{own} = {name}")
        if hasattr(builtins, name):
            self.kept.append(f"from builtins import {name}")
        self.given_back.append(f"{name} = {own}")
        return own

    def written(self, script: Script) -> str:
        """The lines of one edit."""
        text = "\n".join(script.lines).replace(ROOT, self.net)
        if script.function is None:
            return text
        return text.replace(FUNCTION, self.functions[script.function.name])


def _free(name: str, taken: set[str]) -> str:
    own = f"own_{name}"
    while own in taken:
        own = f"own_{own}"
    taken.add(own)
    return own


def same_name(name: str) -> str:
    """What a script lacks that calls two functions of one name."""
    return f"another function called {name} ran before, and the script calls both by that name"


def about_function(function: Any) -> list[str]:
    """What a script lacks that calls this function of the user's by its name."""
    name = function_name(function)
    if not isinstance(getattr(function, "__name__", None), str):
        return [f"the function has no __name__: the script calls {name}, which is its class"]
    if not is_name(name):
        return [f"the function is not defined under a name: the script calls globals()[{name!r}]"]
    if isinstance(function, MethodType):
        return [f"the function is a method of an object that is not part of the model: the script "
                f"calls {name}"]  # fmt: skip
    where = str(getattr(function, "__qualname__", "")).rpartition("<locals>.")[2]
    if "." in where and dict.get(variables(), name) is not function:
        return [f"the function belongs to the class {where.rpartition('.')[0]}, which is not part "
                f"of the model: the script calls {name}"]  # fmt: skip
    return []


def function_name(function: Any) -> str:
    """``__name__``, or the class of a callable object that has none."""
    name = getattr(function, "__name__", None)
    return str.__str__(name) if isinstance(name, str) else type(function).__name__


def assigned(access: str, name: str, value: str) -> str:
    """The line that assigns a value to an expression of ``Node.access``."""
    if access.startswith("getattr(") and access.endswith(f", {name!r})"):
        return f"setattr({access[len('getattr(') : -1]}, {value})"
    return f"{access} = {value}"


def comment(text: str) -> str:
    """A one-line comment, whatever the text contains."""
    return "# " + "".join(c if c.isprintable() or c == ROOT else "�" for c in text)


def indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]
