"""The matrix of casts: which family turns a type into another.

Follows Spark's Cast: `mode` ANSI raises for values without a counterpart, TRY gives null, LEGACY does what Spark does with ANSI
off (null, or the wrapped number).
"""

from __future__ import annotations

import pyarrow as pa

from engine.expressions.base import Mode
from engine.expressions.cast import Cast
from engine.kernels.casts import datetimes, from_text, intervals, numbers, text_datetimes, times, to_text
from engine.kernels.lists import flat, flat_entries, lengths, make, make_map
from engine.kernels.nested import struct_of
from engine.kernels.rows import Compile, Compiler, Datum, Node, is_scalar, one, valid
from engine.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    IntegralType,
    MapType,
    NullType,
    NumericType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
    TimeType,
    YearMonthIntervalType,
)
from engine.types.arrow import to_arrow

_DATETIMES = (DateType, TimestampType, TimestampNTZType)
_INTERVALS = (DayTimeIntervalType, YearMonthIntervalType)


def cast_array(array: pa.Array, source: DataType, target: DataType, mode: Mode, time_zone: str) -> pa.Array:
    """`array` of SQL type `source` as `target`. Raises ExecutionError for the first value that has no counterpart."""
    if source == target:
        return array
    wanted = to_arrow(target)
    if isinstance(source, NullType) or array.null_count == len(array):
        return pa.nulls(len(array), wanted)
    if isinstance(target, StringType):
        return to_text.cast_to_text(array, source, time_zone, plain=mode is not Mode.LEGACY)
    if isinstance(source, StringType):
        return _from_text(array, target, mode, time_zone)
    if isinstance(source, TimeType):
        return times.cast_time(array, source, target, mode)
    if isinstance(target, TimeType):
        return times.of_timestamps(array, target, time_zone)
    if isinstance(source, _INTERVALS) or isinstance(target, _INTERVALS):
        return intervals.cast_interval(array, source, target, mode)
    if isinstance(source, _DATETIMES) or isinstance(target, _DATETIMES):
        return datetimes.cast_datetime(array, source, target, mode, time_zone)
    if isinstance(source, NumericType | BooleanType) and isinstance(target, NumericType | BooleanType):
        return numbers.cast_number(array, source, target, mode)
    if isinstance(target, BinaryType) and isinstance(source, IntegralType):
        width = array.type.bit_width // 8
        values = [None if v is None else v.to_bytes(width, "big", signed=True) for v in array.to_pylist()]
        return pa.array(values, pa.binary())
    return _nested(array, source, target, mode, time_zone)


def _from_text(array: pa.Array, target: DataType, mode: Mode, time_zone: str) -> pa.Array:
    if isinstance(target, BinaryType):
        return array.cast(pa.binary())
    if isinstance(target, DateType):
        return text_datetimes.to_dates(array, mode)
    if isinstance(target, TimestampType | TimestampNTZType):
        return text_datetimes.to_timestamps(array, target, mode, time_zone)
    if isinstance(target, TimeType):
        return times.from_text(array, target, mode)
    if isinstance(target, CalendarIntervalType):
        return intervals.to_calendar_intervals(array)
    if isinstance(target, _INTERVALS):
        return intervals.from_text(array, target, mode)
    return from_text.cast_from_text(array, target, mode)


def _nested(array: pa.Array, source: DataType, target: DataType, mode: Mode, time_zone: str) -> pa.Array:
    wanted = to_arrow(target)
    match source, target:
        case ArrayType(a, _), ArrayType(b, _):
            return make(lengths(array), cast_array(flat(array), a, b, mode, time_zone), valid(array), wanted)
        case MapType(ak, av, _), MapType(bk, bv, _):
            counts, entries = lengths(array), flat_entries(array)
            keys = cast_array(entries[0], ak, bk, mode, time_zone)
            values = cast_array(entries[1], av, bv, mode, time_zone)
            return make_map(counts, keys, values, valid(array), wanted)
        case StructType(a), StructType(b):
            fields = [
                cast_array(column, x.dataType, y.dataType, mode, time_zone)
                for column, x, y in zip(array.flatten(), a, b, strict=True)
            ]
            return struct_of(fields, wanted, ~valid(array))
    raise TypeError(f"no cast from {source} to {target}")


def cast_datum(datum: Datum, source: DataType, target: DataType, mode: Mode, time_zone: str) -> Datum:
    """`cast_array` for an array or a scalar."""
    if is_scalar(datum):
        return cast_array(one(datum), source, target, mode, time_zone)[0]
    return cast_array(datum, source, target, mode, time_zone)


def _cast(expression: Cast, compiler: Compiler) -> Node:
    child = compiler.compile(expression.child)
    source, target, mode = expression.child.dataType, expression.to, expression.mode
    time_zone = compiler.context.time_zone
    return lambda rows: cast_datum(child(rows), source, target, mode, time_zone)


COMPILERS: dict[type, Compile] = {Cast: _cast}
