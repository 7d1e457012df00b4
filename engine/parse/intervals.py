"""INTERVAL constants: `INTERVAL 1 DAY 2 HOURS`, `INTERVAL '1 day'`, `INTERVAL '1-2' YEAR TO MONTH`.

Follows Spark's `AstBuilder.visitInterval` and `visitTypeConstructor`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.errors import ParseError
from engine.expressions.base import Literal
from engine.types import CALENDAR_INTERVAL, DayTimeIntervalType, YearMonthIntervalType
from engine.types.interval_reading import CalendarInterval, IntervalFormat, OutsideRange, read_fields, read_units
from engine.types.session import legacy_intervals
from engine.types.types import DAY_TIME_FIELDS, MONTH, SECOND, YEAR, YEAR_MONTH_FIELDS

_DAY = 86_400_000_000
_FIELD_OF = {name: field for field, name in enumerate(DAY_TIME_FIELDS)} | {
    "week": 0,
    "millisecond": 3,
    "microsecond": 3,
}


class IntervalPart(NamedTuple):
    """An amount with its sign, and its unit, as written. `quoted`: the amount is a string."""

    amount: str
    unit: str
    quoted: bool = True


def unit_name(word: str) -> str:
    """YEARS -> year."""
    return word.lower().removesuffix("s")


def interval(parts: Sequence[IntervalPart]) -> Literal:
    """`INTERVAL 1 DAY 2 HOURS`: months or microseconds, with the range of units named as the type."""
    for part in parts:
        if part.quoted and any(character.isalpha() for character in part.amount):
            raise ParseError("_LEGACY_ERROR_TEMP_0026", {"value": part.amount})
    try:
        value = read_units("".join(f" {part.amount} {part.unit}" for part in parts))
    except IntervalFormat as error:
        raise _refused(error) from None
    return _of_units(value, [unit_name(part.unit) for part in parts], "")


def interval_text(text: str) -> Literal:
    """`INTERVAL '1 day 2 hours'`."""
    try:
        value = read_units(text)
    except IntervalFormat:
        raise ParseError("INVALID_TYPED_LITERAL", {"valueType": '"INTERVAL"', "value": f"'{text}'"}) from None
    words = [unit_name(word) for word in text.split()]
    return _of_units(value, [word for word in words if word != "interval" and word.isalpha()], text)


def _of_units(value: CalendarInterval, units: list[str], text: str) -> Literal:
    """The interval of the ANSI type that the units name."""
    if legacy_intervals():
        return Literal(tuple(value), CALENDAR_INTERVAL)
    months = [YEAR_MONTH_FIELDS.index(unit) for unit in units if unit in YEAR_MONTH_FIELDS]
    times = [_FIELD_OF[unit] for unit in units if unit in _FIELD_OF]
    if months and times:
        raise ParseError("_LEGACY_ERROR_TEMP_0029", {"literal": f"interval '{text}'" if text else "interval"})
    if months:
        return Literal(value.months, YearMonthIntervalType(min(months), max(months)))
    micros = value.days * _DAY + value.micros
    if not -(2**63) <= micros < 2**63:
        raise ParseError("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION")
    return Literal(micros, DayTimeIntervalType(min(times), max(times)))


def interval_range(part: IntervalPart, last_word: str) -> Literal:
    """`INTERVAL '1-2' YEAR TO MONTH`, `INTERVAL '1 02:03:04.5' DAY TO SECOND`."""
    first, last = unit_name(part.unit), unit_name(last_word)
    if not part.quoted:
        raise ParseError("_LEGACY_ERROR_TEMP_0027")
    kind: YearMonthIntervalType | DayTimeIntervalType
    if (first, last) == ("year", "month"):
        kind = YearMonthIntervalType(YEAR, MONTH)
    elif first in DAY_TIME_FIELDS and last in DAY_TIME_FIELDS and _FIELD_OF[first] < _FIELD_OF[last] <= SECOND:
        kind = DayTimeIntervalType(_FIELD_OF[first], _FIELD_OF[last])
    else:
        parameters = {"input": part.amount, "from": part.unit.lower(), "to": last_word.lower()}
        raise ParseError("INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION", parameters)
    try:
        value = read_fields(part.amount, kind)
    except IntervalFormat as error:
        raise _refused(error) from None
    except OutsideRange as error:
        raise ParseError("_LEGACY_ERROR_TEMP_0063", {"msg": str(error)}) from None
    if legacy_intervals():
        whole = abs(value) // _DAY * (1 if value >= 0 else -1)
        is_months = isinstance(kind, YearMonthIntervalType)
        return Literal((value, 0, 0) if is_months else (0, whole, value - whole * _DAY), CALENDAR_INTERVAL)
    return Literal(value, kind)


def _refused(error: IntervalFormat) -> ParseError:
    return ParseError(f"INVALID_INTERVAL_FORMAT.{error.kind}", error.parameters)
