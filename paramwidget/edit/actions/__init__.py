"""Every kind of edit: what it asks for, how it is done, and what it leaves to the journal.

Each module of this room is imported with it, so an action is declared by its file being here.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
