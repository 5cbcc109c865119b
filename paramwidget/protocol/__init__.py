"""Every message between kernel and browser: one frozen dataclass each, decoded strictly.

This package is the single declaration of the protocol. ``python -m paramwidget.protocol`` prints it
as TypeScript (``js/shared/protocol.ts``). A message is a JSON object with a ``kind``, and a list of
binary buffers beside it; a field of type ``Buffer`` is an index into that list. NaN, infinities and
integers that a double cannot hold are never sent as JSON numbers: Python writes them as text.
"""

from paramwidget.protocol.bounds import *
from paramwidget.protocol.decoding import *
from paramwidget.protocol.encoding import *
from paramwidget.protocol.encoding import check_of
from paramwidget.protocol.fields import *
from paramwidget.protocol.lab import *
from paramwidget.protocol.message import *
from paramwidget.protocol.message import Message, messages
from paramwidget.protocol.to_browser import *
from paramwidget.protocol.to_kernel import *
from paramwidget.protocol.typescript import *

for _message in messages(Message):
    check_of(_message)  # raises TypeError for a field that cannot travel
