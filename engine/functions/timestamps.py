"""Timestamps and dates from and to texts, numbers and other zones."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Expression
from engine.expressions.cast import Cast
from engine.functions.registry import function
from engine.functions.resolve import resolve_call
from engine.functions.signature import INTEGRAL, NUMERIC, Kind
from engine.kernels.datetimes import SECOND
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.kernels.rowwise import all_valid
from engine.kernels.zones import by_zone
from engine.types import (
    DATE,
    DOUBLE,
    INT,
    LONG,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    FractionalType,
    StringType,
    TimestampNTZType,
    TimestampType,
)
from engine.types.arrow import TIMESTAMP_ARROW


@function("unix_seconds", (TIMESTAMP,), returns=LONG)
def unix_seconds(time: pa.Array) -> pa.Array:
    """Returns the seconds since 1970-01-01 UTC.

    > SELECT unix_seconds(timestamp'1970-01-01 00:00:01Z');
    1
    """
    return from_numpy(numpy_values(time) // SECOND, pa.int64(), valid(time))


@function("unix_millis", (TIMESTAMP,), returns=LONG)
def unix_millis(time: pa.Array) -> pa.Array:
    """Returns the milliseconds since 1970-01-01 UTC.

    > SELECT unix_millis(timestamp'1970-01-01 00:00:01Z');
    1000
    """
    return from_numpy(numpy_values(time) // 1000, pa.int64(), valid(time))


@function("unix_micros", (TIMESTAMP,), returns=LONG)
def unix_micros(time: pa.Array) -> pa.Array:
    """Returns the microseconds since 1970-01-01 UTC.

    > SELECT unix_micros(timestamp'1970-01-01 00:00:01Z');
    1000000
    """
    return time.view(pa.int64())


@function("unix_date", (DATE,), returns=INT)
def unix_date(day: pa.Array) -> pa.Array:
    """Returns the days since 1970-01-01.

    > SELECT unix_date(date'1970-01-02');
    1
    """
    return day.view(pa.int32())


@function("date_from_unix_date", (INT,), returns=DATE)
def date_from_unix_date(days: pa.Array) -> pa.Array:
    """Returns the date some days after 1970-01-01.

    > SELECT date_from_unix_date(1);
    1970-01-02
    """
    return days.view(pa.date32())


def _from_unit(value: pa.Array, unit: int) -> pa.Array:
    numbers, is_valid = numpy_values(value).astype(np.int64), valid(value)
    limit = (2**63 - 1) // unit
    if (((numbers > limit) | (numbers < -limit)) & is_valid).any():
        value = numbers[np.argmax(((numbers > limit) | (numbers < -limit)) & is_valid)]
        name = "seconds" if unit == SECOND else "milliseconds"
        operation = f"create a TIMESTAMP from {value}L {name} since the epoch"
        raise ExecutionError("DATETIME_OVERFLOW", {"operation": operation})
    return from_numpy(np.where(is_valid, numbers, 0) * unit, TIMESTAMP_ARROW, is_valid)


@function("timestamp_seconds", (NUMERIC,), kind="rewrite")
def timestamp_seconds(value: Expression) -> Expression:
    """Returns the timestamp some seconds after 1970-01-01 UTC.

    > SELECT timestamp_seconds(1230219000);
    2008-12-25 15:30:00
    """
    if isinstance(value.dataType, StringType):
        value = Cast(value, DOUBLE, implicit=True)
    if isinstance(value.dataType, FractionalType):
        return Cast(value, TIMESTAMP)
    return resolve_call("whole_seconds", (value,))


@function("whole_seconds", (INTEGRAL,), returns=TIMESTAMP, raises=True, hidden=True)
def whole_seconds(value: pa.Array) -> pa.Array:
    """Returns the timestamp some whole seconds after 1970-01-01 UTC.

    > SELECT timestamp_seconds(1);
    1970-01-01 00:00:01
    """
    return _from_unit(value, SECOND)


@function("timestamp_millis", (INTEGRAL,), returns=TIMESTAMP, raises=True)
def timestamp_millis(value: pa.Array) -> pa.Array:
    """Returns the timestamp some milliseconds after 1970-01-01 UTC.

    > SELECT timestamp_millis(1230219000123);
    2008-12-25 15:30:00.123
    """
    return _from_unit(value, 1000)


@function("timestamp_micros", (INTEGRAL,), returns=TIMESTAMP)
def timestamp_micros(value: pa.Array) -> pa.Array:
    """Returns the timestamp some microseconds after 1970-01-01 UTC.

    > SELECT timestamp_micros(1230219000123123);
    2008-12-25 15:30:00.123123
    """
    return _from_unit(value, 1)


def zoned(time: pa.Array, name: pa.Array, to_local: bool) -> pa.Array:
    """The wall clock time of instants in a zone as if it were UTC, or back."""
    is_valid = all_valid(time, name)
    return from_numpy(by_zone(numpy_values(time), name, is_valid, to_local=to_local), time.type, is_valid)


@function("from_utc_timestamp", (TIMESTAMP, STRING), returns=TIMESTAMP, raises=True)
def from_utc_timestamp(time: pa.Array, region: pa.Array) -> pa.Array:
    """Returns a time in UTC as the wall clock time of a zone.

    > SELECT from_utc_timestamp('2016-08-31', 'Asia/Seoul');
    2016-08-31 09:00:00
    """
    return zoned(time, region, True)


@function("to_utc_timestamp", (TIMESTAMP, STRING), returns=TIMESTAMP, raises=True)
def to_utc_timestamp(time: pa.Array, region: pa.Array) -> pa.Array:
    """Returns the wall clock time of a zone as a time in UTC.

    > SELECT to_utc_timestamp('2016-08-31', 'Asia/Seoul');
    2016-08-30 15:00:00
    """
    return zoned(time, region, False)


LOCAL_TIME = Kind("TIMESTAMP_NTZ", (TimestampNTZType,), fallback=TIMESTAMP_NTZ, converts=(TimestampType,))


@function("convert_timezone", (STRING, LOCAL_TIME), kind="rewrite")
def convert_timezone_from_here(target: Expression, time: Expression) -> Expression:
    """Returns the wall clock time of the session's zone as that of another.

    > SELECT convert_timezone('UTC', timestamp_ntz'2021-12-06 00:00:00');
    2021-12-06 00:00:00
    """
    return resolve_call("convert_timezone", (resolve_call("current_timezone", ()), target, time))


@function("convert_timezone", (STRING, STRING, LOCAL_TIME), returns=TIMESTAMP_NTZ, raises=True)
def convert_timezone(source: pa.Array, target: pa.Array, time: pa.Array) -> pa.Array:
    """Returns the wall clock time of one zone as that of another.

    > SELECT convert_timezone('Europe/Brussels', 'America/Los_Angeles', timestamp_ntz'2021-12-06 00:00:00');
    2021-12-05 15:00:00
    """
    return zoned(zoned(time, source, False), target, True)
