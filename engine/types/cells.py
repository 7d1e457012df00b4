"""What one value looks like as text: the same text as Spark's CAST(value AS STRING), column by column.

Everything that shows values (the boxes of the shell, `DataFrame.show`, csv and the rest) takes its texts from here, so
a double or a timestamp looks the same wherever it is met. The walk follows Arrow's layout, not Python objects: a list
column is the texts of its items, joined per row. That keeps years outside 1..9999 and the full range of intervals
printable, which Python's datetime classes are not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pyarrow as pa

from engine.records import dataclass
from engine.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    MapType,
    NullType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
    TimeType,
    YearMonthIntervalType,
)
from engine.types.binary_text import BINARY_STYLES, DISCRETE, binary_writer
from engine.types.intervals import calendar_interval_text, day_time_text, hive_micros, hive_months, year_month_text
from engine.types.java_numbers import java_double, java_float, shortest_single

Texts = list[str | None]

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_QUARTER = 15 * _MINUTE
_FEW = 1_000  # rows
_OFFSET = re.compile(
    r"(?:Z|UTC|GMT|UT)?(?:(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?(?::?(?P<seconds>\d{2}))?)?"
)
_EPOCH = datetime(1970, 1, 1)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_ERA_DAYS = 146_097  # the Gregorian calendar repeats every 400 years
_ERA_MICROS = _ERA_DAYS * _DAY
_FIRST = (datetime(2, 1, 1) - _EPOCH) // timedelta(
    microseconds=1
)  # zones shift by a day at most: stay clear of the ends
_LAST = (datetime(9999, 1, 1) - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True)
class Style:
    """How values are written where there is a choice.

    `null` stands for a null inside an array, map or struct (the caller writes a null of the column itself). `plain`
    asks for numbers as people write them (30086005.36) and not as Java does (3.008600536E7). `hive` asks for what the
    `spark-sql` command prints: `["a","b"]`, `{"k":1}`, intervals as `1-2` and `1 02:03:04.000000000`. `binary` turns
    bytes into text.
    """

    zone: tzinfo = UTC
    null: str = "NULL"
    plain: bool = False
    hive: bool = False
    binary: Callable[[bytes], str] = BINARY_STYLES[DISCRETE]


def style_of(zone: str, binary: str | None) -> Style:
    """How a session shows values, from its settings `spark.sql.session.timeZone` and `spark.sql.binaryOutputStyle`."""
    return Style(zone_of(zone), binary=binary_writer(binary))


def texts(column: pa.Array, dataType: DataType, style: Style) -> Texts:
    """The texts of `column`, one per row, None for null.

    `dataType` is the Spark type of the column; the Arrow layout may be any that holds it (dictionary codes, large
    strings).
    """
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    match dataType:
        case ArrayType():
            return _lists(column, dataType, style)
        case MapType():
            return _maps(column, dataType, style)
        case StructType():
            return _structs(column, dataType, style)
        case NullType():
            return [None] * len(column)
    if isinstance(dataType, IntegralType | DecimalType):
        return _exact(column)
    write = formatter(dataType, style)
    return [None if value is None else write(value) for value in plain_values(column, dataType)]


def plain_values(column: pa.Array, dataType: DataType) -> Sequence[Any]:
    """The Python values of a flat column; dates, timestamps and intervals as integers (days, months, microseconds)."""
    if isinstance(dataType, DateType):
        column = column.cast(pa.int32())
    elif isinstance(dataType, TimestampType | TimestampNTZType):
        zone = column.type.tz
        column = column.cast(pa.timestamp("us", zone)).cast(pa.int64())
    elif isinstance(dataType, TimeType):
        column = column.cast(pa.time64("us")).cast(pa.int64())
    elif isinstance(dataType, DayTimeIntervalType):
        column = column.cast(pa.duration("us")).cast(pa.int64())
    elif isinstance(dataType, YearMonthIntervalType) and column.type == pa.month_day_nano_interval():
        return [None if value is None else value.months for value in column.to_pylist()]  # as users get them
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:  # a file may hold bytes that are not UTF-8 in a text column: show what can be shown
        raw = column.cast(pa.large_binary()).to_pylist()
        values = [None if value is None else value.decode(errors="replace") for value in raw]
    return values


def formatter(dataType: DataType, style: Style) -> Callable[[Any], str]:
    """The function from a value of `plain_values` to its text, for a type that holds no other types."""
    match dataType:
        case BooleanType():
            return _boolean
        case FloatType():
            return plain_float if style.plain else java_float
        case DoubleType():
            return plain_double if style.plain else java_double
        case BinaryType():
            return style.binary
        case DateType():
            return date_text
        case TimestampType():
            return lambda micros: timestamp_text(micros, style.zone)
        case TimestampNTZType():
            return lambda micros: timestamp_text(micros, UTC)
        case TimeType():
            return time_text
        case CalendarIntervalType():
            return lambda value: calendar_interval_text(value["months"], value["days"], value["micros"])
        case YearMonthIntervalType(start, end):
            return hive_months if style.hive else lambda months: year_month_text(months, start, end)
        case DayTimeIntervalType(start, end):
            return (
                (lambda micros: hive_micros(micros, end))
                if style.hive
                else lambda micros: day_time_text(micros, start, end)
            )
    return str


# -------------------------------------------------------------------------------------------------------------- numbers


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _exact(column: pa.Array) -> Texts:
    """Integers and decimals, many times faster than by way of Python's; Arrow writes tiny decimals with an exponent. For few
    numbers its functions are not worth loading."""
    if len(column) <= _FEW and pa.types.is_integer(column.type):
        return [None if value is None else str(value) for value in column.to_pylist()]
    cells: Texts = column.cast(pa.string()).to_pylist()
    return [format(Decimal(cell), "f") if cell is not None and "E" in cell else cell for cell in cells]


def plain_double(value: float) -> str:
    """Digits without an exponent up to 10^16."""
    return repr(value) if math.isfinite(value) else java_double(value)


def plain_float(value: float) -> str:
    """The shortest digits of a 32-bit float, without an exponent up to 10^16."""
    return repr(float(shortest_single(value))) if math.isfinite(value) else java_float(value)


# ------------------------------------------------------------------------------------------------------ dates and times


@lru_cache(maxsize=4096)  # a column seldom holds many different days
def date_text(days: int) -> str:
    """Days since 1970-01-01 as yyyy-mm-dd; years past 9999 carry a plus sign, as Java writes them."""
    eras, rest = divmod(days, _ERA_DAYS)
    day = date.fromordinal(_EPOCH_ORDINAL + rest)
    return f"{_year(day.year + 400 * eras)}-{day.month:02}-{day.day:02}"


def _year(year: int) -> str:
    if year > 9999:
        return f"+{year}"
    return f"-{-year:04}" if year < 0 else f"{year:04}"


def timestamp_text(micros: int, zone: tzinfo) -> str:
    """Microseconds since the epoch in UTC as local time in `zone`, without trailing zeros of the fraction."""
    if zone is not UTC:
        quarter = micros // _QUARTER * _QUARTER  # clocks change on quarters of an hour (in the past at any second)
        micros += _offset(quarter if micros > 0 else micros, zone)
    days, rest = divmod(micros, _DAY)
    second, fraction = divmod(rest, _SECOND)
    text = f"{date_text(days)} {_clock(second)}"
    return f"{text}.{fraction:06}".rstrip("0") if fraction else text


def time_text(micros: int) -> str:
    """A time of day in microseconds as HH:mm:ss, without trailing zeros of the fraction."""
    second, fraction = divmod(micros, _SECOND)
    return f"{_clock(second)}.{fraction:06}".rstrip("0") if fraction else _clock(second)


@lru_cache(maxsize=86_400)
def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


@lru_cache(maxsize=4096)
def _offset(micros: int, zone: tzinfo) -> int:
    """How far `zone` is ahead of UTC at that moment, in microseconds."""
    if micros > _LAST:  # the rules of a zone repeat with the calendar
        micros = micros % _ERA_MICROS + _ERA_MICROS
    moment = _EPOCH + timedelta(microseconds=max(micros, _FIRST))
    offset = moment.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta(0)
    return offset // timedelta(microseconds=1)


def zone_of(name: str) -> tzinfo:
    """The time zone of `spark.sql.session.timeZone`: a region (Europe/Zurich), Z, UTC, or an offset (+02:00, GMT+2)."""
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        delta = timedelta(
            hours=int(offset["hours"] or 0), minutes=int(offset["minutes"] or 0), seconds=int(offset["seconds"] or 0)
        )
        return timezone(-delta if offset["sign"] == "-" else delta) if delta else UTC
    from zoneinfo import ZoneInfo  # here: most sessions show no timestamps outside UTC, and it reads the zone database

    return ZoneInfo(name)


# --------------------------------------------------------------------------------------------------------- nested types


def _joined(column: pa.Array, items: list[str], brackets: str, style: Style) -> Texts:
    """One text per row of a list or map `column`, from the texts of the items that `item_span` covers."""
    result: Texts = []
    comma = "," if style.hive else ", "
    offsets = column.offsets.to_pylist()
    for row, valid in enumerate(column.is_valid().to_pylist()):
        inside = items[offsets[row] - offsets[0] : offsets[row + 1] - offsets[0]]
        if style.hive and brackets == "{}":
            inside.sort()
        result.append(f"{brackets[0]}{comma.join(inside)}{brackets[1]}" if valid else None)
    return result


def item_span(column: pa.Array) -> tuple[int, int]:
    """Where the items of a list or map column begin in its child array, and how many there are."""
    offsets = column.offsets
    first = offsets[0].as_py()
    return first, offsets[len(offsets) - 1].as_py() - first


def as_list(column: pa.Array) -> pa.Array:
    """A list column of any layout as one with offsets."""
    if pa.types.is_fixed_size_list(column.type) or pa.types.is_list_view(column.type):
        return column.cast(pa.list_(column.type.value_type))
    return column


def _filled(values: Texts, style: Style) -> list[str]:
    return [style.null if value is None else value for value in values]


def _inner(column: pa.Array, dataType: DataType, style: Style) -> Texts:
    """The texts of values inside an array, map or struct."""
    found = texts(column, dataType, style)
    if style.hive and isinstance(dataType, StringType):
        return [None if value is None else f'"{value}"' for value in found]
    return found


def _lists(column: pa.Array, dataType: ArrayType, style: Style) -> Texts:
    column = as_list(column)
    items = _filled(_inner(column.values.slice(*item_span(column)), dataType.elementType, style), style)
    return _joined(column, items, "[]", style)


def _maps(column: pa.Array, dataType: MapType, style: Style) -> Texts:
    span = item_span(column)
    keys = _inner(column.keys.slice(*span), dataType.keyType, style)
    values = _filled(_inner(column.items.slice(*span), dataType.valueType, style), style)
    arrow = ":" if style.hive else " -> "
    entries = [f"{key}{arrow}{value}" for key, value in zip(keys, values, strict=True)]
    return _joined(column, entries, "{}", style)


def _structs(column: pa.Array, dataType: StructType, style: Style) -> Texts:
    parts = list(zip(column.flatten(), dataType.fields, strict=True))
    fields = [_filled(_inner(part, field.dataType, style), style) for part, field in parts]
    if style.hive:
        fields = [
            [f'"{field.name}":{value}' for value in values] for (_, field), values in zip(parts, fields, strict=True)
        ]
    comma = "," if style.hive else ", "
    rows = zip(*fields, strict=True) if fields else [()] * len(column)
    valid = column.is_valid().to_pylist()
    return [f"{{{comma.join(row)}}}" if known else None for row, known in zip(rows, valid, strict=True)]
