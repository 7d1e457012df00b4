"""Dates, timestamps and intervals made of their fields: make_date, make_timestamp, make_ym_interval and their like."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Expression, Mode
from engine.functions.registry import Function, function, register
from engine.functions.resolve import resolve_call
from engine.functions.signature import ANY, Kind, ParameterType, Variadic
from engine.kernels.casts.intervals import arithmetic_overflow
from engine.kernels.casts.numbers import numpy_words
from engine.kernels.context import CallContext
from engine.kernels.datetimes import DAY, HOUR, MINUTE, SECOND, days_from_civil, days_in_month
from engine.kernels.patterns import MONTHS
from engine.kernels.rows import from_numpy, numpy_values
from engine.kernels.rowwise import all_valid
from engine.kernels.zones import by_zone, zone
from engine.types import (
    DATE,
    INT,
    STRING,
    TIME,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    TimeType,
    YearMonthIntervalType,
)
from engine.types.arrow import TIMESTAMP_ARROW
from engine.types.session import timestamp_type

_SECONDS = DecimalType(16, 6)
_FIELDS = (INT, INT, INT, INT, INT, _SECONDS)
_DATE, _TIME = (
    Kind("DATE", (DateType,), fallback=DATE, strict=True),
    Kind("TIME", (TimeType,), fallback=TIME, strict=True),
)


def seconds_of(amounts: pa.Array) -> Any:
    """Seconds as DECIMAL(16, 6) or (18, 6) in microseconds; those of null rows are arbitrary."""
    return numpy_words(amounts)


def _field_error(message: str) -> ExecutionError:
    parameters = {"rangeMessage": message, "ansiConfig": '"spark.sql.ansi.enabled"'}
    return ExecutionError("DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION", parameters)


@function("make_date", (INT, INT, INT), returns=DATE, raises=True, ansi_only=True, wants_context=True)
def make_date(year: pa.Array, month: pa.Array, day: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the date of a year, a month and a day.

    > SELECT make_date(2013, 7, 15);
    2013-07-15
    """
    days, fits = _days(year, month, day)
    is_valid = all_valid(year, month, day)
    if context.ansi and (~fits & is_valid).any():
        raise _field_error(_range_message(year, month, day, int(np.argmax(~fits & is_valid))))
    return from_numpy(days.astype(np.int32), pa.date32(), is_valid & fits)


def _days(year: pa.Array, month: pa.Array, day: pa.Array) -> tuple[Any, Any]:
    """The days of year, month and day, and which of them exist."""
    y, m, d = (numpy_values(each).astype(np.int64) for each in (year, month, day))
    safe = np.clip(m, 1, 12)
    fits = (m == safe) & (d >= 1) & (d <= days_in_month(y, safe))
    return days_from_civil(y, safe, np.where(fits, d, 1)), fits


def _range_message(year: pa.Array, month: pa.Array, day: pa.Array, row: int) -> str:
    y, m, d = (each[row].as_py() for each in (year, month, day))
    if not 1 <= m <= 12:
        return f"Invalid value for MonthOfYear (valid values 1 - 12): {m}"
    if not 1 <= d <= 31:
        return f"Invalid value for DayOfMonth (valid values 1 - 28/31): {d}"
    return (
        f"Invalid date 'February 29' as '{y}' is not a leap year"
        if (m, d) == (2, 29)
        else f"Invalid date '{MONTHS[m - 1].upper()} {d}'"
    )


def _local_fields(arrays: tuple[pa.Array, ...], mode: Mode) -> tuple[Any, Any]:
    """The local microseconds of year, month, day, hour, minute, seconds, and which rows are such a time."""
    days, fits = _days(*arrays[:3])
    hour, minute = (numpy_values(each).astype(np.int64) for each in arrays[3:5])
    seconds = seconds_of(arrays[5])
    is_valid = all_valid(*arrays)
    inside = (seconds >= 0) & (seconds <= MINUTE)
    if mode is Mode.ANSI:
        _check_seconds(seconds, is_valid)
        for name, values, most in (("HourOfDay", hour, 23), ("MinuteOfHour", minute, 59)):
            outside = ((values < 0) | (values > most)) & is_valid
            if outside.any():
                value = values[np.argmax(outside)]
                raise _field_error(f"Invalid value for {name} (valid values 0 - {most}): {value}")
        if (~fits & is_valid).any():
            raise _field_error(_range_message(arrays[0], arrays[1], arrays[2], int(np.argmax(~fits & is_valid))))
    fits &= inside & (hour >= 0) & (hour <= 23) & (minute >= 0) & (minute <= 59)
    return days * DAY + hour * HOUR + minute * MINUTE + seconds, is_valid & fits


