"""Patterns of Java's older SimpleDateFormat, which `spark.sql.legacy.timeParserPolicy=LEGACY` brings back, and writing by them.

They differ from those of `patterns`: S is a number of milliseconds, brackets are texts, a letter may be repeated at will, and
dates before 1582-10-15 are Julian: they keep their numbers, but not their weekdays. The patterns of weeks (w, W, Y) are not
built and refused by name. `simple_date_reading` reads by them.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import Unsupported
from engine.kernels.datetimes import HOUR, MINUTE, SECOND, days_from_civil
from engine.kernels.moment import read_moment
from engine.kernels.pattern_writing import Moments
from engine.kernels.patterns import MONTHS, WEEKDAYS, Field, Text, quoted, unrecognized
from engine.kernels.zone_names import long_name, short_name, standard_offset
from engine.lazy import pc

LETTERS = frozenset("GyYMLwWDdFEuaHkKhmsSzZX")
_NOT_BUILT = frozenset("wWY")
GREGORIAN = -141_427
"""1582-10-15, the first day of the Gregorian calendar, in days since 1970."""
_OLD = -2_208_988_800 * SECOND
"""1900-01-01: before it Java's older zones know one offset only."""


@lru_cache(maxsize=512)
def simple_parts(pattern: str) -> tuple[Field | Text, ...]:
    """The parts of a pattern. Raises INVALID_DATETIME_PATTERN.WITH_SUGGESTION, Unsupported for the letters of weeks."""
    parts: list[Field | Text] = []
    index = 0
    while index < len(pattern):
        character, end = pattern[index], index + 1
        if character == "'":
            text, end = quoted(pattern, end)
            parts.append(Text(text))
        elif character.isascii() and character.isalpha():
            while end < len(pattern) and pattern[end] == character:
                end += 1
            if character not in LETTERS or (character == "X" and end - index > 3):
                raise unrecognized(pattern)
            if character in _NOT_BUILT:
                raise Unsupported(f"the letter {character} in the pattern '{pattern}' of timeParserPolicy LEGACY")
            parts.append(Field(character, end - index))
        else:
            parts.append(Text(character))
        index = end
    return tuple(parts)


def write_simply(moments: Moments, pattern: str) -> pa.Array:
    """The texts of moments by a pattern of SimpleDateFormat."""
    texts = [
        pa.repeat(part.text, len(moments.local))
        if isinstance(part, Text)
        else _WRITERS[part.letter](moments, part.count)
        for part in simple_parts(pattern)
    ]
    if not texts:
        return pa.repeat("", len(moments.local))
    return texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, "")


def _padded(values: Any, width: int) -> pa.Array:
    text = pa.array(values).cast(pa.string())
    return pc.utf8_lpad(text, width, "0") if width > 1 else text


def _number(value: Callable[[Moments], Any]) -> Callable[[Moments, int], pa.Array]:
    return lambda moments, count: _padded(value(moments), count)


def _named(index: Any, names: tuple[str, ...]) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(index))


def _year(moments: Moments, count: int) -> pa.Array:
    """The year of its era: 1 is before 1."""
    year = moments.date[0]
    year = np.where(year > 0, year, 1 - year)
    return _padded(year % 100, 2) if count == 2 else _padded(year, count)


def _month(moments: Moments, count: int) -> pa.Array:
    month = moments.date[1]
    if count <= 2:
        return _padded(month, count)
    return _named(month - 1, MONTHS if count > 3 else tuple(name[:3] for name in MONTHS))


def julian_days(year: Any, month: Any, day: Any) -> Any:
    """Days since 1970 of dates of the Julian calendar."""
    later = (month <= 2).astype(np.int64)
    years, months = year + 4800 - later, month + 12 * later - 3
    return day + (153 * months + 2) // 5 + 365 * years + years // 4 - 32_083 - 2_440_588


def _weekdays(moments: Moments) -> Any:
    """From 0, Monday; before 1582-10-15 of the Julian calendar."""
    days = moments.days
    old = days < GREGORIAN
    return (np.where(old, julian_days(*moments.date), days) + 3) % 7 if old.any() else (days + 3) % 7


def _weekday(moments: Moments, count: int) -> pa.Array:
    return _named(_weekdays(moments), WEEKDAYS if count > 3 else tuple(name[:3] for name in WEEKDAYS))


def _day_of_year(moments: Moments) -> Any:
    year, one = moments.date[0], np.ones_like(moments.days)
    days, old = moments.days, moments.days < GREGORIAN
    if not old.any() and not (year == 1582).any():
        return days - days_from_civil(year, one, one) + 1
    first = np.where(year <= 1582, julian_days(year, one, one), days_from_civil(year, one, one))
    return np.where(old, julian_days(*moments.date), days) - first + 1


def _offsets(moments: Moments) -> Any:
    """Minutes ahead of UTC."""
    old = moments.local - moments.offsets < _OLD
    known = np.where(old, standard_offset(moments.zone), moments.offsets) if old.any() else moments.offsets
    return np.sign(known) * (np.abs(known) // MINUTE)


def _offset(minutes: int, count: int) -> str:
    """Z, +HH, +HHMM or +HH:MM by the number of letters X."""
    if minutes == 0:
        return "Z"
    text = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}"
    return text if count == 1 else f"{text}{':' * (count == 3)}{abs(minutes) % 60:02d}"


def _rfc822(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"


def _each(keys: Any, text: Callable[[int], str]) -> pa.Array:
    different, index = np.unique(keys, return_inverse=True)
    return _named(index, tuple(text(int(key)) for key in different))


def _zone_name(moments: Moments, count: int) -> pa.Array:
    """Names change with the offset, and rarely else: one instant of each year and offset is asked."""
    name = long_name if count > 3 else short_name
    keys = moments.date[0] * 200_000 + moments.offsets // SECOND
    _, first, index = np.unique(keys, return_index=True, return_inverse=True)
    instants = (moments.local - moments.offsets)[first]
    return _named(index, tuple(name(moments.zone, int(instant)) for instant in instants))


def century_start() -> datetime.datetime:
    """Years of two digits are those of the hundred years from here on."""
    read_moment("clock")
    now = datetime.datetime.now()
    return now.replace(year=now.year - 80, day=min(now.day, 28))


_WRITERS: dict[str, Callable[[Moments, int], pa.Array]] = {
    "G": lambda m, _count: _named((m.date[0] > 0).astype(np.int8), ("BC", "AD")),
    "y": _year,
    "M": _month,
    "L": _month,
    "d": _number(lambda m: m.date[2]),
    "D": _number(_day_of_year),
    "F": _number(lambda m: (m.date[2] - 1) // 7 + 1),
    "E": _weekday,
    "u": _number(lambda m: _weekdays(m) + 1),
    "a": lambda m, _count: _named((m.clock >= 12 * HOUR).astype(np.int8), ("AM", "PM")),
    "H": _number(lambda m: m.clock // HOUR),
    "k": _number(lambda m: np.where(m.clock < HOUR, 24, m.clock // HOUR)),
    "K": _number(lambda m: m.clock // HOUR % 12),
    "h": _number(lambda m: (m.clock // HOUR + 11) % 12 + 1),
    "m": _number(lambda m: m.clock // MINUTE % 60),
    "s": _number(lambda m: m.clock // SECOND % 60),
    "S": _number(lambda m: m.clock % SECOND // 1000),
    "z": _zone_name,
    "Z": lambda m, _count: _each(_offsets(m), _rfc822),
    "X": lambda m, count: _each(_offsets(m), lambda minutes: _offset(minutes, count)),
}
