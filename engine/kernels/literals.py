"""Constants between Python values (`Literal.value`) and Arrow scalars."""

from __future__ import annotations

import datetime
from decimal import Context, Decimal
from typing import Any

import pyarrow as pa

from engine.expressions.base import Literal
from engine.types import (
    ArrayType,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    MapType,
    StructType,
    TimestampNTZType,
    TimestampType,
    TimeType,
)
from engine.types.arrow import to_arrow

EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MICROSECOND = datetime.timedelta(microseconds=1)
WIDE = Context(prec=76)


def literal_scalar(literal: Literal) -> pa.Scalar:
    """The Arrow scalar of a literal."""
    arrow = to_arrow(literal.type)
    if literal.value is None:
        return pa.scalar(None, arrow)
    # one row and not pa.scalar: a list of pairs becomes a map, a tuple a list
    return pa.array([_plain(literal.value, literal.type)], arrow)[0]


def unscaled(literal: Literal) -> int:
    """The whole number that stands for a value of a whole-number type, which is not null: days, microseconds, a decimal
    without its point."""
    if isinstance(literal.type, DecimalType):
        return int(Decimal(literal.value).scaleb(literal.type.scale, WIDE))
    return int(_plain(literal.value, literal.type))


def from_scalar(scalar: pa.Scalar, data_type: DataType) -> Any:
    """The Python value of `Literal` for an Arrow scalar: hashable, without time zones."""
    if not scalar.is_valid:
        return None
    match data_type:
        case DateType() | TimestampType() | TimestampNTZType() | DayTimeIntervalType() | TimeType():
            return scalar.value
        case CalendarIntervalType():
            return tuple(scalar.as_py().values())
        case ArrayType(element, _):
            return tuple(from_scalar(item, element) for item in scalar.values)
        case MapType(key, value, _):
            pairs = scalar.values
            keys, values = pairs.field(0), pairs.field(1)
            return tuple((from_scalar(keys[i], key), from_scalar(values[i], value)) for i in range(len(pairs)))
        case StructType(fields):
            return tuple(from_scalar(scalar[i], field.dataType) for i, field in enumerate(fields))
    return scalar.as_py()


def _plain(value: Any, data_type: DataType) -> Any:
    """`value` as pyarrow takes it."""
    if value is None:
        return None
    match data_type:
        case CalendarIntervalType():
            return dict(zip(("months", "days", "micros"), value, strict=True))
        case ArrayType(element, _):
            return [_plain(item, element) for item in value]
        case MapType(key, item, _):
            pairs = value.items() if isinstance(value, dict) else value
            return [(_plain(k, key), _plain(v, item)) for k, v in pairs]
        case StructType(fields):
            given = list(value.values()) if isinstance(value, dict) else list(value)
            return {field.name: _plain(item, field.dataType) for field, item in zip(fields, given, strict=True)}
        case DateType() if isinstance(value, datetime.date):
            return value.toordinal() - EPOCH_DAY
        case TimestampType() | TimestampNTZType() if isinstance(value, datetime.datetime):
            aware = value if value.tzinfo is not None else value.replace(tzinfo=datetime.UTC)
            return (aware - EPOCH) // MICROSECOND
        case TimeType() if isinstance(value, datetime.time):
            return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
        case DayTimeIntervalType() if isinstance(value, datetime.timedelta):
            return value // MICROSECOND
    return value
