"""Spark's patterns of SHOW ... LIKE: * is any text, | separates alternatives, case does not matter."""

from __future__ import annotations

import re
from collections.abc import Iterable


def matching(names: Iterable[str], pattern: str | None) -> list[str]:
    """The names that match, in their order; all of them for None."""
    if pattern is None:
        return list(names)
    alternatives = [_expression(each.strip()) for each in pattern.split("|")]
    return [name for name in names if any(each.fullmatch(name) for each in alternatives)]


def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.IGNORECASE | re.DOTALL)
