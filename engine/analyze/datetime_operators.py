"""Arithmetic on dates, timestamps and intervals: `+ - * /` become calls of the functions that do it.

| left      | op | right              | call                                     |
|-----------|----|--------------------|------------------------------------------|
| date      | ±  | int                | date_add, date_sub                       |
| date      | ±  | INTERVAL DAY       | date_add_days_interval (a date)          |
| date      | ±  | other day-time     | timestamp_add_interval (a timestamp)     |
| date      | ±  | year-month         | date_add_months_interval                 |
| timestamp | ±  | interval           | timestamp_add_interval / _months_interval |
| date      | -  | date               | date_difference (INTERVAL DAY)           |
| timestamp | -  | timestamp          | timestamp_difference (INTERVAL DAY TO SECOND) |
| interval  | */ | number             | multiply_interval, divide_interval       |
"""

from __future__ import annotations

from engine.expressions.base import Expression, Mode
from engine.expressions.operators import Add, BinaryArithmetic, Divide, Multiply, Subtract, UnaryMinus
from engine.types import (
    DateType,
    DayTimeIntervalType,
    NullType,
    NumericType,
    StringType,
    TimestampNTZType,
    TimestampType,
)
from engine.types import YearMonthIntervalType

_DATETIME = (DateType, TimestampType, TimestampNTZType)
_INTERVAL = (YearMonthIntervalType, DayTimeIntervalType)


def datetime_arithmetic(node: BinaryArithmetic, ansi: bool) -> Expression | None:
    """The call for `node` where an operand is a date, a timestamp or an interval; None where none is."""
    return None
