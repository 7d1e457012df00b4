"""Whether a value is of a protocol, found out once for each class: until Python 3.12 `isinstance` looks for every method of a
protocol each time it is asked, which takes longer than to filter a small batch."""

from __future__ import annotations

from typing import Any

_known: dict[tuple[type, type], bool] = {}


def provides(value: object, protocol: Any) -> bool:
    """Whether `value` is of a protocol, as all instances of its class are, or none."""
    key = type(value), protocol
    known = _known.get(key)
    if known is None:
        known = _known[key] = isinstance(value, protocol)
    return known
