"""The widening lattice: which type two types meet in.

`PRECEDENCE` is the table; everything else in this file reads it. Under ANSI a string meets any atomic type in that type (the
string is cast), without ANSI in STRING or, in comparisons and arithmetic, in the other type; see `common_type`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.types.decimals import decimal_for, wider_decimal
from engine.types.types import (
    BYTE,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    SHORT,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    VOID,
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
    NumericType,
    StringType,
    StructField,
    StructType,
    TimeType,
    YearMonthIntervalType,
)

PRECEDENCE: tuple[tuple[DataType, ...], ...] = (
    (BYTE, SHORT, INT, LONG, FLOAT, DOUBLE),
    (DATE, TIMESTAMP_NTZ, TIMESTAMP),
)
"""Chains in which a type widens to every later one. Decimals stand between LONG and FLOAT, see `tightest_common_type`."""


def tightest_common_type(left: DataType, right: DataType, ansi: bool = True) -> DataType | None:
    """The smallest type that both widen to without loss of meaning, strings excepted; None if there is none."""
    if left == right:
        return left
    if left == VOID:
        return right
    if right == VOID:
        return left
    for chain in PRECEDENCE:
        if left in chain and right in chain:
            widest = max(left, right, key=chain.index)
            # a BIGINT or INT does not fit a FLOAT's 24 bits, which without ANSI Spark does not mind
            mixed = isinstance(left, IntegralType) != isinstance(right, IntegralType)
            return DOUBLE if widest == FLOAT and mixed and ansi else widest
    match left, right:
        case (DecimalType(), IntegralType()) | (IntegralType(), DecimalType()) | (DecimalType(), DecimalType()):
            one, other = decimal_for(left), decimal_for(right)
            return wider_decimal(one, other) if one is not None and other is not None else None
        case (DecimalType(), FloatType() | DoubleType()) | (FloatType() | DoubleType(), DecimalType()):
            return DOUBLE
        case YearMonthIntervalType(a, b), YearMonthIntervalType(c, d):
            return YearMonthIntervalType(min(a, c), max(b, d))
        case TimeType(one), TimeType(other):
            return TimeType(max(one, other))
        case DayTimeIntervalType(a, b), DayTimeIntervalType(c, d):
            return DayTimeIntervalType(min(a, c), max(b, d))
    return _nested(left, right, lambda a, b: tightest_common_type(a, b, ansi))


def common_type(left: DataType, right: DataType, ansi: bool = True) -> DataType | None:
    """The type both are cast to in CASE, COALESCE, IN, set operations and comparisons; None if there is none."""
    tight = tightest_common_type(left, right, ansi)
    if tight is not None:
        return tight
    if isinstance(left, StringType) or isinstance(right, StringType):
        other = right if isinstance(left, StringType) else left
        return _with_string(other, ansi)
    return _nested(left, right, lambda a, b: common_type(a, b, ansi))


def _with_string(other: DataType, ansi: bool) -> DataType | None:
    if other.children or isinstance(other, CalendarIntervalType):
        return None
    if ansi and isinstance(other, YearMonthIntervalType | DayTimeIntervalType):
        return None  # of the many intervals no text says which it is
    if not ansi:
        return None if isinstance(other, BinaryType | BooleanType) else STRING
    if isinstance(other, IntegralType):
        return LONG
    if isinstance(other, FractionalType):
        return DOUBLE
    return other


def common_type_of(types: Sequence[DataType], ansi: bool = True) -> DataType | None:
    """The type all of `types` meet in, or None. Strings last, so that the order of arguments does not matter."""
    result: DataType | None = VOID
    for each in sorted(types, key=lambda t: isinstance(t, StringType)):
        result = common_type(result, each, ansi) if result is not None else None
    return result


def can_implicitly_cast(source: DataType, target: DataType, ansi: bool = True) -> bool:
    """Whether an argument of type `source` is accepted where a function wants `target`."""
    if source in (target, VOID):
        return True
    if isinstance(source, StringType):
        return not target.children and (not ansi or not isinstance(target, BinaryType))
    if isinstance(target, StringType):
        # Spark's functions take any atomic value as text, bytes too
        return not source.children
    if isinstance(source, NumericType) and isinstance(target, NumericType):
        return True  # what does not fit raises when it is cast
    if isinstance(source, DateType) or source in PRECEDENCE[1]:
        return target in PRECEDENCE[1] and (not ansi or source in PRECEDENCE[1][: PRECEDENCE[1].index(target) + 1])
    return tightest_common_type(source, target) == target


def _nested(left: DataType, right: DataType, meet: Callable[[DataType, DataType], DataType | None]) -> DataType | None:
    match left, right:
        case ArrayType(a, n), ArrayType(b, m):
            element = meet(a, b)
            return ArrayType(element, n or m) if element is not None else None
        case MapType(ak, av, n), MapType(bk, bv, m):
            key, value = meet(ak, bk), meet(av, bv)
            return MapType(key, value, n or m) if key is not None and value is not None else None
        case StructType(a), StructType(b) if len(a) == len(b):
            fields = []
            for x, y in zip(a, b, strict=True):
                met = meet(x.dataType, y.dataType)
                if met is None or (x.name.lower() != y.name.lower() and not same_structure(x.dataType, y.dataType)):
                    return None
                fields.append(StructField(x.name, met, x.nullable or y.nullable))
            return StructType(tuple(fields))
    return None


def same_structure(left: DataType, right: DataType) -> bool:
    """Whether two types differ in nothing but the names and the nullability of fields."""
    match left, right:
        case ArrayType(a), ArrayType(b):
            return same_structure(a, b)
        case MapType(ak, av), MapType(bk, bv):
            return same_structure(ak, bk) and same_structure(av, bv)
        case StructType(a), StructType(b):
            return len(a) == len(b) and all(same_structure(x.dataType, y.dataType) for x, y in zip(a, b, strict=True))
    return left == right
