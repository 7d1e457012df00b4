"""Arithmetic on dates, times, timestamps and intervals: `+ - * /` become calls of the functions that do it.

| left      | op  | right        | call                                                       |
|-----------|-----|--------------|------------------------------------------------------------|
| date      | + - | int          | date_add, date_sub                                         |
| date      | + - | INTERVAL DAY | date_add_days_interval (a date)                            |
| date      | + - | year-month   | date_add_months_interval (a date)                          |
| date      | + - | day-time     | timestamp_add_interval (a timestamp)                       |
| date      | + - | INTERVAL     | date_add_calendar_interval (a date)                        |
| timestamp | + - | day-time     | timestamp_add_interval                                     |
| timestamp | + - | year-month   | timestamp_add_months_interval                              |
| timestamp | + - | INTERVAL     | timestamp_add_calendar_interval                            |
| text      | + - | day-time, INTERVAL | as of a timestamp, and text again                    |
| time      | + - | day-time     | time_add_interval                                          |
| time      | -   | time         | time_difference (INTERVAL HOUR TO SECOND)                  |
| date      | -   | date         | date_difference (INTERVAL DAY)                             |
| timestamp | -   | timestamp    | timestamp_difference (INTERVAL DAY TO SECOND)              |
| interval  | + - | interval     | Add, Subtract on the wider of both types                   |
| interval  | * / | number       | multiply_interval, divide_interval                         |

Follows Spark's `BinaryArithmeticWithDatetimeResolver`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from engine.errors import AnalysisError
from engine.expressions.base import Expression, Literal, Mode
from engine.expressions.cast import Cast
from engine.expressions.operators import Add, BinaryArithmetic, Divide, IntegralDivide, Multiply, Subtract, UnaryMinus
from engine.expressions.sql import shown, shown_type, sql
from engine.functions.resolve import resolve_call
from engine.types import (
    CALENDAR_INTERVAL,
    DATE,
    DOUBLE,
    STRING,
    TIME,
    TIMESTAMP,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    NullType,
    NumericType,
    StringType,
    TimestampNTZType,
    TimestampType,
    TimeType,
    YearMonthIntervalType,
)
from engine.types.coercion import common_type
from engine.types.session import legacy_intervals
from engine.types.types import DAY

_ANSI_INTERVAL = (YearMonthIntervalType, DayTimeIntervalType)
_INTERVAL = (*_ANSI_INTERVAL, CalendarIntervalType)
_TIMESTAMP = (TimestampType, TimestampNTZType)
_SPECIAL = (DateType, TimeType, *_TIMESTAMP, *_INTERVAL)
_UNKNOWN = (StringType, NullType)
_ADDED = '("NUMERIC" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH" or "INTERVAL")'
_DAYS = '("INT" or "SMALLINT" or "TINYINT")'
_TIMESTAMPS = '"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)"'


def datetime_arithmetic(node: BinaryArithmetic, ansi: bool) -> Expression | None:
    """The call for `node` where an operand is a date, a time, a timestamp or an interval; None where there is none.

    Raises AnalysisError DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE where Spark's call would not take the other operand."""
    left, right = node.left, node.right
    if not isinstance(left.dataType, _SPECIAL) and not isinstance(right.dataType, _SPECIAL):
        return None
    match node:
        case Add():
            return _add(node, left, right, ansi)
        case Subtract():
            return _subtract(node, left, right, ansi)
        case Multiply():
            if not isinstance(left.dataType, _INTERVAL) or (
                isinstance(right.dataType, YearMonthIntervalType) and isinstance(left.dataType, DayTimeIntervalType)
            ):
                left, right = right, left
            return _scale("multiply", node, left, right, ansi)
        case Divide():
            return _scale("divide", node, left, right, ansi)
        case IntegralDivide() if isinstance(left.dataType, _ANSI_INTERVAL) and type(left.dataType) is type(
            right.dataType
        ):
            met = common_type(left.dataType, right.dataType, ansi)
            return IntegralDivide(_as(left, met, ansi), _as(right, met, ansi), node.mode)
    return None


