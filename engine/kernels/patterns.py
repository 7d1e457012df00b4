"""Datetime patterns of Java's DateTimeFormatter, as far as Spark allows them: writing and reading.

y year   M, L month   d day   D day of year   E weekday   Q, q quarter   G era   a AM/PM   H k K h hour   m minute
s second   S fraction   V zone id   z zone name   O, X, x, Z offset   ' quotes   [ ] optional parts
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engine.errors import ExecutionError
from engine.kernels.casts.text_datetimes import day_number
from engine.kernels.datetimes import DAY, HOUR, MINUTE, SECOND

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Moment:
    """A local time in fields, and its offset from UTC in microseconds and zone."""

    year: int
    month: int
    day: int
    micros: int
    days: int
    offset: int = 0
    zone: str = "UTC"


@dataclass(frozen=True)
class Part:
    """A piece of a pattern: `count` times `letter`, or a text (letter empty). `optional` pieces may be missing when read."""

    letter: str
    count: int = 0
    text: str = ""
    optional: bool = False


@lru_cache(maxsize=512)
def parse_pattern(pattern: str) -> tuple[Part, ...]:
    """The pieces of a pattern. Raises INVALID_DATETIME_PATTERN for letters that mean nothing here."""
    parts: list[Part] = []
    index, depth = 0, 0
    while index < len(pattern):
        character = pattern[index]
        if character == "'":
            end = index + 1
            text = ""
            while end < len(pattern):
                if pattern[end] == "'":
                    if pattern.startswith("''", end):
                        text += "'"
                        end += 2
                        continue
                    break
                text += pattern[end]
                end += 1
            parts.append(Part("", text=text or "'", optional=depth > 0))
            index = end + 1
        elif character in "[]":
            depth += 1 if character == "[" else -1
            index += 1
        elif character.isascii() and character.isalpha():
            end = index
            while end < len(pattern) and pattern[end] == character:
                end += 1
            parts.append(_field(character, end - index, pattern, depth > 0))
            index = end
        else:
            parts.append(Part("", text=character, optional=depth > 0))
            index += 1
    return tuple(parts)


_LIMITS = {
    "y": 6,
    "M": 4,
    "L": 4,
    "d": 2,
    "D": 3,
    "E": 4,
    "Q": 4,
    "q": 4,
    "G": 4,
    "a": 1,
    "H": 2,
    "k": 2,
    "K": 2,
    "h": 2,
}
_LIMITS |= {"m": 2, "s": 2, "S": 9, "V": 2, "z": 4, "O": 4, "X": 5, "x": 5, "Z": 5, "F": 1}


def _field(letter: str, count: int, pattern: str, optional: bool) -> Part:
    if letter not in _LIMITS or count > _LIMITS[letter] or (letter == "V" and count != 2):
        raise ExecutionError("INVALID_DATETIME_PATTERN.WITH_SUGGESTION", {"pattern": f"'{pattern}'"})
    return Part(letter, count, optional=optional)


def write(moment: Moment, pattern: str) -> str:
    """The text of a moment by a pattern."""
    return "".join(
        part.text if not part.letter else _WRITERS[part.letter](moment, part.count) for part in parse_pattern(pattern)
    )


def _year(moment: Moment, count: int) -> str:
    year = moment.year
    if count == 2:
        return f"{year % 100:02d}"
    sign = "-" if year < 0 else "+" if count >= 4 and year >= 10**count else ""
    return f"{sign}{abs(year):0{count}d}"


def _month(moment: Moment, count: int) -> str:
    name = MONTHS[moment.month - 1]
    return name if count == 4 else name[:3] if count == 3 else f"{moment.month:0{count}d}"


def _weekday(moment: Moment, count: int) -> str:
    name = WEEKDAYS[(moment.days + 3) % 7]
    return name if count == 4 else name[:3]


def _quarter(moment: Moment, count: int) -> str:
    quarter = (moment.month + 2) // 3
    if count <= 2:
        return f"{quarter:0{count}d}"
    return f"Q{quarter}" if count == 3 else f"{quarter}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(quarter, 'th') } quarter"


def _offset(moment: Moment, zero: str, colon: bool, short: bool, seconds: bool) -> str:
    if moment.offset == 0 and zero:
        return zero
    total = abs(moment.offset) // SECOND
    hours, minutes, rest = total // 3600, total // 60 % 60, total % 60
    text = f"{'-' if moment.offset < 0 else '+'}{hours:02d}"
    between = ":" if colon else ""
    if not short or minutes:
        text += f"{between}{minutes:02d}"
    return text + (f"{between}{rest:02d}" if seconds and rest else "")


def _x(zero: str) -> Callable[[Moment, int], str]:
    return lambda moment, count: _offset(moment, zero, count in (3, 5), count == 1, count >= 4)


def _z_offset(moment: Moment, count: int) -> str:
    if count == 4:
        return _localized(moment, 4)
    return _offset(moment, "Z" if count == 5 else "", count == 5, False, count == 5)


def _localized(moment: Moment, count: int) -> str:
    if moment.offset == 0:
        return "GMT"
    total = abs(moment.offset) // (60 * SECOND)
    sign = "-" if moment.offset < 0 else "+"
    hours, minutes = divmod(total, 60)
    if count == 4:
        return f"GMT{sign}{hours:02d}:{minutes:02d}"
    return f"GMT{sign}{hours}" + (f":{minutes:02d}" if minutes else "")


def _number(value: Callable[[Moment], int]) -> Callable[[Moment, int], str]:
    return lambda moment, count: f"{value(moment):0{count}d}"


_WRITERS: dict[str, Callable[[Moment, int], str]] = {
    "y": _year,
    "M": _month,
    "L": _month,
    "d": _number(lambda m: m.day),
    "D": _number(lambda m: m.days - (day_number(m.year, 1, 1) or 0) + 1),
    "E": _weekday,
    "Q": _quarter,
    "q": _quarter,
    "F": _number(lambda m: (m.day - 1) % 7 + 1),
    "G": lambda m, count: (
        ("Anno Domini" if m.year > 0 else "Before Christ") if count == 4 else ("AD" if m.year > 0 else "BC")
    ),
    "a": lambda m, _count: "AM" if m.micros < 12 * HOUR else "PM",
    "H": _number(lambda m: m.micros // HOUR),
    "k": _number(lambda m: m.micros // HOUR or 24),
    "K": _number(lambda m: m.micros // HOUR % 12),
    "h": _number(lambda m: m.micros // HOUR % 12 or 12),
    "m": _number(lambda m: m.micros // MINUTE % 60),
    "s": _number(lambda m: m.micros // SECOND % 60),
    "S": lambda m, count: f"{m.micros % SECOND:06d}000"[:count],
    "V": lambda m, _count: m.zone,
    "z": lambda m, _count: m.zone,
    "O": _localized,
    "X": _x("Z"),
    "x": _x(""),
    "Z": _z_offset,
}


def read(text: str, pattern: str) -> dict[str, Any] | None:
    """The fields that a text has by a pattern ("days", "micros", "zone" or "offset"); None where it does not fit."""
    found = _reader(pattern).fullmatch(text)
    if found is None:
        return None
    values = {name[0]: value for name, value in found.groupdict().items() if value is not None}
    year = _read_year(values.get("y"), pattern)
    month = _read_month(values.get("M") or values.get("L"))
    if year is None or month is None:
        return None
    days = day_number(year, month, int(values.get("d", 1)))
    if days is not None and "D" in values:
        days = (day_number(year, 1, 1) or 0) + int(values["D"]) - 1
    micros = _read_clock(values)
    if days is None or micros is None:
        return None
    return {"days": days, "micros": micros, "zone": _read_zone(values)}


def _read_year(text: str | None, pattern: str) -> int | None:
    if text is None:
        return 1970
    year = int(text)
    return 2000 + year if len(text) == 2 and "yyy" not in pattern and "yy" in pattern else year


def _read_month(text: str | None) -> int | None:
    if text is None:
        return 1
    if text.isdigit():
        return int(text)
    return next((place for place, name in enumerate(MONTHS, 1) if name.lower().startswith(text.lower())), None)


def _read_clock(values: dict[str, str]) -> int | None:
    hour = int(values.get("H", 0))
    if "k" in values:
        hour = int(values["k"]) % 24
    half = values.get("h") or values.get("K")
    if half is not None:
        hour = int(half) % 12 + (12 if values.get("a", "AM").upper() == "PM" else 0)
    minute, second = int(values.get("m", 0)), int(values.get("s", 0))
    if hour > 23 or minute > 59 or second > 59:
        return None
    return hour * HOUR + minute * MINUTE + second * SECOND + int((values.get("S", "") + "000000")[:6])


def _read_zone(values: dict[str, str]) -> str | None:
    text = next((values[letter] for letter in "VzOXxZ" if letter in values), None)
    if text is None:
        return None
    found = re.fullmatch(r"([+-]\d{2}):?(\d{2})?(?::?(\d{2}))?", text)
    return f"{found[1]}:{found[2] or '00'}:{found[3] or '00'}" if found else text.removeprefix("GMT") or "UTC"


@lru_cache(maxsize=512)
def _reader(pattern: str) -> re.Pattern[str]:
    """The regular expression of a pattern, a group for each field."""
    out = []
    parts = parse_pattern(pattern)
    for place, part in enumerate(parts):
        follows_digits = place + 1 < len(parts) and parts[place + 1].letter in tuple("yMdHhmsSDkK")
        text = re.escape(part.text) if not part.letter else f"(?P<{part.letter}{place}>{_digits(part, follows_digits)})"
        out.append(f"(?:{text})?" if part.optional else text)
    return re.compile("".join(out), re.ASCII | re.IGNORECASE)


def _digits(part: Part, tight: bool) -> str:
    """What a field looks like; `tight`: another number follows without anything between."""
    letter, count = part.letter, part.count
    if letter in "ML" and count >= 3:
        return "|".join(name if count == 4 else name[:3] for name in MONTHS)
    if letter == "E":
        return "|".join(name if count == 4 else name[:3] for name in WEEKDAYS)
    if letter == "y":
        return r"\d{2}" if count == 2 else rf"[+-]?\d{{{count}}}" if tight or count == 4 else rf"[+-]?\d{{{count},9}}"
    if letter == "a":
        return "AM|PM"
    if letter == "S":
        return rf"\d{{{count}}}"
    if letter in "Vz":
        return r"[A-Za-z_/+\-:0-9]+"
    if letter in "OXxZ":
        return r"Z|GMT(?:[+-]\d{1,2}(?::\d{2})?)?|[+-]\d{2}(?::?\d{2}){0,2}"
    if letter in "Gq Q":
        return r"\w+"
    return rf"\d{{{count}}}" if tight or count >= 2 else r"\d{1,3}"


def micros_of(fields: dict[str, Any]) -> int:
    """The local microseconds since 1970 of what `read` found."""
    return int(fields["days"]) * DAY + int(fields["micros"])
