"""Dates and timestamps written and read by patterns: date_format, to_date, to_timestamp, unix_timestamp and their like."""

from __future__ import annotations

import pyarrow as pa

from engine.expressions.base import Expression, Literal, Mode
from engine.expressions.cast import Cast
from engine.functions.registry import function
from engine.functions.resolve import resolve_call
from engine.functions.signature import ANY
from engine.kernels.context import CallContext
from engine.kernels.datetimes import SECOND
from engine.kernels.pattern_columns import Reading, read_column, write_column
from engine.kernels.pattern_writing import Moments
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.kernels.zones import zone
from engine.types import DATE, LONG, STRING, TIMESTAMP, TIMESTAMP_NTZ, DataType, StringType
from engine.types.arrow import TIMESTAMP_ARROW
from engine.types.session import timestamp_type

DEFAULT = "yyyy-MM-dd HH:mm:ss"


@function("date_format", (TIMESTAMP, STRING), returns=STRING, raises=True, wants_context=True)
def date_format(time: pa.Array, pattern: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns a timestamp as text by a pattern.

    > SELECT date_format('2016-04-08', 'y');
    2016
    > SELECT date_format(timestamp'2016-04-08 13:10:15', 'MMM d, yyyy h:mm a');
    Apr 8, 2016 1:10 PM
    """
    instants = numpy_values(time)
    local = zone(context.time_zone).to_local(instants)
    return write_column(
        Moments(local, local - instants, context.time_zone), pattern, valid(time), context.query.time_parser_policy
    )


def _parsed(text: pa.Array, pattern: pa.Array, kind: pa.DataType, context: CallContext, mode: Mode) -> pa.Array:
    reading = Reading(kind, context.time_zone, mode is not Mode.ANSI, context.query.time_parser_policy)
    return read_column(text, pattern, reading)


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
    "parse_timestamp",
    (STRING, STRING),
    returns=TIMESTAMP,
    raises=True,
    ansi_only=True,
    wants_context=True,
    hidden=True,
)
def parse_timestamp(text: pa.Array, pattern: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the timestamp that a text is by a pattern.

    > SELECT to_timestamp('2016-12-31', 'yyyy-MM-dd');
    2016-12-31 00:00:00
    """
    return _parsed(text, pattern, TIMESTAMP_ARROW, context, _mode(context))


@function(
    "try_parse_timestamp",
    (STRING, STRING),
    returns=TIMESTAMP,
    nullable="always",
    raises=True,
    wants_context=True,
    hidden=True,
)
def try_parse_timestamp(text: pa.Array, pattern: pa.Array, *, context: CallContext) -> pa.Array:
    """Like `parse_timestamp`, giving null for what does not fit.

    > SELECT try_to_timestamp('foo', 'yyyy-MM-dd');
    NULL
    """
    return _parsed(text, pattern, TIMESTAMP_ARROW, context, Mode.TRY)


@function(
    "try_parse_date", (STRING, STRING), returns=DATE, nullable="always", raises=True, wants_context=True, hidden=True
)
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


@function("to_timestamp", (ANY, STRING), kind="rewrite", optional=1, wants_context=True)
def to_timestamp(value: Expression, pattern: Expression | None = None, *, mode: Mode) -> Expression:
    """Returns the timestamp of a text, read by a pattern if one is given.

    > SELECT to_timestamp('2016-12-31 00:12:00');
    2016-12-31 00:12:00
    """
    if timestamp_type() == TIMESTAMP_NTZ:
        return _to(value, pattern, TIMESTAMP_NTZ, "parse_timestamp_ntz", mode)
    return _to(value, pattern, TIMESTAMP, "parse_timestamp", mode)


@function("to_timestamp_ltz", (ANY, STRING), kind="rewrite", optional=1, wants_context=True)
def to_timestamp_ltz(value: Expression, pattern: Expression | None = None, *, mode: Mode) -> Expression:
    """Returns the instant of a text, read by a pattern if one is given.

    > SELECT to_timestamp_ltz('2016-12-31 00:12:00');
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
