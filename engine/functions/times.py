"""Times of day: made of fields, read from text, cut to a unit, units between two; what + and - are on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import AnalysisError, ExecutionError
from engine.expressions.base import Expression, Mode
from engine.expressions.cast import Cast
from engine.expressions.sql import sql
from engine.functions.calendar import began
from engine.functions.made_of_fields import seconds_of
from engine.functions.registry import Function, function, register
from engine.functions.resolve import resolve_call
from engine.functions.signature import ANY, Kind
from engine.kernels import decimals
from engine.kernels.casts.times import read_time
from engine.kernels.context import CallContext, EvalContext
from engine.kernels.datetimes import DAY, HOUR, MINUTE, SECOND
from engine.kernels.evaluate import evaluate_constant
from engine.kernels.pattern_fields import Unreadable
from engine.kernels.pattern_reading import read
from engine.kernels.patterns import compile_pattern
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.kernels.rowwise import all_valid, attempt, map_rows
from engine.kernels.zones import zone
from engine.types import (
    INT,
    LONG,
    STRING,
    TIME,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    StringType,
    TimeType,
)
from engine.types.arrow import to_arrow
from engine.types.cells import time_text
from engine.types.intervals import day_time_text
from engine.types.types import HOUR as HOUR_FIELD
from engine.types.types import SECOND as SECOND_FIELD

TEXT = Kind("STRING", (StringType,), fallback=STRING, strict=True)
ANY_TIME = Kind("TIME", (TimeType,), fallback=TIME)
ARROW = to_arrow(TIME)
_DEFAULT = "HH:mm:ss.SSSSSS"
_UNITS = {"HOUR": HOUR, "MINUTE": MINUTE, "SECOND": SECOND, "MILLISECOND": 1000, "MICROSECOND": 1}


@function("current_time", (INT,), kind="rewrite", optional=1)
def current_time(precision: Expression | None = None) -> Expression:
    """Returns the local time of day the query began, with so many digits of the fraction of a second (6).

    > SELECT current_time() = current_time(6);
    true
    """
    now = resolve_call("local_time", ())
    if precision is None:
        return now
    digits = evaluate_constant(precision, EvalContext()).value if precision.foldable else None
    if not isinstance(digits, int) or not 0 <= digits <= TimeType.MAX_PRECISION:
        shown = {"sqlExpr": f"current_time({sql(precision)})", "exprName": "`precision`"}
        bounds = {"valueRange": f"[0, {TimeType.MAX_PRECISION}]", "currentValue": sql(precision)}
        raise AnalysisError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", shown | bounds)
    return Cast(now, TimeType(digits))


@function("local_time", (), returns=TIME, nullable="never", wants_context=True, hidden=True)
def local_time(*, context: CallContext) -> pa.Array:
    """Returns the local time of day the query began.

    > SELECT current_time() IS NOT NULL;
    true
    """
    local = int(zone(context.time_zone).to_local(np.array([began(context)]))[0]) % DAY
    return pa.repeat(pa.scalar(local, pa.int64()), context.rows).view(ARROW)


@function("make_time", (INT, INT, DecimalType(16, 6)), returns=TIME, raises=True)
def make_time(hour: pa.Array, minute: pa.Array, second: pa.Array) -> pa.Array:
    """Returns the time of an hour, a minute and seconds.

    > SELECT make_time(6, 30, 45.887);
    06:30:45.887
    """
    hours, minutes = (numpy_values(each).astype(np.int64) for each in (hour, minute))
    micros, is_valid = seconds_of(second), all_valid(hour, minute, second)
    fields = (("HourOfDay", hours, 24), ("MinuteOfHour", minutes, 60))
    for name, values, limit in (*fields, ("SecondOfMinute", np.trunc(micros / SECOND).astype(np.int64), 60)):
        outside = ((values < 0) | (values >= limit)) & is_valid
        if outside.any():
            value = values[np.argmax(outside)]
            message = f"Invalid value for {name} (valid values 0 - {limit - 1}): {value}"
            raise ExecutionError("DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION", {"rangeMessage": message})
    return from_numpy(hours * HOUR + minutes * MINUTE + micros, ARROW, is_valid)


def _read(text: str, pattern: str | None) -> int:
    """The microseconds of a time. Raises CANNOT_PARSE_TIME."""
    if pattern is None:
        micros = read_time(text)
    else:
        compile_pattern(pattern, True, False)
        try:
            micros = read(text, pattern).micros
        except Unreadable:
            micros = None
    if micros is None:
        parameters = {"input": f"'{text}'", "format": f"'{pattern if pattern is not None else _DEFAULT}'"}
        raise ExecutionError("CANNOT_PARSE_TIME", parameters)
    return micros


def _parsed(text: pa.Array, pattern: pa.Array | None, mode: Mode) -> pa.Array:
    reader = attempt(_read, mode)
    if pattern is None:
        return map_rows(lambda value: reader(value, None), pa.int64(), text).view(ARROW)
    return map_rows(reader, pa.int64(), text, pattern).view(ARROW)


@function("to_time", (TEXT, TEXT), returns=TIME, optional=1, raises=True)
def to_time(text: pa.Array, pattern: pa.Array | None = None) -> pa.Array:
    """Returns the time that a text is, read by a pattern if one is given.

    > SELECT to_time('00:12:00');
    00:12:00
    > SELECT to_time('12.10.05', 'HH.mm.ss');
    12:10:05
    """
    return _parsed(text, pattern, Mode.ANSI)


@function("try_to_time", (TEXT, TEXT), returns=TIME, optional=1, nullable="always")
def try_to_time(text: pa.Array, pattern: pa.Array | None = None) -> pa.Array:
    """Like `to_time`, giving null for what does not fit.

    > SELECT try_to_time('foo');
    NULL
    """
    return _parsed(text, pattern, Mode.TRY)


def _by_unit(units: pa.Array, name: str, values: Any, is_valid: Any, apply: Any) -> Any:
    """`apply(values, micros of the unit)` for the rows of each unit. Raises INVALID_PARAMETER_VALUE.TIME_UNIT."""
    texts, result = units.to_pylist(), np.array(values)
    for text in set(texts):
        rows = np.array([each == text for each in texts]) & is_valid
        if not rows.any():
            continue
        size = _UNITS.get(text.upper())
        if size is None:
            parameters = {"parameter": "`unit`", "functionName": f"`{name}`", "invalidValue": f"'{text}'"}
            raise ExecutionError("INVALID_PARAMETER_VALUE.TIME_UNIT", parameters)
        result[rows] = apply(result[rows], size)
    return result


def _second_type(*types: DataType) -> DataType:
    return types[1] if isinstance(types[1], TimeType) else TIME


@function("time_trunc", (STRING, ANY_TIME), returns=_second_type, raises=True)
def time_trunc(unit: pa.Array, time: pa.Array) -> pa.Array:
    """Returns the time cut to a unit: HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND.

    > SELECT time_trunc('HOUR', TIME'09:32:05.359');
    09:00:00
    """
    is_valid = all_valid(unit, time)
    micros = _by_unit(unit, "time_trunc", numpy_values(time), is_valid, lambda values, size: values - values % size)
    return from_numpy(micros, ARROW, is_valid)


@function("time_diff", (STRING, ANY_TIME, ANY_TIME), returns=LONG, raises=True)
def time_diff(unit: pa.Array, start: pa.Array, end: pa.Array) -> pa.Array:
    """Returns how many whole units lie from `start` to `end`.

    > SELECT time_diff('HOUR', TIME'20:30:29', TIME'21:30:28');
    0
    """
    is_valid = all_valid(unit, start, end)
    micros = numpy_values(end) - numpy_values(start)
    whole = _by_unit(unit, "time_diff", micros, is_valid, lambda values, size: np.abs(values) // size * np.sign(values))
    return from_numpy(whole, pa.int64(), is_valid)


def _sum_type(*types: DataType) -> DataType:
    """The digits of the time, or of microseconds if the interval has seconds."""
    time, interval = types[0], types[1]
    assert isinstance(time, TimeType)
    return TIME if isinstance(interval, DayTimeIntervalType) and interval.end == SECOND_FIELD else time


@function(
    "time_add_interval",
    (ANY_TIME, DayTimeIntervalType()),
    returns=_sum_type,
    raises=True,
    wants_context=True,
    hidden=True,
)
def time_add_interval(time: pa.Array, interval: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the time an interval later, on the same day.

    > SELECT TIME'08:30:00' + INTERVAL '2' HOUR;
    10:30:00
    """
    total, inside = _later(time, interval)
    is_valid = all_valid(time, interval)
    outside = ~inside & is_valid
    if outside.any():
        row, kind = int(np.argmax(outside)), context.types[1]
        assert isinstance(kind, DayTimeIntervalType)
        shown = day_time_text(int(numpy_values(interval)[row]), kind.end, kind.end)
        value = f"TIME '{time_text(int(numpy_values(time)[row]))}'"
        raise ExecutionError("DATETIME_OVERFLOW", {"operation": f"add {shown} to the time value {value}"})
    return from_numpy(total, ARROW, is_valid)


