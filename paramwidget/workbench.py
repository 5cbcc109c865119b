"""Workbench: everything that can be done with one model, without a browser; holds the lock."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from typing import Any, Protocol

from torch import nn

from paramwidget.edit.actions.action import Action
from paramwidget.edit.actions.apply import Apply
from paramwidget.edit.actions.assign import Assign
from paramwidget.edit.actions.compute import Compute
from paramwidget.edit.actions.initialize import Initialize
from paramwidget.edit.actions.set_requires_grad import SetRequiresGrad
from paramwidget.edit.actions.tie import Tie, Untie
from paramwidget.edit.errors import EditError
from paramwidget.edit.journal import Edit, Entry, Journal
from paramwidget.edit.journal.journal import QUICK_BYTES
from paramwidget.edit.journal.stake import Stake
from paramwidget.edit.step import NoReserve
from paramwidget.edit.step import step as one_step
from paramwidget.inspection import Inspection, Narrow
from paramwidget.namespace import checked
from paramwidget.record import address_of, listened_to, making, memory_of, record_of
from paramwidget.slots.names import held_at, path_of
from paramwidget.slots.ties import Name
from paramwidget.slots.tree import Tree
from paramwidget.tensors import neutral, usual_defaults


class Listener(Protocol):
    """A listener that is told of every edit to a model."""

    def edited(self, edit: Edit | None, tree: Tree) -> None:
        """An edit was applied, undone or redone, None if one was refused; the tree after it."""


_log = logging.getLogger("paramwidget")


_benches: weakref.WeakValueDictionary[int, Workbench] = weakref.WeakValueDictionary()

#: The records whose edit is under way on this thread. It ends with the context that it was set in,
#: so that no interrupt can leave it behind.
_under_way: ContextVar[tuple[int, ...]] = ContextVar("_under_way", default=())


@contextmanager
def told(what: str) -> Iterator[None]:
    """What fails in here costs only itself: it is logged, as "paramwidget: {what}"."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException:  # also SystemExit, or a task that was cancelled
        _log.exception("paramwidget: %s", what)


