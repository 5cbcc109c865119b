"""Every kind of edit: what it asks for, how it is done, and what the journal keeps of it.

Every module of this package is imported with it, so a file here is enough to declare an action.
"""

from importlib import import_module
from pkgutil import iter_modules

from paramwidget.edit.actions.action import Action

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

for _action in Action.catalogue.values():
    _action.check()
