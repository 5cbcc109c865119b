"""What must hold of every model of the zoo; each check says what it found."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from paramwidget.slots.current import CurrentTree
from paramwidget.slots.names import condition_at, held_at, module_at, resolve
from paramwidget.slots.tree import Node, Tree, read_tree
from paramwidget.tensors import Unreadable, readable, writable_reason
from zoo.case import Case, Name
from zoo.hostile import tripped
from zoo.snapshot import FIELDS, snapshot


def check(case: Case) -> None:
    """Build the case, read it in every way, and hold the outcome against its facts."""
    net = case.build()
    before = snapshot(net)
    tripped.clear()
    current = CurrentTree()
    traced, known = current.read(net).structure, current.places(net).structure
    assert tripped == [], f"a trace ran code of the model's: {tripped}"
    tree = read_tree(net)
    assert traced == known == tree.structure
    touch_every_row(tree)
    for node in tree.slots:
        read_values(net, node)
    assert tripped in ([], ["parametrization"]), f"ran code of the model's: {tripped}"
    after = snapshot(net)
    for key in before:
        assert before[key] == after[key], f"reading changed {key}"
    assert before.keys() == after.keys()
    check_rows(case, tree)
    check_ties(case, tree)
    check_sentences(case, net, tree)
    check_access(net, tree)
    check_module_access(net, tree)
    assert read_tree(net).structure == tree.structure
    if case.walks:
        check_order(net, tree)


def touch_every_row(tree: Tree) -> None:
    """Ask each row everything; none may raise."""
    stack = [tree.root]
    while stack:
        node = stack.pop()
        stack.extend(node.children)
        asked = (
            node.path,
            node.name,
            node.label,
            node.kind,
            node.type_name,
            node.shape,
            node.dtype,
            node.device,
            node.requires_grad,
            node.state,
            node.reason,
            node.note,
            node.tie,
            node.access,
            node.sources,
            repr(node),
            hash(node),
        )
        assert len(asked) == 17
        assert (node.state == "ready") == (node.reason is None), node
        assert node.kind in {"module", "parameter", "buffer", "constant", "computed", "none"}
        assert node.state in {"ready", "uninitialized", "meta", "unreadable"}
        if node.shape is not None:
            assert type(node.shape) is tuple
            assert all(type(size) is int for size in node.shape)
            assert node.dtype is not None
            assert not node.dtype.startswith("torch.")
        if node.label == node.name and not isinstance(node.label, tuple):
            assert tree.node(node.name).path == node.path
        assert tree.node(node.path).path == node.path
    assert tree.totals.parameters >= tree.totals.trainable >= 0
    assert isinstance(tree.warnings, list)


def read_values(net: Any, node: Node) -> None:
    """A ready slot gives numbers of its shape, any other says why not."""
    try:
        tensor = resolve(net, node.path)
        known = None if tensor is None else condition_at(net, node.path, tensor)
        values = None if tensor is None else readable(tensor, known)
    except Unreadable:
        return
    if node.kind == "none" or node.type_name == "":
        assert tensor is None
        return
    if node.kind in ("parameter", "buffer", "constant") and node.state != "ready":
        raise AssertionError(f"{node} is {node.state} and was read")
    assert values is not None, node
    assert type(values) is torch.Tensor
    assert values.layout is torch.strided
    if node.shape is not None and not node.packed:
        assert tuple(values.shape) == node.shape
    values.reshape(-1).tolist()
    if tensor is not None and node.kind != "computed":
        writable_reason(tensor)


def check_rows(case: Case, tree: Tree) -> None:
    found = {node.label: f"{node.kind} {node.state}" for node in tree.slots}
    for name, fact in case.rows.items():
        assert found.get(name) == fact, f"{name!r}: {found.get(name)}, not {fact}"
    if case.complete:
        assert set(found) == set(case.rows)
    count = 0
    stack = [tree.root]
    while stack:
        node = stack.pop()
        count += node.kind != "module" and not _is_none_child(tree, node)
        stack.extend(node.children)
    assert count == len(tree.slots)


def _is_none_child(tree: Tree, node: Node) -> bool:
    return node.kind == "none" and node not in tree.slots


def check_ties(case: Case, tree: Tree) -> None:
    found = {(group.kind, frozenset(group.names)) for group in tree.ties}
    assert found == {(kind, frozenset(names)) for kind, names in case.ties}
    labels = [node.label for node in tree.slots]
    for group in tree.ties:
        assert list(group.names) == [label for label in labels if label in group.names]
        for name in group.names:
            tie = tree.node(name).tie
            assert tie is not None
            assert set(tie.names) >= set(group.names)


def check_sentences(case: Case, net: Any, tree: Tree) -> None:
    for name, part in case.notes.items():
        assert part in (tree.node(name).note or ""), tree.node(name).note
    for name, part in case.reasons.items():
        assert part in (tree.node(name).reason or ""), tree.node(name).reason
    text = " | ".join(sentence for _, sentence in tree.warnings)
    for part in case.warnings:
        assert part in text, text
    for name, expression in case.shows.items():
        assert expression in tree.node(name).access
    for name, part in case.refuses.items():
        tensor = held_at(net, tree.node(name).path)
        assert tensor is not None
        known = condition_at(net, tree.node(name).path, tensor)
        reason = writable_reason(tensor, known=known)
        assert part in (reason or ""), reason


def check_access(net: Any, tree: Tree) -> None:
    """Each expression gives that very tensor or module, or for ``state_dict`` the same memory."""
    for node in tree.slots:
        held = held_at(net, node.path)
        if node.kind == "computed":
            assert all(expression.startswith("net") for expression in node.access)
            continue
        if node.type_name == "":
            continue
        if node.kind == "constant":
            held = FIELDS(net if len(node.path) == 1 else module_at(net, node.path[:-1]))[
                node.path[-1]
            ]
        if node.note is not None and node.note.startswith("hidden"):
            held = net.__dict__["_parameters"].get(node.path[-1])
        for expression in node.access:
            found = eval(expression, {"net": net, "torch": torch})
            if ".state_dict()" in expression:
                assert_same_memory(found, held)
            else:
                assert found is held, (expression, type(found))
        assert node.access, node


def check_module_access(net: Any, tree: Tree) -> None:
    """Each expression for a module gives that module; None children are None."""
    stack = [tree.root]
    while stack:
        node = stack.pop()
        stack.extend(node.children)
        if node.reason is None and node.kind in ("module", "none"):
            for expression in node.access:
                assert eval(expression, {"net": net, "torch": torch}) is module_at(net, node.path)


def assert_same_memory(found: Any, held: Any) -> None:
    assert type(found) in (torch.Tensor, type(held)), type(found)
    if type(held) not in (torch.Tensor, nn.Parameter) or held.is_nested:
        return
    if held.layout is torch.strided:
        assert found.untyped_storage()._cdata == held.untyped_storage()._cdata
        assert found.storage_offset() == held.storage_offset()
        assert found.shape == held.shape


def check_order(net: Any, tree: Tree) -> None:
    """The same names in the same order as torch's own walks, and the same tensors behind them."""
    for kind, walked in (
        ("parameter", list(net.named_parameters(remove_duplicate=False))),
        ("buffer", list(net.named_buffers(remove_duplicate=False))),
    ):
        ours: list[Name] = [node.name for node in tree.slots if node.kind == kind]
        assert ours == [name for name, _ in walked]
        held = [held_at(net, node.path) for node in tree.slots if node.kind == kind]
        shadowed = [node.note or "" for node in tree.slots if node.kind == kind]
        for (name, tensor), mine, note in zip(walked, held, shadowed, strict=True):
            assert mine is tensor or note.startswith("hidden"), name
    totals = tree.totals
    assert totals.parameters_listed == len(list(net.parameters()))
    assert totals.named_parameters_listed == len(list(net.named_parameters()))