def _check_seconds(seconds: Any, is_valid: Any) -> None:
    """60 seconds are the next minute, as in PostgreSQL, but a fraction more are an error."""
    outside = ((seconds < 0) | (seconds > MINUTE)) & is_valid
    if not outside.any():
        return
    value = int(seconds[np.argmax(outside)])
    whole, fraction = divmod(value, SECOND)
    if whole == 60:
        shown = f"{whole}.{fraction:06d}".rstrip("0")
        raise ExecutionError("INVALID_FRACTION_OF_SECOND", {"secAndMicros": shown})
    raise _field_error(f"Invalid value for SecondOfMinute (valid values 0 - 59): {int(value / SECOND)}")


def _mode(context: CallContext) -> Mode:
    return Mode.ANSI if context.ansi else Mode.TRY


def _declare_made(name: str, mode: Mode | None) -> None:
    """`name`_ltz and `name`_ntz of fields and of a date with a time: in the session's mode, or in `mode`."""
    options: dict[str, Any] = {
        "raises": mode is None,
        "ansi_only": True,
        "wants_context": True,
        "group": "made_of_fields",
    }
    if mode is not None:
        options |= {"nullable": "always"}

    def instants(*fields: pa.Array, context: CallContext) -> pa.Array:
        micros, is_valid = _local_fields(fields[:6], mode or _mode(context))
        return _instants(micros, is_valid, fields[6] if len(fields) == 7 else None, context)

    def locals_(*fields: pa.Array, context: CallContext) -> pa.Array:
        micros, is_valid = _local_fields(fields[:6], mode or _mode(context))
        return from_numpy(micros, pa.timestamp("us"), is_valid & all_valid(*fields))

    kind = "Like make_timestamp" if mode is None else "Like try_make_timestamp"
    sample = f"> SELECT {name}_%s(2014, 12, 28, 6, 30, 45.887);\n2014-12-28 06:30:45.887"
    for suffix, result, kernel in (("ltz", TIMESTAMP, instants), ("ntz", TIMESTAMP_NTZ, locals_)):
        doc = f"{kind}, of the type {result.sql}.\n\n{sample % suffix}"
        zoned = int(suffix == "ltz")
        kinds: tuple[ParameterType, ...] = (*_FIELDS, *(STRING,) * zoned)
        register(Function(f"{name}_{suffix}", "scalar", kinds, result, kernel, doc, optional=zoned, **options))
        plain = {**options, "raises": False}
        both = _of_date_and_time(suffix == "ltz")
        kinds = (_DATE, _TIME, *(STRING,) * zoned)
        register(Function(f"{name}_{suffix}", "scalar", kinds, result, both, doc, optional=1 + zoned, **plain))


def _of_date_and_time(is_instant: bool) -> Any:
    def kernel(day: pa.Array, *rest: pa.Array, context: CallContext) -> pa.Array:
        micros = numpy_values(day).astype(np.int64) * DAY
        if rest:
            micros = micros + numpy_values(rest[0])
        is_valid = all_valid(day, *rest)
        if is_instant:
            return _instants(micros, is_valid, rest[1] if len(rest) == 2 else None, context)
        return from_numpy(micros, pa.timestamp("us"), is_valid)

    return kernel


def _instants(micros: Any, is_valid: Any, zones: pa.Array | None, context: CallContext) -> pa.Array:
    """Local times of the session's zone, or of the one each row names."""
    if zones is None:
        return from_numpy(zone(context.time_zone).to_instant(micros), TIMESTAMP_ARROW, is_valid)
    is_valid = is_valid & all_valid(zones)
    return from_numpy(by_zone(micros, zones, is_valid, to_local=False), TIMESTAMP_ARROW, is_valid)


