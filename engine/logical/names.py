"""Names as they are written in texts: `a.b`, with backquotes around what is no plain word."""

from __future__ import annotations

import re

_PART = re.compile(r"`(?:[^`]|``)*`|\w+")
_NAME = re.compile(rf"\s*(?:{_PART.pattern})(?:\s*\.\s*(?:{_PART.pattern}))*\s*")


def name_parts(text: str) -> tuple[str, ...] | None:
    """The parts of a name; None for text that is no name."""
    if not _NAME.fullmatch(text):
        return None
    return tuple(part[1:-1].replace("``", "`") if part[0] == "`" else part for part in _PART.findall(text))
