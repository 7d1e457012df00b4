"""Arithmetic on dates, timestamps and intervals: `+ - * /` become calls of the functions that do it.

| left      | op  | right        | call                                                       |
|-----------|-----|--------------|------------------------------------------------------------|
| date      | + - | int          | date_add, date_sub                                         |
| date      | + - | INTERVAL DAY | date_add_days_interval (a date)                            |
| date      | + - | year-month   | date_add_months_interval (a date)                          |
| date      | + - | day-time     | timestamp_add_interval (a timestamp)                       |
| timestamp | + - | day-time     | timestamp_add_interval                                     |
| timestamp | + - | year-month   | timestamp_add_months_interval                              |
| time      | + - | day-time     | time_add_interval                                          |
| time      | -   | time         | time_difference (INTERVAL HOUR TO SECOND)                  |
| date      | -   | date         | date_difference (INTERVAL DAY)                             |
| timestamp | -   | timestamp    | timestamp_difference (INTERVAL DAY TO SECOND)              |
| interval  | + - | interval     | Add, Subtract on the wider of both types                   |
| interval  | * / | number       | multiply_interval, divide_interval                         |
"""

from __future__ import annotations

from engine.expressions.base import Expression, Mode
from engine.expressions.cast import Cast
from engine.expressions.operators import Add, BinaryArithmetic, Divide, Multiply, Subtract, UnaryMinus
from engine.functions.resolve import resolve_call
from engine.types import (
    DATE,
    TIME,
    TIMESTAMP,
    DataType,
    DateType,
    DayTimeIntervalType,
    IntegralType,
    NullType,
    NumericType,
    StringType,
    TimestampNTZType,
    TimestampType,
    TimeType,
    YearMonthIntervalType,
)
from engine.types.coercion import common_type
from engine.types.types import DAY

_INTERVAL = (YearMonthIntervalType, DayTimeIntervalType)
_TIMESTAMP = (TimestampType, TimestampNTZType)
_SPECIAL = (DateType, TimeType, *_TIMESTAMP, *_INTERVAL)


def datetime_arithmetic(node: BinaryArithmetic, ansi: bool) -> Expression | None:
    """The call for `node` where an operand is a date, a timestamp or an interval; None where the operation has none."""
    left, right = node.left, node.right
    if not isinstance(left.dataType, _SPECIAL) and not isinstance(right.dataType, _SPECIAL):
        return None
    if isinstance(node, Add) and isinstance(right.dataType, (DateType, TimeType, *_TIMESTAMP)):
        left, right = right, left  # interval + date is date + interval
    match node:
        case Add() | Subtract():
            return _add_or_subtract(node, left, right, ansi)
        case Multiply():
            if isinstance(right.dataType, _INTERVAL):
                left, right = right, left
            return _scale("multiply_interval", left, right, ansi)
        case Divide():
            return _scale("divide_interval", left, right, ansi)
    return None


def _add_or_subtract(node: BinaryArithmetic, left: Expression, right: Expression, ansi: bool) -> Expression | None:
    negative = isinstance(node, Subtract)
    if isinstance(left.dataType, TimeType) or (negative and isinstance(right.dataType, TimeType)):
        return _time(left, right, negative, ansi, node.mode)
    if isinstance(left.dataType, StringType | NullType) and isinstance(right.dataType, _SPECIAL):
        target = right.dataType if negative or isinstance(right.dataType, _INTERVAL) else TIMESTAMP
        if isinstance(right.dataType, _INTERVAL) and isinstance(left.dataType, StringType):
            target = TIMESTAMP
        left = _as(left, target, ansi)
    if isinstance(right.dataType, StringType | NullType) and isinstance(left.dataType, (DateType, *_TIMESTAMP)):
        right = _as(right, left.dataType, ansi) if negative else right
    one, other = left.dataType, right.dataType
    if isinstance(other, _INTERVAL):
        return _plus_interval(node, left, UnaryMinus(right, node.mode) if negative else right, ansi)
    if isinstance(one, DateType) and isinstance(other, IntegralType):
        return resolve_call("date_sub" if negative else "date_add", (left, right), ansi)
    if not negative:
        return None
    if isinstance(one, DateType) and isinstance(other, DateType):
        return resolve_call("date_difference", (left, right), ansi)
    if isinstance(one, (DateType, *_TIMESTAMP)) and isinstance(other, (DateType, *_TIMESTAMP)):
        both = TIMESTAMP if TIMESTAMP in (one, other) or DATE not in (one, other) else common_type(one, other, ansi)
        both = one if one == other else both
        return resolve_call("timestamp_difference", (_as(left, both, ansi), _as(right, both, ansi)), ansi)
    return None


def _time(left: Expression, right: Expression, negative: bool, ansi: bool, mode: Mode) -> Expression | None:
    """A time and an interval, or the difference of two times."""
    if negative and isinstance(right.dataType, TimeType | StringType | NullType):
        both = tuple(_as(e, TIME, ansi) if isinstance(e.dataType, StringType | NullType) else e for e in (left, right))
        times = all(isinstance(each.dataType, TimeType) for each in both)
        return resolve_call("time_difference", both, ansi) if times else None
    if isinstance(right.dataType, NullType):
        right = _as(right, DayTimeIntervalType(), ansi)
    if not isinstance(right.dataType, DayTimeIntervalType):
        return None
    interval = UnaryMinus(right, mode) if negative else right
    return resolve_call("time_add_interval", (left, interval), ansi)


def _plus_interval(node: BinaryArithmetic, left: Expression, interval: Expression, ansi: bool) -> Expression | None:
    match left.dataType, interval.dataType:
        case DateType(), YearMonthIntervalType():
            return resolve_call("date_add_months_interval", (left, interval), ansi)
        case DateType(), DayTimeIntervalType(_, end) if end == DAY:
            return resolve_call("date_add_days_interval", (left, interval), ansi)
        case DateType(), DayTimeIntervalType():
            return resolve_call("timestamp_add_interval", (_as(left, TIMESTAMP, ansi), interval), ansi)
        case TimestampType() | TimestampNTZType(), DayTimeIntervalType():
            return resolve_call("timestamp_add_interval", (left, interval), ansi)
        case TimestampType() | TimestampNTZType(), YearMonthIntervalType():
            return resolve_call("timestamp_add_months_interval", (left, interval), ansi)
        case (YearMonthIntervalType() as one, YearMonthIntervalType() as other) | (
            DayTimeIntervalType() as one,
            DayTimeIntervalType() as other,
        ):
            met = common_type(one, other, ansi)
            return type(node)(_as(node.left, met, ansi), _as(node.right, met, ansi), node.mode)
    return None


def _scale(function: str, interval: Expression, number: Expression, ansi: bool) -> Expression | None:
    if isinstance(interval.dataType, _INTERVAL) and isinstance(number.dataType, NumericType | StringType | NullType):
        return resolve_call(function, (interval, number), ansi)
    return None


def _as(expression: Expression, to: DataType | None, ansi: bool) -> Expression:
    if to is None or expression.dataType == to:
        return expression
    return Cast(expression, to, Mode.ANSI if ansi else Mode.LEGACY, implicit=True).at(expression.origin)
