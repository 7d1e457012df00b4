"""Casts to text, as Spark prints values."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from engine.kernels import decimals
from engine.kernels.datetimes import date_text, time_text, timestamp_text
from engine.kernels.lists import flat, flat_entries, lengths
from engine.kernels.rows import valid
from engine.lazy import pc
from engine.types import (
    ArrayType,
    BinaryType,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    MapType,
    StructType,
    TimestampNTZType,
    TimestampType,
    TimeType,
    YearMonthIntervalType,
)
from engine.types.intervals import calendar_interval_text, interval_text
from engine.types.java_numbers import java_double, java_float


def cast_to_text(array: pa.Array, source: DataType, time_zone: str, plain: bool = True) -> pa.Array:
    """Values of any type as strings. Decimals that are not `plain` are those of Java's BigDecimal: 1E-7."""
    match source:
        case DoubleType() | FloatType():
            write = java_double if isinstance(source, DoubleType) else java_float
            return pa.array([None if value is None else write(value) for value in array.to_pylist()], pa.string())
        case DecimalType():
            return _decimal_text(array) if plain else array.cast(pa.string())
        case DateType():
            return date_text(array)
        case TimestampType() | TimestampNTZType():
            return timestamp_text(array, time_zone)
        case CalendarIntervalType():
            rows = array.to_pylist()
            texts = [None if v is None else calendar_interval_text(v["months"], v["days"], v["micros"]) for v in rows]
            return pa.array(texts, pa.string())
        case TimeType():
            return time_text(array)
        case DayTimeIntervalType() | YearMonthIntervalType():
            texts = [None if v is None else interval_text(v, source) for v in array.cast(pa.int64()).to_pylist()]
            return pa.array(texts, pa.string())
        case BinaryType():
            return _binary_text(array)
        case ArrayType() | MapType() | StructType():
            return _nested_text(array, source, time_zone, plain)
    return array.cast(pa.string())


def _decimal_text(array: pa.Array) -> pa.Array:
    text = array.cast(pa.string())
    if not pc.any(pc.match_substring(text, "E")).as_py():
        return text
    scale = array.type.scale
    return pa.array([None if v is None else digits(v, scale) for v in decimals.unscaled(array)], pa.string())


def digits(value: int, scale: int) -> str:
    """value * 10 ** -scale without an exponent, with `scale` digits after the point."""
    shown = str(abs(value)).rjust(scale + 1, "0")
    text = f"{shown[: len(shown) - scale]}.{shown[len(shown) - scale :]}" if scale else shown
    return f"-{text}" if value < 0 else text


def _binary_text(array: pa.Array) -> pa.Array:
    try:
        return array.cast(pa.string())
    except pa.ArrowInvalid:
        texts = [None if v is None else v.decode("utf-8", "replace") for v in array.to_pylist()]
        return pa.array(texts, pa.string())


def _nested_text(array: pa.Array, source: DataType, time_zone: str, plain: bool) -> pa.Array:
    is_valid = valid(array)
    match source:
        case ArrayType(element, _):
            items = _texts(flat(array), element, time_zone, plain)
            rows = _grouped(items, lengths(array).tolist())
            texts = [f"[{', '.join(row)}]" for row in rows]
        case MapType(key, value, _):
            keys, values = flat_entries(array)
            pairs = zip(_texts(keys, key, time_zone, plain), _texts(values, value, time_zone, plain), strict=True)
            rows = _grouped([f"{k} -> {v}" for k, v in pairs], lengths(array).tolist())
            texts = [f"{{{', '.join(row)}}}" for row in rows]
        case StructType(fields):
            columns = [_texts(c, f.dataType, time_zone, plain) for c, f in zip(array.flatten(), fields, strict=True)]
            texts = [f"{{{', '.join(row)}}}" for row in zip(*columns, strict=True)] if columns else ["{}"] * len(array)
        case _:
            raise TypeError(f"not nested: {source}")
    return pa.array([text if ok else None for text, ok in zip(texts, is_valid, strict=True)], pa.string())


def _texts(array: pa.Array, data_type: DataType, time_zone: str, plain: bool) -> list[str]:
    return ["null" if text is None else text for text in cast_to_text(array, data_type, time_zone, plain).to_pylist()]


def _grouped(items: Sequence[str], counts: Sequence[int]) -> list[Sequence[str]]:
    rows, start = [], 0
    for count in counts:
        rows.append(items[start : start + count])
        start += count
    return rows
