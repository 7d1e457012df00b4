"""Exact decimals by Spark's rules, as `kernels/decimals.py`: integers of 32, 64 or 128 bits, as few as the proof allows.

A result is computed exactly, rounded HALF_UP (ties away from zero) to the scale of its type and compared with its precision.
What needs more than 128 bits on the way has no code.
"""

from __future__ import annotations

from engine.compile import wide
from engine.compile.expressions.checks import checked, failing
from engine.compile.ir import Function, Value
from engine.compile.row import Row
from engine.compile.values import MOST_BITS, Sql, bits_of, either_null, resized, width_for
from engine.expressions import operators as op
from engine.expressions.base import Mode
from engine.types import LONG, DecimalType


def binary(expression: op.BinaryArithmetic, row: Row, left: Sql, right: Sql) -> Sql:
    """+ - * of two decimals."""
    kind = expression.dataType
    assert isinstance(kind, DecimalType)
    null = either_null(left, right)
    one, other = _decimal(left), _decimal(right)
    if expression.symbol == "*":
        bits = left.bits + right.bits + 1
        digits, scale = one.precision + other.precision, one.scale + other.scale
        bits = min(bits, digits_bits(digits))
        width = width_for(bits)
        value = resized(left, width) * resized(right, width)
        return fitted(row, Sql(kind, value, null, bits), scale, digits, expression.mode)
    scale = max(one.scale, other.scale)
    first, second = times_power(left, scale - one.scale), times_power(right, scale - other.scale)
    digits = max(one.precision - one.scale, other.precision - other.scale) + scale + 1
    bits = min(max(first.bits, second.bits) + 1, digits_bits(digits))
    if bits == MOST_BITS + 1 and scale == kind.scale:
        return _widest_sum(expression, row, first, second)
    width = width_for(bits)
    x, y = resized(first, width), resized(second, width)
    value = x + y if expression.symbol == "+" else x - y
    return fitted(row, Sql(kind, value, null, bits), scale, digits, expression.mode)


def _widest_sum(expression: op.BinaryArithmetic, row: Row, left: Sql, right: Sql) -> Sql:
    """+ - of decimals whose sum may pass 128 bits, which no decimal does."""
    name = "add" if expression.symbol == "+" else "sub"
    value, overflow = row.function.overflowing(name, resized(left, "i128"), resized(right, "i128"))
    found = Sql(expression.dataType, value, either_null(left, right), MOST_BITS)
    found = failing(row, found, overflow, Mode.TRY if expression.mode is Mode.LEGACY else expression.mode)
    return fitted(row, found, _decimal(found).scale, DecimalType.MAX_PRECISION + 1, expression.mode)


def division(expression: op.DivModLike, row: Row, left: Sql, right: Sql, null: Value | None) -> Sql:
    """/ % pmod and div of two decimals, null where `null` says, as where the divisor is 0."""
    one, other = _decimal(left), _decimal(right)
    if isinstance(expression, op.Divide):
        return _divided(expression, row, left, right, null)
    scale = max(one.scale, other.scale)
    first, second = times_power(left, scale - one.scale), times_power(right, scale - other.scale)
    bits = max(first.bits, second.bits)
    if isinstance(expression, op.Pmod):
        bits += 1
    width = width_for(bits)
    dividend, divisor = resized(first, width), resized(second, width)
    found = _cut(row.function, dividend, divisor)
    if isinstance(expression, op.IntegralDivide):
        mode = Mode.TRY if expression.mode is Mode.LEGACY else expression.mode
        return checked(row, Sql(LONG, found, null, min(bits + 1, MOST_BITS)), 63, mode)
    rest = dividend - found * divisor
    if isinstance(expression, op.Pmod):
        moved = rest + divisor
        moved = moved - _cut(row.function, moved, divisor) * divisor
        rest = row.function.select(rest < 0, moved, rest)
    kind = expression.dataType
    return fitted(row, Sql(kind, rest, null, bits), scale, other.precision + scale - other.scale, expression.mode)


