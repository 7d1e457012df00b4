"""Intervals as texts, by the grammar of Spark's IntervalUtils: amounts with units (`1 year -2 days 3.5 seconds`), and the
fields of one ANSI type (`1-2`, `1 02:03:04.5`).

Raises `IntervalFormat` with the last part of the condition INVALID_INTERVAL_FORMAT and its parameters, or `OutsideRange`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from engine.types.types import (
    DAY_TIME_FIELDS,
    MONTH,
    SECOND,
    YEAR,
    YEAR_MONTH_FIELDS,
    DayTimeIntervalType,
    YearMonthIntervalType,
)

BLANKS = "".join(map(chr, range(33))) + "\x7f"
_MICROS = {"hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000, "millisecond": 1_000, "microsecond": 1}
_MONTHS = {"year": 12, "month": 1}
_DAYS = {"week": 7, "day": 1}
_UNITS = ("year", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond")
_DIGITS = re.compile(r"[0-9]*")
_FIELD_MICROS = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000)
_LIMITS = (106_751_991, 23, 59, 59)
_FIRST_LIMITS = (106_751_991, 2_562_047_788, 153_722_867_280, 9_223_372_036_854)


class IntervalFormat(ValueError):
    """A text is no interval; `kind` names how, as the last part of INVALID_INTERVAL_FORMAT."""

    def __init__(self, kind: str, parameters: dict[str, str]) -> None:
        super().__init__(kind)
        self.kind = kind
        self.parameters = parameters


class OutsideRange(ValueError):
    """A field of an interval is larger than it may be; the message is Spark's."""


class CalendarInterval(NamedTuple):
    """Months, days and microseconds, none of which is a number of another."""

    months: int
    days: int
    micros: int


def read_units(text: str) -> CalendarInterval:
    """`[interval] amount unit ...`, as `CAST(text AS INTERVAL)` reads it."""
    body = text.strip(BLANKS).lower()
    if not body:
        raise IntervalFormat("INPUT_IS_EMPTY", {"input": text})
    place = 0
    if body.startswith("interval"):
        if body == "interval":
            raise IntervalFormat("INPUT_IS_EMPTY", {"input": text})
        if not body[8].isspace():
            raise IntervalFormat("INVALID_PREFIX", {"input": text, "prefix": body.split()[0]})
        place = 9
    return _Units(text, body).read(place)


class _Units:
    """Reads pairs of amount and unit from `body`; `text` is what errors show."""

    def __init__(self, text: str, body: str) -> None:
        self.text, self.body = text, body

    def fail(self, kind: str, name: str, place: int) -> IntervalFormat:
        """The error about the word at a place."""
        words = self.body.split()
        word = words[len(words) - len(self.body[place:].split() or [""])]
        return IntervalFormat(kind, {"input": self.text, name: word})

    def read(self, place: int) -> CalendarInterval:
        months = days = micros = 0
        body = self.body
        while (place := self._skip(place)) < len(body):
            amount, fraction, place, sign = self._amount(place)
            unit, end = self._unit(place, fraction is not None)
            place = end
            if unit in _MONTHS:
                months += sign * amount * _MONTHS[unit]
            elif unit in _DAYS:
                days += sign * amount * _DAYS[unit]
            else:
                micros += sign * (amount * _MICROS[unit] + (fraction or 0))
            if not (-(2**31) <= months < 2**31 and -(2**31) <= days < 2**31 and -(2**63) <= micros < 2**63):
                raise IntervalFormat("ARITHMETIC_EXCEPTION", {"input": self.text})
        return CalendarInterval(months, days, micros)

    def _skip(self, place: int) -> int:
        while place < len(self.body) and self.body[place].isspace():
            place += 1
        return place

    def _amount(self, place: int) -> tuple[int, int | None, int, int]:
        """A number, its fraction in microseconds if it has a point, where its unit begins, and its sign."""
        body, first = self.body, self.body[place]
        sign = -1 if first == "-" else 1
        if first in "+-":
            start = place
            place = self._skip(place + 1)
            if place == len(body):
                raise self.fail("MISSING_NUMBER", "word", start)
        elif not ("0" <= first <= "9" or first == "."):
            raise self.fail("UNRECOGNIZED_NUMBER", "number", place)
        found = _DIGITS.match(body, place)
        assert found is not None  # it matches nothing, too
        digits, end = found[0], found.end()
        amount = int(digits or 0)
        if amount >= 2**63:
            raise IntervalFormat("ARITHMETIC_EXCEPTION", {"input": self.text})
        fraction: int | None = None
        if body[end : end + 1] == "." and (digits or first == "."):
            fraction, end = self._fraction(end + 1, bool(digits))
        elif not digits:
            raise self.fail("INVALID_VALUE", "value", place)
        if end == len(body):
            raise self.fail("MISSING_UNIT", "word", place)
        if not body[end].isspace():
            raise self.fail("INVALID_VALUE", "value", place)
        unit = self._skip(end)
        if unit == len(body):
            raise self.fail("MISSING_UNIT", "word", place)
        return amount, fraction, unit, sign

    def _fraction(self, place: int, has_whole: bool) -> tuple[int, int]:
        found = _DIGITS.match(self.body, place)
        assert found is not None  # it matches nothing, too
        if len(found[0]) > 9:
            raise self.fail("INVALID_PRECISION", "value", place)
        if not found[0] and not has_whole:
            raise self.fail("INVALID_VALUE", "value", place - 1)
        return int(found[0].ljust(9, "0")) // 1000, found.end()

    def _unit(self, place: int, has_fraction: bool) -> tuple[str, int]:
        """The unit at a place and where what follows it begins."""
        if has_fraction and self.body[place] != "s":
            raise self.fail("INVALID_FRACTION", "unit", place)
        unit = next((each for each in _UNITS if self.body.startswith(each, place)), None)
        if unit is None:
            raise self.fail("INVALID_UNIT", "unit", place)
        end = place + len(unit)
        if self.body[end : end + 1] == "s":
            end += 1
        if end < len(self.body) and not self.body[end].isspace():
            raise self.fail("INVALID_UNIT", "unit", end)
        return unit, end


