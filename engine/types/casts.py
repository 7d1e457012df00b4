"""Which casts exist, which can fail for some value, and which may turn a value into null when not under ANSI.

The table follows Spark's `Cast.canAnsiCast` and `Cast.canCast`.
"""

from __future__ import annotations

from engine.types.decimals import decimal_for
from engine.types.types import (
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
    FractionalType,
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

_DATETIME = (DateType, TimestampType, TimestampNTZType)
_INTERVAL = (YearMonthIntervalType, DayTimeIntervalType)


def can_cast(source: DataType, target: DataType, ansi: bool = True) -> bool:
    """Whether `CAST(source AS target)` is allowed at all."""
    if source == target or isinstance(source, NullType):
        return True
    match source, target:
        case ArrayType(a, _), ArrayType(b, _):
            return can_cast(a, b, ansi)
        case MapType(ak, av, _), MapType(bk, bv, _):
            return can_cast(ak, bk, ansi) and can_cast(av, bv, ansi)
        case StructType(a), StructType(b):
            return len(a) == len(b) and all(can_cast(x.dataType, y.dataType, ansi) for x, y in zip(a, b, strict=True))
    if isinstance(target, StringType):
        return True
    if isinstance(source, StringType):
        return isinstance(
            target, (NumericType, BooleanType, BinaryType, TimeType, CalendarIntervalType, *_DATETIME, *_INTERVAL)
        )
    if isinstance(source, NumericType):
        return _numeric_to(source, target, ansi)
    if isinstance(source, BooleanType):
        return isinstance(target, NumericType) or (isinstance(target, TimestampType) and not ansi)
    if isinstance(source, TimestampType):
        return isinstance(target, (_DATETIME, NumericType)) or (isinstance(target, BooleanType) and not ansi)
    if isinstance(source, DateType):
        return isinstance(target, _DATETIME) or (isinstance(target, NumericType | BooleanType) and not ansi)
    if isinstance(source, TimestampNTZType):
        return isinstance(target, _DATETIME)
    if isinstance(source, TimeType):
        return isinstance(target, TimeType | IntegralType | DecimalType)
    if isinstance(source, YearMonthIntervalType):
        return isinstance(target, YearMonthIntervalType | IntegralType | DecimalType)
    if isinstance(source, DayTimeIntervalType):
        return isinstance(target, DayTimeIntervalType | IntegralType | DecimalType)
    return False


def _numeric_to(source: DataType, target: DataType, ansi: bool) -> bool:
    if isinstance(target, NumericType | BooleanType | TimestampType):
        return True
    if isinstance(target, BinaryType):
        return isinstance(source, IntegralType) and not ansi
    return isinstance(target, _INTERVAL) and isinstance(source, IntegralType | DecimalType)


def is_up_cast(source: DataType, target: DataType) -> bool:
    """Whether every value of `source` is one of `target`: such a cast never fails."""
    if source == target or isinstance(source, NullType):
        return True
    match source, target:
        case ArrayType(a, _), ArrayType(b, _):
            return is_up_cast(a, b)
        case MapType(ak, av, _), MapType(bk, bv, _):
            return is_up_cast(ak, bk) and is_up_cast(av, bv)
        case StructType(a), StructType(b):
            return len(a) == len(b) and all(is_up_cast(x.dataType, y.dataType) for x, y in zip(a, b, strict=True))
        case IntegralType(), IntegralType():
            return source.bits <= target.bits
        case _, DecimalType(precision, scale):
            exact = decimal_for(source)
            return exact is not None and exact.scale <= scale and exact.precision - exact.scale <= precision - scale
        case FloatType() | IntegralType() | DecimalType(), FloatType() | DoubleType():
            return True
        case DateType(), TimestampType() | TimestampNTZType():
            return True
        case TimeType(one), TimeType(other):
            return one <= other
        case TimestampType(), TimestampNTZType():
            return True
        case TimestampNTZType(), TimestampType():
            return True
    return isinstance(target, StringType)


def cast_can_raise(source: DataType, target: DataType) -> bool:
    """Whether the cast may fail for some value under ANSI."""
    if is_up_cast(source, target):
        return False
    match source, target:
        case _, FloatType():
            return isinstance(source, StringType)
        case NumericType(), BooleanType():
            return False
        case BooleanType(), NumericType():
            return isinstance(target, DecimalType) and target.precision == target.scale
        case (TimestampType() | TimestampNTZType(), DateType()) | (TimeType(), TimeType()):
            return False
        case StringType(), BinaryType():
            return False
    return True


def raises_in_every_mode(source: DataType, target: DataType) -> bool:
    """Whether the cast raises without ANSI, too: of text to an ANSI interval."""
    return isinstance(source, StringType) and isinstance(target, _INTERVAL)


def cast_is_nullable(source: DataType, target: DataType) -> bool:
    """Whether the cast may turn a value into null where ANSI is off."""
    if is_up_cast(source, target):
        return False
    match source, target:
        case IntegralType() | FractionalType(), IntegralType():
            return False
        case StringType(), BinaryType():
            return False
        case _, BooleanType():
            return isinstance(source, StringType)
        case (TimestampType() | TimestampNTZType(), DateType()) | (TimeType(), TimeType()):
            return False
    return cast_can_raise(source, target)
