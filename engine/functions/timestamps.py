"""Timestamps and dates from and to texts, numbers and other zones."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Expression, Literal, Mode
from engine.expressions.cast import Cast
from engine.functions.registry import function
from engine.functions.resolve import resolve_call
from engine.functions.signature import ANY, ANY_TIMESTAMP, INTEGRAL, NUMERIC
from engine.kernels.context import CallContext
from engine.kernels.datetimes import DAY, SECOND, civil, local_micros
from engine.kernels.patterns import Moment, micros_of, read, write
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.kernels.rowwise import all_valid, attempt, map_rows
from engine.kernels.zones import zone
from engine.types import DATE, DOUBLE, INT, LONG, STRING, TIMESTAMP, TIMESTAMP_NTZ, DataType, DecimalType, StringType
from engine.types.arrow import TIMESTAMP_ARROW

DEFAULT = "yyyy-MM-dd HH:mm:ss"


@function("date_format", (ANY_TIMESTAMP, STRING), returns=STRING, raises=True, wants_context=True)
def date_format(time: pa.Array, pattern: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns a timestamp as text by a pattern.

    > SELECT date_format('2016-04-08', 'y');
    2016
    > SELECT date_format(timestamp'2016-04-08 13:10:15', 'MMM d, yyyy h:mm a');
    Apr 8, 2016 1:10 PM
    """
    micros = local_micros(time, context.time_zone)
    offsets = (micros - numpy_values(time)).tolist() if time.type.tz else [0] * len(time)
    days = micros // DAY
    fields = zip(*(each.tolist() for each in (*civil(days), micros % DAY, days)), offsets, strict=True)
    moments = [Moment(y, m, d, clock, day, offset, context.time_zone) for y, m, d, clock, day, offset in fields]
    rows = zip(moments, pattern.to_pylist(), all_valid(time, pattern).tolist(), strict=True)
    texts = [write(moment, text) if ok else None for moment, text, ok in rows]
    return pa.array(texts, pa.string())


def _read(text: str, pattern: str, kind: pa.DataType, context: CallContext) -> int:
    """The days or microseconds of a text. Raises CANNOT_PARSE_TIMESTAMP."""
    fields = read(text, pattern)
    if fields is None:
        suggestion = "try_to_date" if pa.types.is_date32(kind) else "try_to_timestamp"
        message = (
            f"Text '{text}' could not be parsed by the pattern '{pattern}'. "
            f"Use `{suggestion}` to tolerate invalid input string and return NULL instead"
        )
        raise ExecutionError("CANNOT_PARSE_TIMESTAMP", {"message": message})
    if pa.types.is_date32(kind):
        return int(fields["days"])
    micros = micros_of(fields)
    if not kind.tz:
        return micros
    return int(zone(fields["zone"] or context.time_zone).to_instant(np.array([micros]))[0])


def _parsed(text: pa.Array, pattern: pa.Array, kind: pa.DataType, context: CallContext, mode: Mode) -> pa.Array:
    reader = attempt(lambda value, by: _read(value, by, kind, context), mode)
    plain_kind = pa.int32() if pa.types.is_date32(kind) else pa.int64()
    return map_rows(reader, plain_kind, text, pattern).view(kind)


def _mode(context: CallContext) -> Mode:
    return Mode.ANSI if context.ansi else Mode.TRY


