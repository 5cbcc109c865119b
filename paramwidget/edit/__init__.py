"""What is done: the only rooms that change a model. Nothing here knows browsers or threads."""

from paramwidget.edit.errors import EditError
from paramwidget.edit.initializers.catalogue import initializer

__all__ = ["EditError", "initializer"]
