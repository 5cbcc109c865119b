"""What can be done to a model. Nothing here knows about browsers or threads."""

from paramwidget.edit.errors import EditError
from paramwidget.edit.initializers.catalogue import initializer

__all__ = ["EditError", "initializer"]
