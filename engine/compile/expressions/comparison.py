"""Comparisons and the tests for null and NaN.

Whole numbers are compared in the smallest integer that holds both, whatever their types: vectors of it hold the most.
NaN equals NaN and is larger than any other number; texts compare by bytes.
"""

from __future__ import annotations

from engine.compile.expressions.logic import joined
from engine.compile.expressions.texts import compared_texts
from engine.compile.ir import Value
from engine.compile.row import Emitter, Row
from engine.compile.values import NotCompiled, Sql, either_null, is_whole, null_flag, resized, storage_for
from engine.expressions import predicates as pred
from engine.types import BOOLEAN, BooleanType, DataType, DecimalType, FractionalType, IntegralType

_MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "=": "="}


def compared(row: Row, symbol: str, left: Sql, right: Sql) -> Value:
    """`left symbol right` (one of = < <= > >=) of two values that are not null."""
    _same_kind(left.type, right.type)
    if not isinstance(left.raw, Value) or not isinstance(right.raw, Value):
        return compared_texts(row, symbol, left.text, right.text)
    if isinstance(left.type, BooleanType):
        return _signed(symbol, left.value.unsigned("i8"), right.value.unsigned("i8"))
    if is_whole(left.type):
        storage = storage_for(max(left.bits, right.bits))
        return _signed(symbol, resized(left, storage), resized(right, storage))
    return _floats(symbol, left.value, right.value)


def _same_kind(left: DataType, right: DataType) -> None:
    if isinstance(left, DecimalType) and isinstance(right, DecimalType):
        fits = left.scale == right.scale
    else:
        fits = type(left) is type(right) or (isinstance(left, IntegralType) and isinstance(right, IntegralType))
    if not fits or left.children:
        raise NotCompiled(f"{left.simpleString()} compared with {right.simpleString()}")


def _signed(symbol: str, left: Value, right: Value) -> Value:
    match symbol:
        case "=":
            return left == right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
    return left >= right


def _floats(symbol: str, left: Value, right: Value) -> Value:
    if symbol in (">", ">="):
        return _floats(_MIRRORED[symbol], right, left)
    if symbol == "=":
        return (left == right) | (is_nan(left) & is_nan(right))
    if symbol == "<":
        return ~is_nan(left) & left.float_compare("ult", right)
    return is_nan(right) | (left <= right)


def is_nan(value: Value) -> Value:
    """Whether a floating-point number is NaN."""
    return value != value


def _binary(expression: pred.BinaryComparison, row: Row) -> Sql:
    left, right = row.value(expression.left), row.value(expression.right)
    return Sql(BOOLEAN, compared(row, expression.symbol, left, right), either_null(left, right))


def _null_safe(expression: pred.EqualNullSafe, row: Row) -> Sql:
    left, right = row.value(expression.left), row.value(expression.right)
    equal = compared(row, "=", left, right)
    if left.null is None and right.null is None:
        return Sql(BOOLEAN, equal)
    first, second = null_flag(row.function, left), null_flag(row.function, right)
    return Sql(BOOLEAN, (first & second) | (~(first | second) & equal))


def _between(expression: pred.Between, row: Row) -> Sql:
    value, low, high = row.values((expression.value, expression.low, expression.high))
    first = Sql(BOOLEAN, compared(row, ">=", value, low), either_null(value, low))
    return joined(first, Sql(BOOLEAN, compared(row, "<=", value, high), either_null(value, high)), decided=False)


def _is_null(expression: pred.IsNull, row: Row) -> Sql:
    return Sql(BOOLEAN, null_flag(row.function, row.value(expression.child)))


def _is_not_null(expression: pred.IsNotNull, row: Row) -> Sql:
    return Sql(BOOLEAN, ~null_flag(row.function, row.value(expression.child)))


def _is_nan(expression: pred.IsNaN, row: Row) -> Sql:
    child = row.value(expression.child)
    if not isinstance(child.type, FractionalType) or isinstance(child.type, DecimalType):
        return Sql(BOOLEAN, row.function.boolean(False))
    found = is_nan(child.value)
    return Sql(BOOLEAN, found if child.null is None else found & ~child.null)


EMITTERS: dict[type, Emitter] = {
    pred.EqualTo: _binary,
    pred.EqualNullSafe: _null_safe,
    pred.LessThan: _binary,
    pred.LessThanOrEqual: _binary,
    pred.GreaterThan: _binary,
    pred.GreaterThanOrEqual: _binary,
    pred.Between: _between,
    pred.IsNull: _is_null,
    pred.IsNotNull: _is_not_null,
    pred.IsNaN: _is_nan,
}
