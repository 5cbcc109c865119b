"""The hooks and the class of a module, which pruning and parametrizing change."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from paramwidget import compat
from paramwidget.edit.memory.inverses import Swapped

HOOKS = tuple(name for name in compat.MODULE_FIELDS if "hooks" in name)

#: A hook that the module still has.
_STAYS = object()


@dataclass
class Behaviour(Swapped):
    """The hooks and the class of a module, which pruning and parametrizing change.

    Hooks that were added since are removed too. Those that stay are not held: a method of the model
    may be among them.
    """

    displaces: ClassVar[bool] = False

    module: weakref.ref[nn.Module]
    then: dict[str, Any]

    @classmethod
    def of(cls, module: nn.Module) -> Behaviour:
        return cls(weakref.ref(module), _behaviour(module))

    def differs(self) -> bool:
        module = self.module()
        return module is not None and _behaviour(module) != self.then

    def has_other_class(self) -> bool:
        """Whether the class was replaced; a lazy module does so at its first forward."""
        module, then = self.module(), self.then["class"]
        return type(module) is not then and not issubclass(then, LazyModuleMixin)

    def let_go(self) -> None:
        """Hold no more than what has changed."""
        module = self.module()
        now = {} if module is None else _behaviour(module)
        for name, hooks in self.then.items():
            if name != "class":
                present = now.get(name, {})
                self.then[name] = {
                    key: _STAYS if present.get(key, _STAYS) is hook else hook
                    for key, hook in hooks.items()
                }

    def _swap(self) -> None:
        module = self.module()
        if module is not None:
            now = _behaviour(module)
            self.restore()
            self.then = now
            self.let_go()

    def restore(self) -> None:
        module = self.module()
        if module is None:
            return
        fields = compat.raw_dict(module)
        for name in HOOKS:
            present = fields.get(name)
            if isinstance(present, dict):
                then = {
                    key: present.get(key, _STAYS) if hook is _STAYS else hook
                    for key, hook in self.then.get(name, {}).items()
                }
                present.clear()
                present.update((key, hook) for key, hook in then.items() if hook is not _STAYS)
        if type(module) is not self.then["class"]:
            object.__setattr__(module, "__class__", self.then["class"])

    def copied(self) -> Behaviour:
        return replace(self, then=dict(self.then))


def _behaviour(module: nn.Module) -> dict[str, Any]:
    fields = compat.raw_dict(module)
    hooks = {name: dict(fields[name]) for name in HOOKS if fields.get(name)}
    return {"class": type(module), **hooks}
