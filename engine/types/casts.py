"""Which casts exist, which can fail for some value, and which may turn a value into null.

The table follows Spark's `Cast.canAnsiCast`, `Cast.canCast`, `Cast.canUpCast` and `Cast.forceNullable`.
"""

from __future__ import annotations

from engine.types.decimals import decimal_for
from engine.types.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    ByteType,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    FractionalType,
    IntegerType,
    IntegralType,
    LongType,
    MapType,
    NullType,
    NumericType,
    ShortType,
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
        return isinstance(target, (*_DATETIME, NumericType, TimeType)) or (isinstance(target, BooleanType) and not ansi)
    if isinstance(source, DateType):
        return isinstance(target, _DATETIME) or (isinstance(target, NumericType | BooleanType) and not ansi)
    if isinstance(source, TimestampNTZType):
        return isinstance(target, (*_DATETIME, TimeType))
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
    """Whether every value of `source` is one of `target`, as Spark sees it: such a cast never fails."""
    if source == target or isinstance(source, NullType):
        return True
    match source, target:
        case ArrayType(a, n), ArrayType(b, m):
            return (m or not n) and is_up_cast(a, b)
        case MapType(ak, av, n), MapType(bk, bv, m):
            return (m or not n) and is_up_cast(ak, bk) and is_up_cast(av, bv)
        case StructType(a), StructType(b):
            fields = zip(a, b, strict=False)
            return len(a) == len(b) and all(
                (y.nullable or not x.nullable) and is_up_cast(x.dataType, y.dataType) for x, y in fields
            )
        case NumericType(), DecimalType():
            return _is_wider(target, source)
        case DecimalType(precision, 0), IntegralType():
            whole = decimal_for(target)
            return whole is not None and precision <= whole.precision
        case IntegralType() | FloatType(), IntegralType() | FloatType() | DoubleType():
            return _RANKS[type(source)] < _RANKS[type(target)]
        case DateType() | TimestampNTZType(), TimestampType():
            return True
        case DateType() | TimestampType(), TimestampNTZType():
            return True
        case (TimestampType(), LongType()) | (LongType(), TimestampType()):
            return True
        case TimeType(one), TimeType(other):
            return one <= other
        case (YearMonthIntervalType(), YearMonthIntervalType()) | (DayTimeIntervalType(), DayTimeIntervalType()):
            return True
    return isinstance(target, StringType) and not source.children


_RANKS: dict[type[DataType], int] = {
    kind: rank for rank, kind in enumerate((ByteType, ShortType, IntegerType, LongType, FloatType, DoubleType))
}


def _is_wider(target: DecimalType, source: DataType) -> bool:
    exact = decimal_for(source)
    if exact is None:
        return False
    return exact.scale <= target.scale and exact.precision - exact.scale <= target.precision - target.scale


def cast_can_raise(source: DataType, target: DataType, ansi: bool) -> bool:
    """Whether the cast may fail for some value, under ANSI or not."""
    if isinstance(source, NullType) or source == target:
        return False
    match source, target:
        case StringType(), YearMonthIntervalType() | DayTimeIntervalType():
            return True
        case IntegralType() | DecimalType(), YearMonthIntervalType() | DayTimeIntervalType():
            return True
        case YearMonthIntervalType() | DayTimeIntervalType(), NumericType():
            return not isinstance(target, LongType)
        case ArrayType(a, _), ArrayType(b, _):
            return cast_can_raise(a, b, ansi)
        case MapType(ak, av, _), MapType(bk, bv, _):
            return cast_can_raise(ak, bk, ansi) or cast_can_raise(av, bv, ansi)
        case StructType(a), StructType(b):
            fields = zip(a, b, strict=False)
            return any(cast_can_raise(x.dataType, y.dataType, ansi) for x, y in fields)
        case _, BinaryType() | StringType() | CalendarIntervalType():
            return False
        case NumericType(), BooleanType() | FloatType() | DoubleType():
            return False
        case BooleanType(), IntegralType() | FloatType() | DoubleType():
            return False
        case (TimestampType() | TimestampNTZType(), DateType() | TimeType()) | (TimeType(), TimeType()):
            return False
    return ansi and not is_up_cast(source, target)


def cast_is_nullable(source: DataType, target: DataType) -> bool:
    """Whether Spark takes a cast of values without nulls for one that may give null, be it so or not."""
    if source == target or isinstance(source, NullType):
        return False
    match source, target:
        case StringType(), BinaryType():
            return False
        case StringType(), _:
            return True
        case _, StringType():
            return False
        case TimestampType(), ByteType() | ShortType() | IntegerType():
            return True
        case FloatType() | DoubleType(), TimestampType():
            return True
        case TimeType(), ByteType() | ShortType():
            return True
        case (TimestampType(), DateType()) | (DateType(), TimestampType()):
            return False
        case (_, DateType()) | (DateType(), _):
            return True
        case DecimalType(precision, scale), DecimalType(wider, finer):
            return not _is_wider(target, source) and wider - finer <= precision - scale
        case BooleanType(), DecimalType(precision, scale):
            return precision == scale
        case _, DecimalType():
            return not _is_wider(target, source)
    return isinstance(source, FractionalType) and isinstance(target, IntegralType)
