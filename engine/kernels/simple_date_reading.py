"""Reading dates and times by a pattern as Java's SimpleDateFormat does where it is not lenient.

What stands after the text of the pattern does not matter, blanks before a field neither; numbers have any number of digits,
unless another number follows at once; a field that comes twice counts as it came last. Every field must be one of the date
that comes of them all. Spark reads local times that clocks skip as unreadable, and of those that come twice the later.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from engine.errors import Unsupported
from engine.kernels.casts.text_datetimes import day_number
from engine.kernels.datetimes import DAY, HOUR, MINUTE, SECOND, date_of
from engine.kernels.pattern_fields import Unreadable
from engine.kernels.patterns import MONTHS, WEEKDAYS, Field, Text
from engine.kernels.simple_date_format import GREGORIAN, century_start, julian_days, simple_parts
from engine.kernels.zones import Zone, zone

Fields = dict[str, int]
"""Values by letter, those of k as H and those of h as K; "offset" in minutes."""

_DIGITS = re.compile(r"-?[0-9]+")
_OFFSETS = {
    0: re.compile(r"([+-])([0-9]{2})()([0-9]{2})"),
    1: re.compile(r"([+-])([0-9]{2})()()"),
    2: re.compile(r"([+-])([0-9]{2})()([0-9]{2})"),
    3: re.compile(r"([+-])([0-9]{1,2})(:)([0-9]{2})"),
}
_LIMITS = {"K": (0, 11), "H": (0, 23), "m": (0, 59), "s": (0, 59), "S": (0, 999), "y": (1, 292_278_994)}
_LEFT_OUT = 10
"""Days that the calendar left out before 1582-10-15."""
_LONGEST_YEAR = 294_247
"""Timestamps reach to it."""


class _Stuck(Exception):
    """The text does not fit the pattern, or its fields not each other."""


def read_simply(text: str, pattern: str, time_zone: str) -> int:
    """The microseconds since 1970 UTC of a text. Raises Unreadable with Java's message, and as `simple_parts`."""
    parts = simple_parts(pattern)
    letters = {part.letter for part in parts if isinstance(part, Field)}
    if not letters <= set("GyMdDEaHkKhmsSzZX") or ("E" in letters and not letters & {"d", "D"}):
        raise Unsupported(f"reading by the pattern '{pattern}' with timeParserPolicy LEGACY")
    fields: Fields = {}
    try:
        _run(parts, text, fields)
        return _instant(fields, time_zone)
    except _Stuck:
        raise Unreadable(f'Unparseable date: "{text}"') from None


def _run(parts: tuple[Field | Text, ...], text: str, fields: Fields) -> None:
    place = 0
    for index, part in enumerate(parts):
        if isinstance(part, Text):
            if not text.startswith(part.text, place):
                raise _Stuck
            place += len(part.text)
            continue
        start = place
        while place < len(text) and text[place] in " \t":
            place += 1
        if place == len(text):
            raise _Stuck
        if _is_number(part):
            adjacent = index + 1 < len(parts) and _is_number(parts[index + 1])
            place = _number(part, text, place, start + part.count if adjacent else None, fields)
        else:
            place = _READERS[part.letter](part, text, place, fields)
    if place == 0:  # to have read nothing is an error, also by an empty pattern
        raise _Stuck


def _is_number(part: Field | Text) -> bool:
    return isinstance(part, Field) and (part.letter not in _READERS or (part.letter == "M" and part.count <= 2))


def _number(part: Field, text: str, start: int, end: int | None, fields: Fields) -> int:
    """A number, of the text to `end` where another number follows at once."""
    if end is not None and end > len(text):
        raise _Stuck
    found = _DIGITS.match(text, start) if end is None else _DIGITS.match(text, start, end)
    if found is None:
        raise _Stuck
    value, letter = int(found[0]), part.letter
    if letter == "y" and part.count <= 2 and found.end() - start == 2 and value >= 0:
        first = century_start().year
        value += first // 100 * 100 + (100 if value < first % 100 else 0)
        fields["century"] = 1
    if letter in "kh":
        most = 24 if letter == "k" else 12
        if not 1 <= value <= most:
            raise _Stuck
        letter, value = ("H" if letter == "k" else "K"), value % most
    fields[letter] = value
    return found.end()


def _named(letter: str, names: tuple[str, ...], first: int) -> Callable[[Field, str, int, Fields], int]:
    """Names in full or, of months and weekdays, three letters; the longest that stands there."""

    def reader(_part: Field, text: str, place: int, fields: Fields) -> int:
        for length in (None, 3):
            for number, name in enumerate(names, first):
                word = name[:length]
                if text[place : place + len(word)].lower() == word.lower():
                    fields[letter] = number
                    return place + len(word)
        raise _Stuck

    return reader