def read_fields(text: str, kind: YearMonthIntervalType | DayTimeIntervalType) -> int:
    """The months or microseconds of the fields of one ANSI type, perhaps as a whole literal."""
    is_months = isinstance(kind, YearMonthIntervalType)
    names = YEAR_MONTH_FIELDS if is_months else DAY_TIME_FIELDS
    suffix = names[kind.start] + (rf"\s+to\s+{names[kind.end]}" if kind.start != kind.end else "")
    body = text.strip(BLANKS)
    whole = re.fullmatch(rf"interval\s+([+-]?)'([^']*)'\s+{suffix}", body, re.IGNORECASE)
    outer, inner = (whole[1], whole[2]) if whole else ("", body)
    found = re.fullmatch(_pattern(kind), inner, re.ASCII)
    if found is None:
        raise _unmatched(text, kind, names)
    sign = -1 if (outer == "-") != (found["sign"] == "-") else 1
    return _months(found, sign, text, kind) if is_months else _micros(found, sign, text, kind, names)


def _pattern(kind: YearMonthIntervalType | DayTimeIntervalType) -> str:
    if isinstance(kind, YearMonthIntervalType):
        parts = [rf"(?P<f{field}>\d+)" for field in range(kind.start, kind.end + 1)]
        return "(?P<sign>[+-]?)" + "-".join(parts)
    text = "(?P<sign>[+-]?)"
    for field in range(kind.start, kind.end + 1):
        lead = "" if field == kind.start else " " if field == 1 else ":"
        digits = (r"\d{1,9}", r"\d{1,10}", r"\d{1,12}", r"\d{1,13}")[field] if field == kind.start else r"\d{1,2}"
        text += f"{lead}(?P<f{field}>{digits})" + (r"(?:\.(?P<fraction>\d{1,9}))?" if field == SECOND else "")
    return text


def _months(found: re.Match[str], sign: int, text: str, kind: YearMonthIntervalType | DayTimeIntervalType) -> int:
    fields = found.groupdict()
    years, months = int(fields.get("f0") or 0), int(fields.get("f1") or 0)
    total = sign * (years * 12 + months)
    if ((kind.start, kind.end) == (YEAR, MONTH) and months > 11) or not -(2**31) <= total < 2**31:
        raise IntervalFormat("INTERVAL_PARSING", {"input": text, "interval": "year-month"})
    return total


def _micros(
    found: re.Match[str],
    sign: int,
    text: str,
    kind: YearMonthIntervalType | DayTimeIntervalType,
    names: tuple[str, ...],
) -> int:
    total = int((found.groupdict().get("fraction") or "").ljust(6, "0")[:6])
    for field in range(kind.start, kind.end + 1):
        amount, limit = int(found[f"f{field}"]), (_FIRST_LIMITS if field == kind.start else _LIMITS)[field]
        if amount > limit:
            raise OutsideRange(f"requirement failed: {names[field]} {amount} outside range [0, {limit}]")
        total += amount * _FIELD_MICROS[field]
    if not -(2**63) <= sign * total < 2**63:
        raise IntervalFormat("DAY_TIME_PARSING", {"input": text, "msg": "long overflow"})
    return sign * total


def _unmatched(text: str, kind: YearMonthIntervalType | DayTimeIntervalType, names: tuple[str, ...]) -> IntervalFormat:
    is_months = isinstance(kind, YearMonthIntervalType)
    letters = ("y", "m") if is_months else ("d", "h", "m", "s.n")
    shape = letters[kind.start]
    for field in range(kind.start + 1, kind.end + 1):
        shape += ("-" if is_months else " " if field == 1 else ":") + letters[field]
    fields = names[kind.start].upper() + (f" TO {names[kind.end].upper()}" if kind.start != kind.end else "")
    parameters = {
        "input": text,
        "intervalStr": "year-month" if is_months else "day-time",
        "supportedFormat": f"`[+|-]{shape}`, `INTERVAL [+|-]'[+|-]{shape}' {fields}`",
        "typeName": kind.simpleString(),
    }
    return IntervalFormat("UNMATCHED_FORMAT_STRING" + ("" if is_months else "_WITH_NOTICE"), parameters)