@function("parse_date", (STRING, STRING), returns=DATE, raises=True, ansi_only=True, wants_context=True, hidden=True)
def parse_date(text: pa.Array, pattern: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the date that a text is by a pattern.

    > SELECT to_date('2016-12-31', 'yyyy-MM-dd');
    2016-12-31
    """
    return _parsed(text, pattern, pa.date32(), context, _mode(context))


@function(
    "parse_timestamp", (STRING, STRING), returns=TIMESTAMP, raises=True, ansi_only=True, wants_context=True, hidden=True
)
def parse_timestamp(text: pa.Array, pattern: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the timestamp that a text is by a pattern.

    > SELECT to_timestamp('2016-12-31', 'yyyy-MM-dd');
    2016-12-31 00:00:00
    """
    return _parsed(text, pattern, TIMESTAMP_ARROW, context, _mode(context))


@function(
    "try_parse_timestamp", (STRING, STRING), returns=TIMESTAMP, nullable="always", wants_context=True, hidden=True
)
def try_parse_timestamp(text: pa.Array, pattern: pa.Array, *, context: CallContext) -> pa.Array:
    """Like `parse_timestamp`, giving null for what does not fit.

    > SELECT try_to_timestamp('foo', 'yyyy-MM-dd');
    NULL
    """
    return _parsed(text, pattern, TIMESTAMP_ARROW, context, Mode.TRY)


@function("try_parse_date", (STRING, STRING), returns=DATE, nullable="always", wants_context=True, hidden=True)
def try_parse_date(text: pa.Array, pattern: pa.Array, *, context: CallContext) -> pa.Array:
    """Like `parse_date`, giving null for what does not fit.

    > SELECT try_to_date('foo', 'yyyy-MM-dd');
    NULL
    """
    return _parsed(text, pattern, pa.date32(), context, Mode.TRY)


@function(
    "parse_timestamp_ntz",
    (STRING, STRING),
    returns=TIMESTAMP_NTZ,
    raises=True,
    ansi_only=True,
    wants_context=True,
    hidden=True,
)
def parse_timestamp_ntz(text: pa.Array, pattern: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the timestamp without zone that a text is by a pattern.

    > SELECT to_timestamp_ntz('2016-12-31', 'yyyy-MM-dd');
    2016-12-31 00:00:00
    """
    return _parsed(text, pattern, pa.timestamp("us"), context, _mode(context))


def _to(value: Expression, pattern: Expression | None, to: DataType, parse: str, mode: Mode) -> Expression:
    """A cast, or reading by a pattern where one is given for a text."""
    if pattern is None or not isinstance(value.dataType, StringType):
        return Cast(value, to, mode)
    return resolve_call(parse, (value, pattern), mode is Mode.ANSI)


@function("to_date", (ANY, STRING), kind="rewrite", optional=1, wants_context=True)
def to_date(value: Expression, pattern: Expression | None = None, *, mode: Mode) -> Expression:
    """Returns the date of a text or a timestamp, read by a pattern if one is given.

    > SELECT to_date('2009-07-30 04:17:52');
    2009-07-30
    > SELECT to_date('2016-12-31', 'yyyy-MM-dd');
    2016-12-31
    """
    return _to(value, pattern, DATE, "parse_date", mode)


@function("to_timestamp", (ANY, STRING), kind="rewrite", optional=1, aliases=("to_timestamp_ltz",), wants_context=True)
def to_timestamp(value: Expression, pattern: Expression | None = None, *, mode: Mode) -> Expression:
    """Returns the timestamp of a text, read by a pattern if one is given.

    > SELECT to_timestamp('2016-12-31 00:12:00');
    2016-12-31 00:12:00
    """
    return _to(value, pattern, TIMESTAMP, "parse_timestamp", mode)


@function("to_timestamp_ntz", (ANY, STRING), kind="rewrite", optional=1, wants_context=True)
def to_timestamp_ntz(value: Expression, pattern: Expression | None = None, *, mode: Mode) -> Expression:
    """Returns the timestamp without zone of a text, read by a pattern if one is given.

    > SELECT to_timestamp_ntz('2016-12-31 00:12:00');
    2016-12-31 00:12:00
    """
    return _to(value, pattern, TIMESTAMP_NTZ, "parse_timestamp_ntz", mode)


@function("try_to_timestamp", (ANY, STRING), kind="rewrite", optional=1)
def try_to_timestamp(value: Expression, pattern: Expression | None = None) -> Expression:
    """Like `to_timestamp`, giving null for what does not fit.

    > SELECT try_to_timestamp('foo', 'yyyy-MM-dd');
    NULL
    """
    return _to(value, pattern, TIMESTAMP, "try_parse_timestamp", Mode.TRY)


@function("try_to_date", (ANY, STRING), kind="rewrite", optional=1)
def try_to_date(value: Expression, pattern: Expression | None = None) -> Expression:
    """Like `to_date`, giving null for what does not fit.

    > SELECT try_to_date('foo', 'yyyy-MM-dd');
    NULL
    """
    return _to(value, pattern, DATE, "try_parse_date", Mode.TRY)


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
    if isinstance(value.dataType, DecimalType) or value.dataType == DOUBLE:
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


@function("from_unixtime", (LONG, STRING), returns=STRING, optional=1, raises=True, wants_context=True)
def from_unixtime(seconds: pa.Array, pattern: pa.Array | None = None, *, context: CallContext) -> pa.Array:
    """Returns seconds since 1970-01-01 UTC as text by a pattern.

    > SELECT from_unixtime(0, 'yyyy-MM-dd HH:mm:ss');
    1970-01-01 00:00:00
    """
    times = from_numpy(numpy_values(seconds) * SECOND, TIMESTAMP_ARROW, valid(seconds))
    by = pattern if pattern is not None else pa.repeat(DEFAULT, len(seconds))
    return date_format(times, by, context=context)


@function(
    "to_unix_timestamp", (ANY, STRING), kind="rewrite", optional=1, wants_context=True, aliases=("unix_timestamp",)
)
def to_unix_timestamp(value: Expression, pattern: Expression | None = None, *, mode: Mode) -> Expression:
    """Returns the seconds since 1970-01-01 UTC of a date, a timestamp or a text read by a pattern.

    > SELECT to_unix_timestamp('2016-04-08', 'yyyy-MM-dd');
    1460073600
    """
    ansi = mode is Mode.ANSI
    if isinstance(value.dataType, StringType):
        by = pattern if pattern is not None else Literal(DEFAULT, STRING)
        value = resolve_call("parse_timestamp", (value, by), ansi)
    elif value.dataType != TIMESTAMP:
        value = Cast(value, TIMESTAMP, mode)
    return resolve_call("unix_seconds", (value,), ansi)


@function("unix_timestamp", (), kind="rewrite")
def unix_timestamp_now() -> Expression:
    """Returns the seconds since 1970-01-01 UTC when the query began.

    > SELECT unix_timestamp() > 0;
    true
    """
    return resolve_call("unix_seconds", (resolve_call("current_timestamp", ()),))


def zoned(time: pa.Array, name: pa.Array, to_local: bool) -> pa.Array:
    """The wall clock time of instants in a zone as if it were UTC, or back."""

    def convert(micros: int, region: str) -> int:
        moved = np.array([micros])
        return int((zone(region).to_local(moved) if to_local else zone(region).to_instant(moved))[0])

    return map_rows(convert, pa.int64(), time, name).view(time.type)


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


@function("convert_timezone", (STRING, STRING, TIMESTAMP_NTZ), returns=TIMESTAMP_NTZ, raises=True)
def convert_timezone(source: pa.Array, target: pa.Array, time: pa.Array) -> pa.Array:
    """Returns the wall clock time of one zone as that of another.

    > SELECT convert_timezone('Europe/Brussels', 'America/Los_Angeles', timestamp_ntz'2021-12-06 00:00:00');
    2021-12-05 15:00:00
    """
    return zoned(zoned(time, source, False), target, True)
