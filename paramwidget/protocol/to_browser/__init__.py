"""Messages from the kernel to its browsers."""

from paramwidget.protocol.to_browser.panel import *
from paramwidget.protocol.to_browser.talk import *
from paramwidget.protocol.to_browser.tree import *