def _later(time: pa.Array, interval: pa.Array) -> tuple[Any, Any]:
    """The microseconds of times an interval later, and which are still of the day."""
    total = numpy_values(time) + numpy_values(interval)
    return total, (total >= 0) & (total < DAY)


@function("try_time_add_interval", (ANY_TIME, DayTimeIntervalType()), returns=_sum_type, nullable="always", hidden=True)
def try_time_add_interval(time: pa.Array, interval: pa.Array) -> pa.Array:
    """Like + of a time and an interval, giving null outside of the day.

    > SELECT try_add(TIME'23:00:00', INTERVAL '2' HOUR);
    NULL
    """
    total, inside = _later(time, interval)
    return from_numpy(total, ARROW, all_valid(time, interval) & inside)


@function("time_difference", (ANY_TIME, ANY_TIME), returns=DayTimeIntervalType(HOUR_FIELD, SECOND_FIELD), hidden=True)
def time_difference(end: pa.Array, start: pa.Array) -> pa.Array:
    """Returns the interval from `start` to `end`.

    > SELECT TIME'12:30:41' - TIME'10:00';
    0 02:30:41.000000000
    """
    return from_numpy(numpy_values(end) - numpy_values(start), pa.duration("us"), all_valid(end, start))


def _part(name: str, unit: int, modulus: int, doc: str) -> None:
    def kernel(time: pa.Array) -> pa.Array:
        return from_numpy((numpy_values(time) // unit % modulus).astype(np.int32), pa.int32(), valid(time))

    register(Function(name, "scalar", (Kind("TIME", (TimeType,)),), INT, kernel, doc, group="times"))


_part("hour", HOUR, 24, "Returns the hour of a time.\n\n> SELECT hour(TIME'12:58:59');\n12")
_part("minute", MINUTE, 60, "Returns the minute of a time.\n\n> SELECT minute(TIME'12:58:59');\n58")
_part("second", SECOND, 60, "Returns the second of a time.\n\n> SELECT second(TIME'12:58:59');\n59")


@function("second_with_fraction", (Kind("TIME", (TimeType,)),), returns=DecimalType(8, 6), hidden=True)
def second_with_fraction(time: pa.Array) -> pa.Array:
    """Returns the second of a time with its fraction.

    > SELECT extract(SECOND FROM TIME'09:08:01.5');
    1.500000
    """
    return decimals.from_int64(numpy_values(time) % MINUTE, valid(time), pa.decimal128(8, 6))


@function("time", (ANY,), kind="rewrite", wants_context=True)
def time(value: Expression, mode: Mode) -> Expression:
    """Casts the argument to TIME.

    > SELECT time('12:30:00');
    12:30:00
    """
    return value if value.dataType == TIME else Cast(value, TIME, mode)
