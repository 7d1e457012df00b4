"""Dates: their fields, days and months later, cut to a unit. The calendar is `kernels/datetimes.py`'s, in integers of 32 bits
where the days allow it."""

from __future__ import annotations

from engine.compile.ir import Function, Value
from engine.compile.row import Emitter, Row
from engine.compile.values import NotCompiled, Sql, either_null, resized
from engine.expressions.base import Expression, Literal
from engine.expressions.calls import Call
from engine.records import dataclass
from engine.types import DATE, INT, DateType

_ERA = 146_097
"""The days of 400 years."""
_MANY_ERAS = 1_000_000
"""Added to years so that none is negative."""
_FROM_MARCH = 719_468
"""The days from March 1 of the year 0 to 1970."""


@dataclass(frozen=True)
class Civil:
    """A day of the proleptic Gregorian calendar, in i32."""

    year: Value
    month: Value
    day: Value


def civil(function: Function, days: Sql) -> Civil:
    """The fields of a date."""
    eras = (1 << days.bits) // _ERA + 1  # added so that nothing is negative
    width = "i32" if days.bits < 30 else "i64"
    shifted = resized(days, width) + (_FROM_MARCH + eras * _ERA)
    era = shifted.unsigned_quotient(function.integer(width, _ERA))
    of_era = (shifted - era * _ERA).signed("i32")
    year_of_era = _divided(
        of_era - _divided(of_era, 1460) + _divided(of_era, 36_524) - _divided(of_era, 146_096),
        365,
    )
    of_year = of_era - (year_of_era * 365 + _divided(year_of_era, 4) - _divided(year_of_era, 100))
    from_march = _divided(of_year * 5 + 2, 153)
    day = of_year - _divided(from_march * 153 + 2, 5) + 1
    month = function.select(from_march < 10, from_march + 3, from_march - 9)
    year = year_of_era + era.signed("i32") * 400 + (-400 * eras)
    return Civil(year + (month <= 2).unsigned("i32"), month, day)


def _divided(value: Value, divisor: int) -> Value:
    return value.unsigned_quotient(value.function.integer(value.type, divisor))


def days_of(function: Function, year: Value, month: Value, day: Value) -> Value:
    """The days since 1970 of a day, an i32: the low bits where there are more, as the kernel cuts them."""
    shifted = (year - (month <= 2).unsigned("i32")).signed("i64") + 400 * _MANY_ERAS
    era = _divided(shifted, 400)
    of_era = (shifted - era * 400).signed("i32")
    from_march = function.select(month > 2, month - 3, month + 9)
    of_year = _divided(from_march * 153 + 2, 5) + day - 1
    in_era = of_era * 365 + _divided(of_era, 4) - _divided(of_era, 100) + of_year
    return (era * _ERA + in_era.signed("i64") - (_FROM_MARCH + _MANY_ERAS * _ERA)).signed("i32")


def _date(expression: Call, row: Row, place: int = 0) -> Sql:
    value = row.value(expression.arguments[place])
    if not isinstance(value.type, DateType):
        raise NotCompiled(f"{expression.function} of {value.type.simpleString()}")
    return value


def _year(expression: Call, row: Row) -> Sql:
    value = _date(expression, row)
    return Sql(INT, civil(row.function, value).year, value.null, min(31, max(12, value.bits - 7)))


def _month(expression: Call, row: Row) -> Sql:
    value = _date(expression, row)
    return Sql(INT, civil(row.function, value).month, value.null, 4)


def _day(expression: Call, row: Row) -> Sql:
    value = _date(expression, row)
    return Sql(INT, civil(row.function, value).day, value.null, 5)


def _quarter(expression: Call, row: Row) -> Sql:
    value = _date(expression, row)
    month = civil(row.function, value).month
    return Sql(INT, _divided(month - 1, 3) + 1, value.null, 3)


def _day_of_year(expression: Call, row: Row) -> Sql:
    value, function = _date(expression, row), row.function
    year = civil(function, value).year
    first = days_of(function, year, function.integer("i32", 1), function.integer("i32", 1))
    return Sql(INT, resized(value, "i32") - first + 1, value.null, 9)


