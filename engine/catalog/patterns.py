"""Spark's patterns of SHOW ... LIKE: regular expressions without regard to case, in which * is any text and | separates
alternatives. One that is malformed matches nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable


def matching(names: Iterable[str], pattern: str | None) -> list[str]:
    """The names that match, in their order; all of them for None."""
    if pattern is None:
        return list(names)
    alternatives = [_expression(each.strip()) for each in pattern.split("|")]
    return [name for name in names if any(each.fullmatch(name) for each in alternatives if each is not None)]


def _expression(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern.replace("*", ".*"), re.IGNORECASE)
    except re.error:
        return None
