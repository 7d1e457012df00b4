"""What the texts of settings mean: each function gives the typed value, or raises ValueError with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo, available_timezones

from engine.errors import suggestions


def boolean(text: str) -> bool:
    """true or false."""
    if text.strip().lower() not in ("true", "false"):
        raise ValueError("It should be true or false.")
    return text.strip().lower() == "true"


_UNITS = {
    "": 1,
    "b": 1,
    "k": 1 << 10,
    "kb": 1 << 10,
    "m": 1 << 20,
    "mb": 1 << 20,
    "g": 1 << 30,
    "gb": 1 << 30,
    "t": 1 << 40,
}


def size(text: str) -> int:
    """Bytes: a number with b, k, m, g or t behind it; -1 where that means "off"."""
    match = re.fullmatch(r"(-?\d+)\s*([a-z]*)", text.strip().lower())
    if match is None or match[2] not in _UNITS:
        raise ValueError("It should be a size such as 512m or 2g.")
    return int(match[1]) * _UNITS[match[2]]


def optional_size(text: str) -> int | None:
    """A size, or nothing: decided by the engine."""
    return size(text) if text else None


def integer(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise ValueError("It should be a whole number.") from None


def positive(text: str) -> int:
    """A whole number above zero."""
    value = integer(text)
    if value < 1:
        raise ValueError("It should be at least 1.")
    return value


def not_negative(text: str) -> int:
    """A whole number, zero or above."""
    value = integer(text)
    if value < 0:
        raise ValueError("It should not be negative.")
    return value


def seconds(text: str) -> float:
    """A time in seconds, 0 for none; ms, s, m(in) and h are understood."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)?", text.strip().lower())
    if match is None:
        raise ValueError("It should be a time such as 30s or 5m.")
    return float(match[1]) * {"ms": 0.001, "m": 60, "min": 60, "h": 3600}.get(match[2] or "s", 1)


def share(text: str) -> float:
    """A share of a whole, from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ValueError("It should be a number from 0 to 1.")
    return value


def time_zone(text: str) -> str:
    """A zone id (Europe/Berlin), UTC, or an offset (+02:00)."""
    if re.fullmatch(r"(?:UTC|GMT|UT)?[+-]\d{1,2}(?::?\d{2}(?::?\d{2})?)?|Z|UTC|GMT", text) is None:
        if text not in available_timezones():
            near = suggestions(text, available_timezones())
            raise ValueError("It is not a time zone." + (f" Did you mean {near[0]}?" if near else ""))
        ZoneInfo(text)
    return text


def one_of(*choices: str) -> Callable[[str], str]:
    """One of some words, in capitals."""

    def parse(text: str) -> str:
        if text.strip().upper() not in choices:
            raise ValueError(f"It should be one of {', '.join(choices)}.")
        return text.strip().upper()

    return parse
