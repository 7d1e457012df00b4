"""Functions of numbers: signs, extremes, rounding, roots."""

from __future__ import annotations

from engine.compile.expressions.branching import select, typed
from engine.compile.expressions.checks import checked
from engine.compile.expressions.comparison import compared
from engine.compile.expressions.decimals import cut, digits_bits, fitted, widened
from engine.compile.expressions.decimals import rounded as half_up
from engine.compile.row import Emitter, Row
from engine.compile.values import NotCompiled, Sql, bits_of, is_whole, resized, width_for
from engine.expressions.base import Literal, Mode
from engine.expressions.calls import Call
from engine.types import (
    DOUBLE,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
)


def _abs(expression: Call, row: Row) -> Sql:
    value, kind = row.value(expression.arguments[0]), expression.dataType
    if isinstance(kind, FloatType | DoubleType):
        name = "f64" if isinstance(kind, DoubleType) else "f32"
        return Sql(kind, row.function.intrinsic(f"llvm.fabs.{name}", value.value.type, value.value), value.null)
    if not is_whole(kind):
        raise NotCompiled(f"abs of {kind.simpleString()}")
    bits, declared = value.bits + 1, bits_of(kind)
    if isinstance(kind, DecimalType):
        bits = min(bits, declared)
    width = width_for(min(bits, 63) if declared <= 63 else bits)
    number = resized(value, width)
    absolute = Sql(kind, row.function.select(number < 0, -number, number), value.null, bits)
    ansi = expression.is_raising and isinstance(kind, IntegralType)
    if bits <= 63 or isinstance(kind, DecimalType):
        return checked(row, absolute, declared, Mode.ANSI if ansi else Mode.LEGACY)
    if ansi:
        least = number == -(1 << 63)
        row.fail_if(least if value.null is None else least & ~value.null)
    return Sql(kind, absolute.value, value.null, 63)


def _sign(expression: Call, row: Row) -> Sql:
    value, function = row.value(expression.arguments[0]), row.function
    one, minus, zero = (function.number("double", each) for each in (1.0, -1.0, 0.0))
    if is_whole(value.type):
        number = value.value
        found = function.select(number > 0, one, function.select(number < 0, minus, zero))
    elif isinstance(value.type, FloatType | DoubleType):
        double = value.value.to_float()
        found = function.select(double > 0.0, one, function.select(double < 0.0, minus, double))
    else:
        raise NotCompiled(f"sign of {value.type.simpleString()}")
    return Sql(DOUBLE, found, value.null)


def _extreme(expression: Call, row: Row) -> Sql:
    """greatest, least: nulls are left out."""
    symbol = ">" if expression.function == "greatest" else "<"
    found, *others = (typed(value, expression.dataType) for value in row.values(expression.arguments))
    for other in others:
        better = compared(row, symbol, other, found)
        if other.null is not None:
            better = better & ~other.null
        if found.null is not None:
            better = found.null | better
        null = None if found.null is None or other.null is None else found.null & other.null
        found = select(row.function, better, other, found).with_null(null)
    return found


def _sqrt(expression: Call, row: Row) -> Sql:
    value = row.value(expression.arguments[0])
    return Sql(DOUBLE, row.function.intrinsic("llvm.sqrt.f64", "double", value.value), value.null)


def _round(expression: Call, row: Row) -> Sql:
    value, places = expression.arguments
    if not isinstance(places, Literal) or places.value is None or not isinstance(value.dataType, DecimalType):
        if isinstance(value.dataType, IntegralType) and isinstance(places, Literal) and (places.value or 0) >= 0:
            return row.value(value)
        raise NotCompiled(f"{expression.function} of {value.dataType.simpleString()}")
    kind, number, digits = expression.dataType, row.value(value), int(places.value)
    assert isinstance(kind, DecimalType)
    scale = value.dataType.scale
    drop = scale - digits
    precision = value.dataType.precision
    if drop > 0:
        if drop > precision + 1:
            raise NotCompiled(f"{expression.function} to {digits} digits")
        number = _ROUNDINGS[expression.function](row, number, drop)
        precision = max(precision - drop, 0) + 1
    number = Sql(kind, number.value, number.null, min(number.bits, digits_bits(precision)))
    if digits < 0:
        number, precision = widened(number, -digits), precision - digits
    mode = Mode.ANSI if expression.is_raising else Mode.TRY
    return fitted(row, number, min(scale, max(digits, 0)), precision, mode)


def _half_up(row: Row, value: Sql, drop: int) -> Sql:
    return half_up(row.function, value, drop, _digits(value))


def _floor(row: Row, value: Sql, drop: int) -> Sql:
    return _towards(row, value, drop, -1)


def _ceil(row: Row, value: Sql, drop: int) -> Sql:
    return _towards(row, value, drop, 1)


def _towards(row: Row, value: Sql, drop: int, sign: int) -> Sql:
    """Without the last digits, towards infinity of a sign."""
    unit, function = 10**drop, row.function
    width = width_for(max(value.bits, unit.bit_length()))
    number = resized(value, width)
    found = cut(function, number, unit)
    rest = number - found * unit
    away = rest < 0 if sign < 0 else rest > 0
    moved = function.select(away, found + sign, found)
    return Sql(value.type, moved, value.null, ((1 << value.bits) // unit + 1).bit_length())


def _digits(value: Sql) -> int:
    assert isinstance(value.type, DecimalType)
    return value.type.precision


_ROUNDINGS = {"round": _half_up, "floor": _floor, "ceil": _ceil}


CALLS: dict[str, Emitter] = {
    "abs": _abs,
    "sign": _sign,
    "greatest": _extreme,
    "least": _extreme,
    "sqrt": _sqrt,
    "round": _round,
    "floor": _round,
    "ceil": _round,
}