def _weekday_from(row: Row, value: Sql, shift: int) -> Value:
    """The day of the week from 0; `shift`: that of 1970-01-01."""
    eras = ((1 << value.bits) // 7 + 1) * 7
    return (resized(value, "i64") + (eras + shift)).unsigned_remainder(row.function.integer("i64", 7)).signed("i32")


def _day_of_week(expression: Call, row: Row) -> Sql:
    value = _date(expression, row)
    return Sql(INT, _weekday_from(row, value, 4) + 1, value.null, 3)


def _day_of_week_iso(expression: Call, row: Row) -> Sql:
    value = _date(expression, row)
    return Sql(INT, _weekday_from(row, value, 3) + 1, value.null, 3)


def _weekday(expression: Call, row: Row) -> Sql:
    value = _date(expression, row)
    return Sql(INT, _weekday_from(row, value, 3), value.null, 3)


def _shifted(expression: Call, row: Row) -> Sql:
    """date_add, date_sub: like the kernel's, the days wrap around at 32 bits."""
    start, days = _date(expression, row), row.value(expression.arguments[1])
    left, right = resized(start, "i32"), resized(days, "i32")
    found = left - right if expression.function == "date_sub" else left + right
    return Sql(DATE, found, either_null(start, days), min(31, max(start.bits, days.bits) + 1))


def _difference(expression: Call, row: Row) -> Sql:
    end, start = _date(expression, row), _date(expression, row, 1)
    found = resized(end, "i32") - resized(start, "i32")
    return Sql(INT, found, either_null(end, start), min(31, max(end.bits, start.bits) + 1))


def _days_in_month(function: Function, year: Value, month: Value) -> Value:
    four, hundred, all_four = (year.unsigned_remainder(function.integer("i32", each)) == 0 for each in (4, 100, 400))
    february = (four & (~hundred | all_four)).unsigned("i32") + 28
    odd = (month ^ (month >> 3)) & 1
    return function.select(month == 2, february, odd + 30)


def _last_day(expression: Call, row: Row) -> Sql:
    value, function = _date(expression, row), row.function
    fields = civil(function, value)
    length = _days_in_month(function, _positive(fields.year), fields.month)
    return Sql(DATE, resized(value, "i32") - fields.day + length, value.null, min(31, value.bits + 1))


def _positive(year: Value) -> Value:
    """A year of the same place in the 400 years of the calendar that is not negative."""
    return year + 400 * _MANY_ERAS


def _add_months(expression: Call, row: Row) -> Sql:
    start, months = _date(expression, row), row.value(expression.arguments[1])
    function = row.function
    fields = civil(function, start)
    span = 12 * 400 * _MANY_ERAS
    total = fields.year.signed("i64") * 12 + fields.month.signed("i64") - 1 + resized(months, "i64") + span
    year = _divided(total, 12)
    month = (total - year * 12).signed("i32") + 1
    year = (year - span // 12).signed("i32")
    of_era = (year.signed("i64") + span // 12).unsigned_remainder(function.integer("i64", 400)).signed("i32")
    day = function.minimum(fields.day, _days_in_month(function, of_era, month))
    return Sql(DATE, days_of(function, year, month, day), either_null(start, months), 31)


_UNITS = {
    "YEAR": "year", "YYYY": "year", "YY": "year", "QUARTER": "quarter", "MONTH": "month", "MM": "month", "MON": "month",
    "WEEK": "week",
}  # fmt: skip


def day_unit(written: Expression) -> str | None:
    """The unit of days that a constant names: year, quarter, month or week; None for others."""
    return _UNITS.get(written.value.upper()) if isinstance(written, Literal) and written.value is not None else None


def cut_days(row: Row, value: Sql, unit: str) -> Value:
    """The first day of the unit each day is in, an i32."""
    function = row.function
    if unit == "week":
        return resized(value, "i32") - _weekday_from(row, value, 3)
    fields, one = civil(function, value), function.integer("i32", 1)
    if unit == "month":
        return resized(value, "i32") - fields.day + 1
    month = one if unit == "year" else _divided(fields.month - 1, 3) * 3 + 1
    return days_of(function, fields.year, month, one)


def _trunc(expression: Call, row: Row) -> Sql:
    """trunc(date, unit) with a constant unit."""
    unit = day_unit(expression.arguments[1])
    if unit is None:
        raise NotCompiled("trunc to such a unit")
    value = _date(expression, row)
    return Sql(DATE, cut_days(row, value, unit), value.null, 31)


CALLS: dict[str, Emitter] = {
    "year": _year,
    "month": _month,
    "day": _day,
    "quarter": _quarter,
    "dayofyear": _day_of_year,
    "dayofweek": _day_of_week,
    "dayofweek_iso": _day_of_week_iso,
    "weekday": _weekday,
    "date_add": _shifted,
    "date_sub": _shifted,
    "datediff": _difference,
    "last_day": _last_day,
    "add_months": _add_months,
    "trunc": _trunc,
}
