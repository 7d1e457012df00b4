"""JSON as Spark reads and writes it: numbers keep their text, paths like $.a[0].b, values by type."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation, localcontext
from functools import lru_cache
from typing import Any

import pyarrow as pa

from engine.kernels.casts.text_datetimes import read_date, read_timestamp
from engine.kernels.casts.times import read_time
from engine.kernels.json_reader import DEFAULT, Liberties, Malformed, Number, loads
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
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
    TimeType,
    YearMonthIntervalType,
)
from engine.types.arrow import to_arrow
from engine.types.interval_reading import read_fields, read_units
from engine.types.java_numbers import java_double, java_float


def dumps(value: Any) -> str:
    """The JSON text of what `loads` gave; numbers with a fraction as Java prints doubles."""
    if isinstance(value, Number):
        return number_text(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{quoted(name)}:{dumps(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dumps, value)) + "]"
    if isinstance(value, str):
        return quoted(value)
    return "null" if value is None else "true" if value else "false"


def number_text(value: Number) -> str:
    """A number as Spark copies it: whole ones as they are, others by way of a double."""
    return str(value) if value.lstrip("-").isdigit() else java_double(float(value))


def quoted(text: str) -> str:
    """A string in JSON."""
    return json.dumps(text, ensure_ascii=False)


_STEP = re.compile(r"\.(\*|[^.\[\]]+)|\[(\d+|\*)\]|\['([^']*)'\]")


@lru_cache(maxsize=512)
def parse_path(path: str) -> tuple[str | int | None, ...] | None:
    """The steps of a path: names, places, None for *. None for what is no path."""
    if not path.startswith("$"):
        return None
    steps: list[str | int | None] = []
    place = 1
    while place < len(path):
        found = _STEP.match(path, place)
        if found is None:
            return None
        name, index, in_quotes = found.groups()
        if name is not None or in_quotes is not None:
            steps.append(None if name == "*" else name if name is not None else in_quotes)
        else:
            steps.append(None if index == "*" else int(index))
        place = found.end()
    return tuple(steps)


def at_path(value: Any, steps: tuple[str | int | None, ...]) -> list[Any]:
    """What a path leads to: none, one, or with * several values."""
    found = [value]
    for step in steps:
        following: list[Any] = []
        for item in found:
            if isinstance(step, str):
                following += _members(item, step)
            elif isinstance(item, list):
                following += item if step is None else item[step : step + 1]
            elif step is None and isinstance(item, dict):
                following += item.values()
        found = following
    return found


def _members(item: Any, name: str) -> list[Any]:
    if isinstance(item, dict):
        return [item[name]] if name in item else []
    if isinstance(item, list):
        return [each[name] for each in item if isinstance(each, dict) and name in each]
    return []


def get(text: str, path: str) -> str | None:
    """get_json_object: the text at a path, None where there is none."""
    steps = parse_path(path)
    if steps is None:
        return None
    try:
        found = at_path(loads(text), steps)
    except Malformed:
        return None
    if not found:
        return None
    if len(found) > 1:
        return dumps(found)
    value = found[0]
    if None in steps and isinstance(value, str) and not isinstance(value, Number):
        return quoted(value)
    return None if value is None else shown(value)


def shown(value: Any) -> str:
    """A value as text: strings without quotes, all else as JSON."""
    return value if isinstance(value, str) and not isinstance(value, Number) else dumps(value)


@dataclass(frozen=True)
class JsonOptions:
    """How values are read: the session's zone, and readers of dates and timestamps by pattern, if any. `as_text`: numbers and
    booleans are strings."""

    time_zone: str = "UTC"
    read_date: Callable[[str], int | None] = read_date
    read_timestamp: Callable[[str], int | None] | None = None
    fail_fast: bool = False
    liberties: Liberties = DEFAULT
    as_text: bool = False


def convert(value: Any, wanted: DataType, options: JsonOptions) -> Any:
    """A parsed value as a Python value of the type `wanted`. Raises Malformed."""
    if value is None:
        return None
    match wanted:
        case StringType():
            return shown(value)
        case StructType(fields) if isinstance(value, dict):
            return {f.name: _field(value, f.name, f.dataType, options) for f in fields}
        case MapType(_, item, _) if isinstance(value, dict):
            return [(name, convert(each, item, options)) for name, each in value.items()]
        case ArrayType(element, _) if isinstance(value, list):
            return [convert(each, element, options) for each in value]
        case BooleanType() if isinstance(value, bool):
            return value
    if isinstance(value, bool | dict | list):
        raise Malformed(dumps(value))
    return _atom(value, wanted, options)


def _field(value: dict[str, Any], name: str, wanted: DataType, options: JsonOptions) -> Any:
    try:
        return convert(value.get(name), wanted, options)
    except Malformed:
        if options.fail_fast:
            raise
        return None


def _atom(value: str, wanted: DataType, options: JsonOptions) -> Any:
    number = isinstance(value, Number)
    try:
        match wanted:
            case IntegralType() if number and re.fullmatch(r"-?\d+", value):
                found = int(value)
                if -(1 << (wanted.bits - 1)) <= found < 1 << (wanted.bits - 1):
                    return found
            case DoubleType() | FloatType() if number or value in ("NaN", "Infinity", "-Infinity", "INF", "-INF"):
                return float(value.replace("INF", "Infinity"))
            case DecimalType(precision, scale) if number:
                with localcontext(prec=100):
                    rounded = Decimal(value).quantize(Decimal(1).scaleb(-scale))
                if rounded.adjusted() < precision - scale:
                    return rounded
            case DateType() if not number:
                return _known(options.read_date(value), value)
            case TimestampType() if number and re.fullmatch(r"-?\d+", value):
                return int(value) * 1_000_000
            case TimestampType() | TimestampNTZType() if not number:
                return _known(_timestamp(value, isinstance(wanted, TimestampType), options), value)
            case BinaryType() if not number:
                return base64.b64decode(value)
            case YearMonthIntervalType() | DayTimeIntervalType() if not number:
                return read_fields(value, wanted)
            case CalendarIntervalType() if not number:
                return read_units(value)._asdict()
            case TimeType() if not number:
                return _known(read_time(value), value)
    except (ValueError, InvalidOperation) as error:
        raise Malformed(value) from error
    raise Malformed(value)


def _timestamp(value: str, is_instant: bool, options: JsonOptions) -> int | None:
    if options.read_timestamp is not None:
        return options.read_timestamp(value)
    return read_timestamp(value, options.time_zone, is_instant)


def _known(found: int | None, value: str) -> int:
    if found is None:
        raise Malformed(value)
    return found


@dataclass(frozen=True)
class JsonForm:
    """How values are written: `texts` gives dates and timestamps as text."""

    texts: Callable[[Any, DataType], str]
    without_nulls: bool = True
    pretty: bool = False


def write(value: Any, data_type: DataType, form: JsonForm, depth: int = 0) -> str:
    """The JSON text of a Python value."""
    if value is None:
        return "null"
    match data_type:
        case StructType(fields):
            pairs = zip(fields, value.values(), strict=True)
            inner = [
                (f.name, write(v, f.dataType, form, depth + 1))
                for f, v in pairs
                if v is not None or not form.without_nulls
            ]
            return _object(inner, form, depth)
        case MapType(key, item, _):
            inner = [(_key(k, key, form), write(v, item, form, depth + 1)) for k, v in value]
            return _object(inner, form, depth)
        case ArrayType(element, _):
            items = (write(each, element, form, depth) for each in value)
            return f"[ {', '.join(items)} ]" if form.pretty else f"[{','.join(items)}]"
        case BooleanType():
            return "true" if value else "false"
        case DoubleType() | FloatType():
            text = java_double(value) if isinstance(data_type, DoubleType) else java_float(value)
            return text if value - value == 0 else quoted(text)
        case DecimalType():
            return f"{value:f}"
        case IntegralType():
            return str(value)
        case BinaryType():
            return quoted(base64.b64encode(value).decode())
    return quoted(form.texts(value, data_type))


def _object(pairs: list[tuple[str, str]], form: JsonForm, depth: int) -> str:
    if not form.pretty:
        return "{" + ",".join(f"{quoted(name)}:{text}" for name, text in pairs) + "}"
    inside = ",\n".join(f"{'  ' * (depth + 1)}{quoted(name)} : {text}" for name, text in pairs)
    return f"{{\n{inside}\n{'  ' * depth}}}" if pairs else "{ }"


def _key(value: Any, data_type: DataType, form: JsonForm) -> str:
    """A key of a map as Spark shows rows and arrays in text: [1,2]."""
    match data_type:
        case StructType(fields):
            inner = (_key(v, f.dataType, form) for f, v in zip(fields, value.values(), strict=True))
            return f"[{','.join(inner)}]"
        case ArrayType(element, _):
            return f"[{','.join(_key(each, element, form) for each in value)}]"
    if value is None:
        return "null"
    if isinstance(data_type, DateType | TimestampType | TimestampNTZType):  # as they are kept: days, microseconds
        return str(pa.scalar(value, to_arrow(data_type)).value)
    return value if isinstance(value, str) else write(value, data_type, form).strip('"')