def _divided(expression: op.DivModLike, row: Row, left: Sql, right: Sql, null: Value | None) -> Sql:
    kind, function = expression.dataType, row.function
    assert isinstance(kind, DecimalType)
    shift = kind.scale - _decimal(left).scale + _decimal(right).scale
    dividend, divisor = times_power(left, max(shift, 0)), times_power(right, max(-shift, 0))
    bits = max(dividend.bits, divisor.bits + 1)
    width = width_for(bits)
    x, y = resized(dividend, width), resized(divisor, width)
    found = _cut(function, x, y)
    rest = wide.absolute(function, x - found * y)
    size = wide.absolute(function, y)
    sign = function.select((x ^ y) < 0, function.integer(width, -1), function.integer(width, 1))
    rounds = (size - rest) <= rest
    wider = width_for(min(dividend.bits + 1, MOST_BITS))
    found = found.signed(wider) + function.select(rounds, sign, function.integer(width, 0)).signed(wider)
    return fitted(row, Sql(kind, found, null, min(dividend.bits + 1, MOST_BITS)), kind.scale, 77, expression.mode)


def _cut(function: Function, dividend: Value, divisor: Value) -> Value:
    """The quotient cut towards zero; anything where the divisor is 0. The dividend is not the least number."""
    safe = function.select(divisor == 0, function.integer(divisor.type, 1), divisor)
    if dividend.type == "i128":
        return wide.quotient(function, dividend, safe)
    minus_one = safe == -1
    found = dividend // function.select(minus_one, function.integer(divisor.type, 1), safe)
    return function.select(minus_one, -dividend, found)


def _decimal(value: Sql) -> DecimalType:
    assert isinstance(value.type, DecimalType)
    return value.type


def digits_bits(digits: int) -> int:
    """The bits that every number of so many digits fits in."""
    return int(10**digits - 1).bit_length()


def times_power(value: Sql, power: int) -> Sql:
    """A whole number times 10 ** power."""
    if power == 0:
        return value
    bits = value.bits + int(10**power).bit_length()
    if isinstance(value.type, DecimalType):
        bits = min(bits, digits_bits(value.type.precision + power))
    return Sql(value.type, resized(value, width_for(bits)) * 10**power, value.null, bits)


def fitted(row: Row, value: Sql, scale: int, digits: int, mode: Mode) -> Sql:
    """A whole number that is a decimal of `scale`, below 10 ** digits, as a decimal of its type: rounded and compared with
    the precision."""
    kind = _decimal(value)
    if scale > kind.scale:
        value, digits = rounded(row.function, value, scale - kind.scale, digits), digits - (scale - kind.scale) + 1
    elif scale < kind.scale:
        value, digits = widened(value, kind.scale - scale), digits + kind.scale - scale
    proven = bits_of(kind)
    if digits <= kind.precision or (1 << value.bits) < 10**kind.precision:
        return Sql(kind, value.value, value.null, min(value.bits, proven))
    limit = 10**kind.precision
    overflow = (value.value >= limit) | (value.value <= -limit)
    return failing(row, Sql(kind, value.value, value.null, proven), overflow, mode)


def widened(value: Sql, power: int) -> Sql:
    """A whole number times 10 ** power, of which no more is known than its bits."""
    bits = value.bits + int(10**power).bit_length()
    return Sql(value.type, resized(value, width_for(bits)) * 10**power, value.null, bits)


def rounded(function: Function, value: Sql, drop: int, digits: int) -> Sql:
    """A whole number below 10 ** digits without its last `drop` digits, ties away from zero."""
    unit = 10**drop
    most = min(1 << value.bits, 10**digits) + unit // 2
    width = width_for(max(most.bit_length(), unit.bit_length()))
    number = resized(value, width)
    half = function.select(number < 0, function.integer(width, -(unit // 2)), function.integer(width, unit // 2))
    return Sql(value.type, cut(function, number + half, unit), value.null, (most // unit).bit_length())


def cut(function: Function, value: Value, unit: int) -> Value:
    """A whole number divided by a constant, cut towards zero."""
    if value.type == "i128":
        return wide.quotient(function, value, function.integer("i128", unit))
    return value // unit
