"""Writes a parametrized tensor through the ``right_inverse`` of its parametrizations, or refuses.

What is written to ``module.weight`` itself is lost at its next use, so the originals are written
instead; then the tensor is computed and compared with what was asked.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize

from paramwidget.edit.actions.modules import (
    children_of,
    existing_module,
    registered,
    unique_modules,
)
from paramwidget.edit.actions.write_target import Ties, WriteTarget
from paramwidget.edit.errors import EditError, no_memory, quoted
from paramwidget.edit.initializers.seeds import generators_put_back
from paramwidget.edit.memory.rollback import restored_on_error
from paramwidget.edit.memory.transaction import Transaction
from paramwidget.edit.memory.write import copied, put
from paramwidget.edit.script import ROOT, assigned, indented
from paramwidget.edit.values.convert import converted
from paramwidget.slots.names import held_at, one_way_reason, resolve
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Node, Tree
from paramwidget.tensors import Unreadable, dtype_name, error_text, same_bits

_ROUNDING = 32  # units in the last place that a round trip may lose


def chain_at(net: nn.Module, node: Node) -> parametrize.ParametrizationList:
    """The parametrizations of a computed slot."""
    path = (*node.path[:-1], "parametrizations", node.path[-1])
    chain = existing_module(net, path)
    assert isinstance(chain, parametrize.ParametrizationList)
    return chain


def write_target(net: nn.Module, node: Node) -> WriteTarget | str:
    """The computed slot with its present value, or the reason why it cannot be written to."""
    chain = chain_at(net, node)
    originals = " and ".join(quoted(".".join(source)) for source in node.sources)
    reason = one_way_reason(net, node.path)
    if reason is not None:
        return f"{reason} Edit {originals} instead."
    try:
        return WriteTarget(value(net, node), (node,), _moving(chain, node))
    except Unreadable as error:
        return f"It cannot be computed now ({error}). Edit {originals} instead."


def _moving(chain: nn.Module, node: Node) -> str:
    """A spectral norm in training mode advances its vectors whenever its tensor is read."""
    steps = [one for _, step in children_of(chain) for one in unique_modules(step)]
    if not any(registered(step, "_buffers") for step in steps):
        return ""
    access, name = node.expression(ROOT), node.path[-1]
    owner = access.removesuffix(f".{name}")
    if owner == access:
        owner = access.removeprefix("getattr(").removesuffix(f", {name!r})")
    return f"*{owner}.parametrizations[{name!r}].buffers()"


def value(net: nn.Module, node: Node) -> torch.Tensor:
    """What the slot computes now, in its own plain memory."""
    found = resolve(net, node.path)
    assert found is not None
    return copied(found)


def store(
    work: Transaction, tree: Tree, write_target: WriteTarget, values: torch.Tensor
) -> list[Name]:
    """Write the originals so that the slot computes ``values``; returns the names that changed.

    Raises EditError, with nothing changed, if the slot computes something else.
    """
    net, node = work.net, write_target.node
    chain = chain_at(net, node)
    ties = Ties(tree)
    sources = [tree.node(source) for source in node.sources]
    with restored_on_error(unique_modules(chain)) as point:
        _write_originals(chain, values, node)
        _check(value(net, node), values, node)
        tensors = {id(held_at(chain, source.path[-1:])): ties.same(source) for source in sources}
        paths = {key: tuple(one.path for one in nodes) for key, nodes in tensors.items()}
        work.inverses += point.changes(paths)
        point.keep_versions()
    changed = [one.label for nodes in tensors.values() for one in nodes]
    return [node.label, *changed]


def _write_originals(
    chain: parametrize.ParametrizationList, values: torch.Tensor, node: Node
) -> None:
    """Not by assigning to ``module.weight``: that gives the originals other memory."""
    wanted: Any = values
    steps: list[Any] = [step for _, step in children_of(chain)]  # write_target() has checked each
    try:
        with generators_put_back(), torch.no_grad():
            for step in reversed(steps):
                wanted = step.right_inverse(wanted)
    except Exception as error:
        raise EditError(
            f"{quoted(node.name)} cannot take these values: {no_memory(error) or error_text(error)}"
        ) from error
    parts = [wanted] if chain.is_tensor else list(wanted)
    names = ["original"] if chain.is_tensor else [f"original{i}" for i in range(len(parts))]
    for name, part in zip(names, parts, strict=True):
        original = held_at(chain, (name,))
        if original is None:
            continue  # a part that right_inverse omitted
        if part.shape != original.shape:
            raise EditError(
                f"{quoted(node.name)} cannot take these values: its {name} would change shape from "
                f"{tuple(original.shape)} to {tuple(part.shape)}"
            )
        put(original, converted(part.detach(), original.dtype))


def _check(got: torch.Tensor, asked: torch.Tensor, node: Node) -> None:
    if same_bits(got, asked):
        return
    limit = torch.finfo(got.dtype).eps * _ROUNDING if got.is_floating_point() else 0.0
    scale = float(asked[asked.isfinite()].abs().max()) if bool(asked.isfinite().any()) else 0.0
    near = got.shape == asked.shape and torch.allclose(
        got, asked, rtol=limit, atol=limit * scale, equal_nan=True
    )
    if not near:
        originals = " and ".join(quoted(".".join(source)) for source in node.sources)
        raise EditError(
            f"{quoted(node.name)} cannot take these values: its parametrization makes another "
            f"tensor of them; edit {originals} instead"
        )


def filling(
    write_target: WriteTarget, own: bool, call: str, dtype: torch.dtype, rows: list[int]
) -> list[str]:
    """The lines of an initialization through ``module.weight = w``.

    ``own``: the call is to a user's function, which works on the present values.
    """
    start = f"{write_target.access}.clone(memory_format=torch.contiguous_format)"
    if not own:
        shape = tuple(write_target.tensor.shape)
        start = f"torch.empty({shape}, dtype=torch.{dtype_name(dtype)})"
    target = []
    if dtype != write_target.tensor.dtype:
        target.append(f"dtype=torch.{dtype_name(write_target.tensor.dtype)}")
    if write_target.tensor.device.type != "cpu" and not own:
        target.append(f"device={str(write_target.tensor.device)!r}")
    cast = f"w.to({', '.join(target)})" if target else "w"
    return [
        "with torch.no_grad():",
        *(reading(write_target, f"w = {start}") if own else [f"    w = {start}"]),
        f"    {call}",
        *(f"    w[{row}].zero_()" for row in rows),
        f"    {assigning(write_target, cast)}",
    ]


def reading(write_target: WriteTarget, line: str) -> list[str]:
    """The indented line that reads a computed slot without changing its buffers."""
    if not write_target.moving:
        return indented([line])
    return indented([f"with keeping({write_target.moving}):", *indented([line])])


def assigning(write_target: WriteTarget, value_text: str) -> str:
    """The line that assigns to a computed slot through its property."""
    return assigned(write_target.access, write_target.node.path[-1], value_text)