_declare_made("make_timestamp", None)
_declare_made("try_make_timestamp", Mode.TRY)


@function("make_timestamp", (Variadic(ANY, 1),), kind="rewrite", wants_context=True)
def make_timestamp(*fields: Expression, mode: Mode) -> Expression:
    """Returns the timestamp of a year, month, day, hour, minute and seconds, or of a date and a time; perhaps in a zone.

    > SELECT make_timestamp(2014, 12, 28, 6, 30, 45.887);
    2014-12-28 06:30:45.887
    > SELECT make_timestamp(2014, 12, 28, 6, 30, 45.887, 'UTC');
    2014-12-28 06:30:45.887
    """
    return _session_call("make_timestamp", fields, mode)


@function("try_make_timestamp", (Variadic(ANY, 1),), kind="rewrite", wants_context=True)
def try_make_timestamp(*fields: Expression, mode: Mode) -> Expression:
    """Like `make_timestamp`, giving null for what is no time.

    > SELECT try_make_timestamp(2014, 13, 28, 6, 30, 45.887);
    NULL
    """
    return _session_call("try_make_timestamp", fields, mode)


def _session_call(name: str, fields: tuple[Expression, ...], mode: Mode) -> Expression:
    """The call that gives the session's kind of timestamp; of a date and a time it is always an instant."""
    suffix = "ntz" if timestamp_type() == TIMESTAMP_NTZ and len(fields) > 3 else "ltz"
    return resolve_call(f"{name}_{suffix}", fields, mode is Mode.ANSI)


@function("make_ym_interval", (INT, INT), returns=YearMonthIntervalType(), optional=2, raises=True, wants_context=True)
def make_ym_interval(*fields: pa.Array, context: CallContext) -> pa.Array:
    """Returns the interval of some years and months.

    > SELECT make_ym_interval(1, 2);
    INTERVAL '1-2' YEAR TO MONTH
    """
    years, months = (*fields, *[_zeros(context)] * 2)[:2]
    total = numpy_values(years).astype(np.int64) * 12 + numpy_values(months)
    is_valid = all_valid(years, months)
    if (((total < -(2**31)) | (total >= 2**31)) & is_valid).any():
        raise arithmetic_overflow()
    return from_numpy(total.astype(np.int32), pa.int32(), is_valid)


def _zeros(context: CallContext) -> pa.Array:
    return pa.array(np.zeros(context.rows, dtype=np.int32))


@function(
    "make_dt_interval",
    (INT, INT, INT, DecimalType(18, 6)),
    returns=DayTimeIntervalType(),
    optional=4,
    raises=True,
    wants_context=True,
)
def make_dt_interval(*fields: pa.Array, context: CallContext) -> pa.Array:
    """Returns the interval of some days, hours, minutes and seconds.

    > SELECT make_dt_interval(1, 12, 30, 1.001);
    INTERVAL '1 12:30:01.001' DAY TO SECOND
    """
    given = (*fields[:3], *[_zeros(context)] * 3)[:3]
    is_valid = all_valid(*given, *fields[3:])
    amounts = [numpy_values(each).astype(np.int64) for each in given]
    rest = seconds_of(fields[3]) if len(fields) == 4 else np.zeros(context.rows, np.int64)
    # in days and what is left of them nothing overflows
    small = amounts[1] * HOUR + amounts[2] * MINUTE
    days = amounts[0] + small // DAY + rest // DAY
    left = small % DAY + rest % DAY
    days, left = days + left // DAY, left % DAY
    limit = 2**63 // DAY
    far = (days > limit) | (days < -limit - 1) | ((days == limit) & (left >= 2**63 % DAY))
    far |= (days == -limit - 1) & (left < DAY - 2**63 % DAY)
    if (far & is_valid).any():
        raise arithmetic_overflow()
    return from_numpy(np.where(far, 0, days) * DAY + left, pa.duration("us"), is_valid)
