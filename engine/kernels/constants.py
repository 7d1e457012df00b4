"""Values of the constants that queries hold most, without Arrow: numbers of another type, sums, dates and intervals.

To start kernels for one row takes a third of a millisecond, and a query has a dozen of such constants. Only what has a value,
and an exact one, is computed here; all else, errors too, is left to the kernels, with which these agree.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from engine.expressions.base import Expression, Literal
from engine.expressions.calls import Call
from engine.expressions.cast import Cast
from engine.expressions.operators import Add, Subtract, UnaryMinus
from engine.kernels.datetimes import DAY
from engine.kernels.literals import EPOCH_DAY, WIDE, unscaled
from engine.types import DataType, DateType, DayTimeIntervalType, DecimalType, IntegralType, YearMonthIntervalType

_INTERVALS = (DayTimeIntervalType, YearMonthIntervalType)
_WHOLE = (IntegralType, DecimalType, DateType, *_INTERVALS)
"""Types whose values are whole numbers, without the point of decimals."""


def quick_value(expression: Expression) -> Any:
    """The value of `expression` as `Literal` holds it; None where it is not computed here."""
    if not isinstance(expression.dataType, IntegralType | DecimalType | DateType):
        return None
    found = _whole(expression)
    if found is None or not isinstance(expression.dataType, DecimalType):
        return found
    return Decimal(found).scaleb(-expression.dataType.scale, WIDE)


def _whole(expression: Expression) -> int | None:
    """The whole number that stands for the value."""
    found: int | None = None
    match expression:
        case Literal(value, kind) if isinstance(kind, _WHOLE):
            return None if value is None else unscaled(expression)
        case Cast(child, IntegralType() | DecimalType()) | UnaryMinus(child):
            found = _in_digits(child, expression.dataType)
            found = -found if isinstance(expression, UnaryMinus) and found is not None else found
        case Add(left, right) | Subtract(left, right) if isinstance(expression.dataType, IntegralType | DecimalType):
            a, b = _in_digits(left, expression.dataType), _in_digits(right, expression.dataType)
            if a is not None and b is not None:
                found = a + b if isinstance(expression, Add) else a - b
        case Call("date_add_days_interval", (day, interval)):
            a, b = _whole(day), _whole(interval)
            found = a + b // DAY if a is not None and b is not None else None
        case Call("date_add_months_interval", (day, interval)):
            a, b = _whole(day), _whole(interval)
            found = _months_later(a, b) if a is not None and b is not None else None
    return found if found is not None and _holds(expression.dataType, found) else None


def _in_digits(expression: Expression, wanted: DataType) -> int | None:
    """The value of a number with as many digits after the point as `wanted` has; intervals as they are."""
    kind = expression.dataType
    if kind == wanted:
        return _whole(expression)
    if not isinstance(kind, IntegralType | DecimalType):
        return None
    more = _scale(wanted) - _scale(kind)
    found = _whole(expression) if more >= 0 else None
    return None if found is None else found * 10**more


def _scale(kind: DataType) -> int:
    return kind.scale if isinstance(kind, DecimalType) else 0


def _holds(kind: DataType, value: int) -> bool:
    if isinstance(kind, DecimalType):
        return bool(abs(value) < 10**kind.precision)
    bits = kind.bits if isinstance(kind, IntegralType) else 64 if isinstance(kind, DayTimeIntervalType) else 32
    return -(1 << (bits - 1)) <= value < 1 << (bits - 1)


def _months_later(day: int, months: int) -> int | None:
    """The day, or the last one of its month, some months later, within the years that Python knows."""
    if not datetime.date.min.toordinal() <= day + EPOCH_DAY <= datetime.date.max.toordinal():
        return None
    date = datetime.date.fromordinal(day + EPOCH_DAY)
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    if not datetime.MINYEAR <= year < datetime.MAXYEAR:
        return None
    first = datetime.date(year, month + 1, 1).toordinal()
    next_year, next_month = divmod(year * 12 + month + 1, 12)
    after = datetime.date(next_year, next_month + 1, 1).toordinal()
    return min(first + date.day, after) - 1 - EPOCH_DAY
