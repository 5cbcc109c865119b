"""The kernel's half of the JupyterLab extension: finds live modules and tells of them on a comm.

Importing this room loads no torch, and neither does a question before the user has imported it.
"""

from paramwidget.lab.answers import serve

__all__ = ["serve"]