class Workbench(Inspection):
    """Inspects and edits the parameters of a live model.

    ``Workbench(net)`` and ``Workbench.of(net)`` return the one bench of a model, whose journal
    lives as long as the model does. Names are dotted, as in ``named_parameters()``; a tuple of
    names is accepted everywhere. Every method may be called from any thread.

    >>> net = nn.Sequential(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 10))
    >>> bench = Workbench(net)
    >>> bench.initialize("", "xavier_uniform_", types="Linear", parameters="weight").changed
    ['0.weight', '2.weight']
    """

    def __new__(cls, net: nn.Module) -> Workbench:
        if not issubclass(type(net), nn.Module):
            raise TypeError(f"Workbench expects a torch.nn.Module, got {type(net).__name__}")
        with making():
            bench = _benches.get(id(net))
            if bench is None or bench.net is not net:
                bench = super().__new__(cls)
                bench.net = net
                with neutral():
                    bench._record = record_of(net)
                _benches[id(net)] = bench
        return bench

    @classmethod
    def of(cls, net: nn.Module) -> Workbench:
        """The one bench of this model, found by identity."""
        return cls(net)

    # --- what is done --------------------------------------------------------------------------

    def initialize(
        self,
        target: Name,
        function: str | Callable[..., Any],
        *,
        types: Narrow = None,
        parameters: Any = None,
        seed: int | None = None,
        **arguments: Any,
    ) -> Edit:
        """Fill every selected tensor with an initializer, each shared one once.

        ``function`` is a name of ``torch.nn.init``, "reset_parameters", or an ``@initializer``.
        Raises EditError, with the model unchanged, if nothing in the target can be initialized.
        """
        return self.do(Initialize(target, function, types, parameters, seed, arguments))

    def apply(
        self,
        function: Callable[[Any], Any],
        target: Name = "",
        *,
        recurse: bool = True,
        seed: int | None = None,
    ) -> Edit:
        """Like ``net.apply(function)``: modules below ``target``, children first, journaled.

        ``recurse=False`` calls the function once, on the target itself. The function runs in
        torch's own modes (gradients on, float32, no autocast), whatever the calling cell is in.
        """
        return self.do(Apply(function, target, recurse, seed))

    def assign(self, name: Name, index: Sequence[int], value: Any) -> Edit:
        """Set one element to ``value``."""
        return self.do(Assign(name, index, value))

    def compute(self, name: Name, expression: str, index: Any = ...) -> Edit:
        """Set the part at ``index`` to ``expression``, in which ``w`` is that part."""
        return self.do(Compute(name, expression, index))

    def set_requires_grad(
        self, target: Name, value: bool, *, types: Narrow = None, parameters: Any = None
    ) -> Edit:
        """Freeze a slot or the parameters of a target (False), or unfreeze them (True).

        Raises EditError if nothing in the target can be switched: a packed weight can be frozen,
        but not unfrozen. ``changed`` names every slot of each tensor that was switched, or of all
        where each had that value already.
        """
        return self.do(SetRequiresGrad(target, value, types, parameters))

    def tie(self, first: Name, second: Name) -> Edit:
        """Let the second slot hold the first one's tensor; its own is kept for undo only.

        Warns of an optimizer that would keep training the tensor that is no longer held.
        """
        return self.do(Tie(first, second))

    def untie(self, name: Name) -> Edit:
        """Give one slot of a tie group its own tensor; the others stay tied."""
        return self.do(Untie(name))

    def undo(self) -> Edit | None:
        """Undo the last edit; None if there is none left.

        A slot that something else has written to since is named in the edit's ``warnings``;
        ``redo`` brings those values back, as ``bring_back`` does at any later time.
        """
        return self._step(lambda journal, tree: journal.undo(self.net, tree), back=True)

    def redo(self) -> Edit | None:
        """Redo the last undone edit; None if there is none."""
        return self._step(lambda journal, tree: journal.redo(self.net, tree))

    def skip(self) -> Edit | None:
        """Leave the newest edit as it is, without a way back; None if there is none left.

        For an edit that cannot be undone: ``undo`` goes on with the one before.
        """
        return self._step(lambda journal, _: journal.skip())

    def bring_back(self, entry: Entry) -> Edit:
        """Restore what an undo put away, or an undone edit that another one followed.

        ``entry`` is one of ``journal``. Raises EditError if its values were dropped, or if the
        model has changed too much.
        """
        edit = self._step(
            lambda journal, tree: journal.bring_back(self.net, entry, tree), back=True
        )
        assert edit is not None
        return edit

    @neutral()
    def at_stake(self, all_edits: bool = False) -> Stake:
        """What something else has written to whole tensors and ``undo`` would put away.

        ``all_edits``: that undoing every edit would put away.
        """
        with self.lock:
            if all_edits:  # the newest edit knows of its own slots what it left there
                self.look_outside()
            return self.log.at_stake(self.net, all_edits)

    def restart(self) -> list[Edit]:
        """Back to the start: undo every edit in effect, the last first."""
        with self.lock:
            return list(iter(self.undo, None))

    @neutral()
    def refresh(self) -> list[Name]:
        """The slots whose content changed since the last look, whoever changed it.

        The first look is when the bench is created; the bench's own edits count as seen.
        """
        with self.lock:
            return self.log.refresh(self.net, self.read())

    @property
    def history(self) -> list[Edit]:
        """The edits in effect, oldest first."""
        return self._record.journal.history

    @property
    def journal(self) -> list[Entry]:
        """Everything that was done, oldest first: by edits, by cells and training, and undone.

        Reads up to 1 GiB of the model to see what has changed since the last look.
        """
        self.look_outside()
        return list(self.log.entries)

    @property
    def log(self) -> Journal:
        """The journal as of the last look, with what undo and redo would do."""
        return self._record.journal

    @neutral()
    def look_outside(self, most: int = QUICK_BYTES) -> None:
        """Note in the journal what something else has changed, reading at most about so much."""
        with self.lock:
            slots = {node.path: node.label for node in self.read().slots}
            self.log.look(self.net, slots, most)

    def code(self, name: str | None = None) -> str:
        """The edits in effect as a script; it needs torch and the user's functions.

        It is for the model in the variable ``name``, or ``model.encoder``; by default for the
        user's own variable of it. Its first line says what it cannot hold, such as a large tensor
        that was an argument, and a comment where something else has changed the model. Raises
        ValueError for a name that is no such expression.
        """
        called = None if name is None else checked(name)
        with self.lock:
            self.look_outside()
            return self.log.code(called)

    def do(self, action: Action) -> Edit:
        """Apply an action completely or not at all, and record it in the journal."""
        edit = self._step(lambda journal, tree: journal.do(self.net, tree, action))
        assert edit is not None  # an action gives an edit or raises
        return edit

    # --- who looks on --------------------------------------------------------------------------

    def listen(self, listener: Listener) -> None:
        """Tell ``listener`` of each edit, as long as it is alive."""
        self._record.listeners.add(listener)

    @property
    def editing(self) -> bool:
        """Whether this thread is inside an edit of this model, or of what is told of it."""
        return id(self._record) in _under_way.get()

    @neutral()
    @usual_defaults()
    def _step(
        self, step: Callable[[Journal, Tree], Edit | None], back: bool = False
    ) -> Edit | None:
        """One step of the journal, of which the listeners are told; ``back``: to what was there.

        Neither a function that an edit calls nor a listener can make another step.
        """
        try:
            with self.lock, one_step():
                if self.editing:
                    raise EditError(
                        "an edit is already running, and neither a function that it calls nor a "
                        "listener can start another one"
                    )
                return copy_context().run(self._do_step, step, back)
        except NoReserve as error:
            raise EditError(
                f"{error} for an edit and its way back; the model was not changed"
            ) from None

    def _do_step(self, step: Callable[[Journal, Tree], Edit | None], back: bool) -> Edit | None:
        """The tree is read once, and again only after an edit that may have moved something."""
        _under_way.set((*_under_way.get(), id(self._record)))
        tree, edit = self._places(), None
        try:
            edit = step(self.log, tree)
        finally:
            with suppress(MemoryError):
                self._tell(edit, tree, back)
        return edit

    def _tell(self, edit: Edit | None, tree: Tree, back: bool) -> None:
        """Tell the listeners of an edit.

        Whatever fails here, the edit has happened: it stops neither the edit nor the others.
        """
        if edit is not None:
            with told("what an edit left could not be looked at"):
                if edit.restructured:
                    tree = self._record.current.read(self.net)
                    self._watch_ties(tree, expected=back or edit.kind in ("tie", "untie"))
        for listener in list(self._record.listeners):
            with told("an edit could not be shown"):
                listener.edited(edit, tree)
        if edit is not None:
            with told("an edit could not be shown where its tensors are shared"):
                self._tell_others(edit)

    def _tell_others(self, edit: Edit) -> None:
        """Tell those who listen to other models that hold a tensor which an edit has changed."""
        others = listened_to(but=self._record)
        held = [held_at(self.net, path_of(name)) for name in edit.changed] if others else []
        changed = {address_of(tensor) for tensor in held if tensor is not None}
        for net, record in others:
            if not record.lock.acquire(blocking=False):
                continue  # it is being edited, and sees it then
            try:
                if edit.restructured or changed & memory_of(net, record):
                    tree = Workbench.of(net).read()
                    for listener in list(record.listeners):
                        with told("an edit of another model could not be shown"):
                            listener.edited(None, tree)
            finally:
                record.lock.release()
