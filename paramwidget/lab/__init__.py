"""The kernel's half of the JupyterLab extension: finds live modules and lists them on a comm.

Importing this package does not load torch, nor does a question before the user has imported it.
"""

from paramwidget.lab.answers import serve

__all__ = ["serve"]
