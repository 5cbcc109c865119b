"""The kernel's half of the JupyterLab extension: finds live modules and tells of them on a comm."""

from paramwidget.lab.answers import serve

__all__ = ["serve"]
