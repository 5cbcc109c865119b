"""Types that many messages use, and the buffers beside a message."""

from __future__ import annotations

from typing import Annotated, Literal

PROTOCOL = 1

SAFE_INTEGER = 2**53 - 1  # the largest integer that a JavaScript number holds exactly

LONGEST_ID = 200  # characters

Kind = Literal["module", "parameter", "buffer", "constant", "computed", "none"]
State = Literal["ready", "uninitialized", "meta", "unreadable"]
Cause = Literal["view", "edit", "cell", "step", "ask"]
Name = Annotated[str, "Name"]  # of something that it leads back to: a slot, say; see halves.py
Id = Annotated[str, "Id"]  # what a browser calls one of its things; sent back as it came
Buffer = Annotated[int, "Buffer"]  # an index into the buffers beside the message
