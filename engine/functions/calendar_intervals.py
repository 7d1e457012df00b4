"""The old INTERVAL of months, days and microseconds: made of fields, in arithmetic with dates, timestamps and numbers.

The three parts are added to a date or a timestamp one after the other, months first; a day is a day of the calendar, which may
have 23 or 25 hours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Mode
from engine.functions.made_of_fields import seconds_of
from engine.functions.registry import Function, function, register
from engine.functions.signature import ANY_TIMESTAMP
from engine.kernels import decimals
from engine.kernels.calendar_intervals import made_of, parts_of
from engine.kernels.casts.intervals import arithmetic_overflow
from engine.kernels.context import CallContext
from engine.kernels.datetimes import DAY, HOUR, MINUTE, SECOND, add_months, moved
from engine.kernels.rows import from_numpy, numpy_values
from engine.kernels.rowwise import all_valid
from engine.types import BYTE, CALENDAR_INTERVAL, DATE, DOUBLE, INT, DataType, DecimalType


def _fit(months: Any, days: Any) -> Any:
    """Where both are ints."""
    return (np.abs(months) < 2**31) & (np.abs(days) < 2**31)


_FIELDS = (INT, INT, INT, INT, INT, INT, DecimalType(18, 6))


def _make(fields: tuple[pa.Array, ...], context: CallContext, mode: Mode) -> pa.Array:
    zeros = pa.array(np.zeros(context.rows, dtype=np.int32))
    given = (*fields[:6], *[zeros] * 6)[:6]
    years, months, weeks, days, hours, minutes = (numpy_values(each).astype(np.int64) for each in given)
    seconds = seconds_of(fields[6]) if len(fields) == 7 else 0
    months, days = years * 12 + months, weeks * 7 + days
    micros = hours * HOUR + minutes * MINUTE + seconds
    is_valid, fits = all_valid(*given, *fields[6:]), _fit(months, days)
    if mode is Mode.ANSI and (~fits & is_valid).any():
        raise ExecutionError("ARITHMETIC_OVERFLOW", {"message": "overflow"})
    return made_of((months, days, micros), is_valid & fits)


@function(
    "make_interval", _FIELDS, returns=CALENDAR_INTERVAL, optional=7, raises=True, ansi_only=True, wants_context=True
)
def make_interval(*fields: pa.Array, context: CallContext) -> pa.Array:
    """Returns the interval of some years, months, weeks, days, hours, minutes and seconds.

    > SELECT make_interval(100, 11, 1, 1, 12, 30, 01.001001);
    100 years 11 months 8 days 12 hours 30 minutes 1.001001 seconds
    """
    return _make(fields, context, Mode.ANSI if context.ansi else Mode.TRY)


@function("try_make_interval", _FIELDS, returns=CALENDAR_INTERVAL, optional=7, nullable="always", wants_context=True)
def try_make_interval(*fields: pa.Array, context: CallContext) -> pa.Array:
    """Like `make_interval`, giving null where a field overflows.

    > SELECT try_make_interval(2147483647);
    NULL
    """
    return _make(fields, context, Mode.TRY)


def _sum(name: str, sign: int, mode: Mode, doc: str) -> None:
    """Declares the sum or the difference of intervals in one mode."""

    def kernel(left: pa.Array, right: pa.Array) -> pa.Array:
        ours, theirs = parts_of(left), parts_of(right)
        months, days, micros = (a + sign * b for a, b in zip(ours, theirs, strict=True))
        other = sign * theirs[2]
        fits = _fit(months, days) & ~(((ours[2] ^ micros) & (other ^ micros)) < 0)
        is_valid = all_valid(left, right)
        if mode is Mode.ANSI and (~fits & is_valid).any():
            raise arithmetic_overflow("try_add" if sign > 0 else "try_subtract")
        return made_of((months, days, micros), is_valid & fits if mode is Mode.TRY else is_valid)

    kinds = (CALENDAR_INTERVAL, CALENDAR_INTERVAL)
    options: dict[str, Any] = {"raises": mode is Mode.ANSI, "nullable": "always" if mode is Mode.TRY else "if_null"}
    full = f"{name}_{mode.value}"
    register(Function(full, "scalar", kinds, CALENDAR_INTERVAL, kernel, doc, hidden=True, group="intervals", **options))


for _mode in Mode:
    _sum(
        "add_calendar_intervals",
        1,
        _mode,
        "Returns the sum.\n\n> SELECT make_interval(1) + make_interval(0, 2);\n1 years 2 months",
    )
    _sum(
        "subtract_calendar_intervals",
        -1,
        _mode,
        "Returns the difference.\n\n> SELECT make_interval(1) - make_interval(1);\n0 seconds",
    )


@function("negate_calendar_interval", (CALENDAR_INTERVAL,), returns=CALENDAR_INTERVAL, hidden=True)
def negate_calendar_interval(interval: pa.Array) -> pa.Array:
    """Returns the interval with the other sign.

    > SELECT -make_interval(1, -2);
    -10 months
    """
    months, days, micros = parts_of(interval)
    return made_of((-months, -days, -micros), all_valid(interval))


def _multiplied(interval: pa.Array, number: pa.Array, ansi: bool) -> pa.Array:
    return _scaled(interval, numpy_values(number), all_valid(interval, number), ansi)


def _divided(interval: pa.Array, number: pa.Array, ansi: bool) -> pa.Array:
    values, is_valid = numpy_values(number), all_valid(interval, number)
    zero = (values == 0) & is_valid
    if ansi and zero.any():
        raise ExecutionError("INTERVAL_DIVIDED_BY_ZERO")
    return _scaled(interval, 1 / np.where(zero, 1, values), is_valid & ~zero, ansi)


def _scale(name: str, operation: Callable[[pa.Array, pa.Array, bool], pa.Array], doc: str) -> None:
    """Declares an operation on an interval and a number: in the session's mode, and one that gives null instead of raising.
    Parts of months are dropped, those of days become microseconds."""

    def kernel(interval: pa.Array, number: pa.Array, *, context: CallContext) -> pa.Array:
        return operation(interval, number, context.ansi)

    def tried(interval: pa.Array, number: pa.Array) -> pa.Array:
        return operation(interval, number, False)

    kinds = (CALENDAR_INTERVAL, DOUBLE)
    options: dict[str, Any] = {"nullable": "always", "hidden": True, "group": "intervals"}
    register(
        Function(name, "scalar", kinds, CALENDAR_INTERVAL, kernel, doc, raises=True, wants_context=True, **options)
    )
    register(Function(f"try_{name}", "scalar", kinds, CALENDAR_INTERVAL, tried, doc, **options))


_scale(
    "multiply_calendar_interval",
    _multiplied,
    "Returns the interval so many times as long.\n\n> SELECT make_interval(0, 1, 0, 1) * 1.5;\n1 months 1 days 12 hours",
)
_scale(
    "divide_calendar_interval",
    _divided,
    "Returns the interval divided by a number.\n\n> SELECT make_interval(1) / 2;\n6 months",
)


def _scaled(interval: pa.Array, factor: Any, is_valid: Any, ansi: bool) -> pa.Array:
    months, days, micros = (part * factor for part in parts_of(interval))
    micros = micros + np.modf(days)[0] * DAY
    fits = _fit(months, days) & (np.abs(micros) < 2.0**63) & np.isfinite(micros)
    if ansi and (~fits & is_valid).any():
        raise ExecutionError("ARITHMETIC_OVERFLOW", {"message": "overflow"})
    keep = is_valid & fits
    months, days = (np.trunc(np.where(keep, part, 0)).astype(np.int64) for part in (months, days))
    return made_of((months, days, np.rint(np.where(keep, micros, 0)).astype(np.int64)), keep)


@function(
    "date_add_calendar_interval", (DATE, CALENDAR_INTERVAL), returns=DATE, raises=True, wants_context=True, hidden=True
)
def date_add_calendar_interval(day: pa.Array, interval: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the date some months and days later.

    > SELECT date'2020-01-31' + make_interval(0, 1, 0, 1);
    2020-03-01
    """
    months, days, micros = parts_of(interval)
    is_valid = all_valid(day, interval)
    if context.ansi and ((micros != 0) & is_valid).any():
        raise ExecutionError("INVALID_INTERVAL_WITH_MICROSECONDS_ADDITION")
    later = add_months(numpy_values(day), months) + days
    return from_numpy((later + micros // DAY).astype(np.int32), pa.date32(), is_valid)


@function(
    "timestamp_add_calendar_interval",
    (ANY_TIMESTAMP, CALENDAR_INTERVAL),
    returns=lambda time, _: time,
    raises=True,
    wants_context=True,
    hidden=True,
)
def timestamp_add_calendar_interval(time: pa.Array, interval: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the timestamp some months, days and microseconds later.

    > SELECT timestamp'2020-01-31 10:00:00' + make_interval(0, 1, 0, 1, 1);
    2020-03-01 11:00:00
    """
    return moved(time, *parts_of(interval), all_valid(time, interval), context.time_zone)


def _part(name: str, result: DataType, kind: pa.DataType, value: Any, doc: str) -> None:
    def kernel(interval: pa.Array) -> pa.Array:
        values = value(*parts_of(interval))
        return from_numpy(values.astype(kind.to_pandas_dtype()), kind, all_valid(interval))

    register(Function(name, "scalar", (CALENDAR_INTERVAL,), result, kernel, doc, hidden=True, group="intervals"))


def _towards_zero(values: Any, unit: int) -> Any:
    return np.abs(values) // unit * np.sign(values)


_SAMPLE = "Returns the {0}s.\n\n> SELECT extract({1} FROM make_interval(1, 2, 3, 4, 5, 6, 7));\n{2}"
_part("extract_years", INT, pa.int32(), lambda m, _d, _t: _towards_zero(m, 12), _SAMPLE.format("year", "YEAR", 1))
_part("extract_months", BYTE, pa.int8(), lambda m, _d, _t: np.fmod(m, 12), _SAMPLE.format("month", "MONTH", 2))
_part("extract_days", INT, pa.int32(), lambda _m, d, _t: d, _SAMPLE.format("day", "DAY", 25))
_part(
    "extract_hours",
    BYTE,
    pa.int8(),
    lambda _m, _d, t: _towards_zero(np.fmod(t, DAY), HOUR),
    _SAMPLE.format("hour", "HOUR", 5),
)
_part(
    "extract_minutes",
    BYTE,
    pa.int8(),
    lambda _m, _d, t: _towards_zero(np.fmod(t, HOUR), MINUTE),
    _SAMPLE.format("minute", "MINUTE", 6),
)


@function("extract_seconds", (CALENDAR_INTERVAL,), returns=DecimalType(8, 6), hidden=True)
def extract_seconds(interval: pa.Array) -> pa.Array:
    """Returns the seconds with their fraction.

    > SELECT extract(SECOND FROM make_interval(0, 0, 0, 0, 0, 0, 7.5));
    7.500000
    """
    micros = np.fmod(parts_of(interval)[2], 60 * SECOND)
    return decimals.from_int64(micros, all_valid(interval), pa.decimal128(8, 6))
