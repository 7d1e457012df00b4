"""Casts among numbers and booleans; `timestamps.py` has those of dates and timestamps. Those from and to text have no code."""

from __future__ import annotations

from dataclasses import replace

from engine.compile import wide
from engine.compile.expressions import timestamps
from engine.compile.expressions.checks import checked, failing
from engine.compile.expressions.decimals import cut, fitted
from engine.compile.expressions.literals import null_of
from engine.compile.ir import Value
from engine.compile.row import Emitter, Row
from engine.compile.values import NotCompiled, Sql, resized, width_for
from engine.expressions.base import Mode, is_null
from engine.expressions.cast import Cast
from engine.types import (
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    TimestampNTZType,
    TimestampType,
)

_DATETIMES = DateType | TimestampType | TimestampNTZType
_DIGITS = {8: 3, 16: 5, 32: 10, 64: 19}
_EXACT_BITS = 53


def _cast(expression: Cast, row: Row) -> Sql:
    target = expression.to
    if is_null(expression.child):
        return null_of(row, target)
    value = row.value(expression.child)
    if value.type == target:
        return value
    if isinstance(value.type, _DATETIMES) and isinstance(target, _DATETIMES):
        return timestamps.cast(row, value, target)
    return _number(row, value, target, expression.mode)


def _number(row: Row, value: Sql, target: DataType, mode: Mode) -> Sql:
    match value.type:
        case BooleanType():
            value = Sql(value.type, value.value.unsigned("i8"), value.null, 1)
        case DecimalType() | DoubleType() | FloatType() | IntegralType():
            pass
        case _:
            raise _no_code(value, target)
    match target:
        case BooleanType():
            zero = 0.0 if isinstance(value.type, DoubleType | FloatType) else 0
            return Sql(target, value.value != zero, value.null)
        case DecimalType():
            return _to_decimal(row, value, target, mode)
        case DoubleType() | FloatType():
            return Sql(
                target, _to_float(row, value, "double" if isinstance(target, DoubleType) else "float"), value.null
            )
        case IntegralType():
            return _to_integer(row, value, target, mode)
    raise _no_code(value, target)


def _no_code(value: Sql, target: DataType) -> NotCompiled:
    return NotCompiled(f"{value.type.simpleString()} as {target.simpleString()}")


def _to_decimal(row: Row, value: Sql, target: DecimalType, mode: Mode) -> Sql:
    match value.type:
        case DecimalType() as source:
            scale, digits = source.scale, source.precision
        case IntegralType() as source:
            scale, digits = 0, _DIGITS[source.bits]
        case BooleanType():
            scale, digits = 0, 1
        case _:
            raise _no_code(value, target)
    return fitted(row, replace(value, type=target), scale, digits, mode)


def _to_float(row: Row, value: Sql, kind: str) -> Value:
    if isinstance(value.type, DoubleType | FloatType):
        return value.value.to_float(kind)
    if not isinstance(value.type, DecimalType):
        return resized(value, width_for(value.bits)).to_float(kind)
    scale = value.type.scale
    if scale > (18 if value.bits > _EXACT_BITS else 22) or value.bits > 63:
        raise NotCompiled("a wide decimal as a double")
    number, function = resized(value, width_for(value.bits)), row.function
    found = number.to_float("double")
    if not scale:
        return found.to_float(kind)
    found = found / float(10**scale)
    if value.bits > _EXACT_BITS:  # beyond, the quotient of two doubles would be rounded twice
        result = function.variable("double", found)
        with function.when((number > 1 << _EXACT_BITS) | (number < -(1 << _EXACT_BITS))):
            result.set(wide.exact_quotient(function, number, 10**scale))
        found = result.get()
    return found.to_float(kind)


def _to_integer(row: Row, value: Sql, target: IntegralType, mode: Mode) -> Sql:
    declared = target.bits - 1
    if isinstance(value.type, DoubleType | FloatType):
        return _float_to_integer(row, value, target, mode)
    if isinstance(value.type, DecimalType) and value.type.scale:
        unit = 10**value.type.scale
        width = width_for(max(value.bits, unit.bit_length()))
        bits = ((1 << value.bits) // unit).bit_length()
        value = Sql(target, cut(row.function, resized(value, width), unit), value.null, bits)
    return checked(row, replace(value, type=target), declared, mode)


def _float_to_integer(row: Row, value: Sql, target: IntegralType, mode: Mode) -> Sql:
    """The whole part. Without ANSI it saturates at INT or BIGINT and keeps the low bits, as in Java."""
    number, bits = value.value.to_float("double"), target.bits
    wide = 64 if bits == 64 else 32
    whole = row.function.intrinsic(f"llvm.fptosi.sat.i{wide}.f64", f"i{wide}", number)
    found = Sql(target, whole.signed(f"i{bits}"), value.null, bits - 1)
    if mode is Mode.LEGACY:
        return found
    limit = 2.0 ** (bits - 1)
    # 2 ** 63 is what a double takes the largest BIGINT for
    fits = (number >= -limit) & (number <= limit) if bits == 64 else (number > -limit - 1) & (number < limit)
    return failing(row, found, ~fits, mode)


EMITTERS: dict[type, Emitter] = {Cast: _cast}
