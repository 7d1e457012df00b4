"""Spark's rules for the type of a decimal operation.

Where the exact type needs more than 38 digits, the whole digits are kept and the scale is cut, but not below 6
(`spark.sql.decimalOperations.allowPrecisionLoss`, true as in Spark).
"""

from __future__ import annotations

from engine.types.types import ByteType, DataType, DecimalType, IntegerType, LongType, ShortType

MAX_PRECISION = DecimalType.MAX_PRECISION
MIN_ADJUSTED_SCALE = 6

_INTEGRAL: dict[type[DataType], DecimalType] = {
    ByteType: DecimalType(3, 0),
    ShortType: DecimalType(5, 0),
    IntegerType: DecimalType(10, 0),
    LongType: DecimalType(20, 0),
}


def decimal_for(data_type: DataType) -> DecimalType | None:
    """The decimal that holds every value of an integral type; decimals as they are; None for other types."""
    return data_type if isinstance(data_type, DecimalType) else _INTEGRAL.get(type(data_type))


def adjusted(precision: int, scale: int) -> DecimalType:
    """The type with at most 38 digits, giving up fraction digits before whole ones."""
    if precision <= MAX_PRECISION:
        return DecimalType(precision, scale)
    whole = precision - scale
    return DecimalType(MAX_PRECISION, max(MAX_PRECISION - whole, min(scale, MIN_ADJUSTED_SCALE)))


def bounded(precision: int, scale: int) -> DecimalType:
    """The type with precision and scale simply cut at 38."""
    return DecimalType(min(precision, MAX_PRECISION), min(scale, MAX_PRECISION))


def decimal_result(symbol: str, left: DecimalType, right: DecimalType, loss: bool = True) -> DecimalType:
    """The result type of `left symbol right`, for + - * / % pmod and div; without `loss` the scale is kept."""
    p1, s1, p2, s2 = left.precision, left.scale, right.precision, right.scale
    fitted = adjusted if loss else bounded
    match symbol:
        case "+" | "-":
            scale = max(s1, s2)
            return fitted(max(p1 - s1, p2 - s2) + scale + 1, scale)
        case "*":
            return fitted(p1 + p2 + 1, s1 + s2)
        case "/":
            scale = max(MIN_ADJUSTED_SCALE, s1 + p2 + 1)
            return adjusted(p1 - s1 + s2 + scale, scale) if loss else _shared(p1 - s1 + s2, scale)
        case "%" | "pmod":
            scale = max(s1, s2)
            return fitted(min(p1 - s1, p2 - s2) + scale, scale)
        case "div":
            return bounded(max(p1 - s1 + s2, 1), 0)
    raise ValueError(f"no decimal rule for {symbol}")


def _shared(whole: int, scale: int) -> DecimalType:
    """The type of a quotient that loses whole digits and fraction digits alike where it has more than 38."""
    whole, scale = min(MAX_PRECISION, whole), min(MAX_PRECISION, scale)
    excess = whole + scale - MAX_PRECISION
    if excess > 0:
        scale -= excess // 2 + 1
        whole = MAX_PRECISION - scale
    return bounded(whole + scale, scale)


def is_exact(symbol: str, left: DecimalType, right: DecimalType) -> bool:
    """Whether the result type of `left symbol right` (+ - *) holds every result, so that nothing overflows."""
    p1, s1, p2, s2 = left.precision, left.scale, right.precision, right.scale
    digits = p1 + p2 + 1 if symbol == "*" else max(p1 - s1, p2 - s2) + max(s1, s2) + 1
    return digits <= MAX_PRECISION


def wider_decimal(left: DecimalType, right: DecimalType) -> DecimalType:
    """The decimal both fit in (comparison, set operations, CASE), cut at 38."""
    scale = max(left.scale, right.scale)
    whole = max(left.precision - left.scale, right.precision - right.scale)
    if whole + scale > MAX_PRECISION:
        return (
            DecimalType(MAX_PRECISION, max(0, MAX_PRECISION - whole))
            if whole < MAX_PRECISION
            else DecimalType(MAX_PRECISION, 0)
        )
    return DecimalType(whole + scale, scale)
