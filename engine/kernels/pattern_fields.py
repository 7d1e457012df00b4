"""The fields that a text has by a pattern become a date and a time, as Java's strict resolver and Spark's defaults have it.

Year 1970, month and day 1 and midnight stand for what is missing. Where year, month and day are all there, errors are about
the text; else Spark puts the date together and they are about the values.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.kernels.casts.text_datetimes import day_number
from engine.kernels.datetimes import HOUR, MINUTE, SECOND, date_of
from engine.kernels.patterns import MONTHS
from engine.types.cells import date_text

Fields = dict[str, int | str]
"""Values by letter: y, M, d, D, G (0: BC), a (1: PM), H, h, K, k, m, s, S (microseconds), and the name of the "zone"."""


class Unreadable(ValueError):
    """A text does not fit a pattern; the message is Java's."""


class Parsed(NamedTuple):
    """Days since 1970, microseconds of the day, and the zone that the text names."""

    days: int
    micros: int
    zone: str | None


_RANGES = {
    "M": ("MonthOfYear", 1, 12, "1 - 12"),
    "d": ("DayOfMonth", 1, 31, "1 - 28/31"),
    "D": ("DayOfYear", 1, 366, "1 - 365/366"),
    "H": ("HourOfDay", 0, 23, "0 - 23"),
    "k": ("ClockHourOfDay", 1, 24, "1 - 24"),
    "h": ("ClockHourOfAmPm", 1, 12, "1 - 12"),
    "K": ("HourOfAmPm", 0, 11, "0 - 11"),
    "m": ("MinuteOfHour", 0, 59, "0 - 59"),
    "s": ("SecondOfMinute", 0, 59, "0 - 59"),
}


def resolve(fields: Fields, prefix: str, era: bool) -> Parsed:
    """The date and time of some fields; `prefix` begins the messages about the text. Raises Unreadable."""
    micros = _time(fields, prefix)
    numbers = {letter: value for letter, value in fields.items() if isinstance(value, int)}
    whole = "y" in numbers and ("D" in numbers or ("M" in numbers and "d" in numbers))
    days = _date(numbers, prefix if whole else "", whole, era)
    named = fields.get("zone")
    return Parsed(days, micros, named if isinstance(named, str) else None)


def _checked(fields: dict[str, int], letter: str, default: int, prefix: str) -> int:
    value = fields.get(letter)
    if value is None:
        return default
    name, low, high, shown = _RANGES[letter]
    if not low <= value <= high:
        raise Unreadable(f"{prefix}Invalid value for {name} (valid values {shown}): {value}")
    return value


def _date(fields: dict[str, int], prefix: str, whole: bool, era: bool) -> int:
    year = fields.get("y", 1970)
    if era and "y" in fields and fields.get("G", 1) == 0:
        year = 1 - year
    if "D" in fields and not ("M" in fields and "d" in fields and whole):
        return _of_year_day(year, fields, prefix, whole)
    month, day = _checked(fields, "M", 1, prefix), _checked(fields, "d", 1, prefix)
    days = day_number(year, month, day)
    if days is None:
        leap = f"Invalid date 'February 29' as '{year}' is not a leap year"
        raise Unreadable(
            prefix + (leap if (month, day) == (2, 29) else f"Invalid date '{MONTHS[month - 1].upper()} {day}'")
        )
    if "D" in fields:
        first = day_number(year, 1, 1)
        assert first is not None
        actual = days - first + 1
        if actual != fields["D"]:
            raise Unreadable(f"{prefix}{_conflict('DayOfYear', actual, fields['D'])} derived from {date_text(days)}")
    return days


def _of_year_day(year: int, fields: dict[str, int], prefix: str, whole: bool) -> int:
    number = _checked(fields, "D", 1, prefix)
    first = day_number(year, 1, 1)
    assert first is not None
    if number == 366 and day_number(year, 2, 29) is None:
        raise Unreadable(f"{prefix}Invalid date 'DayOfYear 366' as '{year}' is not a leap year")
    days = first + number - 1
    _, month, day = date_of(days)
    for letter, name, derived in (("M", "MonthOfYear", month), ("d", "DayOfMonth", day)):
        given = fields.get(letter, derived)
        if given != derived:
            one, other = (derived, given) if whole else (given, derived)
            raise Unreadable(
                f"{prefix}{_conflict(name, one, other)} derived from {date_text(days)}" + "." * (not whole)
            )
    return days


def _conflict(name: str, one: int, other: int) -> str:
    return f"Conflict found: Field {name} {one} differs from {name} {other}"


def _time(fields: Fields, prefix: str) -> int:
    numbers = {letter: value for letter, value in fields.items() if isinstance(value, int)}
    for letter in "kHhKms":
        _checked(numbers, letter, 0, prefix)
    half = numbers.get("h", 0) % 12 if "h" in numbers else numbers.get("K")
    hour = numbers.get("H", numbers["k"] % 24 if "k" in numbers else None)
    evening = numbers.get("a")
    if hour is None:
        hour = (half or 0) + (12 if evening == 1 else 0)
    elif evening is not None and evening != hour // 12:
        shown = f"{hour:02d}:{numbers.get('m', 0):02d}"
        raise Unreadable(f"{prefix}{_conflict('AmPmOfDay', hour // 12, evening)} derived from {shown}")
    return hour * HOUR + numbers.get("m", 0) * MINUTE + numbers.get("s", 0) * SECOND + numbers.get("S", 0)
