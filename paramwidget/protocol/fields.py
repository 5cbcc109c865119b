"""The words that many messages use, and what travels beside a message."""

from __future__ import annotations

from typing import Annotated, Literal

PROTOCOL = 1

Kind = Literal["module", "parameter", "buffer", "constant", "computed", "none"]
State = Literal["ready", "uninitialized", "meta", "unreadable"]
Cause = Literal["view", "edit", "cell", "step", "ask"]
Buffer = Annotated[int, "Buffer"]  # an index into the buffers that travel beside the message
