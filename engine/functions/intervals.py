"""Dates, timestamps and intervals in arithmetic: what the operators + - * / become on them.

INTERVAL DAY TO SECOND is microseconds, INTERVAL YEAR TO MONTH is months. Days and months added to a timestamp keep the local
time of day, so that a day may have 23 or 25 hours.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.functions.registry import function
from engine.functions.signature import ANY_TIMESTAMP, Kind
from engine.kernels.calendar_intervals import made_of
from engine.kernels.casts.intervals import arithmetic_overflow
from engine.kernels.context import CallContext
from engine.kernels.datetimes import DAY, add_months, civil, local_micros, moved
from engine.kernels.interval_scaling import Scaled, divided, is_zero, times
from engine.kernels.rows import from_numpy, numpy_values
from engine.kernels.rowwise import all_valid
from engine.types import (
    CALENDAR_INTERVAL,
    DATE,
    DOUBLE,
    DataType,
    DayTimeIntervalType,
    NumericType,
    YearMonthIntervalType,
)
from engine.types.arrow import to_arrow
from engine.types.types import DAY as DAY_FIELD

DAY_TIME, YEAR_MONTH = DayTimeIntervalType(), YearMonthIntervalType()
INTERVAL = Kind("ANSI INTERVAL", (DayTimeIntervalType, YearMonthIntervalType))
NUMBER = Kind("NUMERIC", (NumericType,), fallback=DOUBLE)


def _same(*types: DataType) -> DataType:
    return types[0]


def _interval_of(*types: DataType) -> DataType:
    return DAY_TIME if isinstance(types[0], DayTimeIntervalType) else YEAR_MONTH


@function("date_add_days_interval", (DATE, DAY_TIME), returns=DATE, raises=True, hidden=True)
def date_add_days_interval(day: pa.Array, interval: pa.Array) -> pa.Array:
    """Returns the date some whole days later.

    > SELECT date'2024-02-28' + INTERVAL '2' DAY;
    2024-03-01
    """
    is_valid = all_valid(day, interval)
    days = numpy_values(day).astype(np.int64) + numpy_values(interval) // DAY
    if (((days < -(2**31)) | (days >= 2**31)) & is_valid).any():
        raise ExecutionError("DATETIME_OVERFLOW", {"operation": "add days to a date"})
    return from_numpy(days.astype(np.int32), pa.date32(), is_valid)


@function("date_add_months_interval", (DATE, YEAR_MONTH), returns=DATE, hidden=True)
def date_add_months_interval(day: pa.Array, interval: pa.Array) -> pa.Array:
    """Returns the date some months later, the last day of the month where it has no such day.

    > SELECT date'2024-01-31' + INTERVAL '1' MONTH;
    2024-02-29
    """
    days = add_months(numpy_values(day), numpy_values(interval).astype(np.int64))
    return from_numpy(days.astype(np.int32), pa.date32(), all_valid(day, interval))


@function(
    "timestamp_add_interval",
    (ANY_TIMESTAMP, DAY_TIME),
    returns=_same,
    raises=True,
    wants_context=True,
    hidden=True,
)
def timestamp_add_interval(time: pa.Array, interval: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the timestamp some days later at the same local time, and then some hours, minutes and seconds.

    > SELECT timestamp'2024-01-01 00:00:00' + INTERVAL '1' HOUR;
    2024-01-01 01:00:00
    """
    micros = numpy_values(interval)
    days = np.sign(micros) * (np.abs(micros) // DAY)
    none = np.zeros_like(micros)
    return moved(time, none, days, micros - days * DAY, all_valid(time, interval), context.time_zone)


@function(
    "timestamp_add_months_interval",
    (ANY_TIMESTAMP, YEAR_MONTH),
    returns=_same,
    raises=True,
    wants_context=True,
    hidden=True,
)
def timestamp_add_months_interval(time: pa.Array, interval: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the timestamp some months later at the same local time.

    > SELECT timestamp'2024-01-31 10:00:00' + INTERVAL '1' MONTH;
    2024-02-29 10:00:00
    """
    months = numpy_values(interval).astype(np.int64)
    none = np.zeros_like(months)
    return moved(time, months, none, none, all_valid(time, interval), context.time_zone)


@function("date_difference", (DATE, DATE), returns=DayTimeIntervalType(DAY_FIELD, DAY_FIELD), hidden=True)
def date_difference(end: pa.Array, start: pa.Array) -> pa.Array:
    """Returns the days from `start` to `end` as an interval.

    > SELECT date'2024-03-01' - date'2024-02-28';
    2 00:00:00.000000000
    """
    days = numpy_values(end).astype(np.int64) - numpy_values(start)
    return from_numpy(days * DAY, pa.duration("us"), all_valid(end, start))


@function("timestamp_difference", (ANY_TIMESTAMP, ANY_TIMESTAMP), returns=DAY_TIME, wants_context=True, hidden=True)
def timestamp_difference(end: pa.Array, start: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the local time from `start` to `end` as an interval.

    > SELECT timestamp'2024-01-02 12:00:00' - timestamp'2024-01-01 00:00:00';
    1 12:00:00.000000000
    """
    micros = local_micros(end, context.time_zone) - local_micros(start, context.time_zone)
    return from_numpy(micros, pa.duration("us"), all_valid(end, start))


@function("calendar_days_between", (DATE, DATE), returns=CALENDAR_INTERVAL, hidden=True)
def calendar_days_between(end: pa.Array, start: pa.Array) -> pa.Array:
    """Returns the months and days from `start` to `end`, where intervals are of the old type.

    > SELECT date'2024-03-01' - date'2024-02-28';
    2 00:00:00.000000000
    """
    days, first = numpy_values(end), numpy_values(start)
    (year1, month1, day1), (year2, month2, day2) = civil(first), civil(days)
    months = (year2 - year1) * 12 + month2 - month1
    months = months - ((months > 0) & (day2 < day1)) + ((months < 0) & (day2 > day1))
    rest = days.astype(np.int64) - add_months(first, months)
    return made_of((months, rest, np.zeros_like(rest)), all_valid(end, start))


@function("calendar_time_between", (ANY_TIMESTAMP, ANY_TIMESTAMP), returns=CALENDAR_INTERVAL, hidden=True)
def calendar_time_between(end: pa.Array, start: pa.Array) -> pa.Array:
    """Returns the microseconds from `start` to `end`, where intervals are of the old type.

    > SELECT timestamp'2024-01-02 12:00:00' - timestamp'2024-01-01 00:00:00';
    1 12:00:00.000000000
    """
    micros = numpy_values(end) - numpy_values(start)
    none = np.zeros_like(micros)
    return made_of((none, none, micros), all_valid(end, start))


@function("multiply_interval", (INTERVAL, NUMBER), returns=_interval_of, raises=True, wants_context=True, hidden=True)
def multiply_interval(interval: pa.Array, number: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the interval so many times as long, rounded HALF_UP.

    > SELECT INTERVAL '1' DAY * 2;
    2 00:00:00.000000000
    """
    return _checked(times(interval, number, to_arrow(context.result)), arithmetic_overflow())


@function(
    "try_multiply_interval",
    (INTERVAL, NUMBER),
    returns=_interval_of,
    nullable="always",
    wants_context=True,
    hidden=True,
)
def try_multiply_interval(interval: pa.Array, number: pa.Array, *, context: CallContext) -> pa.Array:
    """Like * of an interval, giving null where it is too long.

    > SELECT try_multiply(INTERVAL '106751991' DAY, 2);
    NULL
    """
    return times(interval, number, to_arrow(context.result)).found


@function("divide_interval", (INTERVAL, NUMBER), returns=_interval_of, raises=True, wants_context=True, hidden=True)
def divide_interval(interval: pa.Array, number: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the interval divided by a number, rounded HALF_UP.

    > SELECT INTERVAL '1' DAY / 2;
    0 12:00:00.000000000
    """
    if (is_zero(number) & all_valid(interval, number)).any():
        raise ExecutionError("INTERVAL_DIVIDED_BY_ZERO")
    return _checked(divided(interval, number, to_arrow(context.result)), arithmetic_overflow("try_divide"))


@function(
    "try_divide_interval", (INTERVAL, NUMBER), returns=_interval_of, nullable="always", wants_context=True, hidden=True
)
def try_divide_interval(interval: pa.Array, number: pa.Array, *, context: CallContext) -> pa.Array:
    """Like / of an interval, giving null where the divisor is 0.

    > SELECT try_divide(INTERVAL '1' DAY, 0);
    NULL
    """
    return divided(interval, number, to_arrow(context.result)).found


def _checked(scaled: Scaled, error: ExecutionError) -> pa.Array:
    if scaled.overflows:
        raise error
    return scaled.found