def _offset(count: int, text: str, place: int, fields: Fields) -> int:
    found = _OFFSETS[count].match(text, place)
    if found is None:
        raise _Stuck
    sign, hours, _, minutes = found.groups()
    if int(hours) > 23 or int(minutes or 0) > 59:
        raise _Stuck
    total = int(hours) * 60 + int(minutes or 0)
    fields["offset"] = -total if sign == "-" else total
    return found.end()


def _iso_offset(part: Field, text: str, place: int, fields: Fields) -> int:
    if text[place] == "Z":
        fields["offset"] = 0
        return place + 1
    return _offset(part.count, text, place, fields)


def _zone(part: Field, text: str, place: int, fields: Fields) -> int:
    """+HHMM, GMT or GMT+HH:MM; names are not built."""
    if text[place] in "+-":
        return _offset(0, text, place, fields)
    if text[place : place + 3].upper() == "GMT":
        if text[place + 3 : place + 4] in ("+", "-"):
            return _offset(3, text, place + 3, fields)
        fields["offset"] = 0
        return place + 3
    if not text[place].isalpha():
        raise _Stuck
    raise Unsupported(f"reading names of time zones by the letter {part.letter} with timeParserPolicy LEGACY")


_READERS: dict[str, Callable[[Field, str, int, Fields], int]] = {
    "M": _named("M", MONTHS, 1),
    "E": _named("E", WEEKDAYS, 0),
    "G": _named("G", ("BC", "AD"), 0),
    "a": _named("a", ("AM", "PM"), 0),
    "X": _iso_offset,
    "Z": _zone,
    "z": _zone,
}


def _instant(fields: Fields, time_zone: str) -> int:
    for letter, (low, high) in _LIMITS.items():
        if not low <= fields.get(letter, low) <= high:
            raise _Stuck
    if fields.get("y", 0) > _LONGEST_YEAR:
        raise Unsupported("years after 294247 with timeParserPolicy LEGACY")
    local = _days(fields) * DAY + _time(fields)
    micros = local - fields["offset"] * MINUTE if "offset" in fields else _later(zone(time_zone), local)
    start = century_start()
    if fields.get("century") and fields["y"] == start.year:
        first = _day(start.year, start.month, start.day)
        if local < first * DAY + (start.hour * 3600 + start.minute * 60 + start.second) * SECOND:
            return _instant({**fields, "y": start.year + 100, "century": 0}, time_zone)
    return micros


def _later(rules: Zone, local: int) -> int:
    """The instant of a local time, the later of two. Raises _Stuck where there is none."""
    first = int(rules.to_instant(np.array([local]))[0])
    if int(rules.to_local(np.array([first]))[0]) != local:
        raise _Stuck
    for ahead in (first + HOUR // 2, first + HOUR, first + 3 * HOUR):
        other = local - int(rules.offset_at(np.array([ahead]))[0])
        if other > first and int(rules.to_local(np.array([other]))[0]) == local:
            return other
    return first


def _days(fields: Fields) -> int:
    year = fields.get("y", 1970)
    if fields.get("G", 1) == 0:
        year = 1 - year
    if "D" in fields:
        return _of_year_day(year, fields)
    month, day = fields.get("M", 1), fields.get("d", 1)
    days = day_number(year, month, day)
    if days is None and (month, day) == (2, 29) and year % 4 == 0 and year < 1582:
        days, weekday = _day(year, 3, 1), _julian(year, 2, 29)
    elif days is None or -_LEFT_OUT <= days - GREGORIAN < 0:
        raise _Stuck
    else:
        weekday = days if days >= GREGORIAN else _julian(year, month, day)
    if fields.get("E", (weekday + 3) % 7) != (weekday + 3) % 7:
        raise _Stuck
    return days


def _of_year_day(year: int, fields: Fields) -> int:
    if year <= 1582:
        raise Unsupported("days of years before 1583 with timeParserPolicy LEGACY")
    days = _day(year, 1, 1) + fields["D"] - 1
    found, month, day = date_of(days)
    if fields["D"] < 1 or found != year or fields.get("M", month) != month or fields.get("d", day) != day:
        raise _Stuck
    if fields.get("E", (days + 3) % 7) != (days + 3) % 7:
        raise _Stuck
    return days


def _julian(year: int, month: int, day: int) -> int:
    return int(julian_days(np.array([year]), np.array([month]), np.array([day]))[0])


def _day(year: int, month: int, day: int) -> int:
    found = day_number(year, month, day)
    assert found is not None, "a day of every year"
    return found


def _time(fields: Fields) -> int:
    """Microseconds of the day: H, or K and a; all that are there must agree."""
    half, evening = fields.get("K"), fields.get("a")
    hour = fields.get("H", (half or 0) + 12 * (evening or 0))
    if (half is not None and hour % 12 != half) or (evening is not None and hour // 12 != evening):
        raise _Stuck
    return hour * HOUR + fields.get("m", 0) * MINUTE + fields.get("s", 0) * SECOND + fields.get("S", 0) * 1000
