"""+ - * / div % and the signs, of whole numbers, intervals and floating-point numbers; decimals are in `decimals.py`.

`Sql.bits` proves most operations free of overflow: they are one instruction. Where it does not, the result is compared with its
declared type and what does not fit raises (ANSI), becomes null (TRY) or wraps (LEGACY).
"""

from __future__ import annotations

from engine.compile.expressions import decimals
from engine.compile.expressions.checks import checked, failing
from engine.compile.ir import Function, Value
from engine.compile.row import Emitter, Row
from engine.compile.values import NotCompiled, Sql, bits_of, either_null, is_whole, resized, storage_of, width_for
from engine.expressions import operators as op
from engine.expressions.base import Mode
from engine.types import (
    LONG,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    YearMonthIntervalType,
)

_INTERVALS = DayTimeIntervalType | YearMonthIntervalType
_NAMES = {"+": "add", "-": "sub", "*": "mul"}


def _binary(expression: op.BinaryArithmetic, row: Row) -> Sql:
    left, right = row.value(expression.left), row.value(expression.right)
    kind, mode = expression.dataType, expression.mode
    if isinstance(left.type, DecimalType) and isinstance(right.type, DecimalType):
        return decimals.binary(expression, row, left, right)
    if left.type != right.type or not isinstance(left.type, IntegralType | FloatType | DoubleType | _INTERVALS):
        raise NotCompiled(f"{left.type.simpleString()} {expression.symbol} {right.type.simpleString()}")
    null = either_null(left, right)
    if isinstance(left.type, FloatType | DoubleType):
        return Sql(kind, operated(expression.symbol, left.value, right.value), null)
    return whole(row, expression.symbol, left, right, kind, _interval_mode(kind, mode))


def _interval_mode(kind: DataType, mode: Mode) -> Mode:
    """An interval that is too long raises without ANSI, too."""
    return Mode.ANSI if mode is Mode.LEGACY and isinstance(kind, _INTERVALS) else mode


def operated(symbol: str, left: Value, right: Value) -> Value:
    """+ - * of two registers."""
    if symbol == "+":
        return left + right
    return left - right if symbol == "-" else left * right


def bits_after(symbol: str, left: int, right: int) -> int:
    """The bits of + - * of numbers of so many bits."""
    return left + right + 1 if symbol == "*" else max(left, right) + 1


def whole(row: Row, symbol: str, left: Sql, right: Sql, kind: DataType, mode: Mode) -> Sql:
    """+ - * of whole numbers as one of type `kind`."""
    null, bits, declared = either_null(left, right), bits_after(symbol, left.bits, right.bits), bits_of(kind)
    if bits <= 63:
        width = width_for(bits)
        value = operated(symbol, resized(left, width), resized(right, width))
        return checked(row, Sql(kind, value, null, bits), declared, mode)
    value, overflow = row.function.overflowing(_NAMES[symbol], resized(left, "i64"), resized(right, "i64"))
    if mode is Mode.LEGACY:
        return Sql(kind, value, null, 63)
    return failing(row, Sql(kind, value, null, 63), overflow, mode)


def _zero_checked(expression: op.DivModLike, row: Row, left: Sql, right: Sql) -> Value | None:
    """Where the result is null; a divisor of zero raises under ANSI if the dividend is not null."""
    zero = right.value == (0.0 if isinstance(right.type, FloatType | DoubleType) else 0)
    null = either_null(left, right)
    if expression.mode is Mode.ANSI:
        row.fail_if(zero if null is None else zero & ~null)
        return null
    return zero if null is None else null | zero