def _add(node: BinaryArithmetic, left: Expression, right: Expression, ansi: bool) -> Expression | None:
    if _is_interval_sum(left.dataType, right.dataType):
        return _interval_sum(node, left, right, ansi)
    if isinstance(left.dataType, _INTERVAL) and not isinstance(
        right.dataType, DayTimeIntervalType | CalendarIntervalType
    ):
        left, right = right, left  # interval + date is date + interval
    if isinstance(right.dataType, _INTERVAL):
        return _plus_interval(node, left, right, ansi, negative=False)
    for moment, other in ((left, right), (right, left)):
        if isinstance(moment.dataType, (DateType, TimeType, *_TIMESTAMP)) and isinstance(other.dataType, NullType):
            # of all intervals Spark takes one of days and seconds, so that a date becomes a timestamp
            return _plus_interval(node, moment, _as(other, DayTimeIntervalType(), ansi), ansi, negative=False)
    if isinstance(left.dataType, DateType) and not isinstance(right.dataType, StringType):
        return resolve_call("date_add", (left, right), ansi, origin=node.origin)
    if isinstance(right.dataType, DateType) and not isinstance(left.dataType, StringType):
        return resolve_call("date_add", (right, left), ansi, origin=node.origin)
    if DATE in (left.dataType, right.dataType):
        _text_and_date(node, left, right, ansi)
    if ansi and STRING in (left.dataType, right.dataType):
        kind = left.dataType if right.dataType == STRING else right.dataType
        parameters = {"sqlExpr": shown(node), "inputType": _ADDED, "actualDataType": shown_type(kind)}
        raise AnalysisError("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", parameters, node.origin)
    return None


def _text_and_date(node: BinaryArithmetic, left: Expression, right: Expression, ansi: bool) -> NoReturn:
    """Under ANSI a text beside a date is a date too, else it is a number: never one of days."""
    text, day = (left, right) if isinstance(left.dataType, StringType) else (right, left)
    if not ansi:
        raise _unexpected(node, f"date_add({sql(day)}, {sql(text)})", "second", _DAYS, text, DOUBLE)
    raise _unexpected(node, f"date_add({sql(left)}, {sql(right)})", "second", _DAYS, right, DATE)


def _subtract(node: BinaryArithmetic, left: Expression, right: Expression, ansi: bool) -> Expression | None:
    one, other = left.dataType, right.dataType
    if _is_interval_sum(one, other):
        return _interval_sum(node, left, right, ansi)
    if isinstance(one, TimeType) or isinstance(other, TimeType):
        return _minus_time(node, left, right, ansi)
    if isinstance(other, _INTERVAL):
        return _plus_interval(node, left, right, ansi, negative=True)
    if isinstance(one, _TIMESTAMP) or isinstance(other, _TIMESTAMP):
        return _timestamp_difference(node, left, right, ansi)
    if isinstance(other, DateType) or (isinstance(one, DateType) and isinstance(other, _UNKNOWN)):
        if not isinstance(one, (DateType, *_UNKNOWN)):
            raise _unexpected(node, sql(node), "first", '"DATE"', left)
        days = (_as(left, DATE, ansi), _as(right, DATE, ansi))
        if not ansi and isinstance(other, StringType):
            raise _unexpected(node, f"date_sub({sql(left)}, {sql(right)})", "second", _DAYS, right, DOUBLE)
        name = "calendar_days_between" if legacy_intervals() else "date_difference"
        return resolve_call(name, days, ansi)
    return resolve_call("date_sub", (left, right), ansi, origin=node.origin) if isinstance(one, DateType) else None


def _timestamp_difference(node: BinaryArithmetic, left: Expression, right: Expression, ansi: bool) -> Expression:
    """Dates and texts beside a timestamp are timestamps, too."""
    known = (DateType, NullType, *_TIMESTAMP, *([StringType] if ansi else []))
    for place, each in (("first", left), ("second", right)):
        if not isinstance(each.dataType, known):
            raise _unexpected(node, sql(node), place, _TIMESTAMPS, each)
    one, other = left.dataType, right.dataType
    if isinstance(one, _UNKNOWN):
        both: DataType | None = other
    elif isinstance(other, _UNKNOWN):
        both = one
    else:
        both = one if one == other else common_type(one, other, ansi)
    name = "calendar_time_between" if legacy_intervals() else "timestamp_difference"
    return resolve_call(name, (_as(left, both, ansi), _as(right, both, ansi)), ansi)


def _minus_time(node: BinaryArithmetic, left: Expression, right: Expression, ansi: bool) -> Expression | None:
    """The difference of two times, or a time less an interval."""
    one, other = left.dataType, right.dataType
    if isinstance(one, TimeType) and isinstance(other, DayTimeIntervalType):
        return _time_sum(node, left, UnaryMinus(right, node.mode), ansi)
    if isinstance(one, _TIMESTAMP) or isinstance(other, _TIMESTAMP):
        place, wrong = ("first", left) if isinstance(one, TimeType) else ("second", right)
        raise _unexpected(node, sql(node), place, _TIMESTAMPS, wrong)
    if isinstance(one, TimeType | StringType | NullType) and isinstance(other, TimeType | StringType | NullType):
        both = (_as(e, TIME, ansi) if isinstance(e.dataType, _UNKNOWN) else e for e in (left, right))
        return resolve_call("time_difference", tuple(both), ansi)
    return None


def _time_sum(node: BinaryArithmetic, time: Expression, interval: Expression, ansi: bool) -> Expression:
    name = "try_time_add_interval" if node.mode is Mode.TRY else "time_add_interval"
    return resolve_call(name, (time, interval), ansi)


