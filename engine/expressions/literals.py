"""Python values as literals, for parameters of a query."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from engine.errors import AnalysisError
from engine.expressions.base import Expression, Literal
from engine.types import (
    BINARY,
    BOOLEAN,
    DATE,
    DOUBLE,
    INT,
    LONG,
    STRING,
    TIME,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    VOID,
    DayTimeIntervalType,
    DecimalType,
)

EPOCH = datetime.datetime(1970, 1, 1)
MICROSECOND = datetime.timedelta(microseconds=1)


def literal(value: Any) -> Expression:
    """`value` as a constant of the type Spark gives it; an Expression is returned as it is.

    Raises AnalysisError for a value of another kind, or a number too large for any type.
    """
    match value:
        case Expression():
            return value
        case None:
            return Literal(None, VOID)
        case bool():
            return Literal(value, BOOLEAN)
        case int():
            return _integer(value)
        case float():
            return Literal(value, DOUBLE)
        case str():
            return Literal(value, STRING)
        case bytes() | bytearray():
            return Literal(bytes(value), BINARY)
        case Decimal():
            return Literal(value, _decimal_type(value))
        case datetime.datetime():
            if value.tzinfo is None:
                return Literal((value - EPOCH) // MICROSECOND, TIMESTAMP_NTZ)
            return Literal((value.astimezone(datetime.UTC).replace(tzinfo=None) - EPOCH) // MICROSECOND, TIMESTAMP)
        case datetime.date():
            return Literal(value, DATE)
        case datetime.time():
            since_midnight = datetime.datetime.combine(EPOCH, value.replace(tzinfo=None)) - EPOCH
            return Literal(since_midnight // MICROSECOND, TIME)
        case datetime.timedelta():
            return Literal(value // MICROSECOND, DayTimeIntervalType())
    raise AnalysisError("UNSUPPORTED_FEATURE", {"feature": f"a parameter of the Python type {type(value).__name__}"})


def _integer(value: int) -> Literal:
    if -(1 << 31) <= value < 1 << 31:
        return Literal(value, INT)
    if -(1 << 63) <= value < 1 << 63:
        return Literal(value, LONG)
    return Literal(Decimal(value), _decimal_type(Decimal(value)))


def _decimal_type(value: Decimal) -> DecimalType:
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise AnalysisError("UNSUPPORTED_FEATURE", {"feature": f"the decimal {value} as a parameter"})
    scale = max(0, -exponent)
    precision = max(len(digits) + max(0, exponent), scale, 1)
    if precision > DecimalType.MAX_PRECISION:
        raise AnalysisError("NUMERIC_OUT_OF_SUPPORTED_RANGE", {"value": value})
    return DecimalType(precision, scale)
