"""Bits of whole numbers: operators, shifts, counts."""

from __future__ import annotations

from engine.compile.ir import Value
from engine.compile.row import Emitter, Row
from engine.compile.values import NotCompiled, Sql, either_null, resized, storage_of, width_for
from engine.expressions import operators as op
from engine.expressions.calls import Call
from engine.types import INT, IntegralType


def _bits(expression: op.BinaryBitwise, row: Row) -> Sql:
    left, right = row.value(expression.left), row.value(expression.right)
    if not isinstance(left.type, IntegralType) or left.type != right.type:
        raise NotCompiled(f"{expression.symbol} of {left.type.simpleString()}")
    bits = max(left.bits, right.bits)
    one, other = resized(left, width_for(bits)), resized(right, width_for(bits))
    return Sql(left.type, _bitwise(expression.symbol, one, other), either_null(left, right), bits)


def _bitwise(symbol: str, left: Value, right: Value) -> Value:
    return left & right if symbol == "&" else left | right if symbol == "|" else left ^ right


def _not(expression: op.BitwiseNot, row: Row) -> Sql:
    value = row.value(expression.child)
    return Sql(value.type, ~value.value, value.null, value.bits)


def _shift(expression: Call, row: Row) -> Sql:
    """By so many bits as the low bits of the second argument say."""
    value, by = row.values(expression.arguments)
    kind = expression.dataType
    if value.type != kind or not isinstance(kind, IntegralType):
        raise NotCompiled(f"{expression.function} of {value.type.simpleString()}")
    storage = storage_of(kind)
    number, amount = resized(value, storage), resized(by, storage) & (kind.bits - 1)
    null = either_null(value, by)
    if expression.function == "shiftright":
        return Sql(kind, number.arithmetic_shift(amount), null, value.bits)
    moved = number << amount if expression.function == "shiftleft" else number >> amount
    return Sql(kind, moved, null, kind.bits - 1)


def _count(expression: Call, row: Row) -> Sql:
    """How many bits are set, of 64."""
    value = row.value(expression.arguments[0]).value
    wide = value.unsigned("i64") if value.type == "i1" else value.signed("i64")
    count = row.function.intrinsic("llvm.ctpop.i64", "i64", wide)
    return Sql(INT, count, row.value(expression.arguments[0]).null, 7)


EMITTERS: dict[type, Emitter] = {
    op.BitwiseAnd: _bits,
    op.BitwiseOr: _bits,
    op.BitwiseXor: _bits,
    op.BitwiseNot: _not,
}
CALLS: dict[str, Emitter] = {
    "shiftleft": _shift,
    "shiftright": _shift,
    "shiftrightunsigned": _shift,
    "bit_count": _count,
}