def _plus_interval(
    node: BinaryArithmetic, left: Expression, interval: Expression, ansi: bool, *, negative: bool
) -> Expression | None:
    """`left` + `interval`, or - `interval`."""
    one, other = left.dataType, interval.dataType
    moved = negated(interval, node.mode) if negative else interval
    match one, other:
        case DateType(), YearMonthIntervalType():
            return resolve_call("date_add_months_interval", (left, moved), ansi)
        case DateType(), DayTimeIntervalType(_, end) if end == DAY:
            return resolve_call("date_add_days_interval", (left, moved), ansi)
        case DateType(), CalendarIntervalType():
            return resolve_call("date_add_calendar_interval", (left, moved), ansi)
        case TimeType(), DayTimeIntervalType():
            return _time_sum(node, left, moved, ansi)
        case TimeType(), _:
            return None
        case TimestampType() | TimestampNTZType(), YearMonthIntervalType():
            return resolve_call("timestamp_add_months_interval", (left, moved), ansi)
        case _, YearMonthIntervalType():
            return None
    name = "timestamp_add_interval" if isinstance(other, DayTimeIntervalType) else "timestamp_add_calendar_interval"
    if isinstance(one, (DateType, *_TIMESTAMP)):
        return resolve_call(name, (_as(left, TIMESTAMP, ansi) if one == DATE else left, moved), ansi)
    if isinstance(one, StringType):
        return Cast(resolve_call(name, (_as(left, TIMESTAMP, ansi), moved), ansi), STRING)
    text = sql(interval) if not negative else f"(- {sql(interval)})"
    raise _unexpected(node, f"{sql(left)} + {text}", "first", _TIMESTAMPS, left)


def negated(interval: Expression, mode: Mode) -> Expression:
    """- `interval`, or - of a number."""
    if isinstance(interval.dataType, CalendarIntervalType):
        return resolve_call("negate_calendar_interval", (interval,))
    return UnaryMinus(interval, mode)


def _is_interval_sum(one: DataType, other: DataType) -> bool:
    """Whether both are intervals of one kind, or one of them is a NULL."""
    for kind in _INTERVAL:
        if isinstance(one, kind) and isinstance(other, kind | NullType):
            return True
        if isinstance(other, kind) and isinstance(one, NullType):
            return True
    return False


def _interval_sum(node: BinaryArithmetic, left: Expression, right: Expression, ansi: bool) -> Expression | None:
    if CALENDAR_INTERVAL in (left.dataType, right.dataType):
        name = "add" if isinstance(node, Add) else "subtract"
        both = (_as(left, CALENDAR_INTERVAL, ansi), _as(right, CALENDAR_INTERVAL, ansi))
        return resolve_call(f"{name}_calendar_intervals_{node.mode.value}", both, ansi)
    met = common_type(left.dataType, right.dataType, ansi)
    return replace(node, left=_as(left, met, ansi), right=_as(right, met, ansi))


def _scale(
    operation: str, node: BinaryArithmetic, interval: Expression, number: Expression, ansi: bool
) -> Expression | None:
    """An interval times or by a number, in the mode of `node`."""
    if isinstance(interval.dataType, _INTERVAL) and isinstance(number.dataType, _INTERVAL):
        raise _unexpected(node, sql(node), "second", '"NUMERIC"', number)
    if isinstance(number.dataType, _INTERVAL) and operation == "divide":
        parameters = {
            "sqlExpr": shown(node),
            "left": shown_type(interval.dataType),
            "right": shown_type(number.dataType),
        }
        raise AnalysisError("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", parameters, node.origin)
    if not isinstance(interval.dataType, _INTERVAL):
        return None
    if not isinstance(number.dataType, NumericType | StringType | NullType):
        raise _unexpected(node, sql(node), "second", '"NUMERIC"', number)
    calendar = isinstance(interval.dataType, CalendarIntervalType)
    function = f"{operation}_calendar_interval" if calendar else f"{operation}_interval"
    if node.mode is Mode.TRY:
        function = f"try_{function}"
    return resolve_call(function, (interval, number), ansi)


def _unexpected(
    node: Expression, text: str, place: str, wanted: str, given: Expression, kind: DataType | None = None
) -> AnalysisError:
    """The error for an operand that the call of an operation does not take."""
    parameters = {
        "sqlExpr": f'"{text}"',
        "paramIndex": place,
        "requiredType": wanted,
        "inputSql": shown(given),
        "inputType": shown_type(kind or given.dataType),
    }
    return AnalysisError("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", parameters, node.origin)


def _as(expression: Expression, to: DataType | None, ansi: bool) -> Expression:
    if to is None or expression.dataType == to:
        return expression
    if isinstance(expression, Literal) and expression.value is None:
        return Literal(None, to).at(expression.origin)
    return Cast(expression, to, Mode.ANSI if ansi else Mode.LEGACY, implicit=True).at(expression.origin)