def _division(expression: op.DivModLike, row: Row) -> Sql:
    left, right = row.value(expression.left), row.value(expression.right)
    if isinstance(left.type, DecimalType) and isinstance(right.type, DecimalType):
        null = _zero_checked(expression, row, left, right)
        return decimals.division(expression, row, left, right, null)
    if left.type != right.type or not isinstance(left.type, IntegralType | FloatType | DoubleType | _INTERVALS):
        raise NotCompiled(f"{left.type.simpleString()} {expression.symbol} {right.type.simpleString()}")
    null = _zero_checked(expression, row, left, right)
    if isinstance(left.type, FloatType | DoubleType):
        return Sql(expression.dataType, _float_division(expression, row, left.value, right.value), null)
    if isinstance(expression, op.IntegralDivide):
        return _whole_quotient(expression, row, left, right, null)
    if isinstance(expression, op.Remainder | op.Pmod) and isinstance(left.type, IntegralType):
        return _whole_remainder(expression, row, left, right, null)
    raise NotCompiled(f"{expression.symbol} of {left.type.simpleString()}")


def _float_division(expression: op.DivModLike, row: Row, left: Value, right: Value) -> Value:
    if isinstance(expression, op.Divide):
        return left / right
    rest = _float_remainder(left, right)
    if isinstance(expression, op.Pmod):
        return row.function.select(rest < 0.0, _float_remainder(rest + right, right), rest)
    return rest


def _float_remainder(left: Value, right: Value) -> Value:
    """fmod, of floats by way of doubles, which gives the same number."""
    return (left.to_float() % right.to_float()).to_float(left.type)


def safe_divisor(function: Function, divisor: Value) -> Value:
    """The divisor, 1 for the two that the machine may trap at: 0, and -1 for the least number."""
    return function.select((divisor == 0) | (divisor == -1), function.integer(divisor.type, 1), divisor)


def _whole_quotient(expression: op.DivModLike, row: Row, left: Sql, right: Sql, null: Value | None) -> Sql:
    function, width = row.function, width_for(max(left.bits, right.bits))
    dividend, divisor = resized(left, width), resized(right, width)
    found = dividend // safe_divisor(function, divisor)
    if left.bits < 63:
        wider = width_for(left.bits + 1)
        value = function.select(divisor == -1, -dividend.signed(wider), found.signed(wider))
        return Sql(LONG, value, null, left.bits + 1)
    made = Sql(LONG, function.select(divisor == -1, -dividend, found), null, 63)
    if expression.mode is Mode.LEGACY:
        return made
    return failing(row, made, (dividend == -(1 << 63)) & (divisor == -1), expression.mode)


def _whole_remainder(expression: op.DivModLike, row: Row, left: Sql, right: Sql, null: Value | None) -> Sql:
    function, bits = row.function, max(left.bits, right.bits)
    width = width_for(min(bits + 1, 63))
    dividend, divisor = resized(left, width), resized(right, width)
    safe = safe_divisor(function, divisor)
    rest = dividend % safe
    if isinstance(expression, op.Pmod):
        rest = function.select(rest < 0, (rest + divisor) % safe, rest)
        return Sql(expression.dataType, rest, null, right.bits)
    return Sql(expression.dataType, rest, null, min(left.bits, right.bits))


def _minus(expression: op.UnaryMinus, row: Row) -> Sql:
    child, kind = row.value(expression.child), expression.dataType
    if isinstance(kind, FloatType | DoubleType):
        return Sql(kind, -child.value, child.null)
    if not is_whole(kind):
        raise NotCompiled(f"- of {kind.simpleString()}")
    if isinstance(kind, DecimalType):
        width = width_for(min(child.bits + 1, bits_of(kind)))
        return Sql(kind, -resized(child, width), child.null, min(child.bits + 1, bits_of(kind)))
    zero = Sql(kind, row.number(storage_of(kind), 0), None, 0)
    return whole(row, "-", zero, child, kind, _interval_mode(kind, expression.mode))


def _plus(expression: op.UnaryPlus, row: Row) -> Sql:
    return row.value(expression.child)


EMITTERS: dict[type, Emitter] = {
    op.Add: _binary,
    op.Subtract: _binary,
    op.Multiply: _binary,
    op.Divide: _division,
    op.IntegralDivide: _division,
    op.Remainder: _division,
    op.Pmod: _division,
    op.UnaryMinus: _minus,
    op.UnaryPlus: _plus,
}
