r"""Lone halves of characters (surrogates), which UTF-8 has no bytes for, in text that is sent.

A text shows one as ``\ud800``. A name has to lead back to where it came from: so a name that holds
one, or reads as if it did, is escaped as a whole, its backslashes doubled, and read back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_HALF = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"\\ud[89a-f][0-9a-f]{2}")
_READ_BACK = re.compile(r"\\(?:\\|(ud[89a-f][0-9a-f]{2}))")


def sendable(texts: Iterable[str]) -> bool:
    """Whether all of these can be sent as they are, names or not."""
    together = "\n".join(texts)
    if "\\ud" in together:
        return False
    if together.isascii():
        return True
    try:
        together.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(text: str) -> str:
    r"""A text with ``\ud800`` for each lone half."""
    return text if sendable([text]) else _HALF.sub(_code, text)


def sent_name(name: str) -> str:
    """A name as it is sent; different names stay different."""
    if sendable([name]) or not (_HALF.search(name) or _ESCAPED.search(name)):
        return name
    return _HALF.sub(_code, name.replace("\\", "\\\\"))


def name_sent(text: str) -> str:
    """The name that was sent so."""
    if "\\ud" not in text or not _ESCAPED.search(text):
        return text
    return _READ_BACK.sub(lambda found: chr(int(found[1][1:], 16)) if found[1] else "\\", text)


def _code(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
